"""Which files the Python analysis looks at, decided by bytes: a file without these words is not even parsed."""

from __future__ import annotations

import re

# Every module that can authenticate to Azure names the SDK, a driver or a host somewhere.
WORDS = (
    b"azure", b"Azure", b"openai", b"adal", b"msal", b"AccountKey", b"169.254.169.254", b"IDENTITY_ENDPOINT",
    b"MSI_ENDPOINT", b"Ocp-Apim-Subscription-Key", b"api-key", b"x-functions-key", b"adlfs", b"windows.net",
    b"pyodbc", b"pymssql", b"mssql", b"psycopg", b"asyncpg", b"pymysql", b"MySQLdb", b"mysql.connector", b"pymongo",
    b"motor", b"redis", b"sqlalchemy", b"confluent_kafka", b"storage_options", b"databricks", b"kombu", b"celery",
    b"SharedKey", b"SharedAccessSignature", b"ocp-apim-subscription-key",
)  # fmt: skip


_CAPITAL = re.compile(rb"[A-Z]\w{3,80}")
_FACTORIES = (b"from_connection_string", b"configure_azure_monitor", b"azure.appconfiguration")


def is_candidate(data: bytes, names: frozenset[bytes] | None = None, markers: tuple[bytes, ...] = ()) -> bool:
    """Whether a Python file can hold a call that the analysis knows.

    ``names`` are the classes of the SDKs, ``markers`` the words of the families: a file needs one of either.
    """
    # One search per word is faster than one expression with all of them.
    if not any(word in data for word in WORDS):
        return False
    if names is None or any(marker in data for marker in (*markers, *_FACTORIES)):
        return True
    return not names.isdisjoint(_CAPITAL.findall(data))


def is_python(path: str) -> bool:
    """Whether a path is one of a module or a notebook."""
    return path.endswith((".py", ".ipynb", ".pyw"))
