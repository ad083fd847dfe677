"""Azure OpenAI by settings of ``openai``, or by ``OpenAI`` with Azure's address: a token instead of the key."""

from __future__ import annotations

import ast

from mi_lint.migrate.branching import dual
from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.python import known
from mi_lint.python.site import Site

_SCOPE = "https://cognitiveservices.azure.com/.default"
_ROLE = "Cognitive Services OpenAI User"
_OLD = (
    "openai 0.x keeps one token, which is valid for about an hour: move to openai 1.x and "
    "AzureOpenAI(azure_ad_token_provider=…)"
)
_ENVIRONMENT = (
    "what reads OPENAI_API_KEY and OPENAI_API_TYPE from the environment is code for openai 0.x: move to openai 1.x (or "
    "langchain-openai) and pass azure_ad_token_provider"
)


def rewrite(site: Site, context: Context) -> Outcome:
    """Rewrite one assignment to ``openai.api_key``, or one call of ``OpenAI``."""
    if site.form == "environment":
        return Manual(_ENVIRONMENT)
    if site.form == "client":
        return _client(site, context)
    statement = site.node
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1 or site.secret is None:
        return HeldBack(f"'openai.api_key' is not set by a plain assignment; {_OLD}")
    target = statement.targets[0]
    if site.form == "old":
        return _old(site, context)
    assert isinstance(target, ast.Attribute)
    end = context.module.source.span(target)[1]
    changes = (
        Change(context.module.path, end - len(target.attr), end, "azure_ad_token_provider"),
        context.replace(site.secret, context.provider(site, False, _SCOPE)),
    )
    return Rewritten(changes, "give openai a token provider", role=_ROLE)


def _old(site: Site, context: Context) -> Outcome:
    """Give openai 0.x a token, and tell it so by the type ``azure_ad``."""
    module = context.module
    kinds = [
        value
        for _, target, value, _ in module.attributes.get("api_type", ())
        if module.qualified(target.value) == "openai"
    ]
    if not kinds or not all(isinstance(value, ast.Constant) for value in kinds):
        return HeldBack(_OLD)
    assert site.secret is not None
    credential = context.credential(site)
    changes: list[Change] = [context.replace(site.secret, f'{credential}.get_token("{_SCOPE}").token')]
    for value in kinds:
        if not isinstance(value, ast.Constant) or str(value.value).lower() != "azure":
            continue
        quote = module.source.slice(value)[-1]
        changes.append(context.replace(value, f"{quote}azure_ad{quote}"))
    return HeldBack(_OLD, Rewritten(tuple(changes), "give openai a token instead of the key", role=_ROLE))


def _client(site: Site, context: Context) -> Outcome:
    call = site.node
    assert isinstance(call, ast.Call)
    if _keyless_sibling(call, context):
        return HeldBack(dual.REASON)
    editor = context.editor(call)
    provider = context.provider(site, site.details[0] == "AsyncOpenAI", _SCOPE)
    index = editor.index("api_key")
    if index is None:
        editor.append("api_key", provider)
    else:
        editor.set_value(index, provider)
    return Rewritten(editor.changes(), f"pass a token provider to {site.details[0]}", role=_ROLE)


def _keyless_sibling(call: ast.Call, context: Context) -> bool:
    """Whether another branch of the choice that the call stands in passes a token provider."""
    module = context.module
    for parent in module.parents(call):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return False
        if isinstance(parent, ast.If | ast.Match | ast.IfExp):
            keys = [known.keyword(node, "api_key") for node in ast.walk(parent) if isinstance(node, ast.Call)]
            if any(key is not None and context.analysis.tracer.trace(module, key).has_token for key in keys):
                return True
    return False
