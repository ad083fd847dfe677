"""Where a word may mean a name without being a use that the syntax tree shows: texts, ``__all__``, other files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from mi_lint.python.facts import Module
from mi_lint.python.project import Project
from mi_lint.python.scopes import Binding

# What finds a name by its text.
_REFLECTION = re.compile(rb"\b(?:__all__|__dict__|globals|locals|vars|eval|exec|attrgetter|format_map|patch)\b")
# What does so by its second argument: ``getattr(settings, "KEY")``.
_BY_ARGUMENT = ("getattr", "setattr", "hasattr")


def stands_elsewhere(module: Module, project: Project, identifier: str, bindings: Sequence[Binding]) -> bool:
    """Whether the word stands somewhere that the syntax tree does not show as a use."""
    if stands_in(module, identifier):
        return True
    if bindings[0].scope.kind != "module":
        return False
    if bindings[0].kind == "import":
        return project.usage.is_handed_on(module.path, identifier)
    return project.usage.global_used_elsewhere(module.path, identifier)


def stands_in(module: Module, identifier: str) -> bool:
    """Whether the word stands in a module where it may mean a name without being a use of it."""
    word = re.compile(rb"(?<![\w.])%s(?!\w)" % re.escape(identifier.encode()))
    text = module.source.text
    known_spans = [module.source.span(n) for n in module.loads.get(identifier, ())]
    known_spans += [module.source.span(binding.node) for binding in _same_name(module, identifier)]
    for match in word.finditer(text):
        if any(start <= match.start() and match.end() <= end for start, end in known_spans):
            continue
        if not _is_argument_name(text, match.end()) and not _in_docs(module, match.start()):
            return True
    return False


def _same_name(module: Module, identifier: str) -> Iterable[Binding]:
    """Return what binds a word, and the imports that name it but bind another one."""
    for scope in module.scopes.values():
        yield from scope.bindings.get(identifier, ())
    for binding in (binding for bindings in module.scope.bindings.values() for binding in bindings):
        if binding.kind == "import" and binding.target.rpartition(".")[2] == identifier:
            yield binding


def _in_docs(module: Module, offset: int) -> bool:
    """Whether an offset lies in a comment or in a string that is no single word."""
    if module.is_masked:
        return False
    source = module.source
    line = source.text[source.line_start(offset) : offset]
    if line.lstrip().startswith(b"#") or (b"#" in line and line.count(b'"') % 2 == 0 and line.count(b"'") % 2 == 0):
        return b"type:" not in line
    for node in module.strings:
        start, end = source.span(node)
        if start <= offset < end:
            return not str(node.value).isidentifier() or not _may_name(module, node)
    return False


def _may_name(module: Module, text: ast.Constant) -> bool:
    """Whether a text may be what a name is found by."""
    written = module.source.text
    if _REFLECTION.search(written):
        return True
    for name in _BY_ARGUMENT:
        plain = [
            call for call in module.calls_of(name) if len(call.args) > 1 and isinstance(call.args[1], ast.Constant)
        ]
        if any(call.args[1] is text for call in plain):
            return True
        if len(re.findall(rb"\b%s\b" % name.encode(), written)) > len(plain):
            return True
    return False


def _is_argument_name(text: bytes, end: int) -> bool:
    """Whether a word is a keyword of a call, as in ``f(key=…)``."""
    return re.match(rb"\s*=(?!=)", text[end:]) is not None
