"""A setting of Flask that holds a connection string holds the endpoint from then on, under another name.

``app.config["STORAGE_CONNECTION"]`` reads an attribute of the class that the configuration is made of, which reads the
environment: all three follow, where nothing else reads the setting.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator, Mapping

from mi_lint.migrate.context import Context, setting_name
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.imports import removed_statement
from mi_lint.migrate.endpoint.settings_classes import Field
from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.unused.purity import is_pure
from mi_lint.python import flask_objects
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin
from mi_lint.python.project import Project
from mi_lint.python.site import ClientCall, Site

Places = set[tuple[str, tuple[int, int]]]


def read_of(module: Module, value: ast.expr) -> ast.Constant | None:
    """Return the literal that names the setting in a read of Flask's configuration."""
    for node in ast.walk(value):
        match node:
            case ast.Subscript(value=container, slice=ast.Constant(value=str()) as key):
                pass
            case ast.Call(func=ast.Attribute(value=container, attr="get"), args=[ast.Constant(value=str()) as key, *_]):
                pass
            case _:
                continue
        if flask_objects.is_configuration(module, container):
            return key
    return None


def renamed(
    key: ast.Constant, value: ast.expr, origin: Origin, there: str, call: ClientCall, context: Context
) -> Field | None:
    """Return how the attribute of the one class that holds the setting follows; None where more depends on it."""
    module, project, old = context.module, context.analysis.project, str(key.value)
    held = list(flask_objects.held(project, old))
    if len(held) != 1 or any(True for _ in flask_objects.given(project, old)):
        return None
    home, class_, binding = held[0]
    named = _constant(origin)
    target = getattr(binding.node, "targets", [getattr(binding.node, "target", None)])[0]
    if class_ is None or named is None or not isinstance(target, ast.Name) or binding.value is not origin.node:
        return None
    new = setting_name(old, call.client.endpoint.setting)
    setting = there or context.setting(origin.name, call.client)
    allowed = {(home.path, home.source.span(node)) for node in (target, named)} | {
        (module.path, module.source.span(key))
    }
    if new == old or not _stands_only(project, old, allowed) or not _stands_only(project, new, set()):
        return None
    changes = (_put(home, target, old, new), _put(home, named, origin.name, setting))
    source = module.source
    (first, last), (start, end) = source.span(value), source.span(key)
    inside = source.text[start:end].replace(old.encode(), new.encode())
    code = (source.text[first:start] + inside + source.text[end:last]).decode()
    return Field(code, changes, origin.name, setting)


def _constant(origin: Origin) -> ast.Constant | None:
    """Return the literal that names the variable in a read of the environment without a default."""
    match origin.node:
        case ast.Subscript(slice=ast.Constant() as name):
            return name
        case ast.Call(args=[ast.Constant() as name, *rest]) if all(getattr(r, "value", r) in ("", None) for r in rest):
            return name
    return None


def _put(home: Module, node: ast.expr, old: str, new: str) -> Change:
    start, end = home.source.span(node)
    return Change(home.path, start, end, home.source.text[start:end].decode().replace(old, new))


def _stands_only(project: Project, word: str, allowed: Places) -> bool:
    """Whether a word stands in the code of the project nowhere but in some places."""
    return all(any(path == where and first <= at < last for where, (first, last) in allowed)
               for path, at in _places(project, word))  # fmt: skip


def _places(project: Project, word: str) -> Iterator[tuple[str, int]]:
    pattern = re.compile(rb"(?<!\w)%s(?!\w)" % re.escape(word.encode()))
    for path in project.code:
        if word.encode() in project.text(path):
            module = project.module(path)
            text = module.source.text if module is not None else project.text(path)
            yield from ((path, match.start()) for match in pattern.finditer(text))


def with_unused(analysis: Analysis, accepted: Mapping[Site, Rewritten]) -> dict[Site, Rewritten]:
    """Return the rewrites, those that leave an attribute of such a class without a reader with its removal.

    Left in place, ``KEY = os.environ["KEY"]`` would still demand the secret when the program starts.
    """
    result = dict(accepted)
    changed = {(c.path, (c.start, c.end)) for rewrite in accepted.values() for c in rewrite.changes if c.end > c.start}
    readers: dict[str, list[Site]] = {}
    for site in accepted:
        for key in _taken_out(site, changed):
            readers.setdefault(key, []).append(site)
    for key, sites in readers.items():
        removal = _removal(analysis.project, key, changed)
        for site in sites if removal is not None else ():
            assert removal is not None
            result[site] = dataclasses.replace(result[site], changes=(*result[site].changes, removal))
    return result


def _taken_out(site: Site, changed: Places) -> Iterator[str]:
    """Yield the settings that a site reads today and not after its rewrite."""
    module = site.module
    for node in ast.walk(site.node):
        key = read_of(module, node) if isinstance(node, ast.Subscript | ast.Call) and node is not site.node else None
        if key is not None:
            start, end = module.source.span(key)
            if any(path == module.path and first <= start and end <= last for path, (first, last) in changed):
                yield str(key.value)


def _removal(project: Project, key: str, changed: Places) -> Change | None:
    """Return the change that takes out the only attribute for a setting, where nothing reads it any more."""
    held = list(flask_objects.held(project, key))
    if len(held) != 1:
        return None
    home, class_, binding = held[0]
    node = binding.node
    if class_ is None or len(class_.body) == 1 or home.parent(node) is not class_:
        return None
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not is_pure(home, node.value):
        return None
    removal = removed_statement(home, node)
    touched = any(path == home.path and first < removal.end and removal.start < last for path, (first, last) in changed)
    own = (home.path, (removal.start, removal.end))
    return removal if not touched and _stands_only(project, key, {*changed, own}) else None
