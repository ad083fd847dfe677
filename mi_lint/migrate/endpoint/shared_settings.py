"""Settings that another module of the project holds for the rewritten one: ``config.KEY``, ``from config import KEY``.

Left in place, ``KEY = os.environ["KEY"]`` would still demand the secret when the program starts.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping

from mi_lint.migrate.editing.imports import removed_statement
from mi_lint.migrate.endpoint import flask_classes
from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.unused.purity import is_pure
from mi_lint.migrate.unused.words import stands_in
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.project import Project
from mi_lint.python.site import Site


def with_unused_globals(analysis: Analysis, accepted: Mapping[Site, Rewritten]) -> dict[Site, Rewritten]:
    """Return the rewrites, those that leave a name of another module without a reader with its removal."""
    result = flask_classes.with_unused(analysis, accepted)
    readers: dict[tuple[Module, str], list[Site]] = {}
    for site, rewrite in accepted.items():
        for key in _read_elsewhere(analysis.project, site, rewrite):
            readers.setdefault(key, []).append(site)
    spans: dict[str, list[tuple[int, int]]] = {}
    for change in (change for rewrite in accepted.values() for change in rewrite.changes):
        spans.setdefault(change.path, []).append((change.start, change.end))
    for (home, name), sites in readers.items():
        statement = _assignment(home, name)
        if statement is None or not _is_unused(analysis.project, home, name, spans):
            continue
        removal = removed_statement(home, statement)
        if any(removal.start < end and start < removal.end for start, end in spans.get(home.path, ())):
            continue
        for site in sites:
            result[site] = dataclasses.replace(result[site], changes=(*result[site].changes, removal))
    return result


def _read_elsewhere(project: Project, site: Site, rewrite: Rewritten) -> Iterator[tuple[Module, str]]:
    """Yield the names of other modules that the changes of a site take out, each with its module."""
    for module, node in (
        *_taken(site.module, rewrite, ast.walk(site.node)),
        *_taken_from_callers(project, site, rewrite),
    ):
        target = module.qualified(node)
        found = project.find(module.path, target) if target else None
        if found is not None and len(found[1]) == 1 and found[0] is not module:
            yield found[0], found[1][0]


def _taken_from_callers(
    project: Project, site: Site, rewrite: Rewritten
) -> Iterator[tuple[Module, ast.Attribute | ast.Name]]:
    """Yield what callers in other files pass no more."""
    for path in {change.path for change in rewrite.changes} - {site.module.path}:
        module = project.module(path)
        if module is not None:
            yield from _taken(module, rewrite, (name for names in module.loads.values() for name in names))


def _taken(
    module: Module, rewrite: Rewritten, nodes: Iterable[ast.AST]
) -> Iterator[tuple[Module, ast.Attribute | ast.Name]]:
    spans = [(c.start, c.end) for c in rewrite.changes if c.path == module.path and c.end > c.start]
    for node in nodes:
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            start, end = module.source.span(node)
            if any(first <= start and end <= last for first, last in spans):
                yield module, node


def _assignment(home: Module, name: str) -> ast.Assign | ast.AnnAssign | None:
    """Return the one plain assignment of a name that its module itself does not read."""
    bindings = home.scope.bindings.get(name, [])
    if len(bindings) != 1 or bindings[0].block or home.loads.get(name):
        return None
    node = bindings[0].node
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    plain = isinstance(node, ast.Assign | ast.AnnAssign) and len(targets) == 1 and isinstance(targets[0], ast.Name)
    if not plain or not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return None
    return node if is_pure(home, node.value) else None


def _is_unused(project: Project, home: Module, name: str, spans: Mapping[str, list[tuple[int, int]]]) -> bool:
    """Whether the word stands nowhere but in the assignment, in removed code, and where another thing is called so."""
    word = re.compile(rb"(?<!\w)%s(?!\w)" % re.escape(name.encode()))
    if stands_in(home, name):
        return False
    for path in project.usage.users_of_global(home.path, name):
        module = project.module(path) if path in spans else None
        if module is None or project.usage.is_handed_on(path, name):
            return False
        allowed = [*spans[path], *_imports(module, name)]
        if not all(any(a <= m.start() and m.end() <= b for a, b in allowed) for m in word.finditer(module.source.text)):
            return False
    return True


def _imports(module: Module, name: str) -> Iterator[tuple[int, int]]:
    """Yield where a name is imported, which goes when nothing uses it any more; an import that nothing used stays."""
    for binding in module.scope.bindings.get(name, ()) if module.loads.get(name) else ():
        if isinstance(binding.node, ast.ImportFrom) and not binding.block:
            yield module.source.span(binding.node)
