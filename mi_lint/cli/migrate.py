"""`mi-lint migrate`: show what would be rewritten, or rewrite it; say what the Azure side needs first."""

from __future__ import annotations

import gc
import os
import shlex
import sys

from mi_lint.errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mi_lint.migrate.plan import Plan
    from mi_lint.migrate.session import Session
    from mi_lint.python.site import Site

CLEAN, FOUND, FAILED = 0, 1, 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders; default: the whole repository")
    parser.add_argument("--write", action="store_true", help="write the files instead of showing the diff")
    parser.add_argument("--unsafe", action="store_true", help="also apply rewrites that involve a judgement")
    parser.add_argument("--select", metavar="RULES", action="append", help="only these rules, such as MI201,MI206")
    parser.add_argument("--interactive", action="store_true", help="ask for each call")
    parser.add_argument(
        "--credential",
        choices=("default", "managed", "workload"),
        default="",
        help="credential class to write; default: what the module uses, else DefaultAzureCredential",
    )
    parser.add_argument("--report", metavar="FILE", help="write every call with its state and reason as JSON")
    parser.add_argument("--force", action="store_true", help="write over changes that are not committed")
    parser.add_argument("--quiet", "-q", action="store_true", help="only the diff, no summary")


def run(arguments: argparse.Namespace) -> int:
    """Plan, show or write. Exit code 0: nothing is left to do; 1: there is; 2: something failed."""
    # Syntax trees are large and live to the end: collecting garbage only costs time.
    gc.disable()
    from mi_lint.migrate import report
    from mi_lint.migrate.plan import Options
    from mi_lint.secrets.hiding import Hiding
    from mi_lint.secrets.redact import redact

    root, session, places = _session(arguments.paths)
    sites = _selected(session.sites, arguments.select)
    if arguments.interactive:
        sites = _asked(sites)
    plan = session.plan(Options(arguments.unsafe, arguments.credential), sites)
    if arguments.write:
        _write(root, session, plan, arguments.force)
    else:
        sys.stdout.writelines(report.diff(plan, session.original, redact, Hiding().spans))
    if arguments.report:
        with open(arguments.report, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(report.report(plan))
    _tell(session, plan, arguments)
    if plan.outcomes and not arguments.quiet:
        from mi_lint.plan.summary import of_migration

        sys.stderr.write(f"{of_migration(root, places, session)}\n")
    left = [site for site, outcome in plan.outcomes if report.state(outcome) != "rewritten"]
    return FOUND if left or (plan.texts and not arguments.write) else CLEAN


def _session(paths: Sequence[str]) -> tuple[str, Session, dict[str, str]]:
    from mi_lint.migrate.session import Session
    from mi_lint.rulebook import store
    from mi_lint.sources.files import read
    from mi_lint.sources.places import find_toplevel
    from mi_lint.sources.worktree import walk

    first = paths[0] if paths else "."
    folder = first if os.path.isdir(first) else os.path.dirname(first) or "."
    root = find_toplevel(os.path.abspath(folder)) or os.path.abspath(folder)
    places = dict(walk(root, ["."]))
    wanted = None
    if paths:
        wanted = [shown for shown, _ in walk(root, [os.path.relpath(os.path.abspath(path), root) for path in paths])]
        places.update({shown: os.path.join(root, shown) for shown in wanted})

    def content(path: str) -> bytes | None:
        found = read(places[path], path) if path in places else None
        return found if isinstance(found, bytes) else None

    chosen = places if wanted is None else {shown: places[shown] for shown in wanted}
    return root, Session(places, content, store.client_table(), wanted), chosen


def _selected(sites: list[Site], select: Sequence[str] | None) -> list[Site]:
    from mi_lint.migrate.plan import can_rewrite

    if not select:
        # A misused identity holds no secret: what cannot be rewritten of it is told by the scan.
        return [site for site in sites if not site.check.startswith("MI4") or can_rewrite(site)]
    names = [name.strip() for part in select for name in part.split(",") if name.strip()]
    from mi_lint.rulebook import store

    known = store.rule_table()
    for name in names:
        if not any(identity.startswith(name) for identity in known):
            raise UserError(f"--select: there is no rule '{name}'; `mi-lint rules` lists them")
    return [site for site in sites if site.check.startswith(tuple(names))]


def _asked(sites: list[Site]) -> list[Site]:
    """Ask on the terminal which calls to rewrite."""
    if not sys.stdin.isatty():
        raise UserError("--interactive needs a terminal to ask on")
    chosen: list[Site] = []
    for site in sites:
        place = f"{site.module.path}:{getattr(site.node, 'lineno', 1)}"
        sys.stderr.write(f"{place}  {site.check}  {site.details[0] if site.details else ''}\n")
        answer = input("rewrite this call? [y]es, [n]o, [a]ll, [q]uit: ").strip().lower()[:1]
        if answer == "a":
            return [*chosen, *sites[sites.index(site) :]]
        if answer == "q":
            break
        if answer in ("y", ""):
            chosen.append(site)
    return chosen


def _write(root: str, session: Session, plan: Plan, force: bool) -> None:
    """Write all files or none; refuse where work that is not committed could be lost."""
    from mi_lint.migrate.apply import write_group

    if not force:
        _refuse_uncommitted(root, sorted(plan.texts))
    originals = {path: session.original(path) for path in plan.texts}
    write_group(root, {path: (old, plan.file_bytes(path, old)) for path, old in originals.items()})


def _refuse_uncommitted(root: str, paths: Sequence[str]) -> None:
    import subprocess

    from mi_lint.sources.places import find_toplevel

    if not paths or find_toplevel(root) is None:
        return
    command = ["git", "status", "--porcelain", "-z", "--", *paths]
    status = subprocess.run(command, cwd=root, capture_output=True, check=False)
    dirty = [entry[3:].decode("utf-8", "replace") for entry in status.stdout.split(b"\0") if entry]
    if dirty:
        shown = ", ".join(dirty[:5]) + (f" and {len(dirty) - 5} more" if len(dirty) > 5 else "")
        raise UserError(f"not written: uncommitted changes in {shown}; commit them first, or use --force")


def _tell(session: Session, plan: Plan, arguments: argparse.Namespace) -> None:
    from mi_lint.migrate import report

    for note in session.project.notifications:
        sys.stderr.write(f"mi-lint: {note.path}: {note.text}\n")
    if arguments.quiet:
        return
    lines = report.summary(plan, arguments.write)
    if arguments.write and plan.texts:
        count = len(plan.texts)
        paths = " ".join(shlex.quote(path) for path in sorted(plan.texts)) if count <= 5 else "."
        lines.append(f"{count} file{'s' if count != 1 else ''} written; undo: git checkout -- {paths}")
    elif plan.texts:
        lines.append("nothing was written; `mi-lint migrate --write` writes it")
    sys.stderr.write("\n".join(lines) + "\n")
