"""The modules of a project, parsed when somebody asks: imports between files, and who calls a function."""

from __future__ import annotations

import ast
import contextlib
import fnmatch
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from mi_lint.python import known
from mi_lint.python.facts import Module, parse
from mi_lint.python.imported import imported_words, importers, stem
from mi_lint.python.source import Source, read_source
from mi_lint.python.usage import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mi_lint.model import Notification

MAX_HOPS = 3
MAX_CALLING_FILES = 20
_ENDING = re.compile(r"\*[^*?\[]*")


class Project:
    """Python modules by path. ``read`` returns the bytes of a path, or None when it cannot be read."""

    def __init__(
        self,
        paths: Iterable[str],
        read: Callable[[str], bytes | None],
        importing: Mapping[bytes, list[str]] | None = None,
    ) -> None:
        """Take what `imported.importers` tells as ``importing``; without it, it is worked out when it is needed."""
        self._read = read
        self._modules: dict[str, Module | None] = {}
        self._unparsed: set[str] = set()
        self._texts: dict[str, bytes] = {}
        self._code: list[str] = []
        self._cells: dict[str, bytes] = {}
        self._replaced: dict[str, tuple[Module | None, bytes]] = {}
        self._mentions: dict[tuple[str, str], list[str]] = {}
        self._imports = importing
        self.notifications: list[Notification] = []
        self.files = tuple(sorted(paths))
        self.paths = [path for path in self.files if path.endswith(".py")]
        self._folders: dict[str, list[str]] | None = None
        self._names: list[str] = []
        self._named: dict[tuple[str, ...], list[str]] = {}
        self._named_in: dict[tuple[str, ...], dict[str, list[str]]] = {}
        self.usage = Usage(self)
        self._known = frozenset(self.paths)
        self._by_name: dict[str, list[str]] = {}
        for path in self.paths:
            folder, _, name = path[: -len(".py")].rpartition("/")
            if name == "__init__":
                name = folder.rpartition("/")[2]
            if name:
                self._by_name.setdefault(name, []).append(path)

    @property
    def code(self) -> list[str]:
        """The modules and the notebooks."""
        if not self._code:
            self._code = [path for path in self.files if path.endswith((".py", ".ipynb"))]
        return self._code

    def code_text(self, path: str) -> bytes:
        """Return the code of a module or a notebook, whose outputs can be a hundred times as long as its cells."""
        if not path.endswith(".ipynb"):
            return self.text(path)
        if path in self._replaced:
            return self._texts[path]
        if path not in self._cells:
            from mi_lint.python.notebooks import code_of

            self._cells[path] = code_of(path, self._texts.get(path) or self._read(path) or b"")
        return self._cells[path]

    def load(self, path: str) -> Module | None:
        """Return the module of a path that is to be analysed; one that cannot be parsed becomes a notification."""
        # Who only looked for what a module imports was told nothing of one that cannot be parsed.
        if self._modules.get(path) is None and path not in self._unparsed:
            try:
                self._modules[path] = parse(_read(path, self.text(path)))
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                self._modules[path] = None
                self._unparsed.add(path)
                if type(error).__name__ != "ForeignNotebookError":
                    self._note(path, error)
        return self._modules[path]

    def replace(self, source: Source) -> None:
        """Go on with another text for a module, until `restore`."""
        if source.path not in self._replaced:
            self._replaced[source.path] = self._modules.get(source.path), self.text(source.path)
        self._modules[source.path] = parse(source)
        self._texts[source.path] = source.text
        self._forget(source.path)

    @contextlib.contextmanager
    def showing(self, sources: Iterable[Source]) -> Iterator[None]:
        """Have other texts for some modules for a while; the modules from before come back as they were."""
        before = {}
        for source in sources:
            path = source.path
            before[path] = self._modules.get(path), self.text(path), path in self._replaced
            self.replace(source)
        try:
            yield
        finally:
            for path, (module, text, was_replaced) in before.items():
                self._modules[path] = module
                self._texts[path] = text
                if not was_replaced:
                    del self._replaced[path]
                self._forget(path)

    def restore(self) -> bool:
        """Go back to the modules as they were read; tell whether any had another text."""
        for path, (module, text) in self._replaced.items():
            self._modules[path] = module
            self._texts[path] = text
        replaced = list(self._replaced)
        self._replaced.clear()
        for path in replaced:
            self._forget(path)
        return bool(replaced)

    def _forget(self, path: str) -> None:
        """Drop what was found out about the text that a path had."""
        self._mentions.clear()
        self.usage.forget(path)

    def module(self, path: str) -> Module | None:
        """Return the module of a path, or None when there is none or it cannot be parsed."""
        if path not in self._modules:
            raw = self.text(path)
            try:
                self._modules[path] = parse(_read(path, raw)) if raw else None
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                self._modules[path] = None
        return self._modules[path]

    def files_in(self, folder: str) -> list[str]:
        """Return the files of any kind that stand directly in a folder; the project's own folder is empty."""
        if self._folders is None:
            self._folders = {}
            for path in self.files:
                self._folders.setdefault(posixpath.dirname(path), []).append(path)
        return self._folders.get(folder, [])

    def named(self, patterns: tuple[str, ...]) -> list[str]:
        """Return the files whose name matches one of the shell patterns; looked for once."""
        if patterns not in self._named:
            if not self._names:
                self._names = [path.rpartition("/")[2] for path in self.files]
            expression, heads, tails = _matcher(patterns)
            # The start or end that a pattern spells out is much cheaper to see, and few names have one.
            self._named[patterns] = [
                path
                for path, name in zip(self.files, self._names, strict=True)
                if (name.startswith(heads) or name.endswith(tails)) and expression.match(name)
            ]
        return self._named[patterns]

    def named_in(self, folder: str, patterns: tuple[str, ...]) -> list[str]:
        """Return those of `named` that stand directly in a folder."""
        if patterns not in self._named_in:
            by_folder = self._named_in[patterns] = {}
            for path in self.named(patterns):
                by_folder.setdefault(posixpath.dirname(path), []).append(path)
        return self._named_in[patterns].get(folder, [])

    def text(self, path: str) -> bytes:
        """Return the bytes of a path; empty when it cannot be read."""
        if path not in self._texts:
            self._texts[path] = self._read(path) or b""
        return self._texts[path]

    def _note(self, path: str, error: Exception) -> None:
        from mi_lint.model import Notification

        line = getattr(error, "lineno", None)
        place = f" (line {line})" if line else ""
        reason = getattr(error, "msg", "") or str(error) or type(error).__name__
        text = f"Python code was not analysed{place}: {reason}; secrets in it were still looked for"
        self.notifications.append(Notification("python-syntax", text, path))

    def find(self, importer: str, target: str) -> tuple[Module, list[str]] | None:
        """Return the project module that a dotted target names, and the attributes that remain of the target."""
        level = len(target) - len(target.lstrip("."))
        parts = [part for part in target[level:].split(".") if part]
        for size in range(len(parts), 0 if not level else -1, -1):
            path = self._locate(importer, parts[:size], level)
            module = self.module(path) if path else None
            if module is not None:
                return module, parts[size:]
        return None

    def class_named(self, module: Module, node: ast.expr) -> tuple[Module, ast.ClassDef] | None:
        """Return the class of the project that an expression in a module names, with the module it stands in."""
        if isinstance(node, ast.Name) and node.id in module.classes:
            return module, module.classes[node.id]
        target = module.qualified(node)
        found = self.find(module.path, target) if target else None
        if found is None or len(found[1]) != 1:
            return None
        class_ = found[0].classes.get(found[1][0])
        return (found[0], class_) if class_ is not None else None

    def _locate(self, importer: str, parts: list[str], level: int) -> str | None:
        folder = posixpath.dirname(importer)
        if level:
            for _ in range(level - 1):
                folder = posixpath.dirname(folder)
            base = "/".join(filter(None, [folder, *parts]))
            return next((path for path in (f"{base}.py", f"{base}/__init__.py") if path in self._known), None)
        if not parts:
            return None
        candidates = [path for path in self._by_name.get(parts[-1], ()) if _parts(path)[-len(parts) :] == parts]
        return max(candidates, key=lambda path: (len(posixpath.commonpath([path, importer])), path), default=None)

    def callers(self, module: Module, name: str) -> list[tuple[Module, ast.Call]]:
        """Return the calls of a function or method of this name, in its module and in modules that import that."""
        found = [(module, call) for call in module.calls_of(name)]
        for path in self._mentioning(module, name):
            other = self.module(path) if path != module.path else None
            if other is not None:
                found += [(other, call) for call in other.calls_of(name)]
        return found

    def _mentioning(self, module: Module, name: str) -> list[str]:
        """Return the files that import something named like a module and call something of this name."""
        key = (module.path, name)
        if key not in self._mentions:
            word = name.encode() + b"("
            hits = [path for path in self.importing(stem(module.path)) if _calls(self.text(path), word)]
            # Many tests must not keep the one that counts from being looked at.
            hits.sort(key=lambda path: (known.is_test(path), -len(posixpath.commonpath([path, module.path])), path))
            self._mentions[key] = hits[:MAX_CALLING_FILES]
        return self._mentions[key]

    def importing(self, word: bytes) -> Sequence[str]:
        """Return the files that import something named like a module of the project, or `imported.IDENTITY`."""
        return self._importers().get(word, ())

    def _importers(self) -> Mapping[bytes, list[str]]:
        """Return the files that have a word in an import line; built at the first question."""
        if self._imports is None:
            texts = ((path, self.text(path)) for path in self.paths)
            gathered = ((path, len(text), imported_words(text)) for path, text in texts)
            self._imports = importers(gathered, frozenset(map(stem, self.paths)))
        return self._imports


def _calls(text: bytes, word: bytes) -> bool:
    """Whether a word that ends in a parenthesis calls something in a text, rather than defining it.

    Asked for many words, each once: an expression takes longer to compile than this takes.
    """
    at = text.find(word)
    while at >= 0:
        before = text[max(0, at - 6) : at]
        if not (before[-1:].isalnum() or before.endswith((b"_", b"def ", b"class "))):
            return True
        at = text.find(word, at + 1)
    return False


def _matcher(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], tuple[str, ...], tuple[str, ...]]:
    """Return what matches the shell patterns, and how a name starts or ends that one of them matches."""
    expression = re.compile("|".join(map(fnmatch.translate, patterns)))
    tails = tuple(pattern[1:] for pattern in patterns if _ENDING.fullmatch(pattern))
    heads = tuple(re.split(r"[*?\[]", pattern)[0] for pattern in patterns if not _ENDING.fullmatch(pattern))
    return expression, heads, tails


def _parts(path: str) -> list[str]:
    parts = path[: -len(".py")].split("/")
    return parts[:-1] if parts[-1] == "__init__" else parts


def _read(path: str, raw: bytes) -> Source:
    if path.endswith(".ipynb"):
        from mi_lint.python.notebooks import read_notebook

        return read_notebook(path, raw)
    return read_source(path, raw)
