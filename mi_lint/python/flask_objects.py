"""What ``app.config["NAME"]`` of Flask holds: attributes of the objects that it is filled from, and what is put in.

https://flask.palletsprojects.com/en/stable/config/#development-production
"""

from __future__ import annotations

import ast
import weakref
from collections.abc import Iterator

from mi_lint.python.facts import Module
from mi_lint.python.project import Project
from mi_lint.python.scopes import Binding

# A setting of an object: its module, its class where it has one, and what binds it.
Held = tuple[Module, ast.ClassDef | None, Binding]

_APPLICATIONS = frozenset({"app", "application", "current_app", "flask_app"})
_FILLING = (b"config.from_object(", b"config.from_mapping(", b"config.update(")
_PATHS: weakref.WeakKeyDictionary[Project, list[str]] = weakref.WeakKeyDictionary()
MAX_FILES = 20
MAX_BASES = 4


def is_configuration(module: Module, node: ast.expr) -> bool:
    """Whether an expression is the configuration of a Flask application."""
    if not isinstance(node, ast.Attribute) or node.attr != "config":
        return False
    owner = node.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return name in _APPLICATIONS or (module.qualified(owner) or "").endswith("current_app")


def held(project: Project, key: str) -> Iterator[Held]:
    """Yield the attributes from which a setting can come, in classes and modules that the configuration is made of."""
    for path in _filling(project):
        module = project.module(path)
        for call in module.calls_of("from_object") if module is not None else ():
            if module is not None and call.args and isinstance(call.func, ast.Attribute):
                for home, class_ in _objects(project, module, call.args[0]):
                    yield from _attribute(project, home, class_, key)


def given(project: Project, key: str) -> Iterator[tuple[Module, ast.expr]]:
    """Yield what code puts into the configuration under a name."""
    for path in _filling(project):
        module = project.module(path)
        for name in ("update", "from_mapping") if module is not None else ():
            assert module is not None
            for call in module.calls_of(name):
                if isinstance(call.func, ast.Attribute) and is_configuration(module, call.func.value):
                    yield from ((module, entry.value) for entry in call.keywords if entry.arg == key)


def _filling(project: Project) -> list[str]:
    """Return the files that fill a configuration; looked for once."""
    if project not in _PATHS:
        found = [path for path in project.paths if any(call in project.text(path) for call in _FILLING)]
        _PATHS[project] = found[:MAX_FILES]
    return _PATHS[project]


def _objects(project: Project, module: Module, node: ast.expr) -> Iterator[tuple[Module, ast.ClassDef | None]]:
    """Yield the classes and modules that an argument of ``from_object`` can mean."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _named(project, module, node.value)
        return
    known = project.class_named(module, node)
    target = module.qualified(node)
    if known is not None:
        yield known
    elif target:
        yield from _named(project, module, target)
    elif isinstance(node, ast.Subscript | ast.Name):
        # One of several, which a name or a setting chooses: ``config[os.environ["FLASK_ENV"]]``.
        for found in _imported(project, module, node):
            yield from ((found, class_) for class_ in found.classes.values())


def _named(project: Project, module: Module, target: str) -> Iterator[tuple[Module, ast.ClassDef | None]]:
    found = project.find(module.path, target) or project.find(module.path, f"{target}.")
    if found is None:
        return
    home, rest = found
    rest = [name for name in rest if name]
    if not rest:
        yield home, None
    elif len(rest) == 1 and rest[0] in home.classes:
        yield home, home.classes[rest[0]]


def _imported(project: Project, module: Module, node: ast.expr) -> Iterator[Module]:
    """Yield the modules that the names of an expression come from."""
    for part in ast.walk(node):
        target = module.qualified(part) if isinstance(part, ast.Name) else None
        found = project.find(module.path, target) if target else None
        if found is not None:
            yield found[0]


def _attribute(project: Project, home: Module, class_: ast.ClassDef | None, key: str, depth: int = 0) -> Iterator[Held]:
    scope = home.scope if class_ is None else home.scopes.get(class_)
    bindings = scope.bindings.get(key, ()) if scope is not None else ()
    yield from ((home, class_, binding) for binding in bindings)
    for base in class_.bases if class_ is not None and not bindings and depth < MAX_BASES else ():
        known = project.class_named(home, base)
        if known is not None:
            yield from _attribute(project, *known, key, depth + 1)
