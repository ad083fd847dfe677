"""Every setting, once: the key in the file, the option on the command line, `mi-lint config` and the documentation."""

from __future__ import annotations

from mi_lint.report.formats import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

SEVERITIES: Final = ("info", "low", "medium", "high", "critical")
CONFIDENCES: Final = ("low", "medium", "high", "very-high")
CREDENTIALS: Final = ("auto", "default", "managed", "workload")
MAX_FILE_SIZE: Final = 256 * 1024 * 1024
IGNORE_FILE: Final = ".mi-lint-ignore"


class Option:
    """One setting.

    ``kind`` names the check in `values`. What is given on the command line replaces what a file says; an option that
    ``adds`` joins both lists. ``flag`` and ``short`` are empty when there is no option on the command line.
    """

    __slots__ = ("adds", "choices", "default", "flag", "kind", "metavar", "name", "summary")

    def __init__(
        self,
        name: str,
        kind: str,
        default: object,
        summary: str,
        *,
        choices: tuple[str, ...] = (),
        adds: bool = False,
        flag: str | None = None,
        metavar: str = "",
    ) -> None:
        self.name = name
        self.kind = kind
        self.default = default
        self.summary = summary
        self.choices = choices
        self.adds = adds
        self.flag = f"--{name}" if flag is None else flag
        self.metavar = metavar

    @property
    def attribute(self) -> str:
        """The name of the setting in Python."""
        return self.name.replace("-", "_")


OPTIONS: Final = (
    Option(
        "select", "strings", [], metavar="RULES",
        summary="rules to use: ids, beginnings of ids, names, service files or ALL; empty: all that are on by default",
    ),
    Option("extend-select", "strings", [], metavar="RULES", summary="rules to use besides"),
    Option("ignore", "strings", [], metavar="RULES", summary="rules not to use; the more specific selector wins"),
    Option(
        "min-severity", "choice", "info", choices=SEVERITIES, metavar="LEVEL",
        summary="do not show findings below this severity",
    ),
    Option(
        "min-confidence", "choice", "low", choices=CONFIDENCES, metavar="LEVEL",
        summary="do not show findings below this confidence",
    ),
    Option("thorough", "boolean", False, summary="also show what is too uncertain for every day"),
    Option(
        "fail-on", "choice", "info", choices=(*SEVERITIES, "never"), metavar="LEVEL",
        summary="exit with 1 for findings of this severity or above",
    ),
    Option(
        "exclude", "strings", [], adds=True, metavar="GLOB",
        summary="paths not to scan, in the language of .gitignore, relative to the configuration file",
    ),
    Option("respect-gitignore", "boolean", True, flag="", summary="do not scan what .gitignore excludes"),
    Option(
        "per-path-ignores", "rules-by-path", {}, flag="", summary="rules not to use in paths that match a glob"
    ),
    Option("rules", "paths", [], adds=True, metavar="PATH", summary="files or folders with rules of your own"),
    Option("baseline", "path", "", metavar="FILE", summary="do not show findings that this file has accepted"),
    Option(
        "ignore-file", "path", "", metavar="FILE",
        summary=f"fingerprints of findings not to show; default: {IGNORE_FILE} beside the configuration, if it exists",
    ),
    Option(
        "honour-foreign-suppressions", "boolean", True,
        summary="heed 'pragma: allowlist secret' and 'gitleaks:allow' for secrets",
    ),
    Option("report-unused-suppressions", "boolean", False, summary="report suppressions that suppress nothing"),
    Option("include-suppressed", "boolean", False, summary="write suppressed findings into SARIF and JSON, marked so"),
    Option("max-file-size", "size", MAX_FILE_SIZE, metavar="SIZE", summary="skip larger files, such as 20MB"),
    Option("jobs", "count", 0, metavar="N", summary="processes to use; 0: as many as pay"),
    Option(
        "credential", "choice", "auto", choices=CREDENTIALS, flag="",
        summary="credential class to write; auto: what the module uses, else DefaultAzureCredential",
    ),
    Option("format", "formats", [], choices=tuple(FORMATS), flag="", summary="formats of the output; default: text"),
    Option("output", "paths", [], flag="", summary="files for the formats, in the same order; the rest goes to stdout"),
)  # fmt: skip
BY_NAME: Final = {option.name: option for option in OPTIONS}
