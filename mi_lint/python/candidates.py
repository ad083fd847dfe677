"""Which files the Python analysis looks at, decided by bytes: a file without these words is not even parsed."""

from __future__ import annotations

import re

# Every module that can authenticate to Azure names the SDK, a driver or a host somewhere.
WORDS = (
    b"azure", b"openai", b"adal", b"msal", b"AccountKey", b"169.254.169.254", b"IDENTITY_ENDPOINT", b"MSI_ENDPOINT",
    b"Ocp-Apim-Subscription-Key", b"api-key", b"x-functions-key", b"adlfs", b"windows.net", b"pyodbc", b"pymssql",
    b"mssql", b"psycopg", b"asyncpg", b"pymysql", b"MySQLdb", b"mysql.connector", b"pymongo", b"motor", b"redis",
    b"sqlalchemy", b"confluent_kafka", b"storage_options", b"databricks", b"kombu", b"celery",
)  # fmt: skip
_ANY = re.compile(b"|".join(map(re.escape, WORDS)))


def is_candidate(data: bytes) -> bool:
    """Whether a Python file can hold a call that the analysis knows."""
    return _ANY.search(data) is not None


def is_python(path: str) -> bool:
    """Whether a path is one of a module or a notebook."""
    return path.endswith((".py", ".ipynb", ".pyw"))
