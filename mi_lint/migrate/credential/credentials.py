"""Which credential a rewritten call gets: one that the code already has, one shared by the module, or a new one.

Rewriters write placeholders, because only when all sites of a module are known can be told whether a credential is
worth a name of its own. `Credentials.resolve` puts the real expressions in their place.
"""

from __future__ import annotations

import ast
import re

from mi_lint.migrate.credential.closing import Closing, closing
from mi_lint.migrate.credential.existing import LASTING, Use, existing, kind_in_use, making
from mi_lint.migrate.credential.stored_clients import Stored, stored
from mi_lint.migrate.editing.changes import Change, applied, merged
from mi_lint.migrate.editing.definitions import assigned_name, definition_offset, settings_loader, top_level
from mi_lint.migrate.editing.imports import after_header
from mi_lint.migrate.editing.inner_imports import (
    import_ahead,
    inner_import,
    is_optional,
    may_be_missing,
    own_statement,
)
from mi_lint.migrate.editing.layout import ahead, indentation_step
from mi_lint.migrate.outcome import Needs
from mi_lint.python.facts import Module

_PLACEHOLDER = re.compile(r"__mi_lint_(credential|provider)_(sync|async)(\d+)__")
# A parameter that a rewrite adds to a function.
_NEW_PARAMETER = re.compile(r", (\w+)(?:: [^=]+?)?\s*=\s*None")
MAX_LINE = 120
_CODE = {
    "default": ("DefaultAzureCredential", "DefaultAzureCredential()"),
    "managed": ("ManagedIdentityCredential", 'ManagedIdentityCredential(client_id=os.environ["AZURE_CLIENT_ID"])'),
    "workload": ("WorkloadIdentityCredential", "WorkloadIdentityCredential()"),
}


class Credentials:
    """The credentials of one module."""

    def __init__(self, module: Module, wanted: str = "") -> None:
        self._module = module
        self._wanted = wanted if wanted not in ("", "auto") else kind_in_use(module)
        self._uses: list[Use] = []
        self._mixed = False
        self._scopes: set[str] = set()
        self._parameters: set[str] = set()
        self.unclosed: set[ast.AST] = set()

    @property
    def kind(self) -> str:
        """Which kind of credential is made: one of `mi_lint.configuration.options.CREDENTIALS` but `auto`."""
        return self._wanted

    def credential(self, node: ast.AST, is_async: bool) -> str:
        """Return a placeholder for a token credential at a place."""
        return self._placeholder(Use("credential", is_async, node))

    def lasting(self, node: ast.AST, is_async: bool) -> str:
        """Return a placeholder for a credential that code uses again and again, so that it must be made once."""
        return self._placeholder(Use("credential", is_async, node, LASTING))

    def provider(self, node: ast.AST, is_async: bool, scope: str) -> str:
        """Return a placeholder for a token provider (a callable that returns a token) at a place."""
        return self._placeholder(Use("provider", is_async, node, scope))

    def _placeholder(self, use: Use) -> str:
        self._uses.append(use)
        return f"__mi_lint_{use.kind}_{'async' if use.is_async else 'sync'}{len(self._uses) - 1}__"

    def resolve(self, changes: list[Change], needs: Needs) -> list[Change]:
        """Return the changes with every placeholder filled in, and the definitions they need."""
        used = sorted({int(match[3]) for change in changes for match in _PLACEHOLDER.finditer(change.text)})
        self._parameters = {name for change in changes for name in _NEW_PARAMETER.findall(change.text)}
        self._scopes = {self._uses[number].scope for number in used if self._uses[number].kind == "provider"}
        self._mixed = len({self._uses[number].is_async for number in used}) > 1
        closed = self._closed(used)
        kept = self._kept(used)
        joined = self._joined(closed, used)
        apart = {*closed, *joined, *(number for entry in kept for number in entry.numbers)}
        shared = [number for number in used if number not in apart]
        named = [number for number in shared if self._deserves_name(number, shared, changes)]
        in_place = self._in_place(named, changes)
        named = [number for number in named if number not in in_place]
        code = {number: self._code(number, number in named, needs) for number in shared}
        code |= {number: name or self._expression(self._uses[number], needs) for number, name in in_place.items()}
        alone = (self._uses[number] for number in shared if number not in named and number not in in_place)
        self.unclosed = {
            use.node for use in alone if use.is_async and not existing(self._module, use) and self._is_inner(use)
        }
        local = "credential" if closed and not shared and self._is_free("credential") else ""
        if not local and any(self._name(self._uses[n]) == self._name(self._uses[m]) for n in named for m in closed):
            local = next(name for name in ("client_credential", "client_credential_") if self._is_free(name))
        opened: dict[int, list[Change]] = {}
        for number, place in closed.items():
            code[number] = local or self._name(self._uses[number])
            opened[id(place.statement)] = place.changes(code[number], self._expression(self._uses[number], needs))
        for number in (n for n in shared if n not in named and self._uses[n].kind == "provider"):
            use = self._uses[number]
            statement = own_statement(self._module, use.node)
            if statement is not None and not existing(self._module, use):
                code[number] = self._name(use)
                opened[id(use)] = [ahead(self._module, statement, f"{code[number]} = {self._expression(use, needs)}")]
        for entry in kept:
            code |= dict.fromkeys(entry.numbers, entry.code)
            opened[id(entry)] = entry.changes(self._expression(self._uses[entry.numbers[0]], needs))
        code |= {number: code[other] for number, other in joined.items()}
        filled = [
            Change(c.path, c.start, c.end, _PLACEHOLDER.sub(lambda match: code[int(match[3])], c.text)) for c in changes
        ]
        return [*filled, *self._definitions(named, needs), *(c for made in opened.values() for c in made)]

    def _closed(self, used: list[int]) -> dict[int, Closing]:
        """Return where new asynchronous credentials are closed; a function that assigns two clients shares none."""
        found: dict[int, Closing] = {}
        for number in used:
            use = self._uses[number]
            place = closing(self._module, use.node) if use.is_async and use.kind == "credential" else None
            if place is not None and not existing(self._module, use):
                found[number] = place
        scopes: dict[int, set[int]] = {}
        for place in found.values():
            scopes.setdefault(id(place.scope), set()).add(id(place.statement))
        alone = {number: place for number, place in found.items() if len(scopes[id(place.scope)]) == 1}
        return alone | {n: p for n, p in found.items() if isinstance(p.statement, ast.AsyncWith)}

    def _is_inner(self, use: Use) -> bool:
        """Whether a place is in a function, so that what is made there does not live as long as the program."""
        return self._module.place(use.node)[0].enclosing("function", "lambda") is not None

    def _kept(self, used: list[int]) -> list[Stored]:
        """Return the credentials of clients that objects keep and close."""
        nodes = {
            number: self._uses[number].node
            for number in used
            if self._uses[number].is_async and self._uses[number].kind == "credential"
        }
        return stored(self._module, {n: node for n, node in nodes.items() if not existing(self._module, self._uses[n])})

    def _joined(self, closed: dict[int, Closing], used: list[int]) -> dict[int, int]:
        """Return the uses that an asynchronous credential which is closed can serve, too, by the use it is made for."""
        found: dict[int, int] = {}
        for number in used:
            use = self._uses[number]
            if number in closed or not use.is_async or use.kind != "credential" or existing(self._module, use):
                continue
            for other, place in closed.items():
                served = place.serving(use.node) if number not in found else None
                if served is not None:
                    found[number], closed[other] = other, served
        return found

    def _code(self, number: int, named: bool, needs: Needs) -> str:
        use = self._uses[number]
        if there := existing(self._module, use):
            return there
        return self._name(use) if named else self._expression(use, needs)

    def _deserves_name(self, number: int, used: list[int], changes: list[Change]) -> bool:
        """Whether a credential is made once under a name: several sites need it, or it makes the line too long."""
        use = self._uses[number]
        if existing(self._module, use) or self._is_late(use, used):
            return False
        if (
            use.kind == "provider"
            or use.scope == LASTING
            or sum(self._same(self._uses[other], use) for other in used) > 1
        ):
            return True
        return self._is_too_long(number, changes)

    def _is_late(self, use: Use, used: list[int]) -> bool:
        """Whether a credential is made where it is used, for a client that is imported late.

        Several functions share one of the module, which takes less time, but where that must do without the SDK.
        """
        same = [self._uses[number] for number in used if self._same(self._uses[number], use)]
        imports = [inner_import(self._module, other.node) for other in same]
        alone = use.kind == "credential" and len(same) == 1
        if use.scope == LASTING or not all(i and (alone or is_optional(self._module, i)) for i in imports):
            return False
        scopes = {id(self._module.place(other.node)[0]) for other in same}
        placed = use.kind == "credential" or all(own_statement(self._module, other.node) for other in same)
        # A module that goes on without the SDK goes on without azure-identity, however often a function uses it.
        apart = len(scopes) == len(same) or (
            use.kind == "credential"
            and all(i and may_be_missing(self._module, i, other.node) for i, other in zip(imports, same, strict=True))
        )
        return placed and apart

    def _in_place(self, named: list[int], changes: list[Change]) -> dict[int, str]:
        """Return the names of credentials that the module's own assignment makes; none where it is made itself."""
        found: dict[int, str] = {}
        for number in (number for number in named if self._uses[number].kind == "credential"):
            use = self._uses[number]
            others = [n for n in named if n != number and self._same(self._uses[n], use)]
            whole = [c for c in changes if (match := _PLACEHOLDER.fullmatch(c.text)) and int(match[3]) == number]
            name = assigned_name(self._module, whole[0].start, whole[0].end) if whole and number not in found else ""
            line = getattr(use.node, "lineno", 0)
            if name and all(self._sees(name, self._uses[n], line) for n in others):
                found |= {number: "", **dict.fromkeys(others, name)}
        return found

    def _sees(self, name: str, use: Use, line: int) -> bool:
        """Whether a name of the module that is assigned on a line means the same where it is to be used."""
        scope, _ = self._module.place(use.node)
        known_there = scope.lookup(name) is self._module.scope.bindings.get(name)
        return known_there and getattr(use.node, "lineno", 0) > line

    def _is_too_long(self, number: int, changes: list[Change]) -> bool:
        """Whether the line that the placeholder ends up in has no room for the whole expression."""
        source = self._module.source
        change = next(c for c in changes if any(int(m[3]) == number for m in _PLACEHOLDER.finditer(c.text)))
        start, end = source.line_start(change.start), source.line_end(change.end)
        near = [c for c in merged(changes) if c.path == change.path and start <= c.start and c.end <= end]
        shifted = [Change(c.path, c.start - start, c.end - start, c.text) for c in near]
        text = applied(source.text[start:end], shifted).decode("utf-8", "replace")
        line = next(line for line in text.splitlines() if any(int(m[3]) == number for m in _PLACEHOLDER.finditer(line)))
        before = max(map(len, source.text[start:end].decode("utf-8", "replace").splitlines()))
        return len(_PLACEHOLDER.sub(_CODE[self._wanted][1], line)) > max(MAX_LINE, before)

    def _expression(self, use: Use, needs: Needs, made: dict[bool, str] | None = None) -> str:
        package = "azure.identity.aio" if use.is_async else "azure.identity"
        if use.kind == "provider":
            function = self._imported(package, "get_bearer_token_provider", needs, use)
            inner = existing(self._module, Use("credential", use.is_async, use.node)) or (made or {}).get(
                use.is_async, ""
            )
            inner = inner or self._expression(Use("credential", use.is_async, use.node), needs)
            newline = self._module.source.newline
            return f'{function}({newline}{indentation_step(self._module)}{inner}, "{use.scope}"{newline})'
        name, code = _CODE[self._wanted]
        local = self._imported(package, name, needs, use)
        if "os.environ" in code:
            needs.modules.add("os")
        return local + code.removeprefix(name)

    def _imported(self, package: str, name: str, needs: Needs, use: Use) -> str:
        """Return the local name of something of azure-identity, whose asynchronous twins have the same names."""
        if self._is_local(f"{package}.{name}", name, use):
            return name
        bindings = self._module.scope.bindings.get(name, [])
        inner = inner_import(self._module, use.node)
        if inner is not None and not self._module.place(use.node)[0].lookup(name):
            statement = own_statement(self._module, use.node)
            if statement is not None and may_be_missing(self._module, inner, use.node):
                import_ahead(self._module, statement, (package, name), needs.local)
                return name
            needs.inner.setdefault(inner, set()).add((package, name))
            return name
        taken = any(binding.target != f"{package}.{name}" for binding in bindings)
        asynchronous = package.endswith(".aio")
        if not taken and not (self._mixed and asynchronous and not bindings):
            needs.imports.add((package, name))
            return name
        for local, entries in self._module.scope.bindings.items():
            if any(entry.target == f"{package}.{name}" and not entry.block for entry in entries):
                return local
        local = _twin(name, "async" if asynchronous else "sync")
        needs.imports.add((package, f"{name} as {local}"))
        return local

    def _is_local(self, target: str, name: str, use: Use) -> bool:
        """Whether a function has imported something itself before the place where it is used."""
        scope, block = self._module.place(use.node)
        bindings = scope.bindings.get(name, ()) if scope is not self._module.scope else ()
        line = getattr(use.node, "lineno", 0)
        return bool(bindings) and all(
            entry.target == target and entry.position[0] < line and block[: len(entry.block)] == entry.block
            for entry in bindings
        )

    def _same(self, first: Use, second: Use) -> bool:
        return (first.kind, first.is_async, first.scope) == (second.kind, second.is_async, second.scope) and (
            existing(self._module, first) == existing(self._module, second)
        )

    def _name(self, use: Use) -> str:
        base = "credential" if use.kind == "credential" else "token_provider"
        names = [base, f"azure_{base}", f"azure_identity_{base}"]
        if use.is_async:
            names = [f"async_{name}" for name in names]
        if use.kind == "provider" and len(self._scopes) > 1:
            suffix = re.sub(r"\W+", "_", use.scope.removeprefix("https://").partition(".")[0])
            names = [f"{name}_{suffix}" for name in names]
        return next((name for name in names if self._is_free(name)), names[-1] + "_")

    def _is_free(self, name: str) -> bool:
        bound = any(name in scope.bindings for scope in self._module.scopes.values())
        return not bound and name not in self._module.loads and name not in self._parameters

    def _definitions(self, named: list[int], needs: Needs) -> list[Change]:
        lines: dict[str, str] = {}
        nodes = []
        made: dict[bool, str] = {}
        behind: list[ast.stmt] = []
        for number in sorted(named, key=lambda number: self._uses[number].kind):
            use = self._uses[number]
            at_top = Use(use.kind, use.is_async, top_level(self._module, use.node), use.scope)
            lines.setdefault(self._name(use), self._expression(at_top, needs, made))
            nodes.append(use.node)
            if use.kind == "credential":
                made[use.is_async] = self._name(use)
            elif (maker := making(self._module, Use("credential", use.is_async, at_top.node))) is not None:
                behind.append(maker)
        if not lines:
            return []
        source = self._module.source
        newline = source.newline
        loader = settings_loader(self._module, nodes)
        if loader is not None:
            return [self._behind(loader, [f"{name} = {code}" for name, code in lines.items()])]
        offset = definition_offset(self._module, nodes, behind)
        code = newline.join(f"{name} = {code}" for name, code in lines.items())
        if offset is None:
            start = after_header(self._module)
            return [Change(source.path, start, start, code + newline + newline)]
        followed = source.text[source.line_end(offset) :].lstrip(b" \t")
        gap = "" if source.is_last_line(offset) or followed.startswith((b"\r", b"\n")) else newline
        return [Change(source.path, offset, offset, newline + newline + code + gap)]

    def _behind(self, statement: ast.stmt, lines: list[str]) -> Change:
        """Return the change that puts definitions below a statement of a function."""
        source = self._module.source
        start, end = source.span(statement)
        indentation = source.newline + source.indentation(start)
        code = "".join(indentation + line.replace(source.newline, indentation) for line in lines)
        offset = source.line_break(end - 1)
        return Change(source.path, offset, offset, code)


def _twin(name: str, kind: str) -> str:
    """Return a name for the twin of a class or function: ``AsyncDefaultAzureCredential``."""
    if name[0].isupper():
        return kind.capitalize() + name
    verb, _, rest = name.partition("_")
    return f"{verb}_{kind}_{rest}"
