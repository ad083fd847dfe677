"""What a shared access signature must allow: signed by a user delegation key, it grants no more than its signer has.

https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas#assign-permissions-with-rbac
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mi_lint.plan.instances import Value
from mi_lint.plan.operations import Use
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.values import Tracer
from mi_lint.rulebook.roles import Operation, Plane, Planes

_LETTERS = {
    "r": "read", "a": "add", "c": "create", "w": "write", "d": "delete", "l": "list", "t": "tag", "m": "move",
    "x": "delete_previous_version", "y": "permanent_delete", "f": "filter_by_tags", "e": "execute",
    "i": "set_immutability_policy", "u": "update", "p": "process", "o": "manage_ownership", "n": "permission",
}  # fmt: skip
# The method that gives the key which signs without a key of the account.
DELEGATION = "get_user_delegation_key"


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """One call that signs: what it needs, and whether its permissions could be read."""

    plane: Plane
    name: str
    module: Module
    node: ast.Call
    account: ast.expr | None
    uses: tuple[Use, ...]
    followed: bool

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.module.path}:{self.module.source.location(self.node).region.start_line}"


def signatures(modules: Iterable[Module], planes: Planes, tracer: Tracer) -> Iterator[Signature]:
    """Yield the calls that sign an access to a part of an account."""
    functions = {name: plane for plane in planes.by_name.values() for name in plane.signing}
    short = {name.rpartition(".")[2] for name in functions}
    for module in modules:
        for call in module.calls:
            qualified = (module.qualified(call.func) or "") if known.callee(call) in short else ""
            if qualified in functions:
                yield _signature(functions[qualified], qualified, module, call, tracer)


def _signature(plane: Plane, qualified: str, module: Module, call: ast.Call, tracer: Tracer) -> Signature:
    name = qualified.rpartition(".")[2]
    given = dict(zip(plane.signing[qualified], call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    entities = tuple(
        (scope.name, Value(module, given[parameter]))
        for scope in plane.scopes.values()
        for parameter in scope.parameters
        if parameter in given
    )
    permissions = _permissions(module, given.get("permission"), tracer)
    found = [(permission, plane.permissions.get(permission, "")) for permission in sorted(permissions)]
    uses = [
        Use(plane, name, "", Operation(needs=((need,),)), module, call, None, entities) for _, need in found if need
    ]
    if known.keyword(call, "user_delegation_key") is None:
        # After the rewrite the signature is made with such a key.
        delegated = next((o for key, o in plane.operations.items() if key.endswith(f".{DELEGATION}")), None)
        uses += [Use(plane, name, "", delegated, module, call, None, ())] if delegated else []
    return Signature(plane, name, module, call, given.get("account_name"), tuple(uses), bool(permissions))


def _permissions(module: Module, node: ast.expr | None, tracer: Tracer) -> set[str]:
    """Return the permissions by the names of the SDK; none when they cannot be read."""
    if node is None:
        return set()
    found: set[str] = set()
    nodes = [node, *(origin.node for origin in tracer.trace(module, node).origins)]
    for value in nodes:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            found |= {_LETTERS[letter] for letter in value.value if letter in _LETTERS}
        elif isinstance(value, ast.Call) and known.callee(value) == "from_string" and value.args:
            found |= _permissions(module, value.args[0], tracer)
        elif isinstance(value, ast.Call) and known.callee(value).endswith("Permissions"):
            found |= {k.arg for k in value.keywords if k.arg and not _is_false(k.value)}
    return found


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value
