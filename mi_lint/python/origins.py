"""What the tracer answers: where a value can come from, and by which stations."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from mi_lint.python.facts import Module

_MESSAGES = {
    "assigned": "assigned to '{}'",
    "passed": "passed as '{}'",
    "stored": "stored as '{}'",
    "imported": "imported from '{}'",
    "returned": "returned by '{}'",
}
SECRET_KINDS = frozenset(
    {"literal", "environment", "setting", "argument", "config", "vault", "keys-listed", "template"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """One place a value can come from. ``name`` is the environment variable, setting, parameter, class or reason."""

    kind: str
    module: Module
    node: ast.AST
    name: str = ""
    default: ast.expr | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One station between an origin and the place of use."""

    module: Module
    node: ast.AST
    kind: str
    name: str

    @property
    def message(self) -> str:
        """What happened to the value here, in words."""
        return _MESSAGES[self.kind].format(self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """All origins of a value, and the stations of the way to the first of them, origin first."""

    origins: tuple[Origin, ...]
    steps: tuple[Step, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(origin.kind for origin in self.origins)

    @property
    def is_token(self) -> bool:
        """Whether the value is a token credential or a token provider on every way."""
        return bool(self.origins) and self.kinds - {"none"} == {"token"}

    @property
    def has_token(self) -> bool:
        return "token" in self.kinds

    @property
    def is_secret(self) -> bool:
        """Whether the value can be a string that came from a literal, a setting or a store."""
        return bool(self.kinds & SECRET_KINDS)

    @property
    def is_key_object(self) -> bool:
        return "key-object" in self.kinds

    @property
    def texts(self) -> tuple[str, ...]:
        """What is known of the value as text: literals, templates as written, and names of settings."""
        written = [
            origin.module.source.slice(origin.node)
            for origin in self.origins
            if origin.kind in ("literal", "template") or (origin.default is not None)
        ]
        return (*written, *(origin.name for origin in self.origins if origin.name))
