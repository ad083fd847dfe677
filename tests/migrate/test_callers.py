"""A connection string that callers pass is replaced where all of them are seen; the examples of MI201 show how."""

from __future__ import annotations

import pytest
from in_memory import table

from mi_lint.migrate.outcome import HeldBack, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

CODE = """\
from azure.servicebus import ServiceBusClient

def connect(conn_str):
    return ServiceBusClient.from_connection_string(conn_str)
"""
CALLER = """\
import os
from bus import connect
client = connect(os.environ["ORDERS_CONNECTION_STRING"])
"""


def planned(**files):
    texts = {f"{name}.py": text.encode() for name, text in files.items()}
    return session_of_texts(texts, table()).plan(Options())


def kinds(plan):
    return [type(outcome) for _, outcome in plan.outcomes]


def test_a_caller_in_another_file_passes_the_namespace():
    plan = planned(bus=CODE, app=CALLER)
    assert kinds(plan) == [Rewritten]
    assert b'connect(os.environ["ORDERS_FULLY_QUALIFIED_NAMESPACE"])' in plan.texts["app.py"][1]
    assert b"def connect(fully_qualified_namespace):" in plan.texts["bus.py"][1]


def test_a_package_that_passes_the_function_on_is_looked_through():
    plan = planned(bus=CODE, api="from bus import connect\n", app=CALLER.replace("bus", "api"))
    assert kinds(plan) == [Rewritten]
    assert b"ORDERS_FULLY_QUALIFIED_NAMESPACE" in plan.texts["app.py"][1]


STORING = """\
from azure.servicebus import ServiceBusClient

class Bus:
    def __init__(self, conn_str):
        self.conn_str = conn_str
        self.client = ServiceBusClient.from_connection_string(self.conn_str)
"""


@pytest.mark.parametrize(
    ("other", "kind"), [("conn_str = 1\nprint(conn_str)\n", Rewritten), ("print(bus.conn_str)\n", HeldBack)]
)
def test_only_what_may_read_the_attribute_keeps_it(other, kind):
    assert kinds(planned(bus=STORING, app=CALLER.replace("connect", "Bus"), other=other)) == [kind]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("import bus\nmakers = [bus.connect]\n", id="handed-on"),
        pytest.param("from bus import connect\nconnect(*arguments)\n", id="unpacked"),
        pytest.param("from bus import *\nconnect('x')\n", id="everything-imported"),
        pytest.param("from bus import connect\nprint connect('x')\n", id="not-parsed"),
        pytest.param("import bus, sys\nbus.connect(sys.stdin.read())\n", id="from-somewhere-else"),
        pytest.param('import bus\nbus.connect("HostName=hub")\n', id="without-an-endpoint"),
    ],
)
def test_a_caller_that_cannot_follow_keeps_all_as_they_are(other):
    plan = planned(bus=CODE, app=CALLER, other=other)
    assert kinds(plan) == [HeldBack]
    assert plan.texts == {}


def test_the_setting_without_its_key_in_a_module_that_cannot_read_the_environment_stays():
    caller = CALLER.replace("import os\n", "from os import environ as e\n").replace("os.environ", "e")
    plan = planned(bus=CODE, app=f"{caller}text = e['ORDERS_CONNECTION_STRING']\nother = connect(text)\nprint(text)\n")
    assert kinds(plan) == [HeldBack]


@pytest.mark.parametrize("direct", [False, True])
def test_a_field_of_a_class_that_reads_no_environment_names_no_setting(direct):
    call = "BlobServiceClient.from_connection_string({})"
    settings = (
        "import os\n\nfrom pydantic import BaseModel\n\nclass Blobs(BaseModel):\n"
        "    connection_string: str | None = None\n\ndef load():\n"
        "    return Blobs(connection_string=os.getenv('STORAGE'))\n"
    )
    taking = "class Samples:\n    def __init__(self, *, connection_string: str):\n        self.service = "
    shop = f"from azure.storage.blob import BlobServiceClient\n\n{taking}{call.format('connection_string')}\n"
    caller = "from settings import load\nfrom shop import Samples\n\ncfg = load()\n"
    made = "Samples(connection_string=cfg.connection_string)"
    if direct:
        shop = "from azure.storage.blob import BlobServiceClient\n"
        caller = caller.replace("from shop import Samples", "from azure.storage.blob import BlobServiceClient")
        made = call.format("cfg.connection_string")
    plan = planned(settings=settings, shop=shop, main=f"{caller}\nmade = {made}\n")
    assert kinds(plan) == [Rewritten]
    changed = b"".join(new for _, new in plan.texts.values())
    assert b"connection_string, credential=DefaultAzureCredential())" in changed
    assert b"environ" not in changed.replace(settings.encode(), b"")


def test_a_secret_that_only_callers_passed_leaves_the_module_that_holds_it():
    held = 'CONN = "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=x"\n\n' + CODE
    caller = "from bus import CONN, connect\n\nclient = connect(CONN)\n"
    plan = planned(bus=held, app=caller)
    assert kinds(plan) == [Rewritten]
    assert b"CONN =" not in plan.texts["bus.py"][1]
    assert b"CONN" not in plan.texts["app.py"][1]
    plan = planned(bus=held, app=caller, other="from bus import CONN\n\nprint(len(CONN))\n")
    assert b"CONN =" in plan.texts.get("bus.py", (None, held.encode()))[1]
