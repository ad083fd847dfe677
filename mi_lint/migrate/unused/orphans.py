"""What our own rewrite left without use: imports, reads of settings, constants, guards. Nothing else is touched.

A name is an orphan when it had uses, all of them lie in what the rewrite removes, and the word stands nowhere else in
the module (strings, comments and ``__all__`` included) or, for names of the module, in other files of the project.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import TypeGuard

from mi_lint.migrate.branching.conditions import Condition, condition, guard, is_reported, without_operands
from mi_lint.migrate.branching.setting_tests import setting_uses
from mi_lint.migrate.editing import unpacked
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.imports import removed_statement
from mi_lint.migrate.editing.inner_imports import Alias, Import
from mi_lint.migrate.residue.reach import is_of_library
from mi_lint.migrate.unused.idle import idle_tests
from mi_lint.migrate.unused.parameters import dropped, private_function
from mi_lint.migrate.unused.purity import is_pure
from mi_lint.migrate.unused.superseded import superseded
from mi_lint.migrate.unused.words import stands_elsewhere
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.origins import SECRET_KINDS
from mi_lint.python.scopes import Binding, default_of

# A name that new code uses: no attribute, no text, and not what it assigns to or passes as a keyword.
_USED_WORD = re.compile(r"""(?<![\w."'])[A-Za-z_]\w*\b(?!\s*=(?!=))""")

_USED_ATTRIBUTE = re.compile(r"\.([A-Za-z_]\w*)")


class Orphans:
    """Finds the orphans of a set of changes to one module."""

    def __init__(self, module: Module, analysis: Analysis, changes: Iterable[Change]) -> None:
        self._module = module
        self._project = analysis.project
        self._tracer = analysis.tracer
        made = list(changes)
        self._spans = [(c.start, c.end) for c in made if c.end > c.start]
        self._written = {word for change in made for word in _USED_WORD.findall(change.text)}
        self._written_attributes = {word for change in made for word in _USED_ATTRIBUTE.findall(change.text)}
        self._gone: set[ast.AST] = set()
        self._examined: set[ast.AST] = set()
        self.imports: list[Alias] = []
        self.changes: list[Change] = []
        self.switches: list[tuple[str, frozenset[ast.expr]]] = []
        self._removed: set[ast.stmt] = set()
        self._unpacked: dict[ast.Assign, set[int]] = {}
        self._dropped: dict[ast.BoolOp | ast.List | ast.Tuple | ast.Set, set[ast.expr]] = {}

    def find(self) -> Orphans:
        """Look until nothing more becomes an orphan."""
        module = self._module
        for names in module.loads.values():
            self._gone.update(name for name in names if self._inside(name, self._spans))
        self._gone -= {name for name in self._gone if self._is_rename(name)}
        size = -1
        while size < len(self._removed):
            size = len(self._removed)
            self._examine_names()
            self._examine_settings()
            self._examine_names()
            self._close_junctions()
        for junction, gone in self._dropped.items():
            if not self._inside(junction, self._spans):
                self.changes += without_operands(module, junction, gone)
        for statement, indices in self._unpacked.items():
            if statement not in self._removed:
                self.changes += unpacked.without(module, statement, indices)
        return self

    def _examine_names(self) -> None:
        while pending := {name.id for name in self._gone - self._examined if isinstance(name, ast.Name)}:
            self._examined |= self._gone
            ordered = sorted(pending)
            while ordered:
                ordered += self._examine(ordered.pop())
            for name, uses in self._gone_attributes().items():
                if name not in self._written_attributes:
                    self._examine_attribute(name, uses)

    def _gone_attributes(self) -> dict[str, list[ast.Attribute]]:
        """Return the attributes of ``self``, a class or an object that the changes take out, by name."""
        found: dict[str, list[ast.Attribute]] = {}
        for name in self._gone:
            parent = self._module.parent(name)
            # ``self.settings.key`` as well as ``settings.key``.
            while isinstance(self._module.parent(parent), ast.Attribute) and isinstance(parent, ast.Attribute):
                parent = self._module.parent(parent)
            if isinstance(parent, ast.Attribute) and self._is_gone_read(parent):
                outer = self._module.parent(parent)
                if not isinstance(outer, ast.Attribute | ast.Call) or parent in getattr(outer, "args", ()):
                    found.setdefault(parent.attr, []).append(parent)
        return found

    def _is_gone_read(self, node: ast.Attribute) -> bool:
        """Whether an attribute was read where a change takes it out; the environment is no attribute of that kind."""
        if not isinstance(node.ctx, ast.Load) or not self._inside(node, self._spans):
            return False
        return self._module.qualified(node) != "os.environ"

    def _examine_attribute(self, name: str, gone: list[ast.Attribute]) -> None:
        """Drop what only asks whether an attribute is set, and the attribute itself when nothing else reads it."""
        module = self._module
        left = [use for use in module.attribute_loads(name) if use not in gone]
        tests = [condition(module, use) for use in left]
        conditions = [test for test in tests if test is not None]
        assigned = [entry[3] for entry in module.attributes.get(name, ())]
        if any(self._covers(node) for node in assigned):
            return
        fields = [
            b.node for scope in module.scopes.values() if scope.kind == "class" for b in scope.bindings.get(name, ())
        ]
        assigned += fields
        removable = all(
            _assigns_attribute(node) and node.value is not None and is_pure(module, node.value) for node in assigned
        ) and not any(is_of_library(self._project, module, entry[1].value) for entry in module.attributes.get(name, ()))
        # A field of a class may also be an argument of its constructor, or a setting's name.
        used = self._project.usage.mentioned_elsewhere if fields else self._project.usage.attribute_used_elsewhere
        private = bool(assigned) and removable and not used(module.path, name)
        stays = not private or len(conditions) < len(left)
        idle = idle_tests(module, left, tests, gone) if conditions and stays else None
        if idle is not None:
            for test in idle:
                self._apply(test)
            return
        if conditions and (stays or any(test.is_switch for test in conditions)):
            if not any(self._is_keyless(getattr(node, "value", None)) for node in assigned):
                self.switches.append((name, frozenset(gone)))
            return
        if stays or any(self._is_alone(node) for node in assigned):
            return
        for test in conditions:
            self._apply(test)
        for node in assigned:
            if isinstance(node, ast.stmt):
                self._remove_statement(node)

    def _is_rename(self, name: ast.AST) -> bool:
        """Whether a name is renamed together with all its bindings, so that the new name takes its place."""
        scope, _ = self._module.place(name)
        bindings = scope.lookup(name.id) if isinstance(name, ast.Name) else []
        return any(self._covers(binding.node) for binding in bindings)

    def _covers(self, node: ast.AST) -> bool:
        if isinstance(node, ast.arg):
            start = self._module.source.span(node)[0]
            name = start, start + len(node.arg.encode())
            return any(first <= name[0] and name[1] <= last for first, last in self._spans)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
        return any(self._inside(target, self._spans) for target in targets)

    def _inside(self, node: ast.AST, spans: list[tuple[int, int]]) -> bool:
        start, end = self._module.source.span(node)
        return any(first <= start and end <= last for first, last in spans)

    def _examine(self, identifier: str) -> list[str]:
        """Remove the bindings of a name when it has become an orphan; return names to look at next."""
        if identifier in self._written:
            return []
        found: list[str] = []
        groups: dict[int, list[Binding]] = {}
        for name in self._gone:
            if isinstance(name, ast.Name) and name.id == identifier:
                bindings = self._module.place(name)[0].lookup(identifier)
                groups[id(bindings)] = bindings
        for bindings in groups.values():
            found += self._examine_bindings(identifier, bindings)
        return found

    def _examine_bindings(self, identifier: str, bindings: list[Binding]) -> list[str]:
        module = self._module
        uses = [n for n in module.loads.get(identifier, ()) if module.place(n)[0].lookup(identifier) is bindings]
        left = [name for name in uses if name not in self._gone]
        tests = [condition(module, name) for name in left]
        conditions = [test for test in tests if test is not None]
        if not left and [binding.kind for binding in bindings] == ["parameter"]:
            return self._drop_parameter(bindings[0])
        named = any(b.kind == "import" or self._is_keyless(b.value) for b in bindings)
        if not bindings or not all(self._removable(binding) for binding in bindings):
            # A variable that some function fills and that says what the code does: whose key it was is gone.
            filled = bool(bindings) and all(b.kind == "assign" for b in bindings)
            if filled and not named and any(map(self._decides, conditions)):
                self.switches.append((identifier, frozenset(uses)))
            return self._ask_no_more(left, tests)
        if len(conditions) < len(left):
            # Where something else goes on using the key, a guard goes on asking for it; a line of a log is no use.
            reported = all(is_reported(module, n) for n, test in zip(left, tests, strict=True) if test is None)
            if conditions and (reported or any(map(self._decides, conditions))) and not named:
                self.switches.append((identifier, frozenset(uses)))
            elif conditions and not named:
                return self._drop_idle(uses, left, tests)
            for binding in superseded(module, bindings, uses, left):
                self._remove(binding)
            return []
        if stands_elsewhere(self._module, self._project, identifier, bindings):
            return self._drop_idle(uses, left, tests)
        if any(test.is_switch for test in conditions) or any(self._empties_branch(binding) for binding in bindings):
            self.switches.append((identifier, frozenset(uses)))
            return []
        found: list[str] = []
        for name, test in zip(left, conditions, strict=True):
            self._gone.add(name)
            found += self._apply(test)
        for binding in bindings:
            found += self._remove(binding)
        return found

    def _drop_idle(self, uses: list[ast.Name], left: list[ast.Name], tests: list[Condition | None]) -> list[str]:
        """Take out the tests of a name that stays which only let through what is gone."""
        gone = [name for name in uses if name in self._gone]
        return [name for test in idle_tests(self._module, left, tests, gone) or () for name in self._apply(test)]

    def _ask_no_more(self, left: list[ast.Name], tests: list[Condition | None]) -> list[str]:
        """Take a value that has to stay, such as a parameter, out of the only tests that still read it."""
        asking = [test for test in tests if test is not None and (test.junction or test.statement) is not None]
        if len(asking) < len(left):
            return []
        self._gone.update(left)
        return [name for test in asking for name in self._apply(test)]

    def _decides(self, test: Condition) -> bool:
        """Whether a test that stays says what the code does, more than whether it goes on at all."""
        return test.is_switch or (test.junction is not None and guard(self._module, test.junction) is None)

    def _drop_parameter(self, binding: Binding) -> list[str]:
        """Take out a parameter that nothing reads any more, where every caller is known; return what calls passed."""
        function = private_function(self._module, binding, self._project)
        if function is None:
            return self._empty_default(binding)
        if stands_elsewhere(self._module, self._project, function.name, self._module.scope.bindings[function.name]):
            return []
        found = dropped(self._module, function, binding.name)
        spans = [*self._spans, *((change.start, change.end) for change in self.changes)]
        if found is None or not all(is_pure(self._module, value) for value in found.arguments):
            return []
        if any(change.start < end and start < change.end for change in found.changes for start, end in spans):
            return []
        self.changes += found.changes
        names = [n for value in found.arguments for n in ast.walk(value) if isinstance(n, ast.Name)]
        self._gone.update(names)
        return [name.id for name in names]

    def _empty_default(self, binding: Binding) -> list[str]:
        """Let the default of a parameter read no secret that nothing uses any more; callers may pass it still."""
        module, parameter = self._module, binding.node
        function = next(iter(module.parents(parameter)), None)
        while isinstance(function, ast.arguments):
            function = module.parent(function)
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or not isinstance(parameter, ast.arg):
            return []
        default = default_of(function.args, parameter)
        if default is None or isinstance(default, ast.Constant) or not is_pure(module, default):
            return []
        kinds = self._tracer.trace(module, default).kinds - {"none"}
        if not kinds or not kinds <= SECRET_KINDS or self._inside(default, self._spans):
            return []
        annotation = module.source.slice(parameter.annotation) if parameter.annotation is not None else ""
        start, end = module.source.span(default)
        self._spans.append((start, end))
        text = '""' if annotation and not re.search(r"None|Optional", annotation) else "None"
        self.changes.append(Change(module.path, start, end, text))
        return self._forget(default)

    def _empties_branch(self, binding: Binding) -> bool:
        """Whether taking a binding out leaves a branch without a statement: which branch ran was a decision."""
        return not isinstance(binding.node, ast.Import | ast.ImportFrom) and self._is_alone(binding.node)

    def _is_alone(self, node: ast.AST) -> bool:
        """Whether a statement is the only one of a branch."""
        if not isinstance(node, ast.stmt):
            return False
        parent = self._module.parent(node)
        bodies = [value for _, value in ast.iter_fields(parent) if isinstance(value, list) and node in value]
        return not isinstance(parent, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) and len(bodies[0]) == 1

    def _removable(self, binding: Binding) -> bool:
        if binding.kind == "import":
            guarded = not binding.block or self._is_guarded(binding.node)
            return guarded and binding.scope.kind in ("module", "function")
        node = binding.node
        if binding.kind != "assign" or not isinstance(node, ast.Assign | ast.AnnAssign):
            return False
        value = node.value
        if isinstance(node, ast.Assign) and (len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name)):
            one_of_several = unpacked.pair(node, binding.name)
            value = one_of_several[1] if one_of_several is not None else None
        if binding.scope.kind not in ("module", "function") or value is None:
            return False
        return is_pure(self._module, value) or self._only_fetches(value)

    def _is_guarded(self, node: ast.AST) -> bool:
        """Whether an import stands in a ``try`` that still guards another one without it."""
        guard = self._module.parent(node)
        if not isinstance(guard, ast.Try) or node not in guard.body or not isinstance(node, Import):
            return False
        return len(guard.body) > 1 or len(node.names) > 1

    def _only_fetches(self, value: ast.expr) -> bool:
        """Whether an expression calls a function of the project that does nothing but return a stored secret."""
        kinds = self._tracer.trace(self._module, value).kinds - {"none"}
        return isinstance(value, ast.Call) and bool(kinds) and kinds <= SECRET_KINDS

    def _is_keyless(self, value: ast.expr | None) -> bool:
        """Whether a value is a token credential: that it is set says nothing about a secret."""
        return value is not None and self._tracer.trace(self._module, value).is_token

    def _examine_settings(self) -> None:
        """Drop what only asks whether a setting is there that nothing reads any more."""
        reads: dict[str, list[ast.expr]] = {}
        for name, node in setting_uses(self._module):
            reads.setdefault(name, []).append(node)
        for name, nodes in reads.items():
            left = [node for node in nodes if not self._inside(node, self._spans)]
            tests = [condition(self._module, node) for node in left]
            if len(left) < len(nodes) and left and None not in tests:
                self._drop_tests(name, [test for test in tests if test is not None], set(nodes) - set(left))

    def _apply(self, test: Condition) -> list[str]:
        """Take a test of something that is gone out of the code; return the names that go with it."""
        if test.statement is not None:
            return self._remove_statement(test.statement)
        if test.junction is not None and test.operand is not None:
            self._dropped.setdefault(test.junction, set()).add(test.operand)
        return []

    def _close_junctions(self) -> None:
        """Take out tests that lost all operands where they only gave up; elsewhere they decided something."""
        for junction, gone in list(self._dropped.items()):
            operands = junction.values if isinstance(junction, ast.BoolOp) else junction.elts
            if len(gone) < len(operands) or self._inside(junction, self._spans):
                continue
            statement = guard(self._module, junction)
            if statement is not None:
                self._remove_statement(statement)
                continue
            del self._dropped[junction]
            names = [node.id for node in ast.walk(junction) if isinstance(node, ast.Name)]
            for name in names:
                self.switches.append((name, frozenset(self._module.loads.get(name, ()))))

    def _drop_tests(self, name: str, tests: list[Condition], gone: Iterable[ast.expr]) -> None:
        if any(test.is_switch for test in tests):
            self.switches.append((name, frozenset(gone)))
            return
        for test in tests:
            self._apply(test)

    def _remove(self, binding: Binding) -> list[str]:
        node = binding.node
        if isinstance(node, ast.Import | ast.ImportFrom):
            alias = next((a for a in node.names if (a.asname or a.name.partition(".")[0]) == binding.name), None)
            alias = alias or next((a for a in node.names if a.name == binding.name), None)
            if alias is not None and (node, alias) not in self.imports:
                self.imports.append((node, alias))
            return []
        assert isinstance(node, ast.stmt)
        one_of_several = unpacked.pair(node, binding.name)
        if one_of_several is not None and isinstance(node, ast.Assign):
            return self._remove_one(node, *one_of_several)
        return self._remove_statement(node)

    def _remove_one(self, statement: ast.Assign, index: int, value: ast.expr) -> list[str]:
        """Take one name and its value out of an assignment to several."""
        indices = self._unpacked.setdefault(statement, set())
        indices.add(index)
        assert isinstance(statement.value, ast.Tuple)
        if len(indices) == len(statement.value.elts):
            return self._remove_statement(statement)
        self._spans.append(self._module.source.span(value))
        return self._forget(value)

    def _remove_statement(self, statement: ast.stmt) -> list[str]:
        if statement in self._removed:
            return []
        self._removed.add(statement)
        self._spans.append(self._module.source.span(statement))
        self.changes.append(removed_statement(self._module, statement))
        return self._forget(statement)

    def _forget(self, code: ast.AST) -> list[str]:
        """Note the names that are read in what goes; return them."""
        names = [node for node in ast.walk(code) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
        self._gone.update(names)
        return [name.id for name in names]


def _assigns_attribute(node: ast.AST) -> TypeGuard[ast.Assign | ast.AnnAssign]:
    """Whether a statement assigns to one attribute and nothing else; an annotated one of a class may be a field."""
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Attribute) and node.value is not None
    return isinstance(node, ast.Assign) and len(node.targets) == 1 and not isinstance(node.targets[0], ast.Tuple)
