"""Model configurations of AutoGen 0.2 (``config_list``): dictionaries of the type ``azure`` with a key (MI206)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import Site

MARKERS = (
    b"import autogen", b"from autogen", b"import ag2", b"from ag2", b"import pyautogen", b"from pyautogen",
)  # fmt: skip
_PACKAGES = ("autogen", "ag2", "pyautogen")
_KEYLESS = frozenset({"azure_ad_token_provider", "azure_ad_token"})


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the keys in configurations of Azure OpenAI, in modules that import AutoGen."""
    if not _imports_autogen(module):
        return
    for node in module.dicts:
        entries = {
            key.value: (key, value)
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        }
        if "api_key" not in entries or not isinstance(kind := entries.get("api_type", (None, None))[1], ast.Constant):
            continue
        if kind.value != "azure" or _KEYLESS & set(entries):
            continue
        key, value = entries["api_key"]
        trace = analysis.tracer.trace(module, value)
        if not trace.has_token and not known.is_foreign(trace):
            scope, _ = module.place(node)
            yield Site(
                module, "MI206", "llm_configs", "config", key, scope, ("config_list",), None, value, "api_key", trace
            )  # fmt: skip


def _imports_autogen(module: Module) -> bool:
    targets = [binding.target for entries in module.scope.bindings.values() for binding in entries]
    return any(target.partition(".")[0] in _PACKAGES for target in targets)
