"""`mi-lint plan`: what Azure needs before the code can run without secrets, as a page to read or a script to run."""

from __future__ import annotations

import os
import sys

from mi_lint.errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mi_lint.plan.model import Plan

COMPLETE, OPEN, FAILED = 0, 1, 2
# The settings that say what belongs to the workload; which rules a scan uses is nothing to a plan.
SETTINGS = ("exclude", "rules", "max-file-size")
FORMATS = ("markdown", "json", "az", "powershell", "bicep", "terraform")
_BY_SUFFIX = {
    ".md": "markdown",
    ".json": "json",
    ".sh": "az",
    ".ps1": "powershell",
    ".bicep": "bicep",
    ".tf": "terraform",
}
HOSTS = (
    "vm", "vmss", "web-app", "function-app", "container-app", "container-app-job", "container-instance", "aks", "arc",
    "ml", "github-actions", "azure-pipelines", "on-premises",
)  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    from mi_lint.configuration.arguments import add_options

    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="folders and files of one workload; default: the repository"
    )
    parser.add_argument(
        "--format", "-f", action="append", metavar="FORMAT", choices=FORMATS, help=f"{', '.join(FORMATS)}; repeatable"
    )
    parser.add_argument(
        "--output", "-o", action="append", metavar="FILE", help="file for each --format; the suffix may choose one"
    )
    parser.add_argument(
        "--host", choices=HOSTS, default="", help="where the code runs, when the repository does not tell"
    )
    parser.add_argument(
        "--identity", choices=("system", "user"), default="", help="kind of identity; default: by the documented rules"
    )
    parser.add_argument("--identity-name", metavar="NAME", default="", help="name of a user-assigned identity")
    parser.add_argument(
        "--no-ignore", action="store_true", help="also read what .gitignore excludes, for leaked secrets"
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="no summary")
    add_options(parser, SETTINGS)


def run(arguments: argparse.Namespace) -> int:
    """Make the plan and write it. Exit code 0: complete; 1: it has open questions; 2: no plan could be made."""
    from mi_lint.configuration.arguments import configure as settings
    from mi_lint.plan.build import Choices, is_empty, make
    from mi_lint.plan.model import SYSTEM, USER
    from mi_lint.plan.workspace import open_workspace

    outputs = _destinations(arguments.format or [], arguments.output or [])
    kind = {"": "", "system": SYSTEM, "user": USER}[arguments.identity]
    workspace = open_workspace(arguments.paths, arguments.no_ignore, settings(arguments, arguments.paths))
    plan = make(workspace, Choices(arguments.host, kind, arguments.identity_name))
    if is_empty(plan):
        sys.stderr.write(
            f"mi-lint: no client of an Azure service in {len(workspace.wanted)} files of "
            f"'{workspace.title}'; nothing to plan\n"
        )
        return COMPLETE
    for name, path in outputs:
        _write(plan, name, path)
    if not arguments.quiet:
        from mi_lint.plan.summary import summary

        sys.stderr.write("".join(f"{line}\n" for line in summary(plan)))
    return OPEN if plan.questions or plan.problems else COMPLETE


def _destinations(formats: Sequence[str], outputs: Sequence[str]) -> list[tuple[str, str]]:
    pairs = list(zip(formats, outputs, strict=False))
    for path in outputs[len(formats) :]:
        suffix = os.path.splitext(path)[1].lower()
        if suffix not in _BY_SUFFIX:
            raise UserError(f"{path}: no format is known for the suffix '{suffix}'; name one with --format")
        pairs.append((_BY_SUFFIX[suffix], path))
    pairs += [(name, "-") for name in formats[len(outputs) :]]
    if sum(path == "-" for _, path in pairs) > 1:
        raise UserError("only one format can go to standard output; give files to the others with --output")
    return pairs or [("markdown", "-")]


def _write(plan: Plan, name: str, path: str) -> None:
    import importlib

    text = importlib.import_module(f"mi_lint.plan.render.{name}").render(plan)
    from mi_lint.report.output import write_chunks

    write_chunks([text], path)
