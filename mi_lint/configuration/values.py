"""Check one value of one setting, wherever it was written, and say what is wanted when it is wrong."""

from __future__ import annotations

import os
import re

from mi_lint.configuration.errors import ConfigError, printable, suggestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mi_lint.configuration.options import Option

_SIZE = re.compile(r"([0-9]{1,15})\s*([KMG]?)(I?)B?", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3}


def checked(option: Option, value: object, where: str, base: str) -> object:
    """Return the value in its final form. ``where`` begins the message; relative paths are joined to ``base``.

    Raises `ConfigError`.
    """
    return _CHECKS[option.kind](option, value, where, base)


def _boolean(option: Option, value: object, where: str, base: str) -> object:
    if not isinstance(value, bool):
        raise ConfigError(f"{where} must be true or false, not {_shown(value)}")
    return value


def _count(option: Option, value: object, where: str, base: str) -> object:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1024:
        raise ConfigError(f"{where} must be a whole number from 0 to 1024, not {_shown(value)}")
    return value


def _size(option: Option, value: object, where: str, base: str) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ConfigError(f'{where} must be a number of bytes or a size such as "20MB", not {_shown(value)}')
    number, unit, binary = match.groups()
    return int(number) * int((1024 if binary else 1000) ** _POWERS[unit.upper()])


def _choice(option: Option, value: object, where: str, base: str) -> object:
    if not isinstance(value, str) or value not in option.choices:
        hint = suggestion(value, option.choices) if isinstance(value, str) else ""
        raise ConfigError(f"{where} must be one of {', '.join(option.choices)}, not {_shown(value)}{hint}")
    return value


def _formats(option: Option, value: object, where: str, base: str) -> object:
    names = _strings(option, [value] if isinstance(value, str) else value, where, base)
    return [_choice(option, name, where, base) for name in names]


def _strings(option: Option, value: object, where: str, base: str) -> list[str]:
    if not isinstance(value, list):
        hint = f'; write ["{printable(value)}"]' if isinstance(value, str) else ""
        raise ConfigError(f"{where} must be a list of strings, not {_shown(value)}{hint}")
    for item in value:
        if not isinstance(item, str) or not item.strip():
            raise ConfigError(f"{where} must hold only strings that are not empty, not {_shown(item)}")
    return [item.strip() for item in value]


def _path(option: Option, value: object, where: str, base: str) -> object:
    if not isinstance(value, str) or "\0" in value:
        raise ConfigError(f"{where} must be a path, not {_shown(value)}")
    return _joined(base, value)


def _paths(option: Option, value: object, where: str, base: str) -> object:
    names = _strings(option, [value] if isinstance(value, str) else value, where, base)
    return [_joined(base, name) for name in names]


def _joined(base: str, path: str) -> str:
    # "-" is standard output, an empty path is none.
    return path if path in ("", "-") else os.path.join(base, os.path.expanduser(path))


def _rules_by_path(option: Option, value: object, where: str, base: str) -> object:
    if not isinstance(value, dict):
        raise ConfigError(f'{where} must be a table such as {{"tests/**" = ["MI101"]}}, not {_shown(value)}')
    return {glob: _strings(option, rules, f"{where}, '{printable(glob)}',", base) for glob, rules in value.items()}


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a number of many digits"  # which Python may refuse to write out
    text = printable(str(value))
    return f"'{text}'" if isinstance(value, str) else text


_CHECKS: dict[str, Callable[[Option, object, str, str], object]] = {
    "boolean": _boolean,
    "count": _count,
    "size": _size,
    "choice": _choice,
    "formats": _formats,
    "strings": _strings,
    "path": _path,
    "paths": _paths,
    "rules-by-path": _rules_by_path,
}
