"""``pip install`` and ``conda install`` in Dockerfiles, scripts and workflows: the packages of a program, by name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.project_files.manifests import AIOHTTP, Requirement

_COMMAND = re.compile(rb"(?<![\w.-])(?:pip[\d.]*|(?:micro)?mamba|conda)(?:\.exe)?[ \t]+(?:-\S+[ \t]+)*install(?![\w-])")
# What stands between words: blanks, and a line break that is escaped with the comments below it.
_GAP = re.compile(rb"(?:[ \t]|\\[ \t]*\r?\n(?:[ \t]*#[^\n]*\n)*)+")
_WORD = re.compile(rb"(?:\"[^\"\n]*\"|'[^'\n]*'|\\\S|[^\s\"'\\;&|()#]|(?<=\S)#)+")
_NAMED = re.compile(r"(?P<quote>[\"']?)(?P<name>[A-Za-z][\w.-]*)(?P<extras>\[[^\]]*\])?(?P<version>\s*[=<>~!].*)?")
_ALONE = re.compile(rb"[ \t]*(?:\\[ \t]*)?(?:\r?\n|\Z|&&|;)")
_ENVIRONMENT = re.compile(
    rb"\b(?:(?:micro)?mamba|conda)[ \t](?:[^\n&;|\\]|\\[ \t]*\r?\n)*?(?:-f|--file)[ \t=]+([^\s\"'&;|\\]+\.ya?ml)\b"
)
_REQUIREMENT = re.compile(r"(?:-r|--requirement)=?(.*)")


@dataclass(frozen=True, slots=True)
class Word:
    """An argument of a command, and where it stands in the file."""

    start: int
    end: int
    text: str

    @property
    def package(self) -> str:
        """The package that it names, spelled as on the index; an option or a path names none."""
        match = _NAMED.fullmatch(self.text.strip("\"'"))
        return normalized(match["name"]) if match else ""


def normalized(name: str) -> str:
    """Return the name of a package as all spellings of it have in common."""
    return re.sub(r"[-_.]+", "-", name).lower()


def commands(text: bytes) -> Iterator[list[Word]]:
    """Yield the arguments of each command of a file that installs packages."""
    for match in _COMMAND.finditer(text) if b"install" in text else ():
        before = text[text.rfind(b"\n", 0, match.start()) + 1 : match.start()]
        if not before.lstrip().startswith((b"#", b"REM ", b"rem ")):
            yield _words(text, match.end())


def _words(text: bytes, start: int) -> list[Word]:
    words = []
    while (gap := _GAP.match(text, start)) and (word := _WORD.match(text, gap.end())):
        start = word.end()
        words.append(Word(word.start(), start, word[0].decode("utf-8", "replace")))
    return words


def requirement_files(words: Iterable[Word]) -> Iterator[str]:
    """Yield the files of requirements that a command installs."""
    is_next = False
    for word in words:
        if is_next:
            yield word.text.strip("\"'")
        match = _REQUIREMENT.fullmatch(word.text)
        is_next = match is not None and not match[1]
        if match is not None and match[1]:
            yield match[1].strip("\"'")


def environment_files(text: bytes) -> list[str]:
    """Return the files of conda from which the commands of a file make an environment."""
    return [match[1].decode("utf-8", "replace") for match in _ENVIRONMENT.finditer(text)]


def installed_names(text: bytes) -> frozenset[str]:
    """Return the packages that the commands of a file install by their names."""
    return frozenset(word.package for words in commands(text) for word in words if word.package)


def names_any(text: bytes, packages: Collection[str]) -> bool:
    """Whether a command of a file installs one of the packages by its name."""
    return not installed_names(text).isdisjoint(packages)


def command_changes(
    path: str, text: bytes, beside: Collection[str], needed: Iterable[Requirement], each: bool = False
) -> list[Change]:
    """Return the changes to the first command of a file that installs one of the packages ``beside``.

    ``each`` changes all of them: every job of a workflow begins with a machine that has nothing.
    """
    installing = list(commands(text))
    extras = any("[aio" in word.text for words in installing for word in words)
    wanted = [r for r in needed if not (r is AIOHTTP and extras)]
    changes: list[Change] = []
    for words in installing:
        fitting = [word for word in words if word.package in beside]
        there = {word.package for own in ([words] if each else installing) for word in own}
        if fitting and (each or not changes):
            word = min(fitting, key=lambda w: (not w.package.startswith("azure"), w.package))
            changes += [
                _beside(path, text, word, requirement) for requirement in wanted if requirement.name not in there
            ]
    return changes


def _beside(path: str, text: bytes, word: Word, needed: Requirement) -> Change:
    """Return the change that puts a package beside another one: on a line of its own where that has one."""
    written = _written_like(text, word, needed)
    start = text.rfind(b"\n", 0, word.start) + 1
    indentation = text[start : word.start]
    if indentation.strip() or not _ALONE.match(text, word.end):
        return Change(path, word.end, word.end, f" {written}")
    newline = "\r\n" if text[:start].endswith(b"\r\n") else "\n"
    return Change(path, start, start, f"{indentation.decode()}{written} \\{newline}")


def _written_like(text: bytes, word: Word, needed: Requirement) -> str:
    """Return a package as another one is written: with the oldest release where that has a version."""
    match = _NAMED.fullmatch(word.text.strip("\"'"))
    line = text[text.rfind(b"\n", 0, word.start) + 1 : word.start]
    if match is None or not match["version"] or any(line.count(quote) % 2 for quote in (b'"', b"'")):
        return needed.name
    # The shell takes a bare > for a redirection.
    quote = word.text[0] if word.text[0] in "\"'" else '"'
    return f"{quote}{needed}{quote}"
