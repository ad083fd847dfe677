"""Credentials of azure-identity that cannot work where they are, or ask for the wrong thing (MI403, MI405, MI406).

https://learn.microsoft.com/python/api/overview/azure/identity-readme
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import ClientCall, Site

# The address of a resource, which is no scope; the last ending is how a notebook writes it.
WEAK = tuple(
    host + end
    for host in (b".azure.com", b".azure.net", b".windows.net", b".azure.com/", b".azure.net/", b".windows.net/")
    for end in (b'")', b"')", b'\\")')
)
MARKERS = (b"ManagedIdentityCredential(", b".identity.aio", b".aio import", b"get_bearer_token_provider(", *WEAK)
NEEDS = (rb"\bget_token\b",)

_BARE = re.compile(r"https://[\w.-]+/?")
# https://learn.microsoft.com/azure/ai-foundry/openai/how-to/managed-identity
_ALSO = {"https://cognitiveservices.azure.com/.default": ("https://ai.azure.com/.default",)}
# What a token is asked for elsewhere: none of them opens the service of a client that has another scope.
_OTHER = frozenset(
    f"https://{host}/.default"
    for host in (
        "management.azure.com", "management.core.windows.net", "graph.microsoft.com", "vault.azure.net",
        "storage.azure.com", "database.windows.net", "ossrdbms-aad.database.windows.net", "search.azure.com",
        "cosmos.azure.com", "servicebus.azure.net", "eventhubs.azure.net", "redis.azure.com",
    )
)  # fmt: skip
# Asynchronous clients of OpenAI and the libraries above it take either kind of token provider.
_SYNC_ONLY = "openai.AzureOpenAI"
_TEMPLATES = ("*.bicep", "*.tf", "azuredeploy*.json", "main.json")
_NAMED_IDENTITY = re.compile(r"userAssignedIdentities|azurerm_user_assigned_identity")
_SYSTEM_IDENTITY = re.compile(r"SystemAssigned")
# Hosts that never fall back to a single user-assigned identity.
# https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
_STRICT_HOSTS = re.compile(
    r"Microsoft\.Web/sites@|Microsoft\.App/(?:containerApps|jobs)@|\"Microsoft\.(?:Web/sites|App/containerApps)\""
    r"|azurerm_(?:linux|windows)_(?:web|function)_app|azurerm_function_app_flex|azurerm_container_app\b"
)


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield what is wrong with the credentials of a module."""
    for call in module.calls:
        qualified = module.qualified(call.func) or ""
        if qualified in ("azure.identity.ManagedIdentityCredential", "azure.identity.aio.ManagedIdentityCredential"):
            yield from _unnamed(module, call, analysis)
        elif known.callee(call) in ("get_token", "get_bearer_token_provider"):
            yield from _scopes(module, call, qualified, analysis)
    for client in analysis.client_calls(module):
        yield from _mismatched(client, analysis)
        yield from _provided(client, analysis)


def _site(module: Module, check: str, form: str, node: ast.expr, details: tuple[str, ...], message: str) -> Site:
    scope, _ = module.place(node)
    return Site(module, check, "identity_credentials", form, node, scope, details, message_id=message)


def _unnamed(module: Module, call: ast.Call, analysis: Analysis) -> Iterator[Site]:
    """Yield a managed identity that is not named although the host's template attaches named ones only."""
    if call.args or call.keywords or not _attaches_named_only(analysis):
        return
    site = _site(module, "MI403", "unnamed", call, ("ManagedIdentityCredential",), "default")
    known_id = any(b"AZURE_CLIENT_ID" in analysis.project.text(path) for path in _templates(analysis))
    site.data["setting"] = "set" if known_id else ""
    yield site


def _templates(analysis: Analysis) -> list[str]:
    return analysis.project.named(_TEMPLATES)


def _attaches_named_only(analysis: Analysis) -> bool:
    attaches: bool = analysis.once("named identities only", lambda: _templates_attach_named_only(analysis))
    return attaches


def _templates_attach_named_only(analysis: Analysis) -> bool:
    texts = [analysis.project.text(path).decode("utf-8", "replace") for path in _templates(analysis)]
    return (
        any(_NAMED_IDENTITY.search(text) for text in texts)
        and any(_STRICT_HOSTS.search(text) for text in texts)
        and not any(_SYSTEM_IDENTITY.search(text) for text in texts)
    )


def _scopes(module: Module, call: ast.Call, qualified: str, analysis: Analysis) -> Iterator[Site]:
    """Yield a scope that is only the address of a resource."""
    if known.callee(call) == "get_token":
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if owner is None or not analysis.tracer.trace(module, owner).is_token:
            return
        scopes = call.args
    elif qualified.startswith("azure.identity."):
        scopes = call.args[1:]
    else:
        return
    for scope in scopes:
        if isinstance(scope, ast.Constant) and isinstance(scope.value, str) and _BARE.fullmatch(scope.value):
            yield _site(module, "MI406", "no-default", scope, (scope.value,), "default")


def _mismatched(client: ClientCall, analysis: Analysis) -> Iterator[Site]:
    """Yield a client and a credential of which only one is asynchronous."""
    value = client.arguments.get(client.client.token)
    if value is None or client.client.token_form == "none":
        return
    kinds = set()
    for origin in analysis.tracer.trace(client.module, value).origins:
        made = origin.module.qualified(origin.node.func) if isinstance(origin.node, ast.Call) else None
        if origin.kind != "token" or not made or not made.startswith("azure.identity."):
            return
        kinds.add(".aio." in made)
    if kinds in ({True}, {False}) and client.client.is_async not in kinds:
        form = "sync" if client.client.is_async else "async"
        if client.client.either or (client.client.token_form == "provider" and client.client.qualified != _SYNC_ONLY):
            return
        message = "default" if form == "sync" else "broken"
        yield _site(client.module, "MI405", form, value, (client.client.name,), message)


def _provided(client: ClientCall, analysis: Analysis) -> Iterator[Site]:
    """Yield a token provider whose scope is that of another service."""
    value = client.arguments.get(client.client.token)
    scope = client.client.scope
    if value is None or client.client.token_form != "provider" or not scope:
        return
    origins = analysis.tracer.trace(client.module, value).origins
    if len(origins) != 1 or not isinstance(origins[0].node, ast.Call):
        return
    made = origins[0].node
    if known.callee(made) != "get_bearer_token_provider" or len(made.args) != 2:
        return
    given = made.args[1]
    asked = given.value if isinstance(given, ast.Constant) else None
    if asked in _OTHER and asked not in (scope, *_ALSO.get(scope, ())):
        site = _site(origins[0].module, "MI406", "other-service", given, (asked, client.client.name, scope), "other")
        site.data["scope"] = scope
        yield site
