"""The examples of all rules about code: what `mi-lint migrate` makes of them is what the rule files say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from mi_lint.rulebook import document, store


class RuleExample(NamedTuple):
    """One example of a check or of a group of clients, with the file and the entry that it stands in."""

    file: str
    entry: document.Mapping
    name: str
    number: int
    example: document.Mapping

    @property
    def id(self) -> str:
        return f"{self.file}-{self.name}-{self.number}"


def rule_examples() -> Iterator[RuleExample]:
    for path in store.rule_files():
        with open(path, encoding="utf-8") as stream:
            parsed = document.parse(stream.read(), path)
        for kind, name in (("checks", "id"), ("clients", "package")):
            for entry in document.mappings(parsed.get(kind)):
                for number, example in enumerate(document.mappings(entry.get("examples"))):
                    yield RuleExample(os.path.basename(path), entry, str(entry[name]), number, example)
