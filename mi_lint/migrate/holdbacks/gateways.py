"""Endpoints that take keys only, although the service behind them takes tokens: gateways and regional addresses.

https://learn.microsoft.com/azure/ai-services/cognitive-services-custom-subdomains
https://learn.microsoft.com/azure/api-management/api-management-subscriptions
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.migrate.context import Context
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python import known
from mi_lint.python.azure_hosts import emulating_file, emulator_beside, is_in_settings, is_told, settings_values
from mi_lint.python.facts import Module
from mi_lint.python.requests_made import text_of
from mi_lint.python.rest_services import secret_names
from mi_lint.python.site import ClientCall, Site

APIM = (
    "the endpoint is a gateway of API Management, which takes its own subscription key: it takes a token only when one "
    "of its policies checks it; let the gateway sign in with its identity, and drop the key of the service there"
)
REGIONAL = (
    "the endpoint of a region takes keys only: give the resource a custom subdomain, and use its own endpoint "
    "(https://<resource>.cognitiveservices.azure.com)"
)
# https://learn.microsoft.com/azure/machine-learning/how-to-authenticate-online-endpoint
MACHINE_LEARNING = (
    "an online endpoint of Azure Machine Learning takes keys or tokens, as it was made: it has to be of the "
    "authentication mode aad_token, and the identity has to be AzureML Data Scientist on the workspace"
)
EMULATOR = "the endpoint seems to be that of an emulator, which takes its well-known key only: leave it as it is"
SET_TO_EMULATOR = (
    "'{}' sets '{}' to an emulator, which takes its well-known key only: the rewritten code would not run there; keep "
    "the old way for the emulator, or point that setting at an account"
)
BESIDE_EMULATOR = (
    "'{}' gives '{}' to a service that it starts beside the storage emulator, which takes its well-known key only: the "
    "rewritten code would not run there; keep the old way for the emulator, or start the service without it"
)
UNKNOWN = "the host '{}' is none of the service's own, and may not take its tokens"
_APIM = re.compile(r"\.azure-api\.(?:net|us|cn)\b", re.IGNORECASE)
# Names of settings and variables: APIM_BASE_URL, apim_endpoint, API_MANAGEMENT_URL.
_APIM_NAME = re.compile(r"(?<![a-z])apim(?![a-z])|api_?management", re.IGNORECASE)
_SETTING = re.compile(r"[A-Za-z]\w*_\w+")
_EMULATOR = re.compile(r"emulator|azurite", re.IGNORECASE)
# https://learn.microsoft.com/azure/storage/common/storage-use-azurite: neither files nor hierarchical namespaces.
_EMULATED = ("azure-storage-blob", "azure-storage-queue", "azure-data-tables")
# ``options["connection_verify"] = False`` for ``**options``.
_UNVERIFIED = re.compile(r"connection_verify\W{1,6}False")
_MACHINE_LEARNING = re.compile(r"\.inference\.ml\.azure\.(?:com|us|cn)\b", re.IGNORECASE)
_REGIONAL = re.compile(r"//[\w<>{}$-]+\.api\.cognitive\.(?:microsoft\.com|azure\.(?:us|cn))\b", re.IGNORECASE)
_HOST = re.compile(r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.IGNORECASE)
_OWN = re.compile(
    r"(?:^|\.)azure(?:ml)?\.(?:com|us|cn|net|ms)$|(?:^|\.)(?:microsoft|windows)\.(?:com|net)$", re.IGNORECASE
)
_RESOURCE = re.compile(r"\.(?:openai|cognitiveservices|services\.ai)\.azure\.(?:com|us|cn)\b", re.IGNORECASE)
_HOLE = re.compile(r"\{(\w+)\}")
_ADDRESSES = ("azure_endpoint", "base_url", "api_base", "openai_api_base", "endpoint")
# Hosts that stand for one in documentation.
_MADE_UP = re.compile(r"example|contoso|your|resource|endpoint|\.\.\.", re.IGNORECASE)


def at_gateway(site: Site, outcome: Outcome, context: Context) -> Outcome:
    """Hold a rewrite back when a client that gets a token is known to talk to something else than the service."""
    rewrite = outcome if isinstance(outcome, Rewritten) else getattr(outcome, "rewrite", None)
    if rewrite is None:
        return outcome
    if any(map(_APIM_NAME.search, _secret_names(site))):
        return HeldBack(APIM, rewrite)
    calls = site.consumers if site.call is None else (site.call, *site.consumers)
    for call in calls:
        texts = list(addresses(call, context))
        names = list(names_of_address(call, context))
        if any(map(_EMULATOR.search, names)) or _is_unverified(call) or _is_remarked(site):
            return HeldBack(EMULATOR, rewrite)
        if emulated := _emulated(site, names, context):
            return HeldBack(SET_TO_EMULATOR.format(*emulated), rewrite)
        if beside := _beside_emulator(site, call, context):
            return HeldBack(BESIDE_EMULATOR.format(*beside), rewrite)
        if reason := _elsewhere(names, texts, call.client.scope, context):
            return HeldBack(reason, None if reason == REGIONAL else rewrite)
    if not calls and (reason := _led_elsewhere(site, context)):
        return HeldBack(reason, None if reason == REGIONAL else rewrite)
    return outcome


def _led_elsewhere(site: Site, context: Context) -> str:
    """Return why what is no client of a known class leads elsewhere: a request, a configuration, the module openai."""
    beside = [*_beside(site)] if site.check == "MI206" else []
    texts = [*site.data.get("address", "").split(" "), *(text_of(site.module, node) for node in beside)]
    origins = (origin for node in beside for origin in context.analysis.tracer.trace(site.module, node).origins)
    names = [*(name for text in texts for name in _HOLE.findall(text)), *(origin.name for origin in origins)]
    scope = site.data.get("scope", "cognitiveservices" if site.check == "MI206" else "")
    return _elsewhere(names, texts, scope, context) if any(texts) else ""


def _elsewhere(names: list[str], texts: list[str], scope: str, context: Context) -> str:
    """Return why an address is none of the service itself, as its names, its texts and files of settings tell it."""
    analysis = context.analysis
    settings = sorted({word.upper() for name in names for word in _SETTING.findall(name)})
    if any(map(_APIM.search, texts)) or any(map(_APIM_NAME.search, names)):
        return APIM
    if any(is_told(_APIM, name, analysis) for name in settings):
        return APIM
    if any(map(_MACHINE_LEARNING.search, texts)) or any(
        is_told(_MACHINE_LEARNING, name, analysis) for name in settings
    ):
        return MACHINE_LEARNING
    if "cognitiveservices" not in scope:
        return ""
    if any(map(_REGIONAL.search, texts)) or any(is_told(_REGIONAL, name, analysis) for name in settings):
        return REGIONAL
    texts = [*texts, *(value for name in settings for value in settings_values(name, analysis))]
    hosts = [match[1] for text in texts for match in _HOST.finditer(text)]
    foreign = next((host for host in hosts if not _OWN.search(host) and not _MADE_UP.search(host)), "")
    if foreign:
        return UNKNOWN.format(foreign)
    # Code may read the setting under a name of its own.
    return APIM if not any(map(_RESOURCE.search, texts)) and is_in_settings(_APIM, analysis) else ""


def _secret_names(site: Site) -> Iterator[str]:
    """Yield what the secret is called, where it is used and as a setting."""
    settings = [origin.name for origin in (site.trace.origins if site.trace else ()) if origin.name]
    if site.secret is not None:
        yield from secret_names(ast.unparse(site.secret), settings)
    yield from settings


def _emulated(site: Site, names: list[str], context: Context) -> tuple[str, str] | None:
    """Return the file that sets one of a site's settings to an emulator, and the setting."""
    secrets = [origin.name for origin in (site.trace.origins if site.trace else ())]
    for name in dict.fromkeys([*secrets, *names]):
        if path := emulating_file(site.module, name, context.analysis):
            return path, name
    return None


def _beside_emulator(site: Site, call: ClientCall, context: Context) -> tuple[str, str] | None:
    """Return the compose file that starts the storage emulator for what gets the secret of a site, and the setting."""
    if call.client.package in _EMULATED:
        for name in (origin.name for origin in (site.trace.origins if site.trace else ()) if origin.name):
            if path := emulator_beside(site.module, name, context.analysis):
                return path, name
    return None


def _is_unverified(call: ClientCall) -> bool:
    """Whether a client takes any certificate at times, as that of the Cosmos DB emulator, which signs its own."""
    verify = known.keyword(call.node, "connection_verify")
    if isinstance(verify, ast.Constant):
        return verify.value is False
    # ``not is_emulator``, ``False if is_emulator else True``; what a setting says may be anything.
    if verify is not None:
        return _EMULATOR.search(ast.unparse(verify)) is not None
    if all(keyword.arg for keyword in call.node.keywords):
        return False
    around = call.module.place(call.node)[0].enclosing("function", "module")
    return around is not None and _UNVERIFIED.search(ast.unparse(around.node)) is not None


def _is_remarked(site: Site) -> bool:
    """Whether a comment beside a client, or where its secret is read, speaks of an emulator."""
    origins = site.trace.origins if site.trace is not None else ()
    places = [(site.module, site.node), *((o.module, o.node) for o in origins if isinstance(o.node, ast.expr))]
    return any(_EMULATOR.search(remark) for module, node in places for remark in _remarks(module, node))


def _remarks(module: Module, node: ast.AST) -> Iterator[str]:
    """Yield the comments on the first line of a node's statement and on the lines above it."""
    statement = module.statement(node)
    lines = module.source.text[: module.source.line_end(module.source.span(statement)[0])].splitlines()
    yield lines[-1].decode("utf-8", "replace").partition("#")[2]
    for line in reversed(lines[:-1]):
        if not line.lstrip().startswith(b"#"):
            return
        yield line.decode("utf-8", "replace")


def addresses(call: ClientCall, context: Context) -> Iterator[str]:
    """Yield what is known of the address: where it is written, and what a setting has by default."""
    address = _address(call)
    if address is None:
        return
    yield text_of(call.module, address)
    for origin in context.analysis.tracer.trace(call.module, address).origins:
        for node in (origin.node, origin.default):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def names_of_address(call: ClientCall, context: Context) -> Iterator[str]:
    """Yield what the address is called: in the call, on its way there, and as a setting."""
    address = _address(call)
    if address is None:
        # What reads its key from the environment reads the address beside it.
        keys = [name.removesuffix("_API_KEY") for name in call.client.environment if name.endswith("_API_KEY")]
        yield from (f"{name}_{kind}" for name in keys for kind in ("ENDPOINT", "API_BASE"))
        return
    yield ast.unparse(address)
    trace = context.analysis.tracer.trace(call.module, address)
    yield from (origin.name for origin in trace.origins)
    yield from (step.name for step in trace.steps)


def _address(call: ClientCall) -> ast.expr | None:
    given = call.arguments.get(call.client.endpoint.argument)
    named = (known.keyword(call.node, name) for name in _ADDRESSES)
    return given if given is not None else next((node for node in named if node is not None), None)


def _beside(site: Site) -> Iterator[ast.expr]:
    """Yield the addresses that are written beside a key: in its dictionary, its call, or as attributes of openai."""
    if isinstance(site.node, ast.Call):
        yield from (entry.value for entry in site.node.keywords if entry.arg in _ADDRESSES)
        return
    holder = site.module.parent(site.node)
    if isinstance(holder, ast.Dict):
        pairs = zip(holder.keys, holder.values, strict=True)
        yield from (value for key, value in pairs if isinstance(key, ast.Constant) and key.value in _ADDRESSES)
    elif site.family == "openai_module":
        set_to = (entry for name in _ADDRESSES for entry in site.module.attributes.get(name, ()))
        yield from (value for _, target, value, _ in set_to if site.module.qualified(target.value) == "openai")
