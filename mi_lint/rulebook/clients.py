"""The ``clients:`` of a rule file: how the classes of an SDK authenticate, and what replaces their keys.

A group describes the classes of one package that share the same arguments. Loading flattens the groups into one
table of `client.Client` by qualified class name, in which the asynchronous twins have entries of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

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
    "preview_names": document.Sequence,
    "both_sent": Mapping,
    "add": Mapping,
    "add_except": str,
    "drop": document.Sequence,
    "replace_with": str,
    "keeps_connection_string": bool,
    "environment": document.Sequence,
    "keyless": document.Sequence,
    "upgrade": str,
    "entra": bool,
    "reason": str,
    "delegated": bool,
    "either": bool,
    "only": Mapping,
    "wrap": str,
    "inner": str,
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
        _check_releases(group, file)
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


def _check_releases(group: Mapping, file: str) -> None:
    releases = group.get("both_sent")
    for package, between in releases.items() if isinstance(releases, Mapping) else ():
        if not isinstance(between, document.Sequence) or [isinstance(each, str) for each in between] != [True, True]:
            message = f"'both_sent.{package}' must be the first release and the first one after it that does not"
            raise RuleFileError(file, group.line, message)


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
