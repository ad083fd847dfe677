"""What a project still asks of the secrets that its rewritten sites no longer take: the question after each plan.

A site is held back where something that runs with it stops, or decides otherwise, once the setting is gone, and nothing
uses the secret any more: then its demand is the only thing that keeps the secret alive. Another program of the same
repository, or a site that goes on with its key, is no reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from mi_lint.migrate.project_files.unused_settings import is_looked_up
from mi_lint.migrate.residue.checks import checked, entry
from mi_lint.migrate.residue.containers import item_of
from mi_lint.migrate.residue.declared import demands_value, field_named, fields_named, fields_of_files, owner_of
from mi_lint.migrate.residue.flow import Flow, Use
from mi_lint.migrate.residue.item_stores import copied_in_vain
from mi_lint.migrate.residue.lost import Lost, function_around, key_of
from mi_lint.migrate.residue.programs import Programs
from mi_lint.migrate.residue.reach import called, is_foreign, source_of
from mi_lint.migrate.residue.uses import refuses
from mi_lint.python import known
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin
from mi_lint.python.project import Project
from mi_lint.python.site import Site

# Variables that libraries and the programs which a process starts read by themselves.
_OF_LIBRARIES = re.compile(
    r"(?:AZURE|OPENAI|ARM|TF_VAR|TF|PG|MYSQL|SQLCMD|REDIS|AZCOPY|DATABRICKS|LANG(?:CHAIN|SMITH|FUSE)|LITELLM|MLFLOW|AWS"
    r"|GOOGLE|COGNITIVE|SPEECH|APPLICATIONINSIGHTS|APPINSIGHTS|OTEL)(?:_|[A-Z]*$)|[^A-Z]"
)
_SETTINGS_FILE = re.compile(r"(?i)(?:setting|config|const|env)\w*(?:/\w+)?\.py$")
_ALIASES = ("alias", "validation_alias", "env")
_MUST = re.compile(r"(?i)require|must|mandatory|from_dict_or_env|or_raise|or_exit|or_fail|^_?need")
# What gives a setting or a secret, and fails where there is none and no default is passed.
_WITHOUT_DEFAULT = frozenset({"pop", "config", "env", "get_secret"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A place that asks for a secret; ``is_guard``: something uses that yet, but nothing that the place guards.

    ``uses`` are all places that ask for it, where nothing at all needs it any more.
    """

    use: Use
    is_guard: bool
    uses: tuple[Use, ...] = ()


def still_asked(project: Project, lost: Iterable[Lost], looked_into: Collection[str] = ()) -> dict[Site, Asked]:
    """Return the sites whose secret a project asks for in vain, with the place; ``project`` has the new texts.

    ``looked_into`` are the environment variables that some class of an SDK reads without code that names them.
    """
    entries = list(lost)
    named = {o.name for entry in entries for o in entry.origins if o.kind == "environment"}
    exports = frozenset(name for entry in entries for name in entry.exports)
    remains = _Remains(project, exports, named.difference(looked_into))
    found = ((entry.site, remains.of(entry)) for entry in entries)
    return {site: use for site, use in found if use is not None}


class _Remains:
    """Looks in the new texts for what is left of secrets; what was found of a setting is kept."""

    def __init__(self, project: Project, exports: frozenset[str], given_up: Collection[str]) -> None:
        self._project = project
        self._exports = exports
        # The settings that rewritten sites no longer read, which code alone may go on reading.
        self._given_up = given_up
        self._programs = Programs(project)
        self._flows: dict[tuple[str, ...], Flow] = {}

    def of(self, lost: Lost) -> Asked | None:
        """Return what still asks for the secret of a site, or None."""
        home = lost.site.module.path
        flows = [(origin, flow) for origin in lost.origins if (flow := self._flow_of(origin)) is not None]
        everywhere = [need for _, flow in flows for need in flow.needs]
        for origin, flow in flows:
            # A name in one function says little of where else the same secret goes.
            needs = everywhere if origin.kind == "passed" and isinstance(origin.node, ast.Name) else flow.needs
            vain = [use for use in flow.demands if self._is_in_vain(use, home, needs)]
            demands = vain or [use for use in flow.demands if _guards(use, lost, flow.needs)]
            if demands:
                first = min(demands, key=lambda use: (use.module.path != home, use.module.path, use.start))
                needed = any(flow.needs or not flow.is_whole for origin, flow in flows if origin.kind != "passed")
                uses = (use for _, flow in flows for use in flow.demands)
                uses = (use for use in uses if self._programs.share(use.module.path, home))
                return Asked(first, not vain, tuple(uses) if vain and not needed else ())
        return None

    def _is_in_vain(self, demand: Use, home: str, needs: Iterable[Use]) -> bool:
        """Whether a place of the program of a file asks for a secret that nothing running with the place uses."""
        place = demand.module.path
        together = self._programs.share(place, home)
        return together and not any(self._programs.share(place, need.module.path) for need in needs)

    def _flow_of(self, origin: Origin) -> Flow | None:
        """Return where the secret of an origin goes; None for one that no setting or store gives."""
        key = key_of(origin)
        if key is not None and key not in self._flows:
            self._flows[key] = self._follow(key, origin)
        return self._flows[key] if key is not None else None

    def _follow(self, key: tuple[str, ...], origin: Origin) -> Flow:
        module = self._project.module(origin.module.path)
        kind, name = key[0], key[-1]
        stored = kind == "read" and origin.kind != "config"
        told = name if kind in ("attribute", "item") else origin.name or name
        flow = Flow(self._project, _shown(origin.node) if stored else told, self._exports, self._exported)
        if kind == "environment":
            self._setting(flow, name)
        elif kind == "attribute":
            self._attribute(flow, name)
        elif kind == "global" and module is not None:
            for binding in module.scope.bindings.get(name, ()):
                self._read_by(flow, module, binding.value)
            flow.variable(module, name, module.scope)
        elif kind == "item" and module is not None:
            self._item(flow, module, key[2], name)
        elif kind == "passed" and module is not None:
            self._passed(flow, module, key[2], name)
        elif kind == "field" and module is not None:
            self._field(flow, module, key[2], name)
            self._setting(flow, origin.name)
        elif module is not None:
            self._read(flow, module, name)
            if origin.kind == "config" and (item := item_of(origin.node)) is not None:
                self._item(flow, module, ast.dump(source_of(module, item[0])), item[1])
        return flow

    def _exported(self, flow: Flow, name: str) -> bool:
        """Follow a variable that code puts a secret into for what reads it there, if that is code that is known.

        A name of the program's own is read by its code or by nothing, whether or not some of that was just rewritten.
        """
        of_others = _OF_LIBRARIES.match(name) and name not in self._given_up
        if of_others or is_looked_up(self._project, name.encode()):
            return False
        self._setting(flow, name)
        return True

    @cached_property
    def _with_settings_classes(self) -> list[str]:
        return [path for path in self._project.code if b"BaseSettings" in self._project.code_text(path)]

    @cached_property
    def _settings_files(self) -> list[str]:
        return [path for path in self._project.code if _SETTINGS_FILE.search(path)]

    def _modules(self, paths: Iterable[str], wanted: Callable[[bytes], bool]) -> Iterator[Module]:
        """Yield those of the modules, tests aside, whose text tells that something is there: parsing takes long."""
        for path in paths:
            if wanted(self._project.code_text(path)) and not known.is_test(path):
                module = self._project.module(path)
                if module is not None:
                    yield module

    def _setting(self, flow: Flow, name: str) -> None:
        raw = name.encode()
        quoted = b'"%s"' % raw, b"'%s'" % raw
        for module in self._modules(
            self._project.usage.holders(name), lambda text: any(word in text for word in quoted)
        ):
            for text in module.strings:
                if text.value == name:
                    self._named(flow, module, text)
        self._fields(flow, name)

    def _fields(self, flow: Flow, name: str) -> None:
        raw = name.lower().encode()
        for module in self._modules(self._with_settings_classes, lambda text: raw in text.lower()):
            for owner, declared in fields_named(module, name):
                self._field(flow, module, owner, declared)

    def _attribute(self, flow: Flow, name: str) -> None:
        """Follow an attribute of an object whose class is not known: of a module of settings, of a settings class."""
        raw = name.encode()
        self._fields(flow, name)
        for module in self._modules(self._settings_files, lambda text: raw in text):
            for binding in module.scope.bindings.get(name, ()):
                self._read_by(flow, module, binding.value)
                flow.attribute(module, name, "")
            for scope, _, value, _ in module.attributes.get(name, ()):
                self._read_by(flow, module, value)
                if _is_item(value):
                    flow.demand(module, value)
                owner = scope.enclosing("class")
                flow.attribute(module, name, owner.name if owner is not None else "")
            for class_name, field in fields_of_files(module, name):
                self._field(flow, module, class_name, field)

    def _read_by(self, flow: Flow, module: Module, value: ast.expr | None) -> None:
        """Follow the settings whose names are written in the value of a name."""
        for part in ast.walk(value) if value is not None else ():
            name = part.args[0] if isinstance(part, ast.Call) and part.args else None
            name = part.slice if isinstance(part, ast.Subscript) else name
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                self._named(flow, module, name)

    def _named(self, flow: Flow, module: Module, text: ast.Constant) -> None:
        """Follow a setting from where its name is written."""
        parent = module.parent(text)
        if isinstance(parent, ast.Subscript):
            if isinstance(parent.ctx, ast.Load):
                # What other containers hold may have a default.
                if re.search(r"environ$|secrets$", ast.unparse(parent.value)):
                    flow.demand(module, parent)
                flow.value(module, parent)
        elif isinstance(parent, ast.Call):
            if text in parent.args:
                self._asked(flow, module, parent, text)
        elif isinstance(parent, ast.keyword):
            declared = module.statement(parent)
            if parent.arg not in _ALIASES:
                flow.need(module, text)
            elif isinstance(declared, ast.AnnAssign) and (owner := owner_of(module, declared)):
                self._field(flow, module, owner.name, ast.unparse(declared.target))
        elif isinstance(parent, ast.Compare):
            flow.value(module, text)
        elif isinstance(parent, ast.List | ast.Tuple | ast.Set | ast.Dict) and str(text.value) in checked(module):
            flow.demand(module, checked(module)[str(text.value)], part=entry(module, text))

    def _asked(self, flow: Flow, module: Module, call: ast.Call, text: ast.Constant) -> None:
        """Follow what a call gives for the name of a setting."""
        name = known.callee(call)
        if name == "add_argument" or name.endswith(("Error", "Exception")):
            return
        alone = len(call.args) == 1 and not call.keywords
        functions = (function for _, function, _ in called(self._project, module, call) if function is not None)
        if _MUST.search(name) or (alone and name in _WITHOUT_DEFAULT) or any(map(refuses, functions)):
            flow.demand(module, call)
        flow.value(module, call, missing=alone and name in ("getenv", "get"))

    def _field(self, flow: Flow, module: Module, owner: str, name: str) -> None:
        declared = field_named(module, owner, name)
        if declared is None:
            return
        if demands_value(self._project, module, declared):
            flow.demand(module, declared)
        flow.attribute(module, name, owner)

    def _passed(self, flow: Flow, module: Module, function: str, text: str) -> None:
        """Follow what a call of a function passes: the same name in the same function, the same attribute anywhere."""
        last = text.rpartition(".")[2]
        uses: list[ast.expr] = [*module.attribute_loads(last)] if "." in text else [*module.loads.get(last, ())]
        for use in uses:
            if ast.unparse(use) == text and ("." in text or function_around(module, use) == function):
                if isinstance(use, ast.Name) and is_foreign(self._project, module, use):
                    flow.demand(module, use)
                flow.value(module, use)

    def _item(self, flow: Flow, module: Module, container: str, name: str) -> None:
        """Follow the item of a container that is not known, also where other files ask for the same container."""
        items = (item_of(node) for node in ast.walk(module.tree))
        sources = {source_of(module, item[0]): None for item in items if item is not None and item[1] == name}
        places = [(module, source) for source in sources if ast.dump(source) == container]
        made = [source for _, source in places if isinstance(source, ast.Call)]
        for home, function, _ in (found for call in made for found in called(self._project, module, call)):
            calls = self._project.callers(home, function.name) if function is not None else []
            places += [(other, call) for other, call in calls if other is not module and not known.is_test(other.path)]
        for other, source in places:
            flow.items(other, source, name, home=module)
        for copy in copied_in_vain(module, name):
            flow.demand(module, copy.value, part=copy)

    def _read(self, flow: Flow, module: Module, dumped: str) -> None:
        """Follow a read of a vault or a file, wherever the same expression stands in a module."""
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call | ast.Subscript | ast.Attribute) and ast.dump(node) == dumped:
                if not (isinstance(node, ast.Call) and known.callee(node) == "get"):
                    flow.demand(module, node)
                flow.value(module, node)


def _guards(demand: Use, lost: Lost, needs: Iterable[Use]) -> bool:
    """Whether a test stands in a function that a secret came through, which does nothing else with it.

    What stands before a client, or before what gives it its key, is there for that, whoever uses the secret besides.
    A connection string that stays as the address is used where it was.
    """
    place = _place(demand)
    if not demand.is_test or place not in lost.ways:
        return False
    return not any(_place(need) == place or (_place(need) in lost.ways and _is_address(need)) for need in needs)


def _is_address(use: Use) -> bool:
    """Whether a connection string goes on telling a client where to connect to."""
    call = use.module.parent(use.node)
    call = use.module.parent(call) if isinstance(call, ast.keyword) else call
    return isinstance(call, ast.Call) and known.callee(call).startswith("from_connection_string")


def _place(use: Use) -> tuple[str, str]:
    return use.module.path, function_around(use.module, use.node)


def _is_item(value: ast.expr) -> bool:
    """Whether a value is an item of a file of settings, without which the read fails: ``settings["docs"]["key"]``."""
    plain = isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant)
    return plain and isinstance(value, ast.Subscript) and not ast.unparse(value.value).endswith("environ")


def _shown(node: ast.AST) -> str:
    """Return the code that reads a vault or lists keys, with the name that it asks for."""
    if not isinstance(node, ast.Call) or known.callee(node) != "get_secret":
        return known.without_arguments(node) if isinstance(node, ast.expr) else ""
    names = [ast.unparse(value) for value in node.args if isinstance(value, ast.Constant | ast.Name | ast.Attribute)]
    return f"{known.without_arguments(node.func)}({', '.join(names)})"
