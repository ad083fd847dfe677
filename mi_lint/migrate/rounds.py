"""One round of a plan: the sites of a project that can be rewritten together, and the texts that result."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mi_lint.migrate import verify
from mi_lint.migrate.branching import switches as tests
from mi_lint.migrate.context import Context
from mi_lint.migrate.editing.changes import Change, applied, coalesced, conflict, merged, moved_out
from mi_lint.migrate.editing.definitions import top_level
from mi_lint.migrate.editing.imports import import_changes
from mi_lint.migrate.editing.loading_imports import kept_imports
from mi_lint.migrate.endpoint.shared_settings import with_unused_globals
from mi_lint.migrate.holdbacks.shared_logins import shared_logins
from mi_lint.migrate.outcome import HeldBack, Needs, Outcome, Rewritten
from mi_lint.migrate.outcomes import outcome_of
from mi_lint.migrate.project_files import mocked
from mi_lint.migrate.project_files.companions import packages_of
from mi_lint.migrate.project_files.installs import install_changes
from mi_lint.migrate.project_files.mentions import mention_changes
from mi_lint.migrate.residue.asking import Answer, asked_in_vain
from mi_lint.migrate.residue.stored_keys import read_again
from mi_lint.migrate.rewriters import sas
from mi_lint.migrate.unused.fields import with_unused_fields
from mi_lint.migrate.unused.orphans import Orphans
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.site import Site
from mi_lint.python.source import Source

# So many sites of a file that cannot be written are tried one by one.
MAX_SEPARATED = 30
UNCLOSED = "its new credential is closed nowhere, because this code does not close the client: close both where it ends"
WAITS = HeldBack("another rewrite changes the same lines; write that one, then migrate again")


@dataclass(frozen=True, slots=True)
class Options:
    """What the user allows: ``unsafe`` also applies rewrites that involve a judgement.

    ``thorough`` checks each result with LibCST, as everything that is written is, and looks for the files with real
    settings that people have to change.
    """

    unsafe: bool = False
    credential: str = ""
    thorough: bool = True


def joined(groups: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Join groups that share a file."""
    result: list[frozenset[str]] = []
    for group in groups:
        touching = [other for other in result if other & group]
        result = [other for other in result if not other & group]
        result.append(group.union(*touching))
    return result


class Round:
    """One round: the outcomes, and the texts that result."""

    def __init__(self, analysis: Analysis, sites: Sequence[Site], options: Options) -> None:
        self._analysis = analysis
        self._sites = sites
        self._options = options
        self._contexts: dict[Module, Context] = {}
        self._first: dict[Site, Rewritten] = {}
        self._accepted: dict[Site, Rewritten] = {}
        self.outcomes: dict[Site, Outcome] = {}
        self.changes: dict[str, list[Change]] = {}
        self.texts: dict[str, tuple[Source, bytes]] = {}
        self.groups: list[frozenset[str]] = []
        self.has_taken_back = False

    def run(self) -> None:
        taken: list[Change] = []
        accepted: dict[Site, Rewritten] = {}
        for site in self._sites:
            outcome = outcome_of(site, self._context(site.module))
            rewrite = self._allowed(outcome)
            if rewrite is None:
                self.outcomes[site] = outcome
            elif any(change.overlaps(other) for change in rewrite.changes for other in taken):
                self.outcomes[site] = WAITS
            else:
                self.outcomes[site] = rewrite
                accepted[site] = rewrite
                taken += rewrite.changes
        self._first = accepted
        self._accepted = self._with_unused(accepted)
        self.outcomes.update(self._accepted)
        self._regroup(self._accepted)
        if not self._options.unsafe:
            self._ask()
            while held := self._shared():
                # What was made simpler for them is as it was, too.
                self._hold_back(held)
                self._ask()

    def _with_unused(self, accepted: Mapping[Site, Rewritten]) -> dict[Site, Rewritten]:
        """Let what the accepted rewrites leave without a reader go in other files, too."""
        return with_unused_globals(self._analysis, with_unused_fields(self._analysis, accepted))

    def _shared(self) -> dict[Site, str]:
        """Return the accepted rewrites that take a password or key from what something else signs in with."""
        waiting = [site for site, outcome in self.outcomes.items() if outcome is WAITS]
        found = shared_logins(self._analysis, self._accepted, waiting, self._sites)
        found |= read_again(self._analysis, self.texts, self.changes, self._rewritten())
        return {site: why for site, why in found.items() if site in self._accepted}

    def _ask(self) -> None:
        """Make simpler, or take back, what leaves code behind that asks for a secret in vain."""
        answer = self._asked_in_vain()
        if answer.simpler and len(answer.simpler) < len(answer.reasons):
            self._hold_back({site: why for site, why in answer.reasons.items() if site not in answer.simpler})
            answer = self._asked_in_vain()
        if answer.simpler and len(answer.simpler) == len(answer.reasons):
            before, rewritten = self._accepted, self._rewritten()
            self._again(before, {s: _extended(r, answer.simpler.get(s, ())) for s, r in before.items()})
            left = self._asked_in_vain()
            if not left.reasons and self._rewritten() == rewritten:
                return
            self._again(self._accepted, before)
        self._hold_back(answer.reasons)

    def _asked_in_vain(self) -> Answer:
        renamed = _renamed_settings(self._accepted.values())
        return asked_in_vain(self._analysis, self.texts, self.changes, self._rewritten(), renamed)

    def _rewritten(self) -> list[Site]:
        return [site for site, outcome in self.outcomes.items() if isinstance(outcome, Rewritten)]

    def _hold_back(self, held: Mapping[Site, str]) -> None:
        """Take rewrites back, and work out anew the files that they and their neighbours change."""
        if not held:
            return
        self.has_taken_back = True
        before = self._accepted
        held = self._with_signed(held, before)
        remaining = self._with_unused({site: self._first[site] for site in before if site not in held})
        self.outcomes.update({site: HeldBack(reason, self._first[site]) for site, reason in held.items()})
        self._again(before, remaining)

    def _again(self, before: Mapping[Site, Rewritten], accepted: dict[Site, Rewritten]) -> None:
        """Work out anew the files of the rewrites that are other than before, and of their neighbours."""
        self._accepted = accepted
        different = (site for site in before if before[site] != accepted.get(site))
        files = {path for site in different for path in _files(site, before[site])}
        files |= {
            path for site, rewrite in accepted.items() if rewrite != before.get(site) for path in _files(site, rewrite)
        }
        files = files.union(*(group for group in self.groups if group & files))
        self.groups = [group for group in self.groups if not group & files]
        for path in files & self.texts.keys():
            del self.texts[path], self.changes[path]
        again = {s: r for s, r in accepted.items() if not files.isdisjoint(_files(s, r))}
        self.outcomes.update(again)
        self._regroup(again)

    def _with_signed(self, held: Mapping[Site, str], accepted: Iterable[Site]) -> dict[Site, str]:
        """Add the SAS that clients among the held-back sites would have to sign with a token credential."""
        clients = {site.node for site in held}
        reasons = ((site, sas.kept_key(site, clients, self._context(site.module))) for site in accepted)
        return {**{site: reason for site, reason in reasons if reason}, **held}

    def _context(self, module: Module) -> Context:
        if module not in self._contexts:
            self._contexts[module] = Context(module, self._analysis, self._options.credential)
        return self._contexts[module]

    def _allowed(self, outcome: Outcome) -> Rewritten | None:
        if isinstance(outcome, HeldBack):
            return outcome.rewrite if self._options.unsafe else None
        return outcome if isinstance(outcome, Rewritten) else None

    def _finish(self, group: frozenset[str], accepted: dict[Site, Rewritten]) -> None:
        """Work out the texts of files that change together; when one cannot be written none is."""
        results, held = self._worked_out(group, accepted)
        if not held:
            for path, (complete, source, text) in results.items():
                self.changes[path] = complete
                self.texts[path] = (source, text)
                self._note(path, text, [site for site in accepted if site.module.path == path])
            self.groups.append(group)
            return
        if len(held) == len(accepted) and len(held) <= MAX_SEPARATED:
            held = self._alone(accepted) or held
        held = self._with_signed(held, accepted)
        self.outcomes.update({site: HeldBack(reason) for site, reason in held.items()})
        self._regroup({site: rewrite for site, rewrite in accepted.items() if site not in held})

    def _note(self, path: str, text: bytes, sites: list[Site]) -> None:
        """Say what to look at although the rewrites of a file are right."""
        unclosed = (site for site in sites if site.node in self._context(site.module).credentials.unclosed)
        notes = dict.fromkeys(unclosed, UNCLOSED)
        module = self._analysis.project.module(path)
        if sites and module is not None and (mock := mocked.note(self._analysis.project, module, text)):
            notes.setdefault(sites[0], mock)
        for site, note in notes.items():
            outcome = self.outcomes[site]
            assert isinstance(outcome, Rewritten)
            self.outcomes[site] = replace(outcome, note=note)

    def _worked_out(
        self, group: frozenset[str], accepted: dict[Site, Rewritten]
    ) -> tuple[dict[str, tuple[list[Change], Source, bytes]], dict[Site, str]]:
        """Return the changes and texts of files, and the sites that keep them from being written, with the reason."""
        results: dict[str, tuple[list[Change], Source, bytes]] = {}
        for path in sorted(group):
            module = self._analysis.project.module(path)
            assert module is not None
            complete, switches = self._complete(module, accepted)
            held = {
                site: tests.REASON.format(tests.told(name, site))
                for name, uses in switches
                for site in _reading(accepted, uses, module)
                if tests.concerns(name, site)
            }
            if held:
                return {}, held
            text = applied(module.source.text, complete)
            renamed = _renamed_settings(accepted.values())
            overlap = (
                "several rewrites change the same lines; do one of them by hand, then migrate again"
                if conflict(complete)
                else ""
            )
            reason = overlap or verify.problem(module, text, complete, renamed, self._options.thorough)
            if reason:
                return {}, dict.fromkeys(accepted, reason)
            results[path] = (complete, module.source, text)
        return results, {}

    def _alone(self, accepted: dict[Site, Rewritten]) -> dict[Site, str]:
        """Return the sites that cannot be written even alone, so that their neighbours can."""
        found: dict[Site, str] = {}
        for site, rewrite in accepted.items() if len(accepted) > 1 else ():
            found |= self._worked_out(_files(site, rewrite), {site: rewrite})[1]
        return found

    def _regroup(self, accepted: dict[Site, Rewritten]) -> None:
        groups = joined(_files(site, rewrite) for site, rewrite in accepted.items())
        for group in groups:
            self._finish(group, {s: r for s, r in accepted.items() if s.module.path in group})

    def _complete(
        self, module: Module, accepted: dict[Site, Rewritten]
    ) -> tuple[list[Change], list[tuple[str, frozenset[ast.expr]]]]:
        """Add what the changes of the sites bring with them: credentials, imports, removal of what is left unused."""
        changes = [c for rewrite in accepted.values() for c in rewrite.changes if c.path == module.path]
        own = [rewrite for site, rewrite in accepted.items() if site.module is module]
        needs = Needs({pair for r in own for pair in r.imports}, {name for r in own for name in r.modules})
        resolved = self._context(module).credentials.resolve(changes, needs)
        orphans = Orphans(module, self._analysis, resolved).find()
        unused = [(statement, alias) for statement, alias in orphans.imports if not _is_needed(statement, alias, needs)]
        kept, unused = kept_imports(module, unused, resolved, self._analysis.project)
        imports = import_changes(module, needs, unused, _first_line(module, accepted))
        complete = [*resolved, *orphans.changes, *kept, *imports]
        complete += install_changes(module, needs, {p for site in accepted for p in packages_of(site)})
        complete += mention_changes(module, _renamed_settings(accepted.values()), complete)
        return merged(moved_out(module.source, coalesced(module.source, complete))), orphans.switches


def _extended(rewrite: Rewritten, more: tuple[Change, ...]) -> Rewritten:
    return replace(rewrite, changes=(*rewrite.changes, *more)) if more else rewrite


def _files(site: Site, rewrite: Rewritten) -> frozenset[str]:
    """Return the files that a rewrite changes."""
    return frozenset({site.module.path, *(change.path for change in rewrite.changes)})


def _is_needed(statement: ast.Import | ast.ImportFrom, alias: ast.alias, needs: Needs) -> bool:
    """Whether an import binds just what the new code needs; another name or module for it serves nothing."""
    if alias.asname is not None and alias.asname != alias.name:
        return False
    if isinstance(statement, ast.Import):
        return alias.name in needs.modules
    return (statement.module or "", alias.name) in needs.imports


def _first_line(module: Module, accepted: dict[Site, Rewritten]) -> int:
    """Return the line of the first statement that is rewritten: what it needs must be imported above it."""
    lines = [top_level(module, site.node).lineno for site in accepted if site.module is module]
    return min(lines, default=len(module.source.line_starts) + 1)


def _renamed_settings(rewrites: Iterable[Rewritten]) -> dict[str, set[str]]:
    renamed: dict[str, set[str]] = {}
    for rewrite in rewrites:
        for old, new in rewrite.renamed:
            renamed.setdefault(old, set()).add(new)
    return renamed


def _reading(accepted: dict[Site, Rewritten], uses: frozenset[ast.expr], module: Module) -> list[Site]:
    """Return the sites whose changes take one of the uses away."""
    spans = [module.source.span(use) for use in uses]
    found = []
    for site, rewrite in accepted.items():
        removed = [(c.start, c.end) for c in rewrite.changes if c.path == module.path]
        if any(first <= start and end <= last for first, last in removed for start, end in spans):
            found.append(site)
    return found
