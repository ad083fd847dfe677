"""What goes on reading a setting once the code is rewritten: to take the setting away would stop that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mi_lint.migrate.outcome import Rewritten
from mi_lint.migrate.plan import Plan as Migration
from mi_lint.migrate.project_files.unused_settings import OTHER_LANGUAGES
from mi_lint.migrate.residue.simpler import place_before
from mi_lint.python.known import is_test
from mi_lint.python.project import Project
from mi_lint.python.site import Site

_NEWLINE = b"\n"
_OTHERS = (*OTHER_LANGUAGES, "*.prompty")
# The Functions host looks up what a binding names, by the settings that are named after it.
_BINDING = re.compile(rb"\bconnection(?:_name)?\s*=\s*$")


class Readers:
    """Answers by the texts that a migration leaves, with the places as they are before it."""

    def __init__(self, project: Project, migration: Migration) -> None:
        self._project = project
        self._migration = migration

    def of(self, name: str, paths: Iterable[str], sites: Iterable[Site]) -> tuple[str, ...]:
        """Return where a setting is read by code of some files, and by clients at sites that keep their secret."""
        found = dict.fromkeys(self._places(name, paths))
        outcomes = dict(self._migration.outcomes)
        for site in sites:
            own = site.call.client.environment if site.call is not None else ()
            if name in own and not isinstance(outcomes.get(site), Rewritten):
                found[f"{site.module.path}:{getattr(site.node, 'lineno', 1)}"] = None
        return tuple(found)

    def _places(self, name: str, paths: Iterable[str]) -> Iterator[str]:
        for path in paths:
            text = self._text(path)
            for offset in sorted(_reads(text, name.encode())) if not is_test(path) else ():
                yield place_before(path, offset, text, self._migration.texts, self._migration.changes)

    def others(self) -> list[str]:
        """Return the files in other languages, and those in which libraries look up settings."""
        return self._project.named(_OTHERS)

    def _text(self, path: str) -> bytes:
        texts = self._migration.texts
        return texts[path][1] if path in texts else self._project.code_text(path)


def _reads(text: bytes, name: bytes) -> Iterator[int]:
    """Yield where a text reads a setting: by its name in quotes, or as a field of a settings class."""
    is_declared = b"BaseSettings" in text and name.lower() in text.lower()
    # Most files have neither, which is much cheaper to see.
    if name not in text and not is_declared:
        return
    word = re.escape(name)
    forms = [rb"[\"'](?P<name>%s)[\"'](?!\s*\]\s*=(?!=))" % word, rb"\$\{env:(?P<name>%s)\}" % word]
    forms.append(rb"\b(?:process|import\.meta)\.env\.(?P<name>%s)\b" % word)
    if is_declared:
        forms.append(rb"(?im)^[ \t]+(?P<name>%s)[ \t]*:" % word)
    for form in forms:
        for match in re.finditer(form, text):
            line = text[text.rfind(_NEWLINE, 0, match.start()) + 1 : match.start()]
            if not line.lstrip().startswith((b"#", b"//")) and _BINDING.search(line) is None:
                yield match.start("name")
