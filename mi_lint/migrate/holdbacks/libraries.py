"""Code of a published package whose users fill in the secret: what they pass must go on working.

An application's own settings are told by their origin. Where that is not seen, a package on PyPI is used by others.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mi_lint.migrate.endpoint.connection_strings import template
from mi_lint.migrate.project_files.manifests import folders_around, manifests_in
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin
from mi_lint.python.project import Project
from mi_lint.python.scopes import Binding, Function
from mi_lint.python.site import Site

REASON = (
    "the secret comes from users of this package ({}), whose value the rewritten code would ignore: let them pass a "
    "token credential, too"
)
_KEPT = (
    "the connection string comes from users of this package ({}), in whose resource this identity may have no rights: "
    "let them pass a token credential, too"
)
_MANIFESTS = ("setup.py", "setup.cfg", "pyproject.toml")
# https://packaging.python.org/en/latest/specifications/core-metadata/#classifier
_CLASSIFIED = re.compile(rb"(?m)^[ \t]*[\"']?classifiers?[\"']?\s*[=:]")
_PRIVATE = re.compile(rb"(?i)Private\s*::\s*Do Not Upload")
_NAME = re.compile(rb"(?m)^[ \t]*name[ \t]*=[ \t]*[\"']([\w.-]+)[\"']")
_MAX_STEPS = 3
# https://developers.home-assistant.io/docs/creating_integration_file_structure
_HOME_ASSISTANT = ("manifest.json", "config_flow.py")


def reason(site: Site, analysis: Analysis) -> str:
    """Return why users of a package may be the ones who set a secret; empty when they are not."""
    unknown = next((origin.name for origin in secret_origins(site, analysis) if origin.kind == "opaque"), "")
    if not unknown and site.secret is not None:
        unknown = _parameter(site.module, site.secret)
    kept = site.call is not None and site.call.client.keeps_connection_string
    published = unknown and is_published(site.module.path, analysis.project)
    return (_KEPT if kept else REASON).format(unknown) if published else ""


def secret_origins(site: Site, analysis: Analysis) -> Iterator[Origin]:
    """Yield where a secret comes from; of one that is put into a connection string, where that comes from."""
    for origin in site.trace.origins if site.trace is not None else ():
        yield origin
        spelled = None
        if origin.kind == "template" and isinstance(origin.node, ast.expr):
            spelled = template(origin.module, origin.node)
        for hole in spelled.secrets() if spelled is not None else ():
            yield from analysis.tracer.trace(origin.module, hole).origins


def is_published(path: str, project: Project) -> bool:
    """Whether a module belongs to a package that is made to be installed by others."""
    folders = list(folders_around(path))
    if f"{folders[0]}/__init__.py".lstrip("/") not in project.files_in(folders[0]):
        return False
    for folder in folders:
        if all(f"{folder}/{name}".lstrip("/") in project.files_in(folder) for name in _HOME_ASSISTANT):
            return True
        for name in _MANIFESTS:
            other = f"{folder}/{name}".lstrip("/")
            text = project.text(other) if other in project.files_in(folder) else b""
            if text and (_CLASSIFIED.search(text) or _is_installed_by_name(text, folder, project)):
                return _PRIVATE.search(text) is None
        if manifests_in(project, folder) and f"{folder}/__init__.py".lstrip("/") not in project.files_in(folder):
            # A program of its own, such as an example beside a library, with what it needs.
            return False
    return False


def _is_installed_by_name(manifest: bytes, folder: str, project: Project) -> bool:
    """Whether the README beside a manifest tells people to install the package by its name."""
    name = _NAME.search(manifest)
    if name is None:
        return False
    spelled = re.sub(rb"[-_.]+", b"[-_.]+", name[1])
    command = re.compile(
        rb"(?i)\b(?:pip3?|pipx|uv|poetry)[ \t]+(?:install|add)[ \t]+[\"']?" + spelled + rb"(?![\w./-])"
    )
    return any(command.search(project.text(path)) for path in project.named_in(folder, ("README*", "readme*")))


def _parameter(module: Module, node: ast.expr, steps: int = 0) -> str:
    """Return the parameter of a public function that a value may come from, whatever it is when nobody passes it."""
    for part in ast.walk(node):
        values: list[ast.expr] = []
        if isinstance(part, ast.Name):
            for binding in module.place(part)[0].lookup(part.id):
                if _is_public(binding, module):
                    return f"the parameter '{binding.name}'"
                values += [binding.value] if binding.value is not None else []
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self":
            owner = module.place(part)[0].enclosing("class")
            stored = module.attributes.get(part.attr, ())
            values += [value for scope, _, value, _ in stored if scope.enclosing("class") is owner]
        for value in values if steps < _MAX_STEPS else ():
            if found := _parameter(module, value, steps + 1):
                return found
    return ""


def _is_public(binding: Binding, module: Module) -> bool:
    """Whether a binding is a parameter of a function, or of the constructor of a class, that others may call."""
    function = binding.scope.node
    if binding.kind != "parameter" or binding.name in ("self", "cls") or not isinstance(function, Function):
        return False
    owner = module.parent(function)
    names = [function.name, *([owner.name] if isinstance(owner, ast.ClassDef) else [])]
    return not any(name.startswith("_") and not name.endswith("__") for name in names)
