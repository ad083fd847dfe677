"""The effective settings of a run: defaults, then the configuration file, then the command line."""

from __future__ import annotations

import os

from mi_lint.configuration import discover
from mi_lint.configuration.errors import ConfigError, printable, suggestion
from mi_lint.configuration.options import BY_NAME, IGNORE_FILE, OPTIONS, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT = "default"
COMMAND_LINE = "command line"


class Layer:
    """The choice of rules that one place makes; a layer with ``select`` starts anew."""

    __slots__ = ("extend_select", "ignore", "select", "where")

    def __init__(self, values: Mapping[str, object], where: Mapping[str, str]) -> None:
        self.select: Sequence[str] = values.get("select", ())  # type: ignore[assignment]
        self.extend_select: Sequence[str] = values.get("extend-select", ())  # type: ignore[assignment]
        self.ignore: Sequence[str] = values.get("ignore", ())  # type: ignore[assignment]
        self.where = where

    def __bool__(self) -> bool:
        return bool(self.select or self.extend_select or self.ignore)


class Config:
    """The effective settings; see `mi_lint.configuration.options` for their meaning.

    ``origins`` says for every key where its value comes from; ``file`` is the configuration file or empty; ``root`` is
    the folder of the project, to which globs are relative.
    """

    __slots__ = (
        "baseline", "credential", "exclude", "extend_select", "fail_on", "file", "format",
        "honour_foreign_suppressions", "ignore", "ignore_file", "include_suppressed", "jobs", "layers",
        "max_file_size", "min_confidence", "min_severity", "origins", "output", "per_path_ignores",
        "report_unused_suppressions", "respect_gitignore", "root", "rules", "select", "thorough",
    )  # fmt: skip

    select: list[str]
    extend_select: list[str]
    ignore: list[str]
    min_severity: str
    min_confidence: str
    thorough: bool
    fail_on: str
    exclude: list[str]
    respect_gitignore: bool
    per_path_ignores: dict[str, list[str]]
    rules: list[str]
    baseline: str
    ignore_file: str
    honour_foreign_suppressions: bool
    report_unused_suppressions: bool
    include_suppressed: bool
    max_file_size: int
    jobs: int
    credential: str
    format: list[str]
    output: list[str]

    def __init__(
        self,
        values: Mapping[str, object],
        origins: dict[str, str],
        layers: tuple[Layer, ...] = (),
        file: str = "",
        root: str = "",
    ) -> None:
        self.origins = origins
        self.layers = layers
        self.file = file
        self.root = root
        for option in OPTIONS:
            setattr(self, option.attribute, values[option.name])

    def get(self, name: str) -> object:
        """Return a setting by its key."""
        return getattr(self, BY_NAME[name].attribute)

    def changed(self, values: Mapping[str, object], ignore: Sequence[str] = ()) -> Config:
        """Return settings with other values, in which some rules are off whatever selects them."""
        own = {option.name: self.get(option.name) for option in OPTIONS}
        layers = (*self.layers, Layer({"ignore": ignore}, {})) if ignore else self.layers
        return Config({**own, **values}, self.origins, layers, self.file, self.root)

    def __reduce__(self) -> tuple[object, ...]:
        """Let settings travel to other processes."""
        values = {option.name: self.get(option.name) for option in OPTIONS}
        return type(self), (values, self.origins, self.layers, self.file, self.root)


def load(
    paths: Sequence[str] = (),
    command_line: Mapping[str, object] | None = None,
    *,
    config_file: str = "",
    isolated: bool = False,
) -> Config:
    """Return the settings for a run over ``paths``. Raises `ConfigError`.

    ``command_line`` maps keys to what was given there, ``config_file`` is the file to use in place of the nearest,
    ``isolated`` uses none. With paths in several places their common folder decides.
    """
    start = common_folder(paths)
    table, root = None, start
    if config_file:
        table = discover.read(config_file)
        root = os.path.dirname(table.path)
    elif not isolated:
        table, root = discover.find(start)
    given, where = _checked_table(table) if table else ({}, {})
    typed = _checked_command_line(command_line) if command_line else {}
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for option in OPTIONS:
        values[option.name], origins[option.name] = _merged(option, given, where, typed)
    layers = tuple(layer for layer in (Layer(given, where), Layer(typed, dict.fromkeys(typed, COMMAND_LINE))) if layer)
    if typed.get("select"):
        for name in ("extend-select", "ignore"):
            values[name] = typed.get(name, [])
            origins[name] = COMMAND_LINE if name in typed else DEFAULT
    if not values["ignore-file"] and not isolated:
        beside = os.path.join(root, IGNORE_FILE)
        if os.path.isfile(beside):
            values["ignore-file"] = beside
    return Config(values, origins, layers, table.path if table else "", root)


def common_folder(paths: Sequence[str]) -> str:
    """Return the folder that holds all paths; the working directory when there are none."""
    if not paths:
        return os.getcwd()
    try:
        start = os.path.commonpath([os.path.abspath(path) for path in paths])
    except ValueError:  # several drives
        return os.getcwd()
    return start if os.path.isdir(start) else os.path.dirname(start)


def _merged(
    option: Option, given: Mapping[str, object], where: Mapping[str, str], typed: Mapping[str, object]
) -> tuple[object, str]:
    name = option.name
    if name in typed and name in given and (option.adds or name in ("extend-select", "ignore")):
        return [*given[name], *typed[name]], f"{where[name]} and {COMMAND_LINE}"  # type: ignore[misc]
    if name in typed:
        return typed[name], COMMAND_LINE
    if name in given:
        return given[name], where[name]
    # A fresh container each time: settings of two runs in one process share nothing.
    default = option.default
    return (default.copy() if isinstance(default, (list, dict)) else default), DEFAULT


def _checked_table(table: discover.Table) -> tuple[dict[str, object], dict[str, str]]:
    from mi_lint.configuration.values import checked

    base = os.path.dirname(table.path)
    values: dict[str, object] = {}
    where: dict[str, str] = {}
    for key, value in table.values.items():
        place = table.where(key)
        option = BY_NAME.get(key)
        if option is None:
            hint = suggestion(key, BY_NAME) or f" (known: {', '.join(sorted(BY_NAME))})"
            raise ConfigError(f"{place}: unknown key '{printable(key)}'{hint}")
        values[key] = checked(option, value, f"{place}: '{key}'", base)
        where[key] = place
    return values, where


def _checked_command_line(given: Mapping[str, object]) -> dict[str, object]:
    from mi_lint.configuration.values import checked

    return {
        name: checked(BY_NAME[name], value, BY_NAME[name].flag or f"'{name}'", "")
        for name, value in given.items()
        if value is not None
    }
