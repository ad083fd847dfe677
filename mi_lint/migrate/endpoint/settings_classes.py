"""A field of a settings class that holds a connection string holds the endpoint from then on, under another name.

What reads such a class may read a file, not the environment; so the field stays what the code reads.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from mi_lint.migrate.branching.conditions import condition
from mi_lint.migrate.context import Context, setting_name
from mi_lint.migrate.editing.changes import Change
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin
from mi_lint.python.site import ClientCall

_LENIENT = re.compile(r"""extra\W{1,4}=?\s*(?:Extra\.)?['"]?(?:ignore|allow)""")
_EMPTY = {"str": '""', "SecretStr": 'SecretStr("")'}
_FILES = re.compile(r"\b(?:env|toml|yaml|json)_file\b|\bsecrets_dir\b")


@dataclass(frozen=True, slots=True)
class Field:
    """The code that reads the field under its new name, the changes elsewhere, and the old and the new setting."""

    code: str
    changes: tuple[Change, ...]
    old: str
    new: str


def renamed_field(origin: Origin, secret: ast.expr, there: str, call: ClientCall, context: Context) -> Field | None:
    """Return how a settings field follows; None when it has other uses, or is read in another way.

    ``there`` is a setting that holds the endpoint already, of which the class may have a field, too.
    """
    declared, home = origin.node, origin.module
    attribute = next((n for n in ast.walk(secret) if isinstance(n, ast.Attribute) and _names(declared, n)), None)
    if attribute is None or not isinstance(declared, ast.AnnAssign) or not isinstance(declared.target, ast.Name):
        return None
    old = declared.target.id
    new = setting_name(old, call.client.endpoint.setting)
    new = new.upper() if old.isupper() else new.lower()
    owner = home.parent(declared)
    if there:
        other = _other_field(origin, old, there, owner, secret, attribute, context)
        if other is not None or not reads_file(origin):
            return other
        # Known from a sample only: what fills the class may be a file, which the environment lacks.
        prefix = origin.name[: -len(old)]
        new = there[len(prefix) :] if there.lower().startswith(prefix.lower()) else ""
        new = new if old.isupper() else new.lower()
    if declared.value is not None and not _is_empty(declared.value):
        return None
    if new in ("", old) or not isinstance(owner, ast.ClassDef) or any(_names(s, new) for s in owner.body):
        return None
    code = _read_as(new, secret, attribute, context)
    name = there or setting_name(origin.name, call.client.endpoint.setting)
    reads = _reads(old, declared, home, context)
    shared = reads is None or not all(_is_secret(*read, call, context) for read in reads)
    if known.is_settings_class(owner) and (shared or refuses_strangers(owner)):
        kept = None if shared or declared.value is not None else emptied(declared, home)
        if not shared and declared.value is None and kept is None:
            return None
        asked = [_renamed(context.module, read, new) for read in _guards(old, attribute, call, context)]
        return Field(code, (*((kept,) if kept else ()), _added(declared, new, home), *asked), origin.name, name)
    if shared or reads is None:
        return None
    start, end = home.source.span(declared.target)
    changes = [Change(home.path, start, end, new)]
    changes += [_renamed(module, read, new) for module, read in reads if read is not attribute]
    return Field(code, tuple(changes), origin.name, name)


def reads_file(origin: Origin) -> bool:
    """Whether a setting is a field of a class that reads a file, such as ``.env``, which the environment lacks."""
    owner = origin.module.parent(origin.node)
    return (
        isinstance(owner, ast.ClassDef) and known.is_settings_class(owner) and bool(_FILES.search(ast.unparse(owner)))
    )


def is_plain_field(origin: Origin) -> bool:
    """Whether a setting is a field of a class that reads no environment: only whoever makes the object fills it."""
    owner = origin.module.parent(origin.node)
    return isinstance(owner, ast.ClassDef) and not known.is_settings_class(owner)


def refuses_strangers(owner: ast.ClassDef) -> bool:
    """Whether a class stops at settings in its file that it has no fields for, as one that has been taken out.

    https://docs.pydantic.dev/latest/concepts/pydantic_settings/#dotenv-env-support
    """
    text = ast.unparse(owner)
    return known.is_settings_class(owner) and "env_file" in text and _LENIENT.search(text) is None


def emptied(declared: ast.AnnAssign, home: Module) -> Change | None:
    """Return the change that lets a field be empty, so that nobody has to set it; None for types that are not known."""
    annotation = ast.unparse(declared.annotation)
    empty = _EMPTY.get(annotation) or ("None" if re.search(r"\bNone\b|\bOptional\b", annotation) else "")
    end = home.source.span(declared)[1]
    return Change(home.path, end, end, f" = {empty}") if empty else None


def _added(declared: ast.AnnAssign, new: str, home: Module) -> Change:
    """Return a field for the endpoint below one that other code needs."""
    source = home.source
    start, end = source.span(declared)
    value = f" = {source.slice(declared.value)}" if declared.value is not None else ""
    line = f"{source.newline}{source.indentation(start)}{new}: {source.slice(declared.annotation)}{value}"
    offset = source.line_break(end - 1)
    return Change(home.path, offset, offset, line)


def _other_field(
    origin: Origin, old: str, there: str, owner: ast.AST, secret: ast.expr, attribute: ast.Attribute, context: Context
) -> Field | None:
    """Return the field of the same class for a setting that holds the endpoint already."""
    if not isinstance(owner, ast.ClassDef) or not origin.name.lower().endswith(old):
        return None
    prefix = origin.name[: len(origin.name) - len(old)]
    for statement in owner.body:
        target = statement.target if isinstance(statement, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and f"{prefix}{target.id}".upper() == there.upper():
            return Field(_read_as(target.id, secret, attribute, context), (), origin.name, there)
    return None


def _read_as(name: str, secret: ast.expr, attribute: ast.Attribute, context: Context) -> str:
    """Return the code of an expression in which an attribute has another name."""
    source = context.module.source
    first, last = source.span(secret)
    at = source.span(attribute)[1]
    return (source.text[first : at - len(attribute.attr.encode())] + name.encode() + source.text[at:last]).decode()


def _names(declared: ast.AST, name: ast.Attribute | str) -> bool:
    wanted = name if isinstance(name, str) else name.attr
    targets = declared.targets if isinstance(declared, ast.Assign) else [getattr(declared, "target", None)]
    return any(isinstance(target, ast.Name) and target.id == wanted for target in targets)


def _is_empty(value: ast.expr) -> bool:
    """Whether a default says nothing: ``None``, an empty text, ``Field(...)`` without another name."""
    if isinstance(value, ast.Call):
        plain = all(isinstance(argument, ast.Constant) and argument.value in (..., None, "") for argument in value.args)
        return plain and not any(k.arg in ("alias", "validation_alias", "env", "default") for k in value.keywords)
    return isinstance(value, ast.Constant) and not value.value


def _reads(
    name: str, declared: ast.AnnAssign, home: Module, context: Context
) -> list[tuple[Module, ast.Attribute]] | None:
    """Return the reads of a field in the whole project; None when its name stands anywhere else."""
    project = context.analysis.project
    word = re.compile(rb"(?<!\w)%s(?!\w)" % re.escape(name.encode()))
    found: list[tuple[Module, ast.Attribute]] = []
    for path in project.code:
        if name.encode() not in project.code_text(path) or not word.search(project.code_text(path)):
            continue
        module = project.module(path)
        if module is None:
            return None
        loads = module.attribute_loads(name)
        ends = {module.source.span(load)[1] for load in loads}
        ends |= {module.source.span(declared.target)[1]} if module is home else set()
        if any(match.end() not in ends for match in word.finditer(module.source.text)):
            return None
        found += [(module, load) for load in loads]
    return found


def _guards(old: str, attribute: ast.Attribute, call: ClientCall, context: Context) -> list[ast.Attribute]:
    """Return what asks whether a field is set in the function of a call, when only such calls use it there."""
    module = context.module
    scope = module.place(attribute)[0]
    reads = [r for r in module.attribute_loads(old) if r is not attribute and module.place(r)[0] is scope]
    asked = [read for read in reads if condition(module, read) is not None]
    return asked if all(read in asked or _is_secret(module, read, call, context) for read in reads) else []


def _is_secret(module: Module, read: ast.Attribute, call: ClientCall, context: Context) -> bool:
    """Whether a read of the field makes a client of the same endpoint."""
    node: ast.AST = read
    parent = module.parent(node)
    while isinstance(parent, ast.Attribute) or (
        isinstance(parent, ast.Call) and known.unwrapped(parent, "") is not None
    ):
        node, parent = parent, module.parent(parent)
    for other in context.analysis.client_calls(module):
        if node in other.arguments.values():
            same = other.client.endpoint == call.client.endpoint and other.constructor.name == call.constructor.name
            return same and other.arguments.get(other.constructor.positional[0]) is node
    return False


def _renamed(module: Module, read: ast.Attribute, new: str) -> Change:
    """Return the change of a whole read, which the rewrite of its own call makes, too."""
    start, end = module.source.span(read)
    text = module.source.text[start : end - len(read.attr.encode())].decode()
    return Change(module.path, start, end, text + new)
