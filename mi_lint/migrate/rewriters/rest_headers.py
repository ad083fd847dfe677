"""A header with a key becomes ``Authorization: Bearer`` with a token, made anew by a token provider."""

from __future__ import annotations

import ast

from mi_lint.migrate.branching import dual
from mi_lint.migrate.context import Context
from mi_lint.migrate.credential import signatures
from mi_lint.migrate.credential.event_loops import makes_loops
from mi_lint.migrate.holdbacks.judgement import for_callers
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python.site import Site

_KEPT = (
    "the header is made once and used for longer than a token is valid (about an hour): make it where the request is "
    "sent, then a token provider keeps it fresh"
)
_OTHER = "the headers carry another credential ('{}') beside this key: decide which of them counts"
_CREDENTIALS = frozenset({"authorization", "ocp-apim-subscription-key", "api-key", "x-api-key"})


def rewrite(site: Site, context: Context) -> Outcome:
    """Replace the name and the value of one header."""
    module = context.module
    parent = module.parent(site.node)
    other = _other_credential(site, parent)
    if other:
        return HeldBack(_OTHER.format(other))
    if site.data["dual"]:
        return HeldBack(dual.REASON)
    value = _value(site, parent)
    if value is None:
        return HeldBack("how the header gets its value is not followed; send 'Authorization: Bearer <token>' there")
    waits = bool(site.data["async"])
    threaded = waits and makes_loops(context.analysis)
    provider = context.provider(site, waits and not threaded, site.data["scope"])
    quote = "'" if module.source.slice(site.node).endswith("'") else '"'
    token = f"await asyncio.to_thread({provider})" if threaded else f"{'await ' if waits else ''}{provider}()"
    changes = [context.replace(value, f"f{quote}Bearer {{{token}}}{quote}")]
    if site.data["header"] != "authorization":
        changes.append(context.replace(site.node, f"{quote}Authorization{quote}"))
    result = Rewritten(
        tuple(changes),
        f"send a token of Microsoft Entra ID to {site.details[1]}",
        role=site.data["role"],
        modules=("asyncio",) if threaded else (),
    )
    asked = signatures.COMMAND_LINE if signatures.from_command_line(site.trace) else ""
    reason = "; ".join(text for text in (_KEPT if site.data["kept"] else "", site.data["needs"], asked) if text)
    return HeldBack(reason, result) if reason else for_callers(site, result)


def _value(site: Site, parent: ast.AST) -> ast.expr | None:
    """Return the expression that gives the header its value."""
    if isinstance(parent, ast.Dict):
        return next(v for k, v in zip(parent.keys, parent.values, strict=True) if k is site.node)
    if isinstance(parent, ast.Call):
        return parent.args[1]
    statement = parent
    while isinstance(statement, ast.Subscript):
        statement = site.module.parent(statement)
    return statement.value if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None


def _other_credential(site: Site, parent: ast.AST) -> str:
    if not isinstance(parent, ast.Dict):
        return ""
    for key in parent.keys:
        if key is not site.node and isinstance(key, ast.Constant) and str(key.value).lower() in _CREDENTIALS:
            return str(key.value)
    return ""
