"""The output formats, and the one way to write a report in any of them.

Importing this costs nothing: each format is loaded when it is written.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mi_lint.model import Report

# What `--format` takes -> the module that has `chunks(report, options)`.
FORMATS = {
    "text": "mi_lint.report.text",
    "json": "mi_lint.report.json",
    "sarif": "mi_lint.report.sarif",
    "github": "mi_lint.report.github",
    "azure": "mi_lint.report.azure",
    "gitlab": "mi_lint.report.gitlab",
    "junit": "mi_lint.report.junit",
}
SARIF_PROFILES = ("github", "azdo")


class ReportOptions:
    """How reports are written. ``color`` None means: only on a terminal, unless the environment says otherwise."""

    __slots__ = ("category", "color", "environment", "profile", "show_source")

    def __init__(
        self,
        *,
        profile: str = "github",
        category: str = "",
        color: bool | None = None,
        show_source: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.profile = profile
        self.category = category
        self.color = color
        self.show_source = show_source
        self.environment = environment


def write(report: Report, name: str, destination: str, options: ReportOptions | None = None) -> list[str]:
    """Write a report to a file, or to standard output for ``-``. Return what the user should be told on stderr.

    Raises `OSError` with ``filename`` set when it cannot be written; an existing file is then unchanged.
    """
    from importlib import import_module

    from mi_lint.report.output import STDOUT, write_chunks

    options = options or ReportOptions()
    module = import_module(FORMATS[name])
    if name == "text":
        options = _with_color(options, destination == STDOUT)
    chunks: Iterable[str] = module.chunks(report, options)
    write_chunks(chunks, destination, terminal=name == "text")
    notes = getattr(module, "notes", None)
    return list(notes(report)) if notes else []


def _with_color(options: ReportOptions, stdout: bool) -> ReportOptions:
    if options.color is not None:
        return options
    import os
    import sys

    from mi_lint.report.text import wants_color

    environment = os.environ if options.environment is None else options.environment
    color = stdout and wants_color(environment, sys.stdout.isatty())
    return ReportOptions(
        profile=options.profile,
        category=options.category,
        color=color,
        show_source=options.show_source,
        environment=options.environment,
    )
