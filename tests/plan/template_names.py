"""The names that plans in Bicep and Terraform use: types of resources and their properties."""

from __future__ import annotations

import re

from mi_lint.plan.render import bicep, terraform
from mi_lint.plan.render.bicep_syntax import HOST_TYPES, WITHOUT_TYPES, typed
from mi_lint.rulebook import store
from mi_lint.rulebook.roles import Planes

Names = dict[str, set[str]]

# Words of the language, not properties of a type.
_KEYWORDS = frozenset({"parent", "scope", "dependsOn"})


def planes():
    """Return the data planes of the rules."""
    return Planes(store.role_table()).by_name.values()


def bicep_names(plans) -> Names:
    """Return the property paths by type and version that the plans and the rules use."""
    found: Names = {}
    for plan in plans:
        for type_, paths in _blocks(bicep.render(plan)):
            found.setdefault(type_, set()).update(paths)
    for type_ in HOST_TYPES.values():
        found.setdefault(typed(type_), set())
    for plane in planes():
        if not plane.resource or plane.resource.startswith("Microsoft.Graph/"):
            continue
        found.setdefault(typed(plane.resource), set())
        for scope in plane.scopes.values() if plane.mechanism == "azure-rbac" else ():
            found.setdefault(typed("/".join([plane.resource, *scope.path.split("/")[::2]])), set())
        if plane.keys_off is not None:
            owner = (plane.keys_off.resource or plane.resource).partition(" ")[0]
            found.setdefault(typed(owner), set()).add(plane.keys_off.property)
    return {type_: paths for type_, paths in found.items() if type_.partition("@")[0] not in WITHOUT_TYPES}


def _blocks(text: str):
    for head, body in re.findall(
        r"^resource \w+ '([^']+)' (?:existing )?= \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL
    ):
        paths, stack = set(), []
        for line in body.splitlines():
            named = re.match(r"( *)(\w+):", line)
            if named is None:
                continue
            while stack and stack[-1][0] >= len(named[1]):
                stack.pop()
            stack.append((len(named[1]), named[2]))
            paths.add(".".join(name for _, name in stack))
        yield head, {path for path in paths if path.partition(".")[0] not in _KEYWORDS}


def terraform_names(plans) -> Names:
    """Return the arguments by resource or data source that the plans and the rules use."""
    import hcl2

    found: Names = {}
    for plan in plans:
        document = hcl2.loads(terraform.render(plan))
        for kind in ("resource", "data"):
            for entry in document.get(kind, []):
                for type_, named in entry.items():
                    for body in named.values():
                        found.setdefault(f"{kind} {_bare(type_)}", set()).update(_arguments(body))
    for plane in planes():
        if plane.terraform:
            names = found.setdefault(f"resource {plane.terraform}", set())
            if plane.keys_off is not None and plane.keys_off.terraform:
                names.add(plane.keys_off.terraform.partition(" = ")[0])
    return found


def _bare(word: str) -> str:
    return word.strip('"')


def _arguments(body):
    for name, value in body.items():
        if name.startswith("__"):
            continue
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from (f"{name}.{inner}" for inner in value[0] if not inner.startswith("__"))
        else:
            yield name
