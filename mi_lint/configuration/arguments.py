"""The settings as options of a verb."""

from __future__ import annotations

from mi_lint.configuration.options import OPTIONS
from mi_lint.configuration.settings import Config, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from mi_lint.configuration.options import Option

# Short names that users of ruff and gitleaks try first.
_SHORT = {"jobs": "-j", "baseline": "-b"}


def add_options(parser: argparse.ArgumentParser, names: Iterable[str] = ()) -> None:
    """Add options for settings, all or the named ones, and those that choose the configuration file."""
    wanted = set(names)
    group = parser.add_argument_group("settings", "each is also a key of [tool.mi-lint]; see `mi-lint config`")
    for option in OPTIONS:
        if option.flag and (not wanted or option.name in wanted):
            _add(group, option)
    group.add_argument("--config", metavar="FILE", default="", help="use this configuration file, not the nearest")
    group.add_argument("--isolated", action="store_true", help="use no configuration file")


def _add(group: argparse._ArgumentGroup, option: Option) -> None:
    import argparse

    destination = f"setting_{option.attribute}"
    summary = option.summary
    if option.kind == "boolean":
        group.add_argument(
            option.flag, dest=destination, action=argparse.BooleanOptionalAction, default=None, help=summary
        )
        return
    if option.choices:
        summary += f": {', '.join(option.choices)}"
    names = [_SHORT[option.name], option.flag] if option.name in _SHORT else [option.flag]
    if option.kind in ("strings", "paths"):
        group.add_argument(*names, dest=destination, action="append", metavar=option.metavar, help=summary)
    else:
        group.add_argument(*names, dest=destination, metavar=option.metavar, help=summary)


def given(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the settings that the command line gives, by key."""
    result: dict[str, object] = {}
    for option in OPTIONS:
        value = getattr(arguments, f"setting_{option.attribute}", None)
        if value is None:
            continue
        if option.kind == "strings" and option.metavar == "RULES":
            value = [word for part in value for word in part.split(",") if word.strip()]
        elif option.kind == "count" and value.isascii() and value.isdigit():
            value = int(value)
        result[option.name] = value
    return result


def configure(arguments: argparse.Namespace, paths: Sequence[str] = ()) -> Config:
    """Return the settings for a run. Raises `ConfigError`."""
    return load(paths, given(arguments), config_file=arguments.config, isolated=arguments.isolated)
