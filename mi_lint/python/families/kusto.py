"""Azure Data Explorer: connection builders that take an application's key, a certificate or a password (MI220)."""

from __future__ import annotations

from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import Site

MARKERS = (b"with_aad_application_key_authentication", b"with_aad_application_certificate", b"with_aad_user_password")

# The builder, and the argument that holds the secret with its position.
_BUILDERS = {
    "with_aad_application_key_authentication": ("app_key", 2),
    "with_aad_application_certificate_authentication": ("certificate", 2),
    "with_aad_application_certificate_sni_authentication": ("private_certificate", 2),
    "with_aad_user_password_authentication": ("password", 2),
}
_CLASS = "KustoConnectionStringBuilder"


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the calls of a module that build a connection with a stored secret."""
    for call in module.calls:
        owner, _, name = (module.qualified(call.func) or "").rpartition(".")
        if name not in _BUILDERS or not owner.endswith(_CLASS) or not owner.startswith("azure.kusto."):
            continue
        argument, index = _BUILDERS[name]
        secret = known.keyword(call, argument) or (call.args[index] if len(call.args) > index else None)
        trace = analysis.tracer.trace(module, secret) if secret is not None else None
        scope, _ = module.place(call)
        yield Site(
            module, "MI220", "kusto", name, call, scope, (f"{_CLASS}.{name}",), None, secret, argument, trace,
            data={"package": "azure-kusto-data"},
        )  # fmt: skip
