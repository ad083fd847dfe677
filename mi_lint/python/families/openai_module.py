"""Azure OpenAI without its client class: settings of ``openai``, and ``OpenAI`` with Azure's address (MI206).

Code for openai 0.x sets ``openai.api_type = "azure"`` and ``openai.api_key``; the newer releases take the same settings
and ``openai.azure_ad_token_provider``. Without a sign of Azure the key belongs to the public service and stays silent.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module, Place
from mi_lint.python.requests_made import text_of
from mi_lint.python.site import Site

MARKERS = (
    b"openai.api_key", b".api_type", b".api_base", b"OPENAI_API_TYPE", b"openai.azure.com", b"/openai/v1",
    b"AZURE_OPENAI_ENDPOINT",
)  # fmt: skip
# The attribute of the module (or of another name for it) that is set, the variable it reads, or the client.
NEEDS = (
    rb"\bopenai\.api_key\b|\bimport openai\s{1,4}as\b|=\s{0,4}openai\s{0,8}[\n;#\\]",
    rb"[^_]OPENAI_API_KEY\\?[\"']\s{0,8}\]\s{0,8}[=:]",
    rb"\b(?:Async)?OpenAI\s{0,8}\(|\b(?:Async)?OpenAI\s{1,4}as\b|=\s{0,4}(?:openai\.)?(?:Async)?OpenAI\s{0,8}[\n;#\\]",
)

# What only openai 0.x has.
_OLD = frozenset({"ChatCompletion", "Completion", "Embedding", "Engine", "Deployment", "api_base", "FineTune", "error"})
_ADDRESS = re.compile(
    # The path /openai/v1 is that of Azure's resources; the public service has /v1.
    r"\.openai\.azure\.|\.services\.ai\.azure\.|\.cognitiveservices\.azure\.|azure_?open_?ai|aoai"
    r"|\{\w*azure\w*\}[/{}]*openai/v1",
    re.IGNORECASE,
)
_WRITTEN = frozenset({"environment", "setting", "config", "literal", "template"})
_CLASSES = {"openai.OpenAI": False, "openai.AsyncOpenAI": True}


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the keys that are set on the module, in the environment it reads, or passed with Azure's address."""
    settings = _settings(module)
    for statement, value in settings.get("api_key", []):
        if _is_azure(module, analysis, _applying(module, settings, statement)):
            trace = analysis.tracer.trace(module, value)
            if not trace.has_token and trace.kinds != {"none"} and not known.is_foreign(trace):
                yield _site(module, "old" if is_old(module) else "module", statement, "openai.api_key", value, analysis)
    yield from _environment(module, analysis)
    for call in module.calls:
        if (qualified := module.qualified(call.func) or "") in _CLASSES:
            yield from _client(module, analysis, call, qualified)


def keyless(module: Module, analysis: Analysis) -> Iterator[ast.expr | ast.stmt]:
    """Yield where tokens of Microsoft Entra ID are set on the module, or passed to a class of the public service."""
    for name in ("azure_ad_token_provider", "azure_ad_token", "api_key"):
        for _, target, value, statement in module.attributes.get(name, ()):
            ours = module.qualified(target.value) == "openai" and isinstance(statement, ast.stmt)
            if ours and isinstance(statement, ast.stmt) and analysis.tracer.trace(module, value).has_token:
                yield statement
    for call in module.calls:
        key = known.keyword(call, "api_key") if (module.qualified(call.func) or "") in _CLASSES else None
        if key is not None and analysis.tracer.trace(module, key).has_token:
            yield call


def _settings(module: Module) -> dict[str, list[tuple[ast.stmt, ast.expr]]]:
    """Return what the module assigns to attributes of ``openai``."""
    found: dict[str, list[tuple[ast.stmt, ast.expr]]] = {}
    for name in ("api_key", "api_type", "api_base", "azure_endpoint", "base_url"):
        for _, target, value, statement in module.attributes.get(name, ()):
            if module.qualified(target.value) == "openai" and isinstance(statement, ast.stmt):
                found.setdefault(name, []).append((statement, value))
    return found


def _applying(
    module: Module, settings: dict[str, list[tuple[ast.stmt, ast.expr]]], statement: ast.stmt
) -> dict[str, list[tuple[ast.stmt, ast.expr]]]:
    """Return the settings of the block that a key is set in and of those around it, else those that others made."""
    around = list(module.parents(statement))
    blocks = [block for parent in around for block in _blocks(parent) if statement in block or set(block) & set(around)]
    near = {name: [entry for entry in found if _is_in(blocks, entry[0])] for name, found in settings.items()}
    if near.get("api_type") or near.get("api_base"):
        return {name: found for name, found in near.items() if found}
    branches = [parent for parent in around if isinstance(parent, ast.If)]
    return {
        name: [entry for entry in found if not set(module.parents(entry[0])) & set(branches)]
        for name, found in settings.items()
    }


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for _, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield value


def _is_in(blocks: list[list[ast.stmt]], statement: ast.stmt) -> bool:
    return any(statement in block for block in blocks)


def _is_azure(module: Module, analysis: Analysis, settings: dict[str, list[tuple[ast.stmt, ast.expr]]]) -> bool:
    addresses = [value for name in ("api_base", "azure_endpoint", "base_url") for _, value in settings.get(name, [])]
    for _, value in settings.get("api_type", []):
        kind = analysis.tracer.constant(module, value)
        if kind is None and (addresses or "azure" in text_of(module, value).lower()):
            # Code for the public service alone has no use for a type that comes from settings.
            return True
        if kind is not None and kind.lower() == "azure":
            return True
    return not settings.get("api_type") and any(_ADDRESS.search(text_of(module, value)) for value in addresses)


def is_old(module: Module) -> bool:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in _OLD and module.qualified(node.value) == "openai":
            return True
    return False


def _environment(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield ``os.environ["OPENAI_API_KEY"] = …`` of a module that sets the type to Azure in the same way."""
    assigned: dict[str, list[tuple[ast.Subscript, ast.expr]]] = {}
    for item, value in module.item_assignments:
        if module.qualified(item.value) == "os.environ" and isinstance(item.slice, ast.Constant):
            assigned.setdefault(str(item.slice.value), []).append((item, value))
    azure = (
        item
        for item, value in assigned.get("OPENAI_API_TYPE", ())
        if analysis.tracer.constant(module, value) == "azure"
    )
    kinds = [module.place(item) for item in azure]
    keys = [entry for entry in assigned.get("OPENAI_API_KEY", ()) if _runs_with(module.place(entry[0]), kinds)]
    for item, value in keys[-1:]:
        if not analysis.tracer.trace(module, value).has_token:
            yield _site(module, "environment", module.statement(item), "os.environ", value, analysis)


def _runs_with(place: Place, others: Iterable[Place]) -> bool:
    """Whether what stands at one of other places can run, too: another branch sets the key of the public service."""
    for scope, block in others:
        shorter, longer = sorted((place[1], block), key=len)
        if scope is not place[0] or longer[: len(shorter)] == shorter:
            return True
    return False


def _client(module: Module, analysis: Analysis, call: ast.Call, qualified: str) -> Iterator[Site]:
    address = known.keyword(call, "base_url")
    if address is None or not _goes_to_azure(module, address, analysis):
        return
    key = known.keyword(call, "api_key")
    if any(entry.arg is None for entry in call.keywords):
        return
    trace = analysis.tracer.trace(module, key) if key is not None else None
    if trace is None or not (trace.has_token or known.is_foreign(trace)):
        yield _site(module, "client", call, qualified.rpartition(".")[2], key, analysis)


def _goes_to_azure(module: Module, address: ast.expr, analysis: Analysis) -> bool:
    """Whether a base URL is Azure's by what is written there, or by all that it comes from."""
    if _ADDRESS.search(text_of(module, address)):
        return True
    origins = [origin for origin in analysis.tracer.trace(module, address).origins if origin.kind != "none"]
    return bool(origins) and all(
        origin.kind in _WRITTEN and _ADDRESS.search(origin.name or origin.module.source.slice(origin.node))
        for origin in origins
    )


def _site(
    module: Module, form: str, node: ast.expr | ast.stmt, name: str, key: ast.expr | None, analysis: Analysis
) -> Site:
    trace = analysis.tracer.trace(module, key) if key is not None else None
    scope, _ = module.place(node)
    return Site(
        module, "MI206", "openai_module", form, node, scope, (name,), None, key, "api_key", trace,
        data={"package": "openai"},
    )  # fmt: skip
