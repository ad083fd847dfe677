"""The table of readings in Azure SQL."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyodbc

INSERT = "INSERT INTO dbo.Reading (sensor, taken_at, celsius) VALUES (?, ?, ?)"


@dataclass(frozen=True)
class Reading:
    sensor: str
    taken_at: dt.datetime
    celsius: float

    @classmethod
    def from_json(cls, item: dict[str, Any]) -> Reading:
        return cls(str(item["sensor"]), dt.datetime.fromisoformat(item["taken_at"]), float(item["celsius"]))


def connection_string() -> str:
    return (
        "Driver={ODBC Driver 18 for SQL Server};"
        f"Server=tcp:{os.environ['SQL_SERVER']},1433;"
        f"Database={os.environ['SQL_DATABASE']};"
        f"Uid={os.environ['SQL_USER']};"
        f"Pwd={os.environ['SQL_PASSWORD']};"
        "Encrypt=yes;TrustServerCertificate=no;Connection Timeout=30;"
    )


def store(readings: Sequence[Reading]) -> int:
    rows = [(reading.sensor, reading.taken_at, reading.celsius) for reading in readings]
    if not rows:
        return 0
    with pyodbc.connect(connection_string()) as connection:
        cursor = connection.cursor()
        cursor.fast_executemany = True
        cursor.executemany(INSERT, rows)
    return len(rows)
