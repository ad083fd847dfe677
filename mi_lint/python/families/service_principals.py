"""azure-identity credentials that need a stored secret: client secret, certificate, user name and password (MI205)."""

from __future__ import annotations

from collections.abc import Iterator

from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import Site

MARKERS = (b"ClientSecretCredential", b"CertificateCredential", b"UsernamePasswordCredential")
# That a class is imported is no reason to parse: it is called, inherited from, handed on or gets another name.
NEEDS = (
    rb"(?:ClientSecret|Certificate|UsernamePassword)Credential(?:\s{0,8}\(|\s{1,4}as\b)",
    rb"[(=]\s{0,8}(?:[\w.]{1,80}\.)?(?:ClientSecret|Certificate|UsernamePassword)Credential\b",
)

_CLASSES = {
    "ClientSecretCredential": ("client_secret", 2),
    "CertificateCredential": ("certificate_path", 2),
    "UsernamePasswordCredential": ("password", 2),
}


def detect(module: Module, analysis: Analysis) -> Iterator[Site]:
    """Yield the places where a credential with a stored secret is made."""
    for node in module.calls:
        qualified = module.qualified(node.func) or ""
        name = qualified.rpartition(".")[2]
        if not qualified.startswith("azure.identity.") or name not in _CLASSES:
            continue
        argument, index = _CLASSES[name]
        secret = known.keyword(node, argument) or (node.args[index] if len(node.args) > index else None)
        trace = analysis.tracer.trace(module, secret) if secret is not None else None
        scope, _ = module.place(node)
        yield Site(
            module, "MI205", "service_principals", name, node, scope, (name,), None, secret, argument, trace,
            analysis.consumers(module, node),
        )  # fmt: skip
