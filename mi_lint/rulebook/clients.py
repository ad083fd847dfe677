"""The ``clients:`` of a rule file: how the classes of an SDK authenticate, and what replaces their keys.

A group describes the classes of one package that share the same arguments. Loading flattens the groups into one
table of `Client` by qualified class name, in which the asynchronous twins have entries of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mi_lint.rulebook import document, schema
from mi_lint.rulebook.checks import check_examples
from mi_lint.rulebook.document import Mapping, mappings
from mi_lint.rulebook.errors import RuleFileError

Table = dict[str, object]

SECRET_FORMS = (
    "key", "sas", "connection-string", "dict", "password", "url",
    "AzureKeyCredential", "AzureNamedKeyCredential", "AzureSasCredential", "MetricsAdvisorKeyCredential",
)  # fmt: skip
TOKEN_FORMS = ("credential", "provider", "settings", "none")

_GROUP: dict[str, type] = {"package": str, "module": str, "classes": Mapping}
_GROUP_OPTIONAL: dict[str, type] = {
    "async_module": str,
    "asynchronous": bool,
    "check": str,
    "also": document.Sequence,
    "secret": Mapping,
    "token": str,
    "token_form": str,
    "endpoint": Mapping,
    "scope": str,
    "role": str,
    "min_version": str,
    "add": Mapping,
    "drop": document.Sequence,
    "replace_with": str,
    "keeps_connection_string": bool,
    "environment": document.Sequence,
    "keyless": document.Sequence,
    "upgrade": str,
    "entra": bool,
    "reason": str,
    "note": str,
    "requires": str,
    "family": str,
    "examples": document.Sequence,
}
_ENDPOINT: dict[str, type] = {}
_ENDPOINT_OPTIONAL: dict[str, type] = {
    "argument": str,
    "template": str,
    "explicit": str,
    "setting": str,
    "example": str,
    "entity": str,
    "entity_argument": str,
}


def check_clients(parsed: Mapping, file: str) -> None:
    """Raise `RuleFileError` at the first mistake in the ``clients`` of a rule file."""
    schema.each_mapping(parsed, "clients", file, "a group of clients")
    for group in mappings(parsed["clients"]):
        schema.check_keys(group, _GROUP, _GROUP_OPTIONAL, file, "a group of clients")
        if "endpoint" in group:
            endpoint = group["endpoint"]
            assert isinstance(endpoint, Mapping)
            schema.check_keys(endpoint, _ENDPOINT, _ENDPOINT_OPTIONAL, file, "'endpoint'")
        schema.check_choice(group, "token_form", TOKEN_FORMS, file)
        if group.get("entra") is False and "reason" not in group:
            raise RuleFileError(
                file, group.line, "a group without Entra support needs a 'reason' that names the alternative"
            )
        _check_secret(group, file)
        _check_classes(group, file)
        if "examples" in group:
            check_examples(group, file)


def _check_secret(group: Mapping, file: str) -> None:
    secret = group.get("secret")
    if not isinstance(secret, Mapping):
        return
    for argument, forms in secret.items():
        known = isinstance(forms, document.Sequence) and all(form in SECRET_FORMS for form in forms)
        if not known:
            raise RuleFileError(
                file, secret.lines[argument], f"'secret.{argument}' must be a list out of {', '.join(SECRET_FORMS)}"
            )


def _check_classes(group: Mapping, file: str) -> None:
    classes = group["classes"]
    assert isinstance(classes, Mapping)
    for name, constructors in classes.items():
        if not isinstance(constructors, Mapping) or not constructors:
            raise RuleFileError(file, classes.lines[name], f"'{name}' must map constructors to their parameters")
        for constructor, parameters in constructors.items():
            if not isinstance(parameters, document.Sequence):
                raise RuleFileError(
                    file, constructors.lines[constructor], f"'{constructor}' must list parameter names in order"
                )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a client gets its endpoint from, and how that follows from a connection string."""

    argument: str = ""
    template: str = ""
    explicit: str = ""
    setting: str = ""
    example: str = ""
    entity: str = ""
    entity_argument: str = ""


@dataclass(frozen=True, slots=True)
class Constructor:
    """One way to make a client: parameter names in order, and those that can only be given by keyword."""

    name: str
    positional: tuple[str, ...]
    keyword_only: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        return self.positional + self.keyword_only


@dataclass(frozen=True, slots=True)
class Client:
    """What mi-lint knows about one class of an SDK.

    ``keyless`` are arguments, besides the token's, that already authenticate without a stored secret, or bring a
    client that does. ``upgrade`` says which newer release the token form needs, when older ones are still common.
    """

    qualified: str
    package: str
    service: str
    is_async: bool
    constructors: dict[str, Constructor]
    secret: dict[str, tuple[str, ...]]
    token: str
    token_form: str
    endpoint: Endpoint
    scope: str
    role: str
    min_version: str
    add: dict[str, str]
    drop: tuple[str, ...]
    replace_with: str
    keeps_connection_string: bool
    environment: tuple[str, ...]
    keyless: tuple[str, ...]
    upgrade: str
    entra: bool
    reason: str
    note: str
    requires: str
    family: str
    check: str

    @property
    def name(self) -> str:
        return self.qualified.rpartition(".")[2]

    @property
    def main(self) -> Constructor | None:
        """The ordinary constructor, when the class can be called."""
        return self.constructors.get("call")


def client_table(parsed: Mapping) -> Iterator[tuple[str, Table]]:
    """Yield ``(qualified name, entry)`` for each class of a checked rule file, asynchronous twins included."""
    for group in mappings(parsed.get("clients")):
        common = {key: value for key, value in group.items() if key not in ("classes", "examples", "module", "also")}
        common["service"] = parsed["service"]
        modules = [(group["module"], group.get("asynchronous", False) or str(group["module"]).endswith(".aio"))]
        if "async_module" in group:
            modules.append((group["async_module"], True))
        also = group.get("also", [])
        assert isinstance(also, list)
        modules += [(module, str(module).endswith(".aio")) for module in also]
        classes = group["classes"]
        assert isinstance(classes, Mapping)
        for module, is_async in modules:
            for name, constructors in classes.items():
                yield f"{module}.{name}", {**common, "is_async": is_async, "constructors": constructors}


def _constructor(name: str, parameters: Sequence[str]) -> Constructor:
    names = list(parameters)
    if "*" not in names:
        return Constructor(name, tuple(names))
    star = names.index("*")
    return Constructor(name, tuple(names[:star]), tuple(names[star + 1 :]))


def client(qualified: str, entry: dict[str, Any]) -> Client:
    """Build the `Client` of one entry of the cached table."""
    return Client(
        qualified=qualified,
        package=entry["package"],
        service=entry["service"],
        is_async=entry["is_async"],
        constructors={name: _constructor(name, names) for name, names in entry["constructors"].items()},
        secret={argument: tuple(forms) for argument, forms in entry.get("secret", {}).items()},
        token=entry.get("token", "credential"),
        token_form=entry.get("token_form", "credential"),
        endpoint=Endpoint(**entry.get("endpoint", {})),
        scope=entry.get("scope", ""),
        role=entry.get("role", ""),
        min_version=entry.get("min_version", ""),
        add=entry.get("add", {}),
        drop=tuple(entry.get("drop", ())),
        replace_with=entry.get("replace_with", "call"),
        keeps_connection_string=entry.get("keeps_connection_string", False),
        environment=tuple(entry.get("environment", ())),
        keyless=tuple(entry.get("keyless", ())),
        upgrade=" ".join(entry.get("upgrade", "").split()),
        entra=entry.get("entra", True),
        reason=" ".join(entry.get("reason", "").split()),
        note=" ".join(entry.get("note", "").split()),
        requires=entry.get("requires", ""),
        family=entry.get("family", ""),
        check=entry.get("check", ""),
    )
