"""What a project still asks of the secrets that its rewritten sites no longer take: the question after each plan.

A site is held back where something that runs with it stops, or decides otherwise, once the setting is gone, and nothing
uses the secret any more: then its demand is the only thing that keeps the secret alive. Another program of the same
repository, or a site that goes on with its key, is no reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mi_lint.migrate.branching.demands import checked
from mi_lint.migrate.holdbacks.libraries import secret_origins
from mi_lint.migrate.residue.declared import demands_value, field_named, owner_of
from mi_lint.migrate.residue.flow import Flow, Use
from mi_lint.migrate.residue.programs import Programs
from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.origins import Origin
from mi_lint.python.project import Project
from mi_lint.python.site import Site

REASON = "the code at {} still asks for '{}', which nothing else would use any more: take that out, too"
_ALIASES = ("alias", "validation_alias", "env")
_MUST = re.compile(r"(?i)require|must|mandatory|from_dict_or_env|or_raise|or_exit|or_fail|^_?need")


@dataclass(frozen=True, slots=True)
class Lost:
    """A secret that a rewritten site took: where it came from."""

    site: Site
    origins: tuple[Origin, ...]


def lost_of(site: Site, analysis: Analysis) -> Lost:
    """Return the secret of a site; tests aside, whose keys may be made up."""
    return Lost(site, () if known.is_test(site.module.path) else tuple(secret_origins(site, analysis)))


def still_asked(project: Project, lost: Iterable[Lost]) -> dict[Site, Use]:
    """Return the sites whose secret a project asks for in vain, with the place; ``project`` has the new texts."""
    remains = _Remains(project)
    found = ((entry.site, remains.of(entry)) for entry in lost)
    return {site: use for site, use in found if use is not None}


class _Remains:
    """Looks in the new texts for what is left of secrets; what was found of a setting is kept."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._programs = Programs(project)
        self._flows: dict[tuple[object, ...], Flow] = {}

    def of(self, lost: Lost) -> Use | None:
        """Return what still asks for the secret of a site, or None."""
        for origin in lost.origins:
            for flow in self._flows_of(origin):
                home = lost.site.module.path
                demands = [use for use in flow.demands if self._is_in_vain(use, home, flow.needs)]
                if demands:
                    return min(demands, key=lambda use: (use.module.path != home, use.module.path, use.start))
        return None

    def _is_in_vain(self, demand: Use, home: str, needs: Iterable[Use]) -> bool:
        """Whether a place of the program of a file asks for a secret that nothing running with the place uses."""
        place = demand.module.path
        together = self._programs.share(place, home)
        return together and not any(self._programs.share(place, need.module.path) for need in needs)

    def _flows_of(self, origin: Origin) -> Iterator[Flow]:
        key: tuple[object, ...] | None = None
        if origin.kind == "environment" and origin.name:
            key = ("environment", origin.name)
        elif origin.kind == "setting" and isinstance(origin.node, ast.AnnAssign):
            owner = owner_of(origin.module, origin.node)
            key = ("field", origin.module.path, owner.name, ast.unparse(origin.node.target)) if owner else None
        elif origin.kind in ("vault", "keys-listed", "config") and isinstance(origin.node, ast.expr):
            key = ("read", origin.module.path, ast.dump(origin.node))
        if key is None:
            return
        if key not in self._flows:
            self._flows[key] = self._follow(key, origin)
        yield self._flows[key]

    def _follow(self, key: tuple[object, ...], origin: Origin) -> Flow:
        module = self._project.module(origin.module.path)
        flow = Flow(self._project, origin.name if origin.kind != "vault" else ast.unparse(origin.node))
        if key[0] == "environment":
            self._setting(flow, origin.name)
        elif module is None:
            return flow
        elif key[0] == "field":
            self._field(flow, module, str(key[2]), str(key[3]))
            if origin.name != str(key[3]).upper():
                self._setting(flow, origin.name)
        else:
            self._read(flow, module, str(key[2]))
        return flow

    def _setting(self, flow: Flow, name: str) -> None:
        word = name.encode()
        for path in self._project.code:
            module = (
                None if known.is_test(path) or word not in self._project.code_text(path) else self._project.module(path)
            )
            for text in module.strings if module is not None else ():
                if text.value == name:
                    assert module is not None
                    self._named(flow, module, text)

    def _named(self, flow: Flow, module: Module, text: ast.Constant) -> None:
        """Follow a setting from where its name is written."""
        parent = module.parent(text)
        if isinstance(parent, ast.Subscript):
            if isinstance(parent.ctx, ast.Load):
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
            flow.demand(module, checked(module)[str(text.value)])

    def _asked(self, flow: Flow, module: Module, call: ast.Call, text: ast.Constant) -> None:
        """Follow what a call gives for the name of a setting."""
        name = known.callee(call)
        if name == "add_argument":
            return
        others = [given for given in call.args if given is not text]
        soft = others or call.keywords or name not in ("pop", "config", "env")
        if _MUST.search(name) or not soft:
            flow.demand(module, call)
        flow.value(module, call, missing=name in ("getenv", "get") and len(call.args) == 1 and not call.keywords)

    def _field(self, flow: Flow, module: Module, owner: str, name: str) -> None:
        declared = field_named(module, owner, name)
        if declared is None:
            return
        if demands_value(module, declared):
            flow.demand(module, declared)
        flow.attribute(module, name, owner)

    def _read(self, flow: Flow, module: Module, dumped: str) -> None:
        """Follow a read of a vault or a file, wherever the same expression stands in a module."""
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call | ast.Subscript | ast.Attribute) and ast.dump(node) == dumped:
                if not (isinstance(node, ast.Call) and known.callee(node) == "get"):
                    flow.demand(module, node)
                flow.value(module, node)
