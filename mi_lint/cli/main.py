"""The command `mi-lint`: choose the verb, load only its module, turn every expected failure into a message and a code.

Exit codes: 0 nothing to report, 1 findings, 2 the command or the tool failed; see docs/exit-codes.md.
"""

from __future__ import annotations

import os
import sys

from mi_lint.errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import NoReturn, Protocol

    class Verb(Protocol):
        """A module of this package that carries out one verb."""

        def configure(self, parser: argparse.ArgumentParser) -> None:
            """Add the options of the verb."""

        def run(self, arguments: argparse.Namespace) -> int:
            """Do it and return the exit code."""


VERBS = {
    "scan": "find Azure credentials in files, staged changes or standard input",
    "migrate": "rewrite Python code from keys to managed identities",
    "plan": "plan the Azure side: identity, least roles, settings, turning keys off",
    "verify": "on the host: which identity answers, and do its rights work",
    "rules": "list and explain the rules",
    "baseline": "accept the findings of today and see only new ones",
    "config": "show the effective configuration",
}
FAILED = 2
INTERRUPTED = 130


def usage() -> str:
    """Return the text of `mi-lint --help`."""
    verbs = "\n".join(f"  {name:<10} {summary}" for name, summary in VERBS.items())
    return (
        "usage: mi-lint [--version] [--help] VERB …\n\n"
        "Find stored Azure credentials and move the code that uses them to managed identities.\n\n"
        f"verbs:\n{verbs}\n\n"
        "`mi-lint VERB --help` tells more. `mi-lint` alone is `mi-lint scan`.\n"
    )


def main(arguments: Sequence[str]) -> int:
    """Run one command line (without the program's name) and return its exit code."""
    first = arguments[0] if arguments else "scan"
    if first in ("-h", "--help", "help"):
        sys.stdout.write(usage())
        return 0
    if first in ("-V", "--version", "version"):
        from mi_lint import __version__

        sys.stdout.write(f"mi-lint {__version__}\n")
        return 0
    if first not in VERBS:
        return _unknown(first)
    return _run(first, list(arguments[1:]))


def _unknown(word: str) -> int:
    if word.startswith("-"):
        hint = "options come after the verb, such as `mi-lint scan --staged`"
    elif os.path.exists(word):
        hint = f"to scan it: `mi-lint scan {word}`"
    else:
        import difflib

        close = difflib.get_close_matches(word, VERBS, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(VERBS)}"
    sys.stderr.write(f"mi-lint: unknown verb '{word}'; {hint}\n")
    return FAILED


def _run(verb: str, rest: list[str]) -> int:
    import argparse

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            # The usage names forty options and would hide the one line that helps.
            raise UserError(f"{_explained(self, message)}; see `mi-lint {verb} --help`")

    module = _module(verb)
    parser = Parser(
        prog=f"mi-lint {verb}",
        description=f"{VERBS[verb][0].upper()}{VERBS[verb][1:]}.",
        allow_abbrev=False,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=_width()),
    )
    module.configure(parser)
    # Options may stand between the paths.
    return int(module.run(parser.parse_intermixed_args(rest)))


def _explained(parser: argparse.ArgumentParser, message: str) -> str:
    """Name the option that was probably meant, where argparse only says that it knows no such."""
    unknown = message.removeprefix("unrecognized arguments: ")
    if unknown == message:
        return message
    import difflib

    word = unknown.split(" ")[0]
    close = difflib.get_close_matches(word.split("=")[0], parser._option_string_actions, n=1)
    return f"unknown argument '{word}'" + (f", did you mean '{close[0]}'?" if close else "")


def _width() -> int:
    """Return the width for help texts; argparse itself would import `shutil` for it, at each option it is given."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) > 0:
        return int(columns) - 2
    try:
        return max(60, os.get_terminal_size(sys.__stdout__.fileno()).columns - 2) if sys.__stdout__ else 98
    except (OSError, ValueError):
        return 78


def _module(verb: str) -> Verb:
    import importlib

    module: Verb = importlib.import_module(f"mi_lint.cli.{verb}")
    return module


def run() -> None:
    """Run the command line of this process and end it."""
    if sys.stderr is None:  # Closed by the caller, as `2>&-` does.
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is None:
        sys.stderr.write("mi-lint: error: standard output is closed; send it to the null device to throw it away\n")
        sys.exit(FAILED)
    sys.exit(guarded(sys.argv[1:]))


def guarded(arguments: Sequence[str]) -> int:
    """Run a command line; expected failures become one line on standard error."""
    try:
        status = main(arguments)
        sys.stdout.flush()
    except UserError as error:
        sys.stderr.write(f"mi-lint: error: {error}\n")
        return FAILED
    except BrokenPipeError:
        # The reader of our output has seen enough. Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("mi-lint: interrupted\n")
        return INTERRUPTED
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"mi-lint: error: {place}{error.strerror or error}\n")
        return FAILED
    except Exception as error:
        sys.stderr.write(_defect(error))
        return FAILED
    return status


def _defect(error: Exception) -> str:
    """Describe a defect of mi-lint, without the exception's own text: it may quote a secret."""
    import traceback

    lines = [f"mi-lint: internal error: {type(error).__name__}; please report it, with these places:\n"]
    for frame in traceback.extract_tb(error.__traceback__):
        lines.append(f"  {frame.filename}:{frame.lineno} in {frame.name}\n")
    return "".join(lines)
