"""Clients of MongoDB on Azure Cosmos DB with a user's password or an account key (MI213)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.python import known, odbc
from mi_lint.python.analysis import Analysis
from mi_lint.python.azure_hosts import is_azure, settings_value
from mi_lint.python.database_urls import database_urls
from mi_lint.python.facts import Module
from mi_lint.python.site import Site
from mi_lint.python.spelled import sources

MARKERS = (
    b"MongoClient(", b"MotorClient(",
)  # fmt: skip

CLIENTS = frozenset(
    {
        "pymongo.MongoClient", "pymongo.AsyncMongoClient", "pymongo.mongo_client.MongoClient",
        "motor.motor_asyncio.AsyncIOMotorClient", "motor.motor_tornado.MotorClient", "motor.MotorClient",
    }
)  # fmt: skip
# Accounts of the vCore kind take tokens; those with request units do not.
# https://learn.microsoft.com/azure/cosmos-db/mongodb/vcore/how-to-configure-entra-authentication
VCORE = re.compile(r"\.mongocluster\.cosmos\.azure\.com", re.IGNORECASE)
REQUEST_UNITS = re.compile(r"\.mongo\.cosmos\.azure\.com|\.documents\.azure\.com", re.IGNORECASE)
_SETTING = re.compile(r"(?i)COSMOS|AZURE_?MONGO")


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the calls of a module that make a client of MongoDB on Azure with a password."""
    for call in module.calls:
        if (module.qualified(call.func) or "") not in CLIENTS:
            continue
        value = odbc.given(call, "host")
        mechanism = known.keyword(call, "authMechanism")
        if value is None or (isinstance(mechanism, ast.Constant) and mechanism.value == "MONGODB-OIDC"):
            continue
        yield from _client(module, call, value, analysis)


def _client(module: Module, call: ast.Call, value: ast.expr, analysis: Analysis) -> Iterator[Site]:
    keyword = known.keyword(call, "password")
    for made in database_urls(module, value, analysis):
        secret = keyword or made.password
        text = made.text.text if made.text is not None else ""
        if secret is None or made.host is None or "MONGODB-OIDC" in text:
            return
        if is_azure("mongo", made.module, made.host, analysis):
            kind = "units" if REQUEST_UNITS.search(text) else "vcore" if VCORE.search(text) else "unknown"
            yield _site(module, call, kind, secret, made.module, analysis)
        return
    for origin in sources(module, value, analysis):
        if origin.kind not in ("environment", "setting", "config") or not origin.name:
            continue
        text = settings_value(origin.name, analysis)
        azure = is_azure("mongo", module, text, analysis) if text else bool(_SETTING.search(origin.name))
        if azure and "MONGODB-OIDC" not in text:
            site = _site(module, call, "setting", value, module, analysis)
            site.data["setting"] = origin.name
            yield site
            return


def _site(module: Module, call: ast.Call, form: str, secret: ast.expr, home: Module, analysis: Analysis) -> Site:
    scope, _ = module.place(call)
    trace = analysis.tracer.trace(home, secret)
    return Site(
        module, "MI213", "mongo_clients", form, call, scope, (known.without_arguments(call.func),), None,
        secret if home is module else None, "", trace, data={"package": "pymongo"},
    )  # fmt: skip
