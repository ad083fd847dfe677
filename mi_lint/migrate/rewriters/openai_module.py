"""Azure OpenAI by settings of ``openai``, or by ``OpenAI`` with Azure's address: a token instead of the key."""

from __future__ import annotations

import ast

from mi_lint.migrate.branching import dual
from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.families.openai_module import is_old
from mi_lint.python.site import Site

_SCOPE = "https://cognitiveservices.azure.com/.default"
_ROLE = "Cognitive Services OpenAI User"
_OLD = (
    "openai 0.x keeps one token, which is valid for about an hour: move to openai 1.x and "
    "AzureOpenAI(azure_ad_token_provider=…)"
)
_ENVIRONMENT = (
    "openai 0.x and wrappers of that time take OPENAI_API_KEY and OPENAI_API_TYPE from the environment: move to openai "
    "1.x (or langchain-openai), pass azure_ad_token_provider there, and take this out"
)
_READ = (
    "the code at {} takes the key that is set here from the environment: let it pass azure_ad_token_provider in its "
    "place, then take this out"
)
_NAME = "OPENAI_API_KEY"


def rewrite(site: Site, context: Context) -> Outcome:
    """Rewrite one assignment to ``openai.api_key``, or one call of ``OpenAI``."""
    if site.form == "environment":
        reader = _reader(context)
        return Manual(_READ.format(reader) if reader else _ENVIRONMENT)
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


def _reader(context: Context) -> str:
    """Return where code beside a module, other than that for openai 0.x, reads the key that the module sets."""
    project, home = context.analysis.project, context.module.path.rpartition("/")[0]
    for path in project.usage.holders(_NAME):
        beside = not home or path.startswith(f"{home}/")
        module = project.module(path) if beside and not known.is_test(path) else None
        if module is None or is_old(module):
            continue
        for text in module.strings:
            if text.value == _NAME and _is_read(module, text):
                return f"{path}:{module.source.location(text).region.start_line}"
    return ""


def _is_read(module: Module, name: ast.Constant) -> bool:
    """Whether the variable of a name is read to be passed on, and not only looked at."""
    read = module.parent(name)
    if isinstance(read, ast.Subscript):
        is_read = isinstance(read.ctx, ast.Load) and module.qualified(read.value) == "os.environ"
    else:
        is_read = isinstance(read, ast.Call) and module.qualified(read.func) in known.ENVIRONMENT_CALLS
    return is_read and isinstance(module.parent(read), ast.Assign | ast.keyword | ast.Dict)


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
