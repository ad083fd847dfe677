"""Drivers of PostgreSQL and MySQL: which call connects, how it names the password, and when it asks for it.

``each`` asks at every connection, ``pool`` once for all connections of a pool, ``callable`` takes a function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Driver:
    """How one call connects. ``text`` is the argument that may hold everything as one text: the first one."""

    database: str
    kind: str
    is_async: bool = False
    text: str = ""
    passwords: tuple[str, ...] = ("password",)
    positional: tuple[str, ...] = ()
    reason: str = ""


_POOL = (
    "its pool keeps one password for all connections: make the pool's connections with a fresh token, or use SQLAlchemy"
)
_MYSQLDB = (
    "mysqlclient sends a token only when LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN=1 is set; PyMySQL needs nothing of the kind"
)

_MYSQL_POSITIONAL = ("host", "user", "password", "database")

DRIVERS: Mapping[str, Driver] = {
    "psycopg2.connect": Driver("postgresql", "each", text="dsn"),
    "psycopg.connect": Driver("postgresql", "each", text="conninfo"),
    "psycopg.Connection.connect": Driver("postgresql", "each", text="conninfo"),
    "psycopg.AsyncConnection.connect": Driver("postgresql", "each", True, "conninfo"),
    "asyncpg.connect": Driver("postgresql", "callable", True, "dsn"),
    "asyncpg.create_pool": Driver("postgresql", "callable", True, "dsn"),
    "psycopg2.pool.SimpleConnectionPool": Driver("postgresql", "pool", text="dsn"),
    "psycopg2.pool.ThreadedConnectionPool": Driver("postgresql", "pool", text="dsn"),
    "psycopg_pool.ConnectionPool": Driver("postgresql", "pool", text="conninfo"),
    "psycopg_pool.AsyncConnectionPool": Driver("postgresql", "pool", True, "conninfo"),
    "aiopg.connect": Driver("postgresql", "each", True, "dsn"),
    "aiopg.create_pool": Driver("postgresql", "held", True, "dsn", reason=_POOL),
    "pymysql.connect": Driver("mysql", "each", passwords=("password", "passwd"), positional=_MYSQL_POSITIONAL),
    "pymysql.Connect": Driver("mysql", "each", passwords=("password", "passwd"), positional=_MYSQL_POSITIONAL),
    "mysql.connector.connect": Driver("mysql", "each", passwords=("password", "passwd")),
    "mysql.connector.pooling.MySQLConnectionPool": Driver("mysql", "held", reason=_POOL),
    "aiomysql.connect": Driver("mysql", "each", True, positional=_MYSQL_POSITIONAL),
    "aiomysql.create_pool": Driver("mysql", "held", True, reason=_POOL),
    "MySQLdb.connect": Driver(
        "mysql", "held", passwords=("passwd", "password"), positional=_MYSQL_POSITIONAL, reason=_MYSQLDB
    ),
}

# The dialects of SQLAlchemy by what they do with a password; the part after ``+`` is the driver.
DIALECTS: Mapping[str, str] = {
    "postgresql": "event", "postgres": "event", "postgresql+psycopg2": "event", "postgresql+psycopg": "event",
    "postgresql+psycopg_async": "event", "postgresql+pg8000": "event", "postgresql+asyncpg": "callable",
    "mysql+pymysql": "event", "mysql+mysqlconnector": "event", "mysql+aiomysql": "event", "mysql+asyncmy": "held",
    "mysql": "held", "mysql+mysqldb": "held",
}  # fmt: skip
DIALECT_REASONS: Mapping[str, str] = {
    "mysql": _MYSQLDB,
    "mysql+mysqldb": _MYSQLDB,
    "mysql+asyncmy": "whether asyncmy sends a token as a clear password is not known; use aiomysql or PyMySQL",
}
