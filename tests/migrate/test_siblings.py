"""A setting that another program of the repository has for the endpoint is told to whoever runs this one."""

from __future__ import annotations

import pytest
from in_memory import table

from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

CLASS = b"""\
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    bus_connection_string: str | None = None
    extra: str = ""


settings = Settings()
"""
WORKER = b"""\
from azure.servicebus import ServiceBusClient

from settings import settings

client = ServiceBusClient.from_connection_string(settings.bus_connection_string)
"""
PLAIN = b"""\
import os

from azure.servicebus import ServiceBusClient

client = ServiceBusClient.from_connection_string(os.environ["BUS_CONNECTION_STRING"])
"""
SENDER = b"""\
import os

from azure.identity import DefaultAzureCredential
from azure.servicebus import ServiceBusClient

client = ServiceBusClient(os.environ["BUS_NAMESPACE"], DefaultAzureCredential())
"""
OTHER = b"import os\n\nprint(os.environ['BUS_CONNECTION_STRING'], settings.bus_connection_string)\n"
SAMPLE = b"BUS_CONNECTION_STRING=\nBUS_NAMESPACE=\n"


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"worker.py": WORKER, "settings.py": CLASS, "other.py": OTHER}, ["BUS_NAMESPACE"]),
        ({"worker.py": WORKER, "settings.py": CLASS, "other.py": OTHER, ".env.example": SAMPLE}, []),
        ({"worker.py": WORKER, "settings.py": CLASS.replace(b"extra", b"bus_namespace"), "other.py": OTHER}, []),
        ({"worker.py": PLAIN}, ["BUS_NAMESPACE"]),
        ({"worker.py": PLAIN, "env.sample": SAMPLE}, []),
        ({"worker.py": PLAIN + SENDER}, []),
    ],
)
def test_a_setting_of_another_program_is_told(texts, told):
    session = session_of_texts({"sender/function_app.py": SENDER, **texts}, table())
    outcomes = [outcome for _, outcome in session.plan(Options()).outcomes if isinstance(outcome, Rewritten)]
    assert outcomes
    assert [name.upper() for outcome in outcomes for name, _ in outcome.settings] == told
