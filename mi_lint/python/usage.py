"""Which other files of a project may use a name, told by their texts: parsing them would take much longer."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator, Mapping

from mi_lint.python.words import Words, has_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mi_lint.python.project import Project

_IMPORT = re.compile(rb"\b(?:from|import)[ \t](?:[^\n;#(]*\([^)]*\)|[^\n;#(]*)")
_REFLECTION = re.compile(rb"\b(?:[gs]etattr|attrgetter|vars|asdict|__dict__)\b")
# How the names of a module become names of another one that does not name them or it.
_LOADING = (b"%run", b"from_object(", b"from_pyfile(", b"import_module(", b"__import__(", b"run_path(", b"run_module(")
_STAR = re.compile(rb"import[ \t(]*\*")
_SHARING = rb"""(?x)
    \bfrom[ \t]+[\w.]*\b %(stem)s [ \t]+import[ \t(]*\*
    | (?:%%run\b|\b(?:from_object|from_pyfile|import_module|__import__|run_path|run_module)\()[^\n]*\b %(stem)s \b
"""


class Usage:
    """Answers about the modules and notebooks of a project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._words: Words | None = None
        self._holding: dict[str, dict[str, None]] = {}
        # The files whose text is another one since the words were gathered.
        self._changed: dict[str, None] = {}
        self._sharing: dict[str, bool] = {}

    def forget(self, path: str) -> None:
        """Look at the text of a file again, because it is another one now."""
        self._sharing.pop(path, None)
        self._changed[path] = None
        for word, holders in self._holding.items():
            holders.pop(path, None)
            if has_word(self._project.code_text(path), word):
                holders[path] = None

    def mentioned_elsewhere(self, path: str, word: str) -> bool:
        """Whether a word stands in another Python file or notebook of the project."""
        return any(other != path for other in self.holders(word))

    def global_used_elsewhere(self, path: str, name: str) -> bool:
        """Whether another file may read a name of a module: it must name the module, too, or share its names."""
        return any(True for _ in self._users_of_global(path, name))

    def users_of_global(self, path: str, name: str) -> list[str]:
        """Return the other files that may read a name of a module."""
        return list(self._users_of_global(path, name))

    def _users_of_global(self, path: str, name: str) -> Iterator[str]:
        module = _stem(path)
        if not module or self._shares_names(path):
            yield from (other for other in self.holders(name) if other != path and not self._has_own(other, name))
            return
        # Modules of a package reach its own names without naming it.
        inside = f"{posixpath.dirname(path)}/" if path.endswith("__init__.py") else "\n"
        near = self.holders(module)
        for other in self._project.code if inside != "\n" else near:
            if other == path or not (other in near or other.startswith(inside)):
                continue
            text = self._project.code_text(other)
            if has_word(text, name) and (other.startswith(inside) or _names_module(text, path, name)):
                yield other

    def _has_own(self, path: str, name: str) -> bool:
        """Whether a file that gets no names unseen assigns a name itself, and reads none like it of another module."""
        module = self._project.module(path)
        if module is None or module.stars or path.endswith(".ipynb"):
            return False
        bindings = module.scope.bindings.get(name, ())
        assigned = bool(bindings) and all(binding.kind == "assign" and not binding.block for binding in bindings)
        return assigned and re.search(rb"\.[ \t]*%s(?!\w)" % re.escape(name.encode()), module.source.text) is None

    def is_handed_on(self, path: str, name: str) -> bool:
        """Whether another file takes from a module a name that the module itself only imports."""
        return any(self._takes(other, path, name) for other in self._users_of_global(path, name))

    def _takes(self, other: str, path: str, name: str) -> bool:
        module = self._project.module(other)
        if module is None:
            return False
        # What a test names in a text, for ``mock.patch``, is no use.
        reads = (module.qualified(node) or "" for node in module.attribute_loads(name))
        if any(read.endswith(f"{_stem(path)}.{name}") for read in reads):
            return True
        own = [binding for scope in module.scopes.values() for binding in scope.bindings.get(name, ())]
        # A module called credentials.py is not where ``azure.core.credentials`` is imported from.
        home = self._project.module(path)
        same = {binding.target for binding in home.scope.bindings.get(name, ())} if home is not None else set()
        targets = [binding.target for binding in own if binding.kind == "import" and binding.target not in same]
        sources = [target.rpartition(".")[0].rpartition(".")[2] for target in targets]
        return any(source in (_stem(path), "") for source in sources) if own else bool(module.loads.get(name))

    def attribute_used_elsewhere(self, path: str, name: str) -> bool:
        """Whether another file may read an attribute of this name of whatever object.

        What a class calls ``self`` is an object of another module only where one inherits from the other.
        """
        read = re.compile(rb"(\w+)?\.[ \t]*%s(?!\w)" % re.escape(name.encode()))
        quoted = re.compile(rb"[\"']%s[\"']" % re.escape(name.encode()))
        home = self._project.module(path)
        owners = home.classes.values() if home is not None else ()
        heirs = any(ast.unparse(base) not in ("object", "ABC") for owner in owners for base in owner.bases)
        for text in (self._project.code_text(other) for other in self.holders(name) if other != path):
            inherits = heirs or any(owner.name.encode() in text for owner in owners)
            if any(inherits or match[1] not in (b"self", b"cls") for match in read.finditer(text)):
                return True
            if quoted.search(text) and _REFLECTION.search(text):
                return True
        return False

    def holders(self, word: str) -> Mapping[str, None]:
        """Return the modules and notebooks that a word stands in; looked for once."""
        if word not in self._holding:
            if self._words is None:
                self._words = Words((path, self._project.code_text(path)) for path in self._project.code)
                self._changed.clear()
            found = {path: None for path in self._words.holders(word) if path not in self._changed}
            self._holding[word] = found | {p: None for p in self._changed if has_word(self._project.code_text(p), word)}
        return self._holding[word]

    def _shares_names(self, path: str) -> bool:
        """Whether names of a module reach files that do not name it: by star import, ``%run`` or a name in a text."""
        stem = _stem(path).encode()
        if not stem:
            return True
        shared = re.compile(_SHARING % {b"stem": re.escape(stem)})
        others = (other for other in self.holders(_stem(path)) if other != path and self._may_share(other))
        return any(shared.search(self._project.code_text(other)) for other in others)

    def _may_share(self, path: str) -> bool:
        """Whether a file has a star import or loads a module by name at all, which is cheap to see."""
        if path not in self._sharing:
            text = self._project.code_text(path)
            self._sharing[path] = _STAR.search(text) is not None or any(word in text for word in _LOADING)
        return self._sharing[path]


def _names_module(text: bytes, path: str, name: str) -> bool:
    """Whether a file imports a name of a module, reads it there, or names it in a text as ``mock.patch`` takes it."""
    module, word = re.escape(_stem(path).encode()), re.escape(name.encode())
    source = re.compile(rb"from[ \t]+[\w.]*\b%s[ \t]+import\b(.*)" % module, re.DOTALL)
    is_loaded = False
    for line in _IMPORT.findall(text):
        names = source.match(line)
        if names and re.search(rb"\b%s\b" % word, names[1]):
            return True
        is_loaded = is_loaded or (not names and re.search(rb"\b%s\b" % module, line) is not None)
    return re.search(rb"\.%s\b" % word if is_loaded else rb"\b%s\.%s\b" % (module, word), text) is not None


def _stem(path: str) -> str:
    """Return what a module is called where it is imported; empty for the package that is the project itself."""
    name = posixpath.basename(path).rpartition(".")[0]
    return posixpath.basename(posixpath.dirname(path)) if name == "__init__" else name
