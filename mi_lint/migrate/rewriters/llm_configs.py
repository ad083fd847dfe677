"""A model configuration of AutoGen 0.2 or LiteLLM gets a token provider instead of a key; one of mem0 gets none."""

from __future__ import annotations

import ast

from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.dictionaries import DictEditor
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.site import Site

_SCOPE = "https://cognitiveservices.azure.com/.default"
_ROLE = "Cognitive Services OpenAI User"
_MEM0 = (
    "whether the release of mem0 that is installed asks DefaultAzureCredential when it gets no key is not known: take "
    "one that does, and take LLM_AZURE_OPENAI_API_KEY and EMBEDDING_AZURE_OPENAI_API_KEY from the settings"
)
_STORED = (
    "'{}' ({}) stores the configuration, and a token provider is a function, which cannot be stored: leave the key out "
    "of what is stored, and give those that read it a provider"
)
_STORING = frozenset({"dump", "dumps", "safe_dump"})


def rewrite(site: Site, context: Context) -> Outcome:
    """Replace the entry ``api_key`` by ``azure_ad_token_provider``, or take it out."""
    parent = context.module.parent(site.node)
    assert isinstance(parent, ast.Dict)
    if site.form == "mem0":
        editor = DictEditor(context.module.source, parent)
        index = editor.index("api_key")
        assert index is not None
        editor.remove(index)
        return HeldBack(_MEM0, Rewritten(editor.changes(), "leave the key out of the configuration", role=_ROLE))
    value = next(v for k, v in zip(parent.keys, parent.values, strict=True) if k is site.node)
    quote = context.module.source.slice(site.node)[-1]
    changes = (
        context.replace(site.node, f"{quote}azure_ad_token_provider{quote}"),
        context.replace(value, context.provider(site, False, _SCOPE)),
    )
    storing = _storing(context.module, parent)
    if storing is not None:
        return HeldBack(
            _STORED.format(known.without_arguments(storing.func), f"{context.module.path}:{storing.lineno}")
        )
    return Rewritten(changes, "give the configuration a token provider", role=_ROLE)


def _storing(module: Module, node: ast.expr) -> ast.Call | None:
    """Return the call that makes a file or a text of a configuration, itself or as a part of what holds it."""
    waiting, seen = [node], {node}
    while waiting:
        value = waiting.pop()
        parent = module.parent(value)
        if isinstance(parent, ast.keyword):
            parent = module.parent(parent)
        if isinstance(parent, ast.Call) and known.callee(parent) in _STORING:
            return parent
        found: list[ast.expr] = []
        if isinstance(parent, ast.Dict | ast.List | ast.Tuple | ast.Starred):
            found = [parent]
        elif isinstance(parent, ast.Assign | ast.AnnAssign):
            targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
            loads = (load for t in targets if isinstance(t, ast.Name) for load in module.loads.get(t.id, ()))
            found = [load for load in loads if any(binding.value is value for binding in module.reaching(load))]
        waiting += [one for one in found if one not in seen]
        seen.update(found)
    return None
