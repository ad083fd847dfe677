"""Earlier SDKs and authentication libraries that get a key or a secret; the successor is named (MI207, MI208).

The classes are data (``rules/python-legacy.yaml``); what a class shares its name with is told apart by its arguments.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import ClientCall, Site
from mi_lint.python.successors import SUCCESSORS

MARKERS = (
    b"azure.storage", b"azure.cosmosdb", b"azure.servicebus", b"azure.eventhub", b"azure.eventprocessorhost",
    b"documentdb", b"azure.batch", b"msrest", b"azure.common", b"msal", b"adal", b"url_connection", b"azure.devops",
)  # fmt: skip
# The classes are reasons by themselves; these calls and parameters have no class of their own.
NEEDS = (b"acquire_token_with_", b"url_connection", b"shared_access_key_value")

_ADAL = {
    "acquire_token_with_client_credentials": 2,
    "acquire_token_with_client_certificate": 2,
    "acquire_token_with_username_password": 2,
}
_ADAL_REASON = "adal is not maintained any more: use DefaultAzureCredential().get_token('<resource>/.default').token"
_COSMOS = ("url_connection", "move to azure-cosmos 4 and CosmosClient(url, credential=…)")
_SERVICE_BUS = ("shared_access_key_value", "move to azure-servicebus 7 and ServiceBusClient(namespace, credential=…)")
# Parameters that only the earlier generation of a class has.
_OLD_PARAMETERS = {
    "azure.servicebus.ServiceBusClient": _SERVICE_BUS,
    "azure.cosmos.cosmos_client.CosmosClient": _COSMOS,
    "azure.cosmos.CosmosClient": _COSMOS,
}
_EMULATOR = re.compile(r"devstoreaccount1|UseDevelopmentStorage")


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the calls of earlier libraries that get a secret."""
    for call in analysis.client_calls(module):
        if call.client.family == "legacy":
            yield from _client(call, analysis)
    for node in module.calls:
        yield from _adal(module, analysis, node)
        yield from _old_form(module, analysis, node)


def _client(call: ClientCall, analysis: Analysis) -> Iterator[Site]:
    if isinstance(emulated := call.arguments.get("is_emulated"), ast.Constant) and emulated.value:
        return
    for argument, forms in call.client.secret.items():
        value = call.arguments.get(argument)
        if value is None:
            continue
        trace = analysis.tracer.trace(call.module, value)
        nothing = isinstance(value, ast.Constant) and not value.value
        if trace.has_token or nothing or any(map(_EMULATOR.search, trace.texts)):
            continue
        if _is_assertion(value) or ("mapping" in trace.kinds and "dict" not in forms):
            continue
        reason = _successor(call) or call.client.reason
        scope, _ = call.module.place(call.node)
        name = call.client.name if call.constructor.name == "call" else f"{call.client.name}.{call.constructor.name}"
        yield Site(
            call.module, call.client.check, "legacy", call.client.package, call.node, scope, (name, reason), call,
            value, argument, trace, blocked="" if call.client.entra else reason,
        )  # fmt: skip
        return


def _is_assertion(value: ast.expr) -> bool:
    """Whether a dictionary of msal holds an assertion, which is no stored secret."""
    return isinstance(value, ast.Dict) and any(
        isinstance(key, ast.Constant) and key.value == "client_assertion" for key in value.keys
    )


def _successor(call: ClientCall) -> str:
    """Return what succeeds the client that gets these credentials of msrest, when it is seen."""
    if call.client.package != "msrest":
        return ""
    module = call.module
    targets = [entry.target for entries in module.scope.bindings.values() for entry in entries if entry.target]
    receivers = [module.qualified(node.func) or "" for node in _receivers(module, call.node)]
    for names in (receivers, targets):
        for part, successor in SUCCESSORS.items():
            if any(part in name for name in names):
                return successor
    return ""


def _receivers(module: Module, node: ast.Call) -> Iterator[ast.Call]:
    """Yield the calls that get an object, directly or by the name it is assigned to."""
    parent = module.parent(node)
    if isinstance(parent, ast.keyword):
        parent = module.parent(parent)
    if isinstance(parent, ast.Call):
        yield parent
    elif isinstance(parent, ast.Assign) and isinstance(target := parent.targets[0], ast.Name):
        for call in module.calls:
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            if any(isinstance(value, ast.Name) and value.id == target.id for value in given):
                yield call


def _adal(module: Module, analysis: Analysis, node: ast.Call) -> Iterator[Site]:
    name = known.callee(node)
    if name not in _ADAL or b"adal" not in module.source.text:
        return
    index = _ADAL[name]
    value = node.args[index] if len(node.args) > index else node.keywords[-1].value if node.keywords else None
    yield _site(module, analysis, "MI207", node, name, _ADAL_REASON, value)


def _old_form(module: Module, analysis: Analysis, node: ast.Call) -> Iterator[Site]:
    qualified = module.qualified(node.func) or ""
    if qualified not in _OLD_PARAMETERS:
        return
    parameter, reason = _OLD_PARAMETERS[qualified]
    if (value := known.keyword(node, parameter)) is not None:
        secret = known.keyword(node, "auth") or value
        yield _site(module, analysis, "MI208", node, qualified.rpartition(".")[2], reason, secret)


def _site(
    module: Module, analysis: Analysis, check: str, node: ast.Call, name: str, reason: str, value: ast.expr | None
) -> Site:
    trace = analysis.tracer.trace(module, value) if value is not None else None
    scope, _ = module.place(node)
    return Site(module, check, "legacy", name, node, scope, (name, reason), None, value, "", trace, blocked=reason)
