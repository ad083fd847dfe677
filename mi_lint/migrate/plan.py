"""Plan the rewriting of a project: which site becomes what, and the changes that make it so.

Sites are rewritten together, file by file, because they share imports, credentials and what they leave unused. What
overlaps waits for the next round; a round starts from the text that the one before would write.
"""

from __future__ import annotations

import ast
import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType

from mi_lint.migrate import floors, gateways, libraries, mocked, platforms, rewriters, verify, workers
from mi_lint.migrate import switches as tests
from mi_lint.migrate.calls import UnreadableCallError
from mi_lint.migrate.changes import Change, applied, coalesced, conflict, differences, edit, merged, moved_out
from mi_lint.migrate.companions import companion_changes, packages_of
from mi_lint.migrate.context import Context
from mi_lint.migrate.definitions import top_level
from mi_lint.migrate.fields import with_unused_fields
from mi_lint.migrate.imports import import_changes
from mi_lint.migrate.installs import install_changes
from mi_lint.migrate.mentions import mention_changes
from mi_lint.migrate.notebook_gate import withdraw_broken
from mi_lint.migrate.orphans import Orphans
from mi_lint.migrate.outcome import HeldBack, Manual, Needs, Outcome, Rewritten
from mi_lint.migrate.settings_files import real_files
from mi_lint.migrate.shared_settings import with_unused_globals
from mi_lint.migrate.unused_settings import removed_from_samples, unused_settings
from mi_lint.model import Applicability, Fix
from mi_lint.python import known
from mi_lint.python.analysis import Analysis
from mi_lint.python.facts import Module
from mi_lint.python.project import Project
from mi_lint.python.site import Site
from mi_lint.python.source import Source

MAX_ROUNDS = 10
# So many sites of a file that cannot be written are tried one by one.
MAX_SEPARATED = 30
UNCLOSED = "its new credential is closed nowhere, because this code does not close the client: close both where it ends"
_TEST = "this is a test, whose key may be made up; say whether it shall sign in with an identity"
_WAITS = HeldBack("it overlaps another rewrite")
_REFUSED = HeldBack("you have chosen to leave it as it is")


@dataclass(frozen=True, slots=True)
class Options:
    """What the user allows: ``unsafe`` also applies rewrites that involve a judgement.

    ``thorough`` checks each result with LibCST, as everything that is written is.
    """

    unsafe: bool = False
    credential: str = ""
    thorough: bool = True


@dataclass(slots=True)
class Plan:
    """The outcome of every site, and for every changed file its old and new text."""

    outcomes: list[tuple[Site, Outcome]] = field(default_factory=list)
    texts: dict[str, tuple[Source, bytes]] = field(default_factory=dict)
    changes: dict[str, list[Change]] = field(default_factory=dict)
    groups: list[frozenset[str]] = field(default_factory=list)
    companions: dict[frozenset[str], list[Change]] = field(default_factory=dict)
    real_settings: list[str] = field(default_factory=list)
    unused_settings: list[str] = field(default_factory=list)

    def file_bytes(self, path: str, original: bytes) -> bytes:
        """Return the new content of a file, given its content as it was analysed."""
        source = self.texts[path][0]
        result = original
        for change in reversed(self.changes[path]):
            written = edit(source, change)
            result = result[: written.start] + written.text.encode(source.encoding) + result[written.end :]
        return result

    def refuse(self, sites: Iterable[Site]) -> None:
        """Note sites that the user has chosen to leave."""
        self.outcomes = _in_order([*self.outcomes, *((site, _REFUSED) for site in sites)])

    def fixes(self) -> list[Fix]:
        """Return one fix for each group of files that change together."""
        fixes = []
        for group in self.groups:
            changes = [change for path in sorted(group) for change in self.changes[path]]
            changes += self.companions.get(group, [])
            edits = tuple(edit(self.texts[change.path][0], change) for change in changes)
            sites = [outcome for site, outcome in self.outcomes if site.module.path in group]
            notes = dict.fromkeys(o.description for o in sites if isinstance(o, Rewritten))
            safe = all(o.applicability is Applicability.SAFE for o in sites if isinstance(o, Rewritten))
            applicability = Applicability.SAFE if safe else Applicability.UNSAFE
            fixes.append(Fix("; ".join(notes), edits, applicability))
        return fixes


def _in_order(outcomes: Iterable[tuple[Site, Outcome]]) -> list[tuple[Site, Outcome]]:
    return sorted(outcomes, key=lambda entry: (entry[0].module.path, getattr(entry[0].node, "lineno", 0)))


@functools.cache
def _rewriters() -> dict[str, Callable[[Site, Context], Outcome]]:
    found: dict[str, Callable[[Site, Context], Outcome]] = {}
    for entry in pkgutil.iter_modules(rewriters.__path__):
        module: ModuleType = importlib.import_module(f"{rewriters.__name__}.{entry.name}")
        found[entry.name] = module.rewrite
    return found


def can_rewrite(site: Site) -> bool:
    """Whether there is a rewriter for a site's kind at all."""
    return site.family in _rewriters()


def outcome_of(site: Site, context: Context) -> Outcome:
    """Ask the family's rewriter what becomes of a site."""
    if site.blocked:
        return Manual(site.blocked)
    rewriter = _rewriters().get(site.family)
    if rewriter is None:
        return Manual("there is no rewrite for this kind of authentication")
    try:
        outcome = workers.on_workers(site, rewriter(site, context))
        outcome = platforms.on_platform(site, gateways.at_gateway(site, outcome, context))
    except UnreadableCallError as error:
        return Manual(f"the call cannot be rewritten: {error}")
    if not isinstance(outcome, Rewritten):
        return outcome
    if known.is_test(site.module.path):
        return HeldBack(_TEST, outcome)
    reason = floors.reason(site, outcome, context.analysis.project) or libraries.reason(site, context.analysis)
    return HeldBack(reason, outcome) if reason else tests.decided_by_caller(site, outcome)


def plan(analysis: Analysis, sites: Sequence[Site], options: Options, staying: Sequence[Site] = ()) -> Plan:
    """Return the plan for sites of a project; other sites of it stay as they are."""
    result = Plan()
    waiting, others = list(sites), list(staying)
    for number in range(MAX_ROUNDS):
        round_ = _Round(analysis, waiting, options)
        round_.run()
        later = [site for site in waiting if round_.outcomes[site] is _WAITS]
        result.outcomes += [(site, round_.outcomes[site]) for site in waiting if site not in later]
        _take(result, round_, number)
        if not later:
            break
        if not round_.texts or number == MAX_ROUNDS - 1:
            result.outcomes += [(site, _WAITS) for site in later]
            break
        waiting, others = _again(analysis, later, others, round_, result)
    result.outcomes = _in_order(result.outcomes)
    withdraw_broken(result)
    _accompany(analysis.project, result)
    return result


def _accompany(project: Project, result: Plan) -> None:
    """Let manifests and samples of settings follow the code. Files that several groups share have equal changes."""
    rewrites = [(site, outcome) for site, outcome in result.outcomes if isinstance(outcome, Rewritten)]
    renamed = {old for _, rewrite in rewrites for old, _ in rewrite.renamed}
    texts = [text.decode("utf-8", "replace") for _, text in result.texts.values()]
    others = [project.code_text(path).decode("utf-8", "replace") for path in project.code if path not in result.texts]
    still_read = frozenset(old for old in renamed if any(old in text for text in (*texts, *others)))
    news = {path: text for path, (_, text) in result.texts.items()}
    pairs = {path: (source.text, text) for path, (source, text) in result.texts.items()}
    neighbours = frozenset(package for site, _ in rewrites for package in packages_of(site))
    unused: set[str] = set()
    for group in result.groups:
        own = [(site, rewrite) for site, rewrite in rewrites if site.module.path in group]
        gone = unused_settings(project, pairs, group) - renamed
        unused |= gone
        changes = merged(
            [*companion_changes(project, own, still_read, news, neighbours), *removed_from_samples(project, gone)]
        )
        if conflict(changes):
            continue
        result.companions[group] = changes
        for change in changes:
            result.changes.setdefault(change.path, [])
            if change not in result.changes[change.path]:
                result.changes[change.path].append(change)
    for path in {change.path for changes in result.companions.values() for change in changes}:
        _settle(project, result, path)
    result.real_settings = real_files(project, frozenset(renamed | unused))
    result.unused_settings = sorted(unused)


def _settle(project: Project, result: Plan, path: str) -> None:
    """Work out the new text of a companion file from the changes of all groups."""
    changes = merged(result.changes[path])
    kept: list[Change] = []
    for change in changes:
        if not any(change.overlaps(other) for other in kept):
            kept.append(change)
    source = Source(path, project.text(path))
    result.changes[path] = kept
    result.texts[path] = (source, applied(source.text, kept))


def _take(result: Plan, round_: _Round, number: int) -> None:
    for path, (source, text) in round_.texts.items():
        original = result.texts[path][0] if path in result.texts else source
        again = path in result.texts
        result.texts[path] = (original, text)
        old = original.text.decode("utf-8", "replace")
        result.changes[path] = (
            list(differences(path, 0, old, text.decode("utf-8", "replace"))) if again else round_.changes[path]
        )
    result.groups = _joined([*result.groups, *round_.groups])


def _joined(groups: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Join groups that share a file."""
    result: list[frozenset[str]] = []
    for group in groups:
        touching = [other for other in result if other & group]
        result = [other for other in result if not other & group]
        result.append(group.union(*touching))
    return result


def _again(
    analysis: Analysis, later: list[Site], staying: list[Site], round_: _Round, result: Plan
) -> tuple[list[Site], list[Site]]:
    """Find the waiting and the staying sites in the text that the round before would write."""
    for path, (source, text) in round_.texts.items():
        analysis.project.replace(Source(path, text, source.encoding))
    analysis.forget()
    modules = [m for m in (analysis.project.module(path) for path in sorted({s.module.path for s in later})) if m]
    found = analysis.sites(modules)
    others = [_moved(site, found, round_) or site for site in staying]
    found = [site for site in found if site not in others]
    for site, outcome in result.outcomes:
        same = None if isinstance(outcome, Rewritten) else _same_site(site, found)
        if same is not None:
            found.remove(same)
    chosen = []
    for site in later:
        match = _same_site(site, found)
        if match is None:
            result.outcomes.append((site, Rewritten((), "rewritten together with its neighbour")))
        else:
            found.remove(match)
            chosen.append(match)
    return chosen, others


def _moved(site: Site, found: Sequence[Site], round_: _Round) -> Site | None:
    """Return the site that stands where the changes of a round have moved one that they leave alone."""
    start = site.module.source.span(site.node)[0]
    changes = round_.changes.get(site.module.path, ())
    place = start + sum(len(c.text.encode()) - (c.end - c.start) for c in changes if c.end <= start)
    same = (other for other in found if (other.module.path, other.check) == (site.module.path, site.check))
    return next((other for other in same if other.module.source.span(other.node)[0] == place), None)


def _same_site(site: Site, found: Sequence[Site]) -> Site | None:
    """Return the site again among those of a later text, in which a neighbour may have renamed what it is given."""
    same = [
        other
        for other in found
        if (other.module.path, other.check, other.form, other.details)
        == (site.module.path, site.check, site.form, site.details)
    ]
    text = site.module.source.slice(site.node)
    return next((other for other in same if other.module.source.slice(other.node) == text), next(iter(same), None))


class _Round:
    """One round: the outcomes, and the texts that result."""

    def __init__(self, analysis: Analysis, sites: Sequence[Site], options: Options) -> None:
        self._analysis = analysis
        self._sites = sites
        self._options = options
        self._contexts: dict[Module, Context] = {}
        self.outcomes: dict[Site, Outcome] = {}
        self.changes: dict[str, list[Change]] = {}
        self.texts: dict[str, tuple[Source, bytes]] = {}
        self.groups: list[frozenset[str]] = []

    def run(self) -> None:
        taken: list[Change] = []
        accepted: dict[Site, Rewritten] = {}
        for site in self._sites:
            outcome = outcome_of(site, self._context(site.module))
            rewrite = self._allowed(outcome)
            if rewrite is None:
                self.outcomes[site] = outcome
            elif any(change.overlaps(other) for change in rewrite.changes for other in taken):
                self.outcomes[site] = _WAITS
            else:
                self.outcomes[site] = rewrite
                accepted[site] = rewrite
                taken += rewrite.changes
        accepted = with_unused_globals(self._analysis, with_unused_fields(self._analysis, accepted))
        self.outcomes.update(accepted)
        self._regroup(accepted)

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
                site: tests.REASON.format(name)
                for name, uses in switches
                for site in _reading(accepted, uses, module)
                if tests.concerns(name, site)
            }
            if held:
                return {}, held
            text = applied(module.source.text, complete)
            renamed = _renamed_settings(accepted.values())
            overlap = "the changes of several sites overlap" if conflict(complete) else ""
            reason = overlap or verify.problem(module, text, complete, renamed, self._options.thorough)
            if reason:
                return {}, dict.fromkeys(accepted, reason)
            results[path] = (complete, module.source, text)
        return results, {}

    def _alone(self, accepted: dict[Site, Rewritten]) -> dict[Site, str]:
        """Return the sites that cannot be written even alone, so that their neighbours can."""
        found: dict[Site, str] = {}
        for site, rewrite in accepted.items() if len(accepted) > 1 else ():
            files = frozenset({site.module.path, *(change.path for change in rewrite.changes)})
            found |= self._worked_out(files, {site: rewrite})[1]
        return found

    def _regroup(self, accepted: dict[Site, Rewritten]) -> None:
        groups = _joined(frozenset({s.module.path, *(c.path for c in r.changes)}) for s, r in accepted.items())
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
        needed = {name for _, name in needs.imports} | needs.modules
        unused = [(statement, alias) for statement, alias in orphans.imports if alias.name not in needed]
        complete = [*resolved, *orphans.changes, *import_changes(module, needs, unused, _first_line(module, accepted))]
        complete += install_changes(module, needs, {p for site in accepted for p in packages_of(site)})
        complete += mention_changes(module, _renamed_settings(accepted.values()), complete)
        return merged(moved_out(module.source, coalesced(module.source, complete))), orphans.switches


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
