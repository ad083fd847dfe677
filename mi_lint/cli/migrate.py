"""`mi-lint migrate`: show what would be rewritten, or rewrite it; say what the Azure side needs first."""

from __future__ import annotations

import gc
import os
import shlex
import sys

from mi_lint.cli import asking
from mi_lint.errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import NoReturn

    from mi_lint.migrate.opened import Opened
    from mi_lint.migrate.plan import Plan
    from mi_lint.migrate.session import Session
    from mi_lint.python.site import Site

CLEAN, FOUND, FAILED = 0, 1, 2
# The settings that say which code a run is about; the others say what a scan shows.
SETTINGS = ("select", "extend-select", "ignore", "exclude", "rules", "ignore-file", "max-file-size")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    from mi_lint.configuration.arguments import add_options
    from mi_lint.configuration.options import CREDENTIALS

    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders; default: the whole repository")
    parser.add_argument("--write", action="store_true", help="write the files instead of showing the diff")
    parser.add_argument("--unsafe", action="store_true", help="also apply rewrites that involve a judgement")
    parser.add_argument("--interactive", action="store_true", help="ask for each call")
    parser.add_argument(
        "--credential",
        choices=CREDENTIALS,
        default="",
        help="credential class to write; auto: what the module uses, else DefaultAzureCredential",
    )
    parser.add_argument("--report", metavar="FILE", help="write every call with its state and reason as JSON")
    parser.add_argument("--force", action="store_true", help="write over changes that are not committed")
    parser.add_argument("--quiet", "-q", action="store_true", help="only the diff, no summary")
    add_options(parser, SETTINGS)


def run(arguments: argparse.Namespace) -> int:
    """Plan, show or write. Exit code 0: nothing is left to do; 1: there is; 2: something failed."""
    # Syntax trees are large and live to the end: collecting garbage only costs time.
    gc.disable()
    from mi_lint.configuration.arguments import configure as settings
    from mi_lint.migrate import report
    from mi_lint.migrate.opened import choose, open_project
    from mi_lint.secrets.hiding import Hiding
    from mi_lint.secrets.redact import redact

    if arguments.interactive:
        asking.require_terminal()
    opened = open_project(arguments.paths, settings(arguments, arguments.paths))
    session = opened.session
    chosen = choose(opened)
    plan = _plan(opened, chosen.sites, arguments)
    undo = ""
    if arguments.write:
        undo = _write(opened.root, session, plan, arguments.force)
    else:
        spans = Hiding(opened.config.rules).spans
        sys.stdout.writelines(report.diff(plan, session.original, redact, spans))
    if arguments.report:
        with open(arguments.report, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(report.report(plan, len(chosen.suppressed)))
    _tell(opened, plan, len(chosen.suppressed), undo, arguments)
    left = [site for site, outcome in plan.outcomes if report.state(outcome) != "rewritten"]
    return FOUND if left or (plan.texts and not arguments.write) else CLEAN


def _plan(opened: Opened, sites: list[Site], arguments: argparse.Namespace) -> Plan:
    from mi_lint.migrate.plan import Options

    options = Options(arguments.unsafe, arguments.credential or opened.config.credential)
    plan = opened.session.plan(options, sites)
    if not arguments.interactive:
        return plan
    if arguments.write and not arguments.force:
        # Before the questions: their answers would be lost.
        _refuse_uncommitted(opened.root, sorted(plan.texts))
    return opened.session.plan(options, sites, asking.refused(plan, opened.config.rules))


def _write(root: str, session: Session, plan: Plan, force: bool) -> str:
    """Write all files or none; refuse where work that is not committed could be lost. Return how to undo it."""
    from mi_lint.migrate.apply import write_group

    paths = sorted(plan.texts)
    try:
        dirty = _uncommitted(root, paths)
    except UserError:
        if not force:
            raise
        dirty = None
    if dirty and not force:
        _refuse(dirty)
    originals = {path: session.original(path) for path in plan.texts}
    write_group(root, {path: (old, plan.file_bytes(path, old)) for path, old in originals.items()})
    if dirty is None:
        return "there is no repository to undo it from"
    if dirty:
        return f"git cannot undo it in {_listed(dirty)}"
    from mi_lint.configuration.discover import shown_path

    shown = (shlex.quote(shown_path(os.path.join(root, path))) for path in paths)
    return f"undo: git checkout -- {' '.join(shown)}"


def _refuse_uncommitted(root: str, paths: Sequence[str]) -> None:
    dirty = _uncommitted(root, paths)
    if dirty:
        _refuse(dirty)


def _refuse(dirty: Sequence[str]) -> NoReturn:
    raise UserError(f"not written: uncommitted changes in {_listed(dirty)}; commit them first, or use --force")


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")


def _uncommitted(root: str, paths: Sequence[str]) -> list[str] | None:
    """Return which of the files have changes that are not committed; None outside of any repository."""
    import subprocess

    from mi_lint.sources.places import find_toplevel

    if find_toplevel(root) is None:
        return None
    if not paths:
        return []
    command = ["git", "status", "--porcelain", "-z", "--", *paths]
    status = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if status.returncode:
        reason = status.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise UserError(f"not written: git does not tell what is committed: {reason}")
    return [entry[3:].decode("utf-8", "replace") for entry in status.stdout.split(b"\0") if entry]


def _tell(opened: Opened, plan: Plan, suppressed: int, undo: str, arguments: argparse.Namespace) -> None:
    from mi_lint.migrate import report
    from mi_lint.plan.summary import of_migration

    for note in opened.session.project.notifications:
        sys.stderr.write(f"mi-lint: {note.path}: {note.text}\n" if note.path else f"mi-lint: {note.text}\n")
    if arguments.quiet:
        return
    azure = of_migration(opened) if plan.outcomes else None
    rights, problems = (azure.rights, azure.problems) if azure is not None else ([], [])
    lines = report.summary(plan, arguments.write, suppressed, rights, problems)
    if arguments.write and plan.texts:
        count = len(plan.texts)
        lines.append(f"{count} file{'s' if count != 1 else ''} written; {undo}")
    elif plan.texts:
        lines.append("nothing was written; `mi-lint migrate --write` writes it")
    lines += [*azure.elsewhere, azure.line] if azure is not None else []
    sys.stderr.write("\n".join(lines) + "\n")
