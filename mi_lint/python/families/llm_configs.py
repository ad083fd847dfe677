"""Model configurations that are dictionaries with a key: of AutoGen 0.2, of the router of LiteLLM, of mem0 (MI206).

AutoGen has a ``config_list`` with entries of the type ``azure``, LiteLLM models that begin with ``azure/``, mem0 the
``azure_kwargs`` of a provider.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import Site
from mi_lint.python.spelled import spelled

MARKERS = (
    b"import autogen", b"from autogen", b"import ag2", b"from ag2", b"import pyautogen", b"from pyautogen",
    b"litellm_params", b"azure_kwargs",
)  # fmt: skip
_PACKAGES = ("autogen", "ag2", "pyautogen")
_KEYLESS = frozenset({"azure_ad_token_provider", "azure_ad_token"})
Entries = dict[object, tuple[ast.expr, ast.expr]]
_FORMS = {"autogen": "config_list", "router": "litellm_params", "mem0": "azure_kwargs"}


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the keys in configurations of Azure OpenAI."""
    autogen = _imports_autogen(module)
    for node in module.dicts:
        entries = _entries(node)
        form = _form(module, node, entries, autogen) if "api_key" in entries else ""
        if not form or _KEYLESS & set(entries):
            continue
        key, value = entries["api_key"]
        trace = analysis.tracer.trace(module, value)
        if not trace.has_token and trace.kinds != {"none"} and not known.is_foreign(trace):
            scope, _ = module.place(node)
            yield Site(
                module, "MI206", "llm_configs", form, key, scope, (_FORMS[form],), None, value, "api_key", trace
            )  # fmt: skip


def keyless(module: Module) -> Iterator[ast.Dict]:
    """Yield the configurations of Azure OpenAI that sign in with tokens; mem0 does when it is given no key."""
    autogen = _imports_autogen(module)
    for node in module.dicts:
        entries = _entries(node)
        form = _form(module, node, entries, autogen) if "api_key" not in entries else ""
        if form == "mem0" or (form and _KEYLESS & set(entries)):
            yield node


def _entries(node: ast.Dict) -> Entries:
    pairs = zip(node.keys, node.values, strict=True)
    return {key.value: (key, value) for key, value in pairs if isinstance(key, ast.Constant)}


def _form(module: Module, node: ast.Dict, entries: Entries, autogen: bool) -> str:
    """Return whose configuration of Azure OpenAI a dictionary is; empty when it is none."""
    _, kind = entries.get("api_type", (None, None))
    if autogen and isinstance(kind, ast.Constant) and kind.value == "azure":
        return "autogen"
    name = _name(module, node)
    _, model = entries.get("model", (None, None))
    if name == "litellm_params" and model is not None and spelled(model).text.startswith("azure/"):
        return "router"
    return "mem0" if name == "azure_kwargs" else ""


def _name(module: Module, node: ast.Dict) -> str:
    """Return the entry of another dictionary that a dictionary is."""
    parent = module.parent(node)
    if not isinstance(parent, ast.Dict):
        return ""
    pairs = zip(parent.keys, parent.values, strict=True)
    return next((str(key.value) for key, value in pairs if value is node and isinstance(key, ast.Constant)), "")


def _imports_autogen(module: Module) -> bool:
    targets = [binding.target for entries in module.scope.bindings.values() for binding in entries]
    return any(target.partition(".")[0] in _PACKAGES for target in targets)
