"""Settings that no code reads any more after a migration: they leave the samples, and people are told of the real ones.

That matters for more than tidiness: DefaultAzureCredential reads AZURE_CLIENT_SECRET itself, before any identity.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.project_files.settings_files import environment_samples
from mi_lint.python.project import Project

_READ = re.compile(rb"""(?:environ\s*\[|environ\.(?:get|pop|setdefault)\s*\(|getenv\s*\()\s*["'](\w+)["']""")
_PREFIX = re.compile(rb"""env_prefix[ \t]*=[ \t]*["'](\w+)["']""")
# The Functions host looks up what bindings name.
_BINDINGS = ("function.json", "host.json", "proxies.json")
# Settings of other programs take values over from the environment; a compose file or a workflow hands them on.
_DATA = ("*.yml", "*.yaml", "*.toml", "*.ini", "*.conf", "*.cfg", "*.properties", "*.xml", "*.config", "*.prompty")
_TAKEN_OVER = rb"(?:\$\{?(?:env[:.])?|%%?|\benv(?:iron)?(?:var)?[\[(:.]+[\"']?)%s\b"
_READ_INSIDE = rb"""(?:environ\s*\[|environ\.(?:get|pop)\s*\(|getenv\s*\()[\\\s]*["']%s\b"""
_SCRIPTS = ("Makefile", "Dockerfile*", "*.dockerfile", "*.mk")
_HANDED_ON = re.compile(
    r"(?:^|/)(?:docker-)?compose[^/]*\.ya?ml$|(?:^|/)\.github/|(?:^|/)azure-pipelines[^/]*$"
    r"|(?i:(?:^|/)(?:makefile|dockerfile)|\.(?:mk|dockerfile)$)"
)
OTHER_LANGUAGES = ("*.ts", "*.tsx", "*.js", "*.jsx", "*.mjs", "*.cs", "*.java", "*.go")
_SHELLS = ("*.sh", "*.ps1")


def unused_settings(
    project: Project, texts: Mapping[str, tuple[bytes, bytes]], groups: Iterable[frozenset[str]]
) -> dict[frozenset[str], frozenset[str]]:
    """Return, for groups of changed modules, the environment variables that they read before and no code names now.

    ``texts`` are the old and the new text of every changed file.
    """
    lost: dict[frozenset[str], frozenset[bytes]] = {}
    for group in groups:
        reads = (_read(texts[path][0]) - _read(texts[path][1]) for path in group)
        lost[group] = frozenset().union(*reads)
    # All names at once: every file of the project is looked at.
    waiting = {name: re.compile(rb"\b%s\b" % re.escape(name)) for name in frozenset().union(*lost.values())}
    for path in [*project.code, *project.named((*OTHER_LANGUAGES, *_SHELLS))] if waiting else ():
        text = texts[path][1] if path in texts else project.code_text(path)
        for name in [name for name, word in waiting.items() if _names(text, name, word)]:
            del waiting[name]
    for name in [name for name in waiting if is_looked_up(project, name)]:
        del waiting[name]
    return {group: frozenset(name.decode() for name in names if name in waiting) for group, names in lost.items()}


def _read(text: bytes) -> frozenset[bytes]:
    """Return the environment variables that a module reads by name, or into the fields of a settings class."""
    fields: Iterable[str] = _fields(text) if b"BaseSettings" in text else ()
    return frozenset(_READ.findall(text)) | {name.encode() for name in fields if name}


def _fields(text: bytes) -> Iterator[str]:
    """Yield the variables that fill the settings classes of a module: capitals stand for either case."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for owner in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        code = ast.unparse(owner).encode()
        prefix = _PREFIX.search(code)
        if not any("BaseSettings" in ast.unparse(base) for base in owner.bases):
            continue
        if prefix is None and b"env_prefix" in code:
            continue
        for field in owner.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                name = _alias(field.value)
                filled = (prefix[1].decode() if prefix else "") + field.target.id
                yield filled.upper() if name is None else name


def _alias(value: ast.expr | None) -> str | None:
    """Return the variable that a field names itself; empty when it cannot be told."""
    keywords = value.keywords if isinstance(value, ast.Call) else []
    named = next((k.value for k in keywords if k.arg in ("alias", "validation_alias", "env")), None)
    if named is None:
        return None
    return named.value if isinstance(named, ast.Constant) and isinstance(named.value, str) else ""


def is_looked_up(project: Project, name: bytes) -> bool:
    """Whether a binding of Azure Functions or the settings of another program look a setting up."""
    texts = (project.text(path) for path in project.named(_BINDINGS))
    if any(re.search(rb"\b%s\b" % re.escape(name), text) for text in texts):
        return True
    taken_over, read = (re.compile(pattern % re.escape(name)) for pattern in (_TAKEN_OVER, _READ_INSIDE))
    for path in project.named((*_DATA, *_SCRIPTS)):
        text = project.text(path)
        # Steps of a workflow can be programs of their own.
        if name in text and (read if _HANDED_ON.search(path) else taken_over).search(text):
            return True
    return False


def _names(text: bytes, name: bytes, word: re.Pattern[bytes]) -> bool:
    """Whether a text names a setting; settings classes may do so in small letters, and without a prefix."""
    if name in text and word.search(text):
        return True
    if b"BaseSettings" not in text:
        return False
    prefixes = [b"", *(prefix for prefix in _PREFIX.findall(text) if name.lower().startswith(prefix.lower()))]
    fields = (re.escape(name[len(prefix) :]) for prefix in prefixes)
    return re.search(rb"(?im)^[ \t]+(?:%s)[ \t]*:" % b"|".join(fields), text) is not None


def removed_from_samples(project: Project, names: frozenset[str]) -> Iterator[Change]:
    """Yield the changes that take settings out of samples of environment files."""
    if not names:
        return
    alternatives = b"|".join(re.escape(name.encode()) for name in sorted(names))
    line = re.compile(rb"(?m)^[ \t]*(?:export[ \t]+)?(?:%s)[ \t]*=[^\n]*(?:\n|\Z)" % alternatives)
    for path in environment_samples(project):
        for match in line.finditer(project.text(path)):
            yield Change(path, match.start(), match.end(), "")
