"""Settings of django-storages that hold a key of Azure Storage (MI219)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mi_lint.python.analysis import Analysis
from mi_lint.python.azure_hosts import is_emulator
from mi_lint.python.facts import Module
from mi_lint.python.mappings import entry
from mi_lint.python.scopes import Scope
from mi_lint.python.site import Site

MARKERS = (b"storages.backends.azure_storage",)

SETTINGS = ("AZURE_CONNECTION_STRING", "AZURE_ACCOUNT_KEY", "AZURE_SAS_TOKEN")
OPTIONS = ("connection_string", "account_key", "sas_token")


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the settings, options and class attributes of a module that hold a key for django-storages."""
    for name in SETTINGS:
        for binding in module.scope.bindings.get(name, ()):
            if binding.kind == "assign" and binding.value is not None:
                yield from _site(module, "setting", name, binding.node, binding.value, analysis)
    for inner in _backends(module):
        for name in OPTIONS:
            for binding in inner.bindings.get(name, ()):
                if binding.value is not None:
                    yield from _site(module, "attribute", name, binding.node, binding.value, analysis)
    for options in _options(module):
        for name in OPTIONS:
            value = entry(options, name)
            if value is not None:
                yield from _site(module, "option", name, options, value, analysis)


def keyless(module: Module) -> Iterator[ast.AST]:
    """Yield where a token credential is set for django-storages."""
    yield from (binding.node for binding in module.scope.bindings.get("AZURE_TOKEN_CREDENTIAL", ()))
    for inner in _backends(module):
        yield from (binding.node for binding in inner.bindings.get("token_credential", ()))
    yield from (options for options in _options(module) if entry(options, "token_credential") is not None)


def _backends(module: Module) -> Iterator[Scope]:
    """Yield the scopes of the module's own backends."""
    for class_ in module.classes.values():
        bases = [module.qualified(base) or "" for base in class_.bases]
        inner = module.scopes.get(class_)
        if inner is not None and "storages.backends.azure_storage.AzureStorage" in bases:
            yield inner


def _options(module: Module) -> Iterator[ast.Dict]:
    """Yield the options of backends in settings."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Dict) and _is_backend(entry(node, "BACKEND")):
            options = entry(node, "OPTIONS")
            if isinstance(options, ast.Dict):
                yield options


def _is_backend(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and "azure_storage" in str(node.value)


def _site(module: Module, form: str, name: str, node: ast.AST, secret: ast.expr, analysis: Analysis) -> Iterator[Site]:
    trace = analysis.tracer.trace(module, secret)
    if trace.kinds == {"none"} or trace.is_token or is_emulator(module, [secret], analysis):
        return
    if isinstance(node, ast.expr | ast.stmt):
        scope, _ = module.place(node)
        yield Site(
            module, "MI219", "django_storages", form, node, scope, (name,), None, secret, name, trace,
            message_id="django", data={"package": "django-storages"},
        )  # fmt: skip
