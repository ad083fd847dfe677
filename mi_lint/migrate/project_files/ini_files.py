"""Settings that rewritten code reads from an INI file: they belong there, and the environment of the host has none."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.residue.reach import parameter_of
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.scopes import Function, Scope
from mi_lint.python.site import Site

_PARSER = re.compile(rb"\b(?:Raw|Safe)?ConfigParser\(")
# What else settings are read from; a module with both says by its names which one is meant.
_OTHERS = re.compile(rb"\b(?:json\.loads?|yaml\.\w+|toml\w*\.loads?|tomli\.loads?|dotenv_values)\(|\bst\.secrets\b")
_MAKER = re.compile(r"(?i)configparser\.(?:Raw|Safe)?ConfigParser")
_FILE = re.compile(r"(?i)[^\s<>:]*\.(?:ini|cfg|conf|config|properties|txt|env)")
_MAX_NAMES = 5


@dataclass(frozen=True, slots=True, order=True)
class IniPlace:
    """A section of an INI file; empty is a file or section that the code does not spell."""

    file: str
    section: str
    reader: str

    def __str__(self) -> str:
        """Return the words for it within a sentence."""
        return (f"[{self.section}] of " if self.section else "") + self.words

    @property
    def words(self) -> str:
        """What the file is called."""
        return self.file or f"the INI file that {self.reader} reads"


def ini_settings(site: Site, rewrite: Rewritten) -> tuple[IniPlace, frozenset[str]] | None:
    """Return where the new settings of a rewritten call belong that it reads from an INI file, and these settings."""
    origins = [origin for origin in site.trace.origins if origin.kind == "config"] if site.trace is not None else []
    # The name of an entity comes from the environment, whatever holds the connection string.
    names = {name for name, _ in rewrite.settings} & {new for _, new in rewrite.renamed}
    if len(origins) != 1 or not names:
        return None
    module, node = origins[0].module, origins[0].node
    if not isinstance(node, ast.Call | ast.Subscript) or not _is_ini(module, node):
        return None
    section = _section(module, node) or _passed_section(site, module, node)
    return IniPlace(_file(module), section, module.path), frozenset(names)


def _is_ini(module: Module, node: ast.expr) -> bool:
    """Whether a parser of INI files is read: by what made it, else by what the module uses at all."""
    root: ast.expr = node
    for _ in range(_MAX_NAMES):
        while (owner := _owner(root)) is not None:
            root = owner
        if isinstance(root, ast.Call):
            return _MAKER.fullmatch(module.qualified(root.func) or "") is not None
        bound = [b.value for b in module.reaching(root)] if isinstance(root, ast.Name) else []
        if not bound or bound[0] is None:
            break
        root = bound[0]
    text = module.source.text
    return _PARSER.search(text) is not None and _OTHERS.search(text) is None


def _owner(node: ast.expr) -> ast.expr | None:
    """Return what an item, an attribute or the answer of ``get`` belongs to."""
    if isinstance(node, ast.Subscript | ast.Attribute):
        return node.value
    is_get = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"
    return node.func if is_get and isinstance(node, ast.Call) else None


def _section(module: Module, node: ast.Call | ast.Subscript) -> str:
    """Return the section of ``parser.get("AZURE", "KEY")``, ``parser["AZURE"]["KEY"]`` or ``section["KEY"]``."""
    given = _section_node(module, node)
    return _text(module, given) if given is not None else ""


def _section_node(module: Module, node: ast.Call | ast.Subscript) -> ast.expr | None:
    if isinstance(node, ast.Call) and len(node.args) > 1:
        return node.args[0]
    owner = node.value if isinstance(node, ast.Subscript) else getattr(node.func, "value", None)
    if isinstance(owner, ast.Name):
        owner = next((binding.value for binding in module.reaching(owner)), None)
    return owner.slice if isinstance(owner, ast.Subscript) else None


def _passed_section(site: Site, home: Module, node: ast.Call | ast.Subscript) -> str:
    """Return the section that a call of the project's own reader names, whose parameter for it the parser gets.

    Any other text that the call passes may be a secret, such as the value by default.
    """
    given = _section_node(home, node)
    reader = home.place(node)[0].enclosing("function")
    if not isinstance(given, ast.Name) or reader is None or not isinstance(reader.node, Function):
        return ""
    values = [site.secret]
    if isinstance(site.secret, ast.Name):
        values += [binding.value for binding in site.module.reaching(site.secret)]
    calls = (call for value in values if value is not None for call in ast.walk(value) if isinstance(call, ast.Call))
    for call in (call for call in calls if known.callee(call) == reader.name):
        for value in (*call.args, *(keyword.value for keyword in call.keywords)):
            parameter = parameter_of(
                call, reader.node, value, isinstance(call.func, ast.Attribute) and _is_method(reader)
            )
            if parameter is not None and parameter.arg == given.id:
                return _text(site.module, value)
    return ""


def _is_method(reader: Scope) -> bool:
    return reader.parent is not None and reader.parent.kind == "class"


def _text(module: Module, node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        values = [binding.value for binding in module.reaching(node)]
        node = values[0] if len(values) == 1 and values[0] is not None else node
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _file(module: Module) -> str:
    """Return the only file that parsers of a module read."""
    found: set[str] = set()
    for call in (node for node in ast.walk(module.tree) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("read", "read_file", "readfp"):
            parts = [part for argument in call.args for part in ast.walk(argument)]
            texts = (_text(module, part) for part in parts if isinstance(part, ast.Constant | ast.Name))
            found.update(text for text in texts if _FILE.fullmatch(text))
    return found.pop() if len(found) == 1 else ""
