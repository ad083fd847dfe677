"""The migration as a LibCST codemod: ``libcst.tool codemod --no-format -x mi_lint.migrate.codemod.MigrateCommand .``.

A codemod sees one file at a time: manifests, samples of settings and callers in other files stay as they are.
`mi-lint migrate` does those too.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext, SkipFile

from mi_lint.configuration.options import CREDENTIALS
from mi_lint.configuration.settings import load
from mi_lint.migrate.opened import Opened, choose
from mi_lint.migrate.outcome import HeldBack, Manual
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts
from mi_lint.rulebook import store
from mi_lint.scanning.policy import excludes_of
from mi_lint.sources.excludes import Excludes
from mi_lint.sources.places import find_toplevel, relative


class MigrateCommand(CodemodCommand):
    """Rewrites the calls of one module that authenticate to Azure with a stored secret."""

    DESCRIPTION = "Replace keys, connection strings and client secrets of Azure by managed identities."

    def __init__(self, context: CodemodContext, unsafe: bool = False, credential: str = "") -> None:
        super().__init__(context)
        self._options = Options(unsafe, credential)

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        """Add the options of the command."""
        arg_parser.add_argument("--unsafe", action="store_true", help="also apply rewrites that involve a judgement")
        arg_parser.add_argument("--credential", choices=CREDENTIALS, default="", help="credential class to write")

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """Return the rewritten module; what is not rewritten is told as a warning."""
        place = os.path.abspath(self.context.filename or "module.py")
        config = load([os.path.dirname(place)])
        root = find_toplevel(os.path.dirname(place)) or config.root
        path = relative(place, root)
        if Excludes(excludes_of(config, root)).cover(path):
            raise SkipFile("excluded by the configuration of mi-lint")
        session = session_of_texts({path: tree.bytes}, store.client_table(config.rules))
        for note in session.project.notifications:
            raise SkipFile(note.text)
        chosen = choose(Opened(root, {}, [path], session, config))
        options = self._options if self._options.credential else replace(self._options, credential=config.credential)
        plan = session.plan(options, chosen.sites)
        for site, outcome in plan.outcomes:
            if isinstance(outcome, HeldBack | Manual):
                self.warn(f"line {getattr(site.node, 'lineno', 1)}: {site.check} not rewritten: {outcome.reason}")
        if path not in plan.texts:
            return tree
        return cst.parse_module(plan.file_bytes(path, tree.bytes))
