"""Plan the rewriting of a project: which site becomes what, and the changes that make it so.

Sites are rewritten together, file by file, because they share imports, credentials and what they leave unused. What
overlaps waits for the next round; a round starts from the text that the one before would write.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mi_lint.migrate.editing.changes import Change, applied, conflict, differences, edit, merged
from mi_lint.migrate.notebook_gate import withdraw_broken
from mi_lint.migrate.outcome import HeldBack, Outcome, Rewritten
from mi_lint.migrate.project_files import both_sent
from mi_lint.migrate.project_files.companions import HOST_SETTINGS, companion_changes, packages_of
from mi_lint.migrate.project_files.floors import untold
from mi_lint.migrate.project_files.locks import stale
from mi_lint.migrate.project_files.manifests import companion_source
from mi_lint.migrate.project_files.packages import Packages
from mi_lint.migrate.project_files.settings_files import real_files
from mi_lint.migrate.project_files.unused_settings import removed_from_samples, unused_settings
from mi_lint.migrate.project_files.winning_secrets import NAME, winning_secrets
from mi_lint.migrate.rounds import WAITS, Options, Round, joined
from mi_lint.model import Applicability, Fix
from mi_lint.python.analysis import Analysis
from mi_lint.python.known import is_test
from mi_lint.python.project import Project
from mi_lint.python.site import Site
from mi_lint.python.source import Source

__all__ = ["Options", "Plan", "plan"]

MAX_ROUNDS = 10
_REFUSED = HeldBack("you have chosen to leave it as it is")


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
    winning_secrets: list[str] = field(default_factory=list)
    both_sent: dict[str, str] = field(default_factory=dict)
    packages: dict[str, list[str]] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)

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


def plan(analysis: Analysis, sites: Sequence[Site], options: Options, staying: Sequence[Site] = ()) -> Plan:
    """Return the plan for sites of a project; other sites of it stay as they are."""
    result = Plan()
    waiting, others = list(sites), list(staying)
    for number in range(MAX_ROUNDS):
        round_ = Round(analysis, waiting, options)
        round_.run()
        later = [site for site in waiting if round_.outcomes[site] is WAITS]
        result.outcomes += [(site, round_.outcomes[site]) for site in waiting if site not in later]
        _take(result, round_, number)
        if not later:
            break
        if not (round_.texts or round_.has_taken_back) or number == MAX_ROUNDS - 1:
            result.outcomes += [(site, WAITS) for site in later]
            break
        waiting, others = _again(analysis, later, others, round_, result)
    result.outcomes = _in_order(result.outcomes)
    withdraw_broken(result)
    _accompany(analysis, result, options.thorough)
    return result


def _still_read(project: Project, result: Plan, renamed: set[str]) -> frozenset[str]:
    """Return the old names of settings that some code has yet; what is not asked about is not read."""
    waiting = {old: old.encode("utf-8", "replace") for old in renamed}
    found: set[str] = set()
    changed = (text for _, text in result.texts.values())
    others = (project.code_text(path) for path in project.code if path not in result.texts)
    for text in itertools.chain(changed, others):
        if len(found) == len(waiting):
            break
        found |= {old for old, word in waiting.items() if old not in found and word in text}
    return frozenset(found)


def _read_by_clients(analysis: Analysis, result: Plan, settings: frozenset[str]) -> frozenset[str]:
    """Return the settings that clients which keep their key read themselves, without code that names them.

    What gets ``**options`` of somebody else may get a key among these, or look for it in the environment.
    """
    kept = (site for site, outcome in result.outcomes if not isinstance(outcome, Rewritten))
    calls = [site.call for site in kept if site.call is not None]
    project = analysis.project
    names = analysis.clients.reading(settings)
    paths = dict.fromkeys(path for name in sorted(names) for path in project.usage.holders(name) if not is_test(path))
    for module in filter(None, map(project.module, paths)):
        calls += [call for call in analysis.client_calls(module) if call.opaque and not call.authenticates]
    return frozenset(name for call in calls for name in call.client.environment)


def _accompany(analysis: Analysis, result: Plan, thorough: bool) -> None:
    """Let manifests and samples of settings follow the code. Files that several groups share have equal changes.

    ``thorough`` also looks for the files with real values that people have to change.
    """
    project = analysis.project
    rewrites = [(site, outcome) for site, outcome in result.outcomes if isinstance(outcome, Rewritten)]
    renamed = {old for _, rewrite in rewrites for old, _ in rewrite.renamed}
    still_read = _still_read(project, result, renamed)
    news = {path: text for path, (_, text) in result.texts.items()}
    pairs = {path: (source.text, text) for path, (source, text) in result.texts.items()}
    places = Packages(project, {package for site, _ in rewrites for package in packages_of(site)})
    lost = unused_settings(project, pairs, result.groups)
    own_reads = _read_by_clients(analysis, result, frozenset().union(*lost.values()))
    gone_by_group = {group: names - own_reads for group, names in lost.items()}
    unused: set[str] = set()
    for group in result.groups:
        own = [(site, rewrite) for site, rewrite in rewrites if site.module.path in group]
        gone = gone_by_group[group] - renamed
        # What another name has taken the place of leaves the samples with that.
        unused |= gone_by_group[group] - HOST_SETTINGS
        changes = merged(
            [
                *companion_changes(project, own, still_read, news, places, rewrites),
                *(change for site, _ in own for change in both_sent.raised_floors(project, site)),
                *removed_from_samples(project, gone),
            ]
        )
        if conflict(changes):
            continue
        result.companions[group] = changes
        for change in changes:
            result.changes.setdefault(change.path, [])
            if change not in result.changes[change.path]:
                result.changes[change.path].append(change)
    companions = {change.path for changes in result.companions.values() for change in changes}
    for path in companions:
        _settle(project, result, path)
    result.packages = places.unmet({path: result.texts[path][1] for path in companions})
    unmet = frozenset().union(*result.packages.values())
    result.packages |= untold(rewrites, places, unmet)
    result.stale = stale(project, sorted(companions), places.generated)
    if thorough:
        result.real_settings = real_files(project, frozenset(renamed - still_read - HOST_SETTINGS | unused))
    result.unused_settings = sorted(unused)
    if both_sent.NAME not in unused:
        result.both_sent = both_sent.both_sent(project, (site for site, _ in rewrites))
    if NAME not in unused:
        told = {path for site, _ in result.outcomes if site.check == "MI409" for path in site.details}
        result.winning_secrets = [path for path in winning_secrets(project, pairs) if path not in told]


def _settle(project: Project, result: Plan, path: str) -> None:
    """Work out the new text of a companion file from the changes of all groups."""
    changes = merged(result.changes[path])
    kept: list[Change] = []
    for change in changes:
        if not any(change.overlaps(other) for other in kept):
            kept.append(change)
    source = companion_source(project, path)
    result.changes[path] = kept
    result.texts[path] = (source, applied(source.text, kept))


def _take(result: Plan, round_: Round, number: int) -> None:
    for path, (source, text) in round_.texts.items():
        original = result.texts[path][0] if path in result.texts else source
        again = path in result.texts
        result.texts[path] = (original, text)
        old = original.text.decode("utf-8", "replace")
        result.changes[path] = (
            list(differences(path, 0, old, text.decode("utf-8", "replace"))) if again else round_.changes[path]
        )
    result.groups = joined([*result.groups, *round_.groups])


def _again(
    analysis: Analysis, later: list[Site], staying: list[Site], round_: Round, result: Plan
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


def _moved(site: Site, found: Sequence[Site], round_: Round) -> Site | None:
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
