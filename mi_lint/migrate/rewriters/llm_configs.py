"""A model configuration of AutoGen 0.2 gets a token provider instead of a key."""

from __future__ import annotations

import ast

from mi_lint.migrate.context import Context
from mi_lint.migrate.outcome import Outcome, Rewritten
from mi_lint.python.site import Site

_SCOPE = "https://cognitiveservices.azure.com/.default"


def rewrite(site: Site, context: Context) -> Outcome:
    """Replace the entry ``api_key`` by ``azure_ad_token_provider``."""
    parent = context.module.parent(site.node)
    assert isinstance(parent, ast.Dict)
    value = next(v for k, v in zip(parent.keys, parent.values, strict=True) if k is site.node)
    quote = context.module.source.slice(site.node)[-1]
    changes = (
        context.replace(site.node, f"{quote}azure_ad_token_provider{quote}"),
        context.replace(value, context.provider(site, False, _SCOPE)),
    )
    return Rewritten(changes, "give the configuration a token provider", role="Cognitive Services OpenAI User")
