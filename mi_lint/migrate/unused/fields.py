"""Fields of settings classes that only served a rewritten call: the declaration goes, and what fills it, in every file.

``settings.client_secret`` is read in one module, declared in another and filled by ``Settings(client_secret=…)`` in a
third. Left in place, the field would still demand the secret when the program starts.
"""

from __future__ import annotations

import ast
import dataclasses
import posixpath
import re
from collections.abc import Iterator, Mapping

from mi_lint.migrate.editing.calls import CallEditor, UnreadableCallError
from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.imports import removed_statement
from mi_lint.migrate.endpoint.settings_classes import emptied, refuses_strangers
from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.project_files.manifests import folders_around, manifests_in
from mi_lint.migrate.residue.programs import Programs
from mi_lint.migrate.unused.purity import is_pure
from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.project import Project
from mi_lint.python.site import Site

_SETTINGS_CLASS = re.compile(r"dataclass|NamedTuple|BaseSettings|BaseModel|\bdefine\b|\bfrozen\b|attr\.s\b")


@dataclasses.dataclass(slots=True)
class _Field:
    """A declaration and what reads it: the reads that the rewrites take out, by the sites that do it."""

    home: Module
    owner: ast.ClassDef
    declaration: ast.AnnAssign
    reads: list[tuple[Site, ast.Attribute]] = dataclasses.field(default_factory=list)

    @property
    def name(self) -> str:
        assert isinstance(self.declaration.target, ast.Name)
        return self.declaration.target.id


def with_unused_fields(analysis: Analysis, accepted: Mapping[Site, Rewritten]) -> dict[Site, Rewritten]:
    """Return the rewrites, those that leave a field without a reader with the changes that take it out."""
    result = dict(accepted)
    taken = [change for rewrite in accepted.values() for change in rewrite.changes]
    fields = [entry for entry in _read_fields(analysis, accepted) if not _is_renamed(entry, taken)]
    fields = [e for e in fields if not _stays(e) and _is_unused(analysis, e, accepted)]
    for owner, group in _by_class(fields).items():
        changes = _removal(analysis, owner, group) if not refuses_strangers(owner) else _emptied(group)
        if changes is None or any(change.overlaps(other) for change in changes for other in taken):
            continue
        for site in {site for entry in group for site, _ in entry.reads}:
            rewrite = result[site]
            result[site] = dataclasses.replace(rewrite, changes=(*rewrite.changes, *changes))
    return result


def _is_renamed(entry: _Field, taken: list[Change]) -> bool:
    """Whether a rewrite gives the field another name, and so keeps it."""
    start, end = entry.home.source.span(entry.declaration)
    return any(change.path == entry.home.path and start <= change.start and change.end <= end for change in taken)


def _read_fields(analysis: Analysis, accepted: Mapping[Site, Rewritten]) -> list[_Field]:
    """Return the fields that the removed code reads."""
    found: dict[ast.AnnAssign, _Field] = {}
    for site, rewrite in accepted.items():
        for node in _removed(site, rewrite):
            for origin in analysis.tracer.trace(site.module, node).origins:
                owner = origin.module.parent(origin.node)
                declared = isinstance(origin.node, ast.AnnAssign) and isinstance(origin.node.target, ast.Name)
                if origin.kind == "setting" and declared and isinstance(owner, ast.ClassDef):
                    assert isinstance(origin.node, ast.AnnAssign)
                    entry = found.setdefault(origin.node, _Field(origin.module, owner, origin.node))
                    entry.reads.append((site, node))
    return [entry for entry in found.values() if all(node.attr == entry.name for _, node in entry.reads)]


def _removed(site: Site, rewrite: Rewritten) -> Iterator[ast.Attribute]:
    source = site.module.source
    spans = [(c.start, c.end) for c in rewrite.changes if c.path == source.path and c.end > c.start]
    for node in ast.walk(site.node):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            called = site.module.parent(node)
            if isinstance(called, ast.Call) and called.func is node:
                continue  # A method of the field's value, such as `get_secret_value`.
            start, end = source.span(node)
            if any(first <= start and end <= last for first, last in spans):
                yield node


def _stays(entry: _Field) -> bool:
    """Whether a field that nobody demands has to stay: without it, a file that still sets it would not be read."""
    return entry.declaration.value is not None and refuses_strangers(entry.owner)


def _emptied(group: list[_Field]) -> tuple[Change, ...] | None:
    """Return the changes after which nobody has to set the fields; None where one is of a type that is not known."""
    changes = [emptied(entry.declaration, entry.home) for entry in group]
    return None if None in changes else tuple(change for change in changes if change is not None)


def _is_unused(analysis: Analysis, entry: _Field, accepted: Mapping[Site, Rewritten]) -> bool:
    """Whether the word stands nowhere but in the declaration, in what fills the field, and in removed code."""
    if not _SETTINGS_CLASS.search(" ".join(map(ast.unparse, [*entry.owner.decorator_list, *entry.owner.bases]))):
        return False
    word = re.compile(rb"(?<!\w)%s(?!\w)" % re.escape(entry.name.encode()))
    programs = analysis.once("programs", lambda: Programs(analysis.project))
    for path in analysis.project.paths:
        text = analysis.project.text(path)
        # Another program of the repository may have the word for something of its own.
        if not word.search(text) or not _run_together(programs, analysis.project, path, entry.home.path):
            continue
        module = analysis.project.module(path)
        if module is None:
            return False
        spans = [module.source.span(call) for call in _constructions(module, entry.owner)]
        spans += [(c.start, c.end) for rewrite in accepted.values() for c in rewrite.changes if c.path == path]
        spans += [module.source.span(site.node) for site, _ in entry.reads if site.module is module]
        if module is entry.home:
            spans.append(module.source.span(entry.declaration))
        found = word.finditer(module.source.text)
        if not all(any(start <= m.start() and m.end() <= end for start, end in spans) for m in found):
            return False
    return True


def _run_together(programs: Programs, project: Project, path: str, home: str) -> bool:
    """Whether a file is part of a program that has a class.

    Tests import what else never runs together. A folder with a manifest is a program of its own; what stands elsewhere
    and is part of it names its package.
    """
    root = next((folder for folder in folders_around(home) if manifests_in(project, folder)), "")
    package = posixpath.basename(posixpath.dirname(home)) or root
    if root and not path.startswith(f"{root}/") and package.encode() not in project.text(path):
        return False
    users = programs.users_of(home)
    return path in users or any(not known.is_test(user) for user in users & programs.users_of(path))


def _constructions(module: Module, owner: ast.ClassDef) -> list[ast.Call]:
    """Return the calls that make an object of a class: by its name, or as ``cls(…)`` inside of it."""
    return [*module.calls_of(owner.name), *module.made_inside(owner)]


def _by_class(fields: list[_Field]) -> dict[ast.ClassDef, list[_Field]]:
    found: dict[ast.ClassDef, list[_Field]] = {}
    for entry in fields:
        found.setdefault(entry.owner, []).append(entry)
    return found


def _removal(analysis: Analysis, owner: ast.ClassDef, group: list[_Field]) -> tuple[Change, ...] | None:
    """Return the changes that take fields out; None where a call fills the class in a way that is not followed."""
    home = group[0].home
    if len([statement for statement in owner.body if isinstance(statement, ast.AnnAssign)]) <= len(group):
        return None
    changes = [removed_statement(home, entry.declaration) for entry in group]
    names = {entry.name for entry in group}
    for path in analysis.project.paths:
        if owner.name.encode() not in analysis.project.text(path):
            continue
        module = analysis.project.module(path)
        for call in _constructions(module, owner) if module is not None else ():
            assert module is not None
            made = _without(module, call, names)
            if made is None:
                return None
            changes += made
    return tuple(changes)


def _without(module: Module, call: ast.Call, names: set[str]) -> tuple[Change, ...] | None:
    """Return the changes that take keyword arguments out of a call."""
    given = [keyword for keyword in call.keywords if keyword.arg in names]
    if call.args or any(keyword.arg is None for keyword in call.keywords):
        return None
    if not all(is_pure(module, keyword.value) for keyword in given):
        return None
    try:
        editor = CallEditor(module.source, call)
    except UnreadableCallError:
        return None
    for keyword in reversed(given):
        index = editor.index(keyword.arg or "")
        if index is not None:
            editor.remove(index)
    return editor.changes()
