"""Check the names that plans use in Bicep and Terraform against what the providers publish: `template_types.json`.

``python tests/plan/update_template_types.py BICEP_TYPES AZURERM AZUREAD`` takes clones of
https://github.com/Azure/bicep-types-az, https://github.com/hashicorp/terraform-provider-azurerm and
https://github.com/hashicorp/terraform-provider-azuread, and needs no network. It says what is spelled otherwise there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "template_types.json")
READ_ONLY = 2  # https://github.com/Azure/bicep-types/blob/main/src/bicep-types/src/types.ts


def shown(clone: str, path: str) -> str:
    """Return a file of a clone; empty when it has none."""
    done = subprocess.run(
        ["git", "-C", clone, "show", f"HEAD:{path}"], capture_output=True, text=True, encoding="utf-8"
    )
    return done.stdout if done.returncode == 0 else ""


def git(clone: str, *arguments: str) -> str:
    """Return what git prints about a clone."""
    return subprocess.run(["git", "-C", clone, *arguments], capture_output=True, text=True, check=True).stdout.strip()


class BicepTypes:
    """The types of Azure Resource Manager with their properties."""

    def __init__(self, clone: str) -> None:
        self.clone = clone
        self.files: dict[tuple[str, str], list[str]] = {}
        for path in git(clone, "ls-tree", "-r", "--name-only", "HEAD", "generated").splitlines():
            named = re.fullmatch(r"generated/[^/]+/([^/]+)/([^/]+)/types\.json", path)
            if named:
                self.files.setdefault((named[1], named[2]), []).append(path)
        self.loaded: dict[str, list] = {}

    def missing(self, type_: str, paths: set[str]) -> list[str]:
        """Return what is not there, or cannot be written."""
        name, _, version = type_.partition("@")
        for path in self.files.get((name.partition("/")[0].lower(), version), ()):
            if path not in self.loaded:
                self.loaded[path] = json.loads(shown(self.clone, path))
            types = self.loaded[path]
            for entry in types:
                if entry["$type"] == "ResourceType" and entry["name"] == type_:
                    body = follow(types, entry["body"])
                    return [f"{type_} {path}" for path in sorted(paths) if not has(types, body, path.split("."))]
        return [type_]


def follow(types: list, reference: dict) -> dict:
    """Return the type that a reference names; of an array, that of its items."""
    found = types[int(reference["$ref"].rpartition("/")[2])]
    return follow(types, found["itemType"]) if found["$type"] == "ArrayType" else found


def has(types: list, body: dict, names: list[str]) -> bool:
    """Whether a type has a property that can be written, and that one the next."""
    properties = {**body.get("properties", {}), **body.get("baseProperties", {})}
    found = properties.get(names[0])
    if found is None or found["flags"] & READ_ONLY:
        return False
    return len(names) == 1 or has(types, follow(types, found["type"]), names[1:])


def arguments(documentation: str) -> set[str]:
    """Return the arguments that a page of a provider lists, those of blocks behind the name of the block."""
    part = re.split(r"^## Arguments? Reference", documentation, maxsplit=1, flags=re.MULTILINE)
    names, block = set(), ""
    for line in part[-1].partition("## Attributes Reference")[0].splitlines():
        head = re.match(r"(?:An?|The|Each) `(\w+)` block", line.strip())
        block = head[1] if head else block
        item = re.match(r"\s*[*-] `(\w+)` ", line)
        if item:
            names.add(f"{block}.{item[1]}" if block else item[1])
    return names


def page(azurerm: str, azuread: str, name: str) -> str:
    """Return the documentation of a resource or data source."""
    kind, _, type_ = name.partition(" ")
    provider, _, rest = type_.partition("_")
    if provider == "azurerm":
        return shown(azurerm, f"website/docs/{'r' if kind == 'resource' else 'd'}/{rest}.html.markdown")
    return shown(azuread, f"docs/{'resources' if kind == 'resource' else 'data-sources'}/{rest}.md")


def main(bicep_types: str, azurerm: str, azuread: str) -> None:
    """Check all names, then write the table."""
    from plan_repositories import plan_of
    from plan_samples import SAMPLES
    from template_names import bicep_names, terraform_names

    with tempfile.TemporaryDirectory() as folder:
        plans = [plan_of(os.path.join(folder, n), files, **choices) for n, (files, choices) in SAMPLES.items()]
    types = BicepTypes(bicep_types)
    names = bicep_names(plans)
    problems = [problem for type_, paths in sorted(names.items()) for problem in types.missing(type_, paths)]
    terraform = terraform_names(plans)
    for name, wanted in sorted(terraform.items()):
        text = page(azurerm, azuread, name)
        problems += [name] if not text else [f"{name} {word}" for word in sorted(wanted - arguments(text))]
    if problems:
        raise SystemExit("not published: " + "; ".join(problems))
    clones = {
        "bicep-types-az": bicep_types,
        "terraform-provider-azurerm": azurerm,
        "terraform-provider-azuread": azuread,
    }
    table = {
        "source": "see update_template_types.py",
        "commits": {name: git(clone, "rev-parse", "HEAD") for name, clone in clones.items()},
        "bicep": {type_: sorted(paths) for type_, paths in sorted(names.items())},
        "terraform": {name: sorted(words) for name, words in sorted(terraform.items())},
    }
    with open(TABLE, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
