"""Settings that no code reads any more after a migration: they leave the samples, and people are told of the real ones.

That matters for more than tidiness: DefaultAzureCredential reads AZURE_CLIENT_SECRET itself, before any identity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.project_files.settings_files import environment_samples
from mi_lint.python.project import Project

_READ = re.compile(rb"""(?:environ\s*\[|environ\.(?:get|pop|setdefault)\s*\(|getenv\s*\()\s*["'](\w+)["']""")


def unused_settings(project: Project, texts: Mapping[str, tuple[bytes, bytes]], paths: Iterable[str]) -> frozenset[str]:
    """Return the environment variables that some of the changed modules read before, and that no module names now.

    ``texts`` are the old and the new text of every changed file.
    """
    lost: set[bytes] = set()
    for path in paths:
        old, new = texts[path]
        lost |= set(_READ.findall(old)) - set(_READ.findall(new))
    named: set[bytes] = set()
    for path in project.code if lost else ():
        text = texts[path][1] if path in texts else project.code_text(path)
        named |= {name for name in lost - named if name in text and re.search(rb"\b%s\b" % re.escape(name), text)}
    return frozenset(name.decode() for name in lost - named)


def removed_from_samples(project: Project, names: frozenset[str]) -> Iterator[Change]:
    """Yield the changes that take settings out of samples of environment files."""
    if not names:
        return
    alternatives = b"|".join(re.escape(name.encode()) for name in sorted(names))
    line = re.compile(rb"(?m)^[ \t]*(?:export[ \t]+)?(?:%s)[ \t]*=[^\n]*(?:\n|\Z)" % alternatives)
    for path in environment_samples(project):
        for match in line.finditer(project.text(path)):
            yield Change(path, match.start(), match.end(), "")
