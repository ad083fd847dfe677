"""Which files the Python analysis looks at, decided by bytes: a file that calls nothing it knows is not even parsed.

Parsing costs a thousand times more than searching, and most files that mention Azure never make a client.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

# Every module that can authenticate to Azure names the SDK, a driver or a host somewhere.
WORDS = (
    b"azure", b"Azure", b"openai", b"adal", b"msal", b"AccountKey", b"169.254.169.254", b"IDENTITY_ENDPOINT",
    b"MSI_ENDPOINT", b"Ocp-Apim-Subscription-Key", b"api-key", b"x-functions-key", b"adlfs", b"windows.net",
    b"pyodbc", b"pymssql", b"mssql", b"psycopg", b"asyncpg", b"pymysql", b"MySQLdb", b"mysql.connector", b"pymongo",
    b"motor", b"redis", b"sqlalchemy", b"confluent_kafka", b"storage_options", b"databricks", b"kombu", b"celery",
    b"SharedKey", b"SharedAccessSignature", b"ocp-apim-subscription-key", b"fsspec", b"AzureFileSystem", b"postgres",
    b"mysql", b"sqlmodel", b"sasl.password", b"AZURE_",
)  # fmt: skip
# A class that is called, whose factory is called, or that gets another name.
_USED = re.compile(rb"\b([A-Za-z_]\w{3,80})(?=\s{0,8}[.(]|\s{1,4}as\b)")


def call_names(table: Mapping[str, Mapping[str, Any]]) -> frozenset[bytes]:
    """Return the names of the classes whose calls are a reason to parse: those that can be given a secret."""
    return frozenset(
        _telling_name(qualified).encode()
        for qualified, entry in table.items()
        if any(entry.get(key) for key in ("secret", "environment", "family")) or entry.get("entra") is False
    )


def _telling_name(qualified: str) -> str:
    """Return the name of a class; of a function with an everyday name, that of its package."""
    name = qualified.rpartition(".")[2]
    return qualified.split(".")[1] if name.islower() and len(name) < 8 else name


def patterns(names: Iterable[bytes], markers: Iterable[bytes]) -> list[bytes]:
    """Return expressions without groups, each of which is a reason to parse a file: `is_candidate` as a database."""
    called = [rb"\b%s(?:\s{0,8}[.(]|\s{1,4}as\b)" % re.escape(name) for name in sorted(names)]
    return called + [re.escape(marker) for marker in sorted(markers)]


def is_candidate(data: bytes, names: frozenset[bytes] | None = None, markers: tuple[bytes, ...] = ()) -> bool:
    """Whether a Python file can hold a call that the analysis knows.

    ``names`` are the `call_names`, ``markers`` the words of the families: a file needs one of either. Without them
    only the words that every such file has are looked for.
    """
    # One search per word is faster than one expression with all of them.
    if not any(word in data for word in WORDS):
        return False
    if names is None or any(marker in data for marker in markers):
        return True
    return not names.isdisjoint(_USED.findall(data))


def is_python(path: str) -> bool:
    """Whether a path is one of a module or a notebook."""
    return path.endswith((".py", ".ipynb", ".pyw"))
