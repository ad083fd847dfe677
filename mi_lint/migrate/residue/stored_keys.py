"""Connections of promptflow that are stored without a key, where a flow that gets them reads their key.

A tool of a flow gets the connection as a parameter, and puts ``connection.api_key`` into the environment or a client of
its own. With ``auth_mode="meid_token"`` that is None; what is rewritten there, too, reads it no more.
https://microsoft.github.io/promptflow/concepts/concept-connections.html
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.project_files.manifests import folders_around, manifests_in
from mi_lint.migrate.residue.simpler import place_before
from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.project import Project
from mi_lint.python.scopes import Binding
from mi_lint.python.site import Site
from mi_lint.python.source import Source

REASON = (
    "the code at {} reads the key of such a connection, which one without a key does not have: give it a token there "
    "first (connection.get_token is a token provider)"
)
_CLASS = "AzureOpenAIConnection"
_KEY = "api_key"
_NAMED = re.compile(rf"\b{_CLASS}\b")
# What says how a connection authenticates: code behind a test of it knows connections without a key.
_KNOWS = re.compile(rf"\.{_KEY}\b|\bauth_mode\b")
_RUNS = ("test", "run", "load_flow", "load_run", "load", "AzureOpenAIModelConfiguration")
_FLOWS = ("flow*.yaml", "flow*.yml")
_DOCUMENTS = ("*.yaml", "*.yml")
_PATH = re.compile(r"(?:[\w. -]{1,80}/){0,9}[\w. -]{1,80}")
# What is made of several words is the name of one thing only: ``chat_with_pdf``.
_WORDS = re.compile(r"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)+")
_NEWLINE = b"\n"
MAX_STEPS = 3


def read_again(
    analysis: Analysis,
    texts: Mapping[str, tuple[Source, bytes]],
    changes: Mapping[str, Sequence[Change]],
    rewritten: Iterable[Site],
) -> dict[Site, str]:
    """Return the rewritten sites that store a connection without the key that the new texts of a project read."""
    made = [site for site in rewritten if site.call is not None and site.call.client.name == _CLASS]
    if not made:
        return {}
    project = analysis.project
    with project.showing(Source(path, text, old.encoding) for path, (old, text) in texts.items()):
        reads = [(module, node) for module in _modules(project) for node in _reads(module)]
        places = [(module, module.source.span(node)[0]) for module, node in sorted(reads, key=_position)]
    found: dict[Site, str] = {}
    for site in made:
        serves = _serving(site, analysis)
        read = next(((module, start) for module, start in places if serves(module.path)), None)
        if read is None:
            where = _reference(site, serves, analysis)
        else:
            where = place_before(read[0].path, read[1], read[0].source.text, texts, changes)
        if where:
            found[site] = REASON.format(where)
    return found


def _position(read: tuple[Module, ast.expr]) -> tuple[str, int, int]:
    return read[0].path, read[1].lineno, read[1].col_offset


def _modules(project: Project) -> Iterator[Module]:
    """Yield the modules that have to do with such a connection and with its key."""
    keys = project.usage.holders(_KEY)
    for path in [path for path in project.usage.holders(_CLASS) if path in keys and not known.is_test(path)]:
        module = project.module(path)
        if module is not None:
            yield module


def _serving(site: Site, analysis: Analysis) -> Callable[[str], bool]:
    """Return what tells whether a file belongs to what gets the connection that a site makes.

    That are the files beside and below its module, those of the folders that it names, and, where it runs nothing
    itself, the flows that ask for the connection by its name.
    """
    module, project = site.module, analysis.project
    folders = {posixpath.dirname(module.path), *_folders(module, project)}
    words = {*_words(module, project)}
    name = _name(site, analysis)
    stores_only = name and not any(map(module.calls_of, _RUNS))

    def serves(path: str) -> bool:
        # Below the folder of the project itself stands everything.
        around = [folder for folder in folders_around(path) if folder or not posixpath.dirname(path)]
        called = (posixpath.basename(folder) for folder in (path.rpartition(".")[0], *around))
        if not folders.isdisjoint(around) or not words.isdisjoint(called):
            return True
        flows = [flow for folder in around for flow in project.named_in(folder, _FLOWS)] if stores_only else []
        return any(re.search(rf"\b{re.escape(name)}\b".encode(), project.text(flow)) for flow in flows)

    return serves


def _words(module: Module, project: Project) -> Iterator[str]:
    """Yield what a module, or the folder that it stands in, calls a flow or a step of one: ``{"setup_env": …}``."""
    yield from (str(text.value) for text in module.strings if _WORDS.fullmatch(str(text.value)))
    for folder in folders_around(module.path):
        if manifests_in(project, folder):
            break
        if _WORDS.fullmatch(posixpath.basename(folder)):
            yield posixpath.basename(folder)


def _name(site: Site, analysis: Analysis) -> str:
    """Return the name under which a connection is stored; empty where it is not written."""
    given = known.keyword(site.node, "name") if isinstance(site.node, ast.Call) else None
    return (analysis.tracer.constant(site.module, given) or "") if given is not None else ""


def _folders(module: Module, project: Project) -> Iterator[str]:
    """Yield the folders that a module names or has named files of: ``flow="../flows/chat"``.

    A path that begins with a folder may be meant from one around the module, where the program is started.
    """
    for value in {str(text.value) for text in module.strings}:
        homes = [*folders_around(module.path)] if _PATH.fullmatch(value) else []
        for home in homes if "/" in value and not value.startswith(".") else homes[:1]:
            path = posixpath.normpath(posixpath.join(home, value))
            if project.files_in(path):
                yield path
            elif path in project.files_in(posixpath.dirname(path)):
                yield posixpath.dirname(path)


def _reads(module: Module) -> Iterator[ast.expr]:
    """Yield where a module reads the key of a connection and cannot do without it."""
    reads: list[tuple[ast.expr, ast.expr]] = [(load, load.value) for load in module.attribute_loads(_KEY)]
    for text in module.strings if b"dict" in module.source.text else ():
        # ``dict(connection)["api_key"]``, ``connection_dict.get("api_key")``.
        outer = module.parent(text) if text.value == _KEY else module.tree
        if isinstance(outer, ast.Subscript) and isinstance(outer.ctx, ast.Load):
            reads.append((outer, outer.value))
        elif isinstance(outer, ast.Call) and isinstance(outer.func, ast.Attribute) and outer.func.attr == "get":
            reads.append((outer, outer.func.value))
    for read, owner in reads:
        if _is_connection(module, owner, read) and not _is_asked(module, read):
            yield read


def _is_connection(module: Module, node: ast.expr, read: ast.expr, steps: int = 0) -> bool:
    """Whether an expression holds a connection, or its entries as a dictionary, where a key is read of it."""
    if steps > MAX_STEPS:
        return False
    narrowed = _narrowed(module, node, read)
    if narrowed is not None:
        return narrowed
    match node:
        case ast.Call(func=ast.Name(id="dict"), args=[given]):
            return _is_connection(module, given, read, steps + 1)
        case ast.Attribute():
            values = (value for _, _, value, _ in module.attributes.get(node.attr, ()))
            return any(_is_connection(module, value, value, steps + 1) for value in values)
        case ast.Name():
            return any(_is_bound(module, binding, steps) for binding in module.reaching(node))
    return False


def _is_bound(module: Module, binding: Binding, steps: int) -> bool:
    """Whether a name is given a connection: as a parameter that is declared so, or by an assignment."""
    if isinstance(binding.node, ast.arg):
        annotation = binding.node.annotation
        return annotation is not None and _NAMED.search(ast.unparse(annotation)) is not None
    value = binding.value if binding.kind == "assign" else None
    return value is not None and _is_connection(module, value, value, steps + 1)


def _narrowed(module: Module, node: ast.expr, read: ast.expr) -> bool | None:
    """Whether tests of the type around a read leave a connection of this class; None where there is no such test."""
    told = f"isinstance({ast.unparse(node)}, "
    inner: ast.AST = read
    for outer in module.parents(read):
        if isinstance(outer, ast.If) and told in (test := ast.unparse(outer.test)):
            is_named = _NAMED.search(test) is not None
            if inner in outer.body:
                return is_named
            if inner in outer.orelse and is_named:
                return False
        inner = outer
    return None


def _is_asked(module: Module, read: ast.expr) -> bool:
    """Whether a read only asks if there is a key, or stands where that was asked: the code knows what to do without."""
    inner: ast.AST = read
    for outer in module.parents(read):
        if isinstance(outer, ast.If | ast.IfExp | ast.Assert | ast.While):
            if inner is outer.test or _KNOWS.search(ast.unparse(outer.test)):
                return True
        elif isinstance(outer, ast.BoolOp) and inner is not outer.values[-1]:
            return True
        inner = outer
    return False


def _reference(site: Site, serves: Callable[[str], bool], analysis: Analysis) -> str:
    """Return the file, with the line, that has the key put into an environment: ``${connection.api_key}``."""
    name = _name(site, analysis)
    reference = f"${{{name}.{_KEY}}}".encode()
    if not name:
        return ""
    own = (node for node in site.module.strings if reference.decode() in str(node.value))
    if (node := next(own, None)) is not None:
        return f"{site.module.path}:{site.module.source.location(node).region.start_line}"
    project = analysis.project
    for path in project.named(_DOCUMENTS):
        at = project.text(path).find(reference) if serves(path) else -1
        if at >= 0:
            return f"{path}:{project.text(path).count(_NEWLINE, 0, at) + 1}"
    return ""
