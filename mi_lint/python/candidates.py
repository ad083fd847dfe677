"""Which files the Python analysis looks at, decided by bytes: a file that calls nothing it knows is not even parsed.

Parsing costs a thousand times more than searching, and most files that mention Azure never make a client.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    Group = tuple[tuple[bytes, ...], tuple[bytes, ...]]

# Every module that can authenticate to Azure names the SDK, a driver or a host somewhere.
WORDS = (
    b"azure", b"Azure", b"openai", b"adal", b"msal", b"AccountKey", b"169.254.169.254", b"IDENTITY_ENDPOINT",
    b"MSI_ENDPOINT", b"Ocp-Apim-Subscription-Key", b"api-key", b"x-functions-key", b"adlfs", b"windows.net",
    b"pyodbc", b"pymssql", b"mssql", b"psycopg", b"asyncpg", b"pymysql", b"MySQLdb", b"mysql.connector", b"pymongo",
    b"motor", b"redis", b"sqlalchemy", b"confluent_kafka", b"storage_options", b"databricks", b"kombu", b"celery",
    b"SharedKey", b"SharedAccessSignature", b"ocp-apim-subscription-key", b"fsspec", b"AzureFileSystem", b"postgres",
    b"mysql", b"sqlmodel", b"sasl.password", b"AZURE_", b"msgraph", b"msrest", b"CosmosDBChat", b"documentdb",
    b"dj_database_url", b"sasl.jaas.config", b"azstorage",
)  # fmt: skip
# A class that is called, whose factory is called, or that gets another name; one that is inherited from or bound.
_USES = (
    rb"\b%s(?:[\s\\]*(?:\.\s*\w{1,60}[\s\\]*)?\(|\s{1,4}as\b)",
    rb"(?:\bclass \w{1,60}|\bpartial)\(%s\s{0,8}[),]",
)
# A function is called; an everyday name is told by its package, from which it is imported.
_CALLS = (rb"\b%s(?:\s{0,8}[.(]|\s{1,4}(?:as|import)\b)",)
_NAME = re.compile(rb"[A-Za-z_]\w{3,80}")


def call_names(table: Mapping[str, Mapping[str, Any]]) -> frozenset[bytes]:
    """Return the names of the classes whose calls are a reason to parse: those that can be given a secret."""
    return frozenset(
        _telling_name(qualified).encode()
        for qualified, entry in table.items()
        if any(entry.get(key) for key in ("secret", "environment", "family")) or entry.get("entra") is False
    )


def words_of(table: Mapping[str, Mapping[str, Any]]) -> tuple[bytes, ...]:
    """Return the words one of which every module has that can authenticate; the user's own classes add theirs."""
    # What calls pass ``only`` for Azure names it; and so does, beside it, who is handed a key.
    own = (qualified for qualified, entry in table.items() if not (entry.get("only") or entry.get("delegated")))
    more = (_telling_name(qualified).encode() for qualified in own if not _has_word(qualified.encode()))
    return (*WORDS, *sorted(set(more)))


def _has_word(text: bytes) -> bool:
    return any(word in text for word in WORDS)


def _telling_name(qualified: str) -> str:
    """Return the name of a class; of a function with an everyday name, or what has a short one, that of its package."""
    package, *inner, name = qualified.split(".")
    if len(name) > 3 and not (name.islower() and (len(name) < 8 or not inner)):
        return name
    return inner[0] if package == "azure" else package


def used(names: Iterable[bytes]) -> list[bytes]:
    """Return expressions, without groups, for the uses of classes and functions that are a reason to parse a file."""
    return [use % re.escape(name) for name in sorted(names) for use in (_CALLS if name.islower() else _USES)]


def is_candidate(
    data: bytes,
    names: frozenset[bytes] | None = None,
    groups: Sequence[Group] = (),
    words: Sequence[bytes] = WORDS,
) -> bool:
    """Whether a Python file can hold a call that the analysis knows.

    ``names`` are the `call_names`, ``groups`` the markers and needs of the families. A file needs a call of one of the
    names, or a marker with one of the expressions beside it that its family needs. Without them only the words that
    every such file has are looked for; those of `words_of` where the user has rules of his own.
    """
    # One search per word is faster than one expression with all of them.
    if not any(word in data for word in words):
        return False
    if names is None:
        return True
    for markers, needs in groups:
        if any(marker in data for marker in markers) and (not needs or any(re.search(need, data) for need in needs)):
            return True
    return any(re.search(use, data) for use in used(names.intersection(_NAME.findall(data))))


def is_python(path: str) -> bool:
    """Whether a path is one of a module or a notebook."""
    return path.endswith((".py", ".ipynb", ".pyw"))
