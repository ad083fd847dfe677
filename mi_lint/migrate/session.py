"""From files to a plan: what the command, the codemod, the scan and the tests have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from mi_lint.python.analysis import Analysis
from mi_lint.python.candidates import call_names, is_candidate, is_python, words_of
from mi_lint.python.facts import Module
from mi_lint.python.project import Project
from mi_lint.python.registry import reasons_to_parse
from mi_lint.python.site import Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mi_lint.migrate.plan import Options, Plan


class Session:
    """The Python files of a project and what was found in them."""

    def __init__(
        self,
        paths: Iterable[str],
        read: Callable[[str], bytes | None],
        table: Mapping[str, dict[str, Any]],
        wanted: Iterable[str] | None = None,
        *,
        chosen_by_bytes: bool = False,
        importing: Mapping[bytes, list[str]] | None = None,
    ) -> None:
        """``paths`` are all files of the project; sites are looked for in ``wanted``, or in all of them.

        ``chosen_by_bytes``: the wanted files are known to be candidates; ``importing`` is for `Project`.
        """
        files = list(paths)
        self._originals: dict[str, bytes] = {}
        self._read = read
        self.project = Project(files, self._kept, importing)
        self.analysis = Analysis(self.project, table)
        chosen = [path for path in (files if wanted is None else wanted) if is_python(path)]
        self._chosen_by_bytes = chosen_by_bytes
        self._table = table
        self.sites: list[Site] = self.analysis.sites(self._modules(chosen))

    def look(self, wanted: Iterable[str]) -> list[Site]:
        """Look for sites in more files, too, and return those."""
        sites = self.analysis.sites(self._modules(wanted))
        self.sites += sites
        return sites

    def _modules(self, paths: Iterable[str]) -> list[Module]:
        if not self._chosen_by_bytes:
            names, words, groups = call_names(self._table), words_of(self._table), reasons_to_parse()
            paths = [path for path in paths if is_candidate(self.project.text(path), names, groups, words)]
        loaded = map(self.project.load, sorted(paths))
        return [module for module in loaded if module is not None]

    def _kept(self, path: str) -> bytes | None:
        content = self._read(path)
        if content is not None:
            self._originals[path] = content
        return content

    def original(self, path: str) -> bytes:
        """Return the bytes of a file as they were analysed."""
        return self._originals[path]

    def plan(
        self, options: Options, chosen: Iterable[Site] | None = None, refused: Collection[Site] = frozenset()
    ) -> Plan:
        """Plan the rewriting of all sites, or of the chosen ones; the refused among them are held back."""
        # LibCST takes longer to import than most files take to analyse; a scan that rewrites nothing needs none of it.
        from mi_lint.migrate.plan import plan

        sites = self.sites if chosen is None else list(chosen)
        wanted = {site for site in sites if site not in refused}
        staying = [site for site in self.sites if site not in wanted]
        try:
            result = plan(self.analysis, [site for site in sites if site in wanted], options, staying)
        finally:
            # Planning in several rounds goes on with the texts of the rounds before.
            if self.project.restore():
                self.analysis.forget()
        if refused:
            result.refuse([site for site in sites if site in refused])
        return result


def session_of_texts(texts: Mapping[str, bytes], table: Mapping[str, dict[str, Any]]) -> Session:
    """Return the session of a project that is held in memory."""
    return Session(texts, texts.get, table)
