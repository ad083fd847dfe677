"""Samples of settings follow the code: those of ``.env``, ``local.settings.json`` and INI files, compose files, README.

Real ``.env`` files hold real values and are never touched. A file that still serves a reader of the old setting keeps
it and gets the new one beside it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.project_files.documents import prose_changes
from mi_lint.migrate.project_files.manifests import folders_around
from mi_lint.python.project import Project

# Writes the line of a new setting: from what stands before and after the old name, both names and an example value.
_Writer = Callable[[str, str, str, str, str], "str | None"]
_SAMPLE = re.compile(r"(?i)example|sample|template|\bdist\b|defaults?|\.tpl\b")
_ENVIRONMENT = (
    ".env.*", "*.env", "env.*", "*.env.*", ".env-*", ".env_*", "*.env-*", "*.env_*", "env-example*", "env-sample*",
    "env-template*", "env_example", "env_sample", "env_template", "example[-_]env", "sample[-_]env", "template[-_]env",
    "dotenv.*",
)  # fmt: skip
_INI = ("*.ini", "*.ini.*", "*.cfg", "*.cfg.*")
_COMPOSE = ("docker-compose*.y*ml", "compose*.y*ml")
_SETTINGS_JSON = ("local.settings*.json*", "*.settings.json.*", "appsettings*.json*", "*.settings.sample.json")
_DOCUMENTS = ("README*.md", "readme*.md")
# Files of settings in the program's own format, and workflows that deploy it; and an entry of one.
_DATA = (".json", ".yml", ".yaml", ".toml", ".ini", ".cfg", ".conf")
_ENTRY = rb"(?m)(?:^|[{,])[ \t-]*[\"']?(?:%s)[\"']?[ \t]*[:=]"
# Kubernetes and the application settings of Azure list them by name: ``- name: KEY``.
_LISTED = rb"(?m)(?:^|[{,])[ \t-]*[\"']?name[\"']?[ \t]*:[ \t]*[\"']?(?:%s)[\"']?[ \t]*(?:,|\r?$)"


# An old name with its new names and an example of each value.
_Renamed = Mapping[str, Mapping[str, str]]


def setting_changes(
    project: Project, module: str, renamed: Mapping[str, _Renamed], still_read: frozenset[str]
) -> list[Change]:
    """Return the changes for the settings of a module: in its folder and those around it.

    ``renamed`` has the settings of each module of the plan: what another one makes of the same setting stands in the
    same line.
    """
    changes: list[Change] = []
    for path, write in _around(project, module):
        changes += _lines(path, project.text(path), _below(path, module, renamed), still_read, write)
    for folder in folders_around(module):
        for path in project.named_in(folder, _DOCUMENTS):
            changes += prose_changes(path, project.text(path), _below(path, module, renamed), still_read)
    return changes


def _below(path: str, module: str, renamed: Mapping[str, _Renamed]) -> _Renamed:
    """Return the settings of a module, with all new names that modules below the folder of a file give them."""
    folder = posixpath.dirname(path)
    found: dict[str, dict[str, str]] = {old: {} for old in renamed[module]}
    for other, settings in sorted(renamed.items()):
        for old in found.keys() & settings.keys() if folder in folders_around(other) else ():
            found[old].update(settings[old])
    return found


def samples_around(project: Project, module: str) -> Iterator[str]:
    """Yield the samples of settings and compose files in the folder of a module and those around it."""
    for path, _ in _around(project, module):
        yield path


def environment_samples(project: Project) -> Iterator[str]:
    """Yield the samples of environment files of a project."""
    return (path for path in project.named(_ENVIRONMENT) if _is_sample(path))


def _around(project: Project, module: str) -> Iterator[tuple[str, _Writer]]:
    for folder in folders_around(module):
        seen: set[str] = set()
        for patterns, write in (
            (_ENVIRONMENT, _env_line),
            (_INI, _ini_line),
            (_COMPOSE, _compose_line),
            (_SETTINGS_JSON, _json_line),
        ):
            found = [path for path in project.named_in(folder, patterns) if patterns is _COMPOSE or _is_sample(path)]
            yield from ((path, write) for path in found if path not in seen)
            seen.update(found)


def _is_sample(path: str) -> bool:
    return _SAMPLE.search(posixpath.basename(path)) is not None


def real_files(project: Project, names: frozenset[str]) -> list[str]:
    """Return the files with real values that set one of the settings; people have to change them."""
    if not names:
        return []
    listed = b"|".join(re.escape(name.encode()) for name in sorted(names))
    named, entry = re.compile(rb"\b(?:%s)\b" % listed), re.compile(b"%s|%s" % (_ENTRY % listed, _LISTED[4:] % listed))
    compose = set(project.named(_COMPOSE))
    found = []
    for path in project.files:
        name = posixpath.basename(path)
        is_environment = name.startswith((".env.", ".env-", ".env_")) and not _is_sample(path)
        if is_environment or name in (".env", "local.settings.json"):
            pattern = named
        elif name.endswith(_DATA) and not _is_sample(path) and path not in compose:
            pattern = entry
        else:
            continue
        if pattern.search(project.text(path)):
            found.append(path)
    return found


def _lines(
    path: str, text: bytes, renamed: Mapping[str, Mapping[str, str]], still_read: frozenset[str], write: _Writer
) -> Iterator[Change]:
    newline = "\r\n" if b"\r\n" in text else "\n"
    for old, names in renamed.items():
        pattern = rb"(?m)^(?P<head>[^\n]*?(?<![\w-]))%s(?![\w-])(?P<rest>[^\n\r]*)" % re.escape(old.encode())
        for match in re.finditer(pattern, text):
            head, rest = match["head"].decode("utf-8", "replace"), match["rest"].decode("utf-8", "replace")
            lines = [write(head, rest, old, new, example) for new, example in names.items()]
            written = [line for line in lines if line is not None]
            there = [bool(re.search(rb"(?<![\w-])%s(?![\w-])" % re.escape(n.encode()), text)) for n in names]
            if len(written) == len(lines) and all(there) and old not in still_read and not _ends_a_list(match, text):
                end = match.end() + (len(newline) if text[match.end() :].startswith(newline.encode()) else 0)
                yield Change(path, match.start(), end, "")
            if len(written) < len(lines) or all(there):
                continue
            kept = [match[0].decode("utf-8", "replace")] if old in still_read else []
            new = [line for line, known in zip(written, there, strict=True) if not known]
            comma = "," if write is _json_line and not match[0].rstrip().endswith(b",") else ""
            yield Change(path, match.start(), match.end(), f"{comma}{newline}".join([*kept, *new]))


def _ends_a_list(match: re.Match[bytes], text: bytes) -> bool:
    """Whether a line is the last entry of a JSON object, without which the comma before it would be wrong."""
    return text[match.end() :].lstrip().startswith(b"}") and not match[0].rstrip().endswith(b",")


def _env_line(head: str, rest: str, old: str, new: str, example: str) -> str | None:
    match = re.match(r"(\s*=\s*)([\"']?)", rest)
    if not match or head.strip("\ufeff \t") not in ("", "export", "#", "set"):
        return None
    return f"{head}{new}{match[1]}{match[2]}{example}{match[2]}"


def _ini_line(head: str, rest: str, old: str, new: str, example: str) -> str | None:
    match = re.match(r"\s*[=:]\s*", rest)
    return f"{head}{new}{match[0]}{example}" if match and head.strip("\ufeff \t") in ("", ";", "#") else None


def _compose_line(head: str, rest: str, old: str, new: str, example: str) -> str | None:
    value = re.match(r"(\s*[:=]\s*)([\"']?)", rest)
    if not value or not re.fullmatch(r"\s*-?\s*[\"']?", head):
        return None
    reference = rest[value.end() :]
    if re.match(r"\$\{" + re.escape(old) + r"\b", reference):
        return f"{head}{new}{rest.replace(old, new)}"
    return f"{head}{new}{value[1]}{value[2]}{example}{value[2]}"


def _json_line(head: str, rest: str, old: str, new: str, example: str) -> str | None:
    value = re.match(r"(\"\s*:\s*)\"[^\"]*\"(,?)\s*$", rest)
    if not value or not re.fullmatch(r"\s*\"", head):
        return None
    return f'{head}{new}{value[1]}"{example}"{value[2]}'
