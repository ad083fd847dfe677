"""Where does a value come from? Follows an expression back to the places that can have produced it.

The answer is a set of origins, because code has branches, and the way there, which becomes the SARIF code flow.
What cannot be followed is an origin of its own kind that says why.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from mi_lint.python import flask_objects, known
from mi_lint.python.facts import Module
from mi_lint.python.objects import MAX_DEPTH, class_of, is_inside
from mi_lint.python.origins import Origin, Step, Trace
from mi_lint.python.project import MAX_HOPS, Project
from mi_lint.python.scopes import Binding, Scope, default_of, passed

MAX_ORIGINS = 12
MAX_CALLERS = 20


class Tracer:
    """Follows values through a project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._cache: dict[tuple[Module, ast.AST], Trace] = {}

    def trace(self, module: Module, expression: ast.expr) -> Trace:
        """Return the origins of an expression and the way from them."""
        cached = self._cache.get((module, expression))
        if cached is None:
            walk = _Walk(self._project, module)
            origins = walk.follow(module, expression, 0)
            unique = {(origin.module.path, origin.node, origin.kind): origin for origin in origins}
            kept = tuple(list(unique.values())[:MAX_ORIGINS])
            cached = Trace(kept, tuple(walk.way(kept)))
            self._cache[(module, expression)] = cached
        return cached

    def constant(self, module: Module, expression: ast.expr) -> str | None:
        """Return the text that an expression always has, or None."""
        origins = self.trace(module, expression).origins
        texts = {
            origin.node.value
            for origin in origins
            if origin.kind == "literal" and isinstance(origin.node, ast.Constant) and isinstance(origin.node.value, str)
        }
        return texts.pop() if len(texts) == 1 and len(origins) == 1 else None


class _Walk:
    """One question to the tracer: keeps what was visited, so that loops in the code end."""

    def __init__(self, project: Project, start: Module) -> None:
        self.project = project
        self.start = start
        self.seen: set[tuple[str, ast.AST]] = set()
        self.hops = 0
        self.stations: dict[ast.AST, list[Step]] = {}
        self.path: list[Step] = []

    def way(self, origins: Iterable[Origin]) -> list[Step]:
        for origin in origins:
            if origin.node in self.stations and origin.kind != "none":
                return [*reversed(self.stations[origin.node])]
        return []

    def follow(self, module: Module, node: ast.expr, depth: int) -> list[Origin]:
        key = (module.path, node)
        if depth > MAX_DEPTH or key in self.seen:
            return []
        self.seen.add(key)
        method = _FOLLOWERS.get(type(node))
        return method(self, module, node, depth + 1) if method else [self.opaque(module, node, type(node).__name__)]

    def origin(
        self, kind: str, module: Module, node: ast.AST, name: str = "", default: ast.expr | None = None
    ) -> Origin:
        self.stations.setdefault(node, list(self.path))
        return Origin(kind, module, node, name, default)

    def opaque(self, module: Module, node: ast.AST, reason: str) -> Origin:
        return self.origin("opaque", module, node, reason)

    def through(
        self, module: Module, station: ast.AST, kind: str, name: str, node: ast.expr, depth: int
    ) -> list[Origin]:
        """Follow a node that was reached by way of a station."""
        self.path.append(Step(module, station, kind, name))
        found = self.follow(module, node, depth)
        self.path.pop()
        return found

    def constant(self, module: Module, node: ast.Constant, depth: int) -> list[Origin]:
        if isinstance(node.value, str | bytes):
            return [self.origin("literal" if node.value else "none", module, node)]
        return [self.origin("none", module, node)]

    def joined(self, module: Module, node: ast.JoinedStr, depth: int) -> list[Origin]:
        values = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        if len(values) == 1 and len(node.values) == 1:
            return self.follow(module, values[0], depth)
        return [self.origin("template", module, node)]

    def binary(self, module: Module, node: ast.BinOp, depth: int) -> list[Origin]:
        return [self.origin("template", module, node)]

    def either(self, module: Module, node: ast.BoolOp | ast.IfExp, depth: int) -> list[Origin]:
        branches = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
        return [origin for branch in branches for origin in self.follow(module, branch, depth)]

    def inner(self, module: Module, node: ast.Await | ast.NamedExpr | ast.Starred, depth: int) -> list[Origin]:
        return self.follow(module, node.value, depth)

    def mapping(self, module: Module, node: ast.Dict, depth: int) -> list[Origin]:
        return [self.origin("mapping", module, node)]

    def name(self, module: Module, node: ast.Name, depth: int) -> list[Origin]:
        bindings = module.reaching(node)
        if not bindings:
            return self.starred(module, node, depth)
        found: list[Origin] = []
        for binding in bindings:
            found += self.binding(module, binding, depth)
        return found

    def starred(self, module: Module, node: ast.Name, depth: int) -> list[Origin]:
        """Follow a name that ``from module import *`` brings from a module of the project."""
        for star in reversed(module.stars):
            found = self.imported(module, node, f"{star}{'' if star.endswith('.') else '.'}{node.id}", depth)
            if found and found[0].kind != "opaque":
                return found
        return [self.opaque(module, node, f"the name '{node.id}' is not defined in this file")]

    def binding(self, module: Module, binding: Binding, depth: int) -> list[Origin]:
        node = binding.node
        if binding.kind in ("assign", "augmented", "with"):
            if binding.value is None:
                return [self.opaque(module, node, "unpacked from a value that is not followed")]
            return self.through(module, node, "assigned", binding.name, binding.value, depth)
        if binding.kind == "parameter" and isinstance(node, ast.arg):
            return self.parameter(module, node, binding.scope, depth)
        if binding.kind == "import":
            return self.imported(module, node, binding.target, depth)
        if binding.kind == "declared" and isinstance(node, ast.AnnAssign):
            return [self.origin("setting", module, node, binding.name)]
        return [self.opaque(module, node, f"bound by a {binding.kind}")]

    def imported(self, module: Module, node: ast.AST, target: str, depth: int) -> list[Origin]:
        found = self.project.find(module.path, target) if self.hops < MAX_HOPS else None
        if found is None:
            return [self.opaque(module, node, f"imported from '{target.rpartition('.')[0] or target}'")]
        other, rest = found
        if len(rest) != 1 or rest[0] not in other.scope.bindings:
            return [self.opaque(module, node, f"the name '{target}' is not followed")]
        self.hops += 1
        self.path.append(Step(module, node, "imported", other.path))
        result = [origin for entry in other.scope.bindings[rest[0]] for origin in self.binding(other, entry, depth)]
        self.path.pop()
        self.hops -= 1
        return result

    def parameter(self, module: Module, node: ast.arg, scope: Scope, depth: int) -> list[Origin]:
        annotation = ast.unparse(node.annotation) if node.annotation is not None else ""
        if known.is_token_annotation(annotation):
            return [self.origin("token", module, node, annotation)]
        function = scope.node
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            return [self.origin("parameter", module, node, node.arg)]
        found: list[Origin] = []
        default = default_of(function.args, node)
        if default is not None:
            found += self.follow(module, default, depth)
        is_called = True
        if self.hops < MAX_HOPS:
            self.hops += 1
            passed_ones = self._from_callers(module, function, node, scope, depth)
            # What nobody here calls is there for others, who may pass what they like in place of a setting.
            is_called = passed_ones is not None or function.name.startswith("_") or not _are_settings(found)
            found += passed_ones or []
            self.hops -= 1
        if is_called and any(o.kind != "none" for o in found):
            return found
        return [*found, self.origin("parameter", module, node, node.arg)]

    def _from_callers(
        self, module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, node: ast.arg, scope: Scope, depth: int
    ) -> list[Origin] | None:
        """Return what the callers of a function pass; None when nobody calls it."""
        owner = scope.parent
        method = owner is not None and owner.kind == "class"
        name = owner.name if method and owner is not None and function.name == "__init__" else function.name
        offset = 1 if method and not _is_static(function) else 0
        found: list[Origin] = []
        callers = self.project.callers(module, name)[:MAX_CALLERS]
        if owner is not None and isinstance(owner.node, ast.ClassDef) and function.name == "__init__":
            # A class method makes its own class.
            callers = [*callers, *((module, call) for call in module.made_inside(owner.node))]
        if self.start is not module and self.start.path.endswith(".ipynb"):
            # Nobody looks for callers in notebooks, but the one that is asked about may make what it uses.
            callers += [(self.start, call) for call in self.start.calls_of(name)]
        for other, call in callers:
            argument = passed(call, function.args, node, offset)
            if argument is not None:
                found += self.through(other, call, "passed", node.arg, argument, depth)
        return found if callers else None

    def attribute(self, module: Module, node: ast.Attribute, depth: int) -> list[Origin]:
        qualified = module.qualified(node)
        if node.attr in known.UNWRAPPED_ATTRIBUTES:
            inner = self.follow(module, node.value, depth)
            if inner and not all(origin.kind == "opaque" for origin in inner):
                return inner
        if qualified and not qualified.startswith("self."):
            found = self.imported(module, node, qualified, depth) if "." in qualified else []
            if found and found[0].kind != "opaque":
                return found
        found = self.member(module, node, depth) or self.part(module, node, depth)
        return found or [self.opaque(module, node, f"the attribute '{node.attr}'")]

    def part(self, module: Module, node: ast.expr, depth: int) -> list[Origin]:
        """Follow a part of an answer, such as ``keys[0].value`` of the list of an account's keys."""
        root = node
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if not isinstance(root, ast.Name | ast.Call):
            return []
        return [origin for origin in self.follow(module, root, depth) if origin.kind in ("vault", "keys-listed")]

    def member(self, module: Module, node: ast.Attribute, depth: int) -> list[Origin]:
        """Follow an attribute of ``self`` or of an instance of a class of the project."""
        owner = class_of(self.project, module, node.value, depth)
        if owner is None:
            argument = known.is_argparse(module, node.value)
            return [self.origin("argument", module, node, node.attr)] if argument else []
        home, class_ = owner
        found: list[Origin] = []
        for scope, target, value, statement in home.attributes.get(node.attr, ()):
            if isinstance(target.value, ast.Name) and target.value.id in ("self", "cls") and is_inside(scope, class_):
                found += self.through(home, statement, "stored", node.attr, value, depth)
        inner = home.scopes.get(class_)
        for binding in inner.bindings.get(node.attr, ()) if inner else ():
            found += self.field(home, binding, class_, depth)
        return found

    def field(self, module: Module, binding: Binding, class_: ast.ClassDef, depth: int) -> list[Origin]:
        """Follow a class attribute, a field of a settings class, or a property."""
        if binding.kind == "function":
            values = module.returns.get(binding.node, [])
            return [
                o
                for value in values
                for o in self.through(module, binding.node, "returned", binding.name, value, depth)
            ]
        setting = known.settings_field(module, class_, binding)
        if setting is not None:
            return [self.origin("setting", module, binding.node, setting, binding.value)]
        found = self.binding(module, binding, depth)
        if found and isinstance(binding.node, ast.AnnAssign) and all(origin.kind == "none" for origin in found):
            # A field that is empty unless whoever makes the instance fills it.
            found.append(self.origin("setting", module, binding.node, binding.name, binding.value))
        return found

    def subscript(self, module: Module, node: ast.Subscript, depth: int) -> list[Origin]:
        if isinstance(node.slice, ast.Slice):
            # ``sas[1:]`` is the same secret without its question mark.
            return self.follow(module, node.value, depth)
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if module.qualified(node.value) == "os.environ":
            return [self.origin("environment", module, node, self.text(module, node.slice, depth))]
        if module.qualified(node.value) == "sys.argv":
            return [self.origin("argument", module, node)]
        kind = known.configuration(module, node.value)
        if kind:
            return [self.origin(kind, module, node, str(key or ""))]
        found = self.item(module, node, node.value, key, depth)
        if found is not None:
            return found
        found = self.part(module, node, depth)
        return found or [self.opaque(module, node, "an item of a container that is not followed")]

    def item(self, module: Module, node: ast.expr, container: ast.expr, key: object, depth: int) -> list[Origin] | None:
        """Follow an item of a container; None when what is in the container is not known."""
        if isinstance(key, str) and flask_objects.is_configuration(module, container):
            return self.flask(key, depth) or None
        for origin in self.follow(module, container, depth):
            if origin.kind == "mapping" and isinstance(origin.node, ast.Dict):
                for name, value in zip(origin.node.keys, origin.node.values, strict=True):
                    if isinstance(name, ast.Constant) and name.value == key:
                        return self.follow(origin.module, value, depth)
            if origin.kind in ("config", "environment", "vault", "keys-listed", "argument", "token"):
                return [self.origin(origin.kind, module, node, str(key or ""))]
            if origin.kind == "parameter":
                return [self.origin(origin.kind, module, node, f"{origin.name}[{key!r}]")]
        return None

    def flask(self, key: str, depth: int) -> list[Origin]:
        """Follow a setting of a Flask application to where it is set."""
        found: list[Origin] = []
        if self.hops >= MAX_HOPS:
            return found
        self.hops += 1
        for home, class_, binding in flask_objects.held(self.project, key):
            entries = self.field(home, binding, class_, depth) if class_ else self.binding(home, binding, depth)
            found += [origin for origin in entries if origin.kind != "opaque"]
        for home, value in flask_objects.given(self.project, key):
            found += self.follow(home, value, depth)
        self.hops -= 1
        return found

    def text(self, module: Module, node: ast.expr, depth: int) -> str:
        """Return the constant text of an expression; empty when it is not constant."""
        found = self.follow(module, node, depth)
        value = found[0].node.value if len(found) == 1 and isinstance(found[0].node, ast.Constant) else ""
        return value if isinstance(value, str) else ""

    def call(self, module: Module, node: ast.Call, depth: int) -> list[Origin]:
        qualified = module.qualified(node.func) or ""
        fact = known.call_kind(module, node, qualified)
        if fact is not None:
            name = self.text(module, node.args[0], depth) if fact == "environment" and node.args else qualified
            default = node.args[1] if fact == "environment" and len(node.args) > 1 else known.keyword(node, "default")
            return [self.origin(fact, module, node, name, default)]
        inner = known.unwrapped(node, qualified)
        if inner is not None:
            return self.follow(module, inner, depth)
        if known.puts_together(module, node):
            return [self.origin("template", module, node)]
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
            key = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
            found = self.item(module, node, node.func.value, key, depth) if isinstance(key, str) else None
            if found is not None:
                return found
        return self._returned(module, node, qualified, depth)

    def _returned(self, module: Module, node: ast.Call, qualified: str, depth: int) -> list[Origin]:
        home, functions = module, module.functions.get(qualified or getattr(node.func, "id", ""), [])
        if (
            isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "self"
        ):
            functions = module.functions.get(node.func.attr, [])
        if not functions and qualified and (found := self.project.find(module.path, qualified)) and len(found[1]) == 1:
            home, functions = found[0], found[0].functions.get(found[1][0], [])
        result: list[Origin] = []
        for function in functions:
            for value in home.returns.get(function, []):
                result += self.through(home, function, "returned", function.name, value, depth)
        called = isinstance(node.func, ast.Name) and not (result or functions or node.args)
        if called and any(origin.kind == "token" for origin in self.follow(module, node.func, depth)):
            # Calling a token provider gives a token.
            return [self.origin("token", module, node)]
        return result or [self.opaque(module, node, f"the result of '{known.callee(node)}'")]


def _are_settings(origins: list[Origin]) -> bool:
    return bool(origins) and all(origin.kind in ("environment", "setting", "config", "vault") for origin in origins)


def _is_static(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(item, ast.Name) and item.id == "staticmethod" for item in function.decorator_list)


_FOLLOWERS: dict[type[ast.expr], Callable[..., list[Origin]]] = {
    ast.Constant: _Walk.constant,
    ast.JoinedStr: _Walk.joined,
    ast.BinOp: _Walk.binary,
    ast.BoolOp: _Walk.either,
    ast.IfExp: _Walk.either,
    ast.Await: _Walk.inner,
    ast.NamedExpr: _Walk.inner,
    ast.Starred: _Walk.inner,
    ast.Dict: _Walk.mapping,
    ast.Name: _Walk.name,
    ast.Attribute: _Walk.attribute,
    ast.Subscript: _Walk.subscript,
    ast.Call: _Walk.call,
}
