"""What a migration tells: the diff, the summary for people, the report for programs."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from mi_lint.migrate.outcome import HeldBack, Manual, Outcome, Rewritten
from mi_lint.migrate.plan import Plan
from mi_lint.migrate.project_files import both_sent
from mi_lint.migrate.project_files.ini_files import ini_settings
from mi_lint.python.facts import Module
from mi_lint.python.findings import properties
from mi_lint.python.hidden import named_texts, occurrences, secret_nodes, secret_spans, text_of
from mi_lint.python.references import references
from mi_lint.python.site import Site
from mi_lint.secrets.redact import merged

SCHEMA = "https://github.com/mi-lint/mi-lint/blob/main/docs/migrate-report.schema.json"

MAX_MODULES = 3  # that a line names
# A connection string by the names of its parts, or by their places, which move when the key goes.
_TAKEN_APART = re.compile(rb"[\"'](?:AccountKey|SharedAccessKey)=?[\"']|\bsplit\(\s*[rb]?[\"'];[\"']")

Redact = Callable[[bytes, int, int, list[tuple[int, int]], Mapping[int, int]], str | None]
Find = Callable[[bytes], Iterable[tuple[int, int]]]


def state(outcome: Outcome) -> str:
    """Return the state of a site as reports spell it."""
    names = {Rewritten: "rewritten", HeldBack: "held-back", Manual: "manual"}
    return names[type(outcome)]


def diff(plan: Plan, original: Callable[[str], bytes], redact: Redact, find: Find) -> Iterator[str]:
    """Yield the lines of a unified diff in which no secret stands; ``find`` finds the spans of secrets in a text."""
    sites = [site for site, _ in plan.outcomes]
    modules = {module.path: module for site in sites for module in _modules(site)}
    # A secret of one module may be used, and spelled, in another.
    secrets = {text_of(node) for site in sites for _, node in secret_nodes(site)}
    for path in sorted(plan.texts):
        source, _ = plan.texts[path]
        old = original(path)
        new = plan.file_bytes(path, old)
        spans = {span for site in sites for span in secret_spans(site, path)}
        if path in modules:
            spans.update(map(source.span, named_texts(modules[path].tree)))
        # What is secret in the old text is so in the new one, wherever it stands there.
        hidden = secrets | {old[slice(*source.to_file(*span))] for span in spans}
        code = references(path, (old, new)) or [{}, {}]
        before, after = (
            _shown(text, merged([*occurrences(text, hidden), *find(text)]), redact, names)
            for text, names in zip((old, new), code, strict=True)
        )
        yield from difflib.unified_diff(before, after, f"a/{path}", f"b/{path}")


def _modules(site: Site) -> list[Module]:
    return [site.module, *(origin.module for origin in (site.trace.origins if site.trace else ()))]


def _shown(text: bytes, spans: list[tuple[int, int]], redact: Redact, code: Mapping[int, int]) -> list[str]:
    lines, start = [], 0
    for line in text.splitlines(keepends=True):
        content = line.rstrip(b"\r\n")
        shown = redact(text, start, start + len(content), spans, code)
        end = line[len(content) :].decode() or "\n\\ No newline at end of file\n"
        lines.append((f"[a line of {len(content):,} characters]" if shown is None else shown) + end)
        start += len(line)
    return lines


def summary(
    plan: Plan, wrote: bool, suppressed: int = 0, rights: Sequence[str] = (), problems: Sequence[str] = ()
) -> list[str]:
    """Return the lines that end a run: counts, prerequisites, what was not rewritten and why.

    ``rights`` and ``problems`` are those of the plan for Azure: what has to be granted, and what will not work.
    """
    counts = Counter(state(outcome) for _, outcome in plan.outcomes)
    total = len(plan.outcomes)
    verb = "rewritten" if wrote else "to rewrite"
    calls = f"{total} call{'s' if total != 1 else ''} with a secret"
    lines = [f"{calls}: {counts['rewritten']} {verb}, {counts['held-back']} held back, {counts['manual']} manual"]
    if suppressed:
        lines[0] += f"; {suppressed} more suppressed"
    lines += _reasons(plan, HeldBack, "held back")
    lines += _reasons(plan, Manual, "manual")
    lines += _notes(plan)
    lines += _needs(plan, rights)
    if problems:
        lines += ["these calls will not work with a managed identity:", *(f"  call     {text}" for text in problems)]
    return lines


def _reasons(plan: Plan, kind: type[HeldBack] | type[Manual], title: str) -> list[str]:
    return [_told(title, site, outcome.reason) for site, outcome in plan.outcomes if isinstance(outcome, kind)]


def _notes(plan: Plan) -> list[str]:
    noted = ((site, outcome) for site, outcome in plan.outcomes if isinstance(outcome, Rewritten) and outcome.note)
    return [_told("look at", site, outcome.note) for site, outcome in noted]


def _told(title: str, site: Site, text: str) -> str:
    place = f"{site.module.path}:{getattr(site.node, 'lineno', 1)}"
    return f"  {title}  {place}  {site.check} {_subject(site)}: {text}"


def _subject(site: Site) -> str:
    return site.details[0] if site.details else site.family


def _needs(plan: Plan, rights: Sequence[str]) -> list[str]:
    by_place = _settings(plan)
    lines = []
    if rights and any(isinstance(outcome, Rewritten) for _, outcome in plan.outcomes):
        lines += ["before this runs, the host's managed identity needs:", *(f"  right    {right}" for right in rights)]
    lines += _packages(plan)
    for place in sorted(by_place):
        lines.append(f"{place}:" if place else "the host needs these settings:")
        lines += [f"  setting  {name}={example}" for name, example in sorted(by_place[place])]
    addresses = sorted({name for _, o in plan.outcomes if isinstance(o, Rewritten) for name in o.addresses})
    kept = _with_key(plan, addresses)
    addresses = [name for name in addresses if name not in kept]
    if addresses:
        lines += ["only the address in these is used from now on; take the key out of their value:"]
        lines += [f"  setting  {name}" for name in addresses]
    if plan.unused_settings:
        lines += ["no code reads these settings any more; take them from the host:"]
        lines += [f"  setting  {name}" for name in plan.unused_settings]
    if plan.both_sent:
        lines.append(
            f"these releases send a key in {both_sent.NAME} beside the token; take it from where the code runs, or "
            "move to a later one:"
        )
        lines += [f"  package  {release}: from {fixed} on only the token" for release, fixed in plan.both_sent.items()]
    if plan.real_settings:
        lines.append("these files set what is no longer read; they were not touched:")
        lines += [f"  file     {path}" for path in plan.real_settings]
    if plan.winning_secrets:
        lines.append(
            "these files set AZURE_CLIENT_SECRET, with which DefaultAzureCredential signs in before any managed "
            "identity; take it out there and from the host, or give it another name:"
        )
        lines += [f"  file     {path}" for path in plan.winning_secrets]
    return lines


def _settings(plan: Plan) -> dict[str, set[tuple[str, str]]]:
    """Return the new settings by the words for where they belong: empty for the environment of the host."""
    found: dict[str, set[tuple[str, str]]] = {}
    for site, outcome in plan.outcomes:
        if isinstance(outcome, Rewritten) and outcome.settings:
            stored = ini_settings(site, outcome)
            for name, example in outcome.settings:
                words = ""
                if stored is not None and name in stored[1]:
                    place = stored[0]
                    words = f"{place.words} needs{f', in [{place.section}]' if place.section else ''}"
                found.setdefault(words, set()).add((name, example))
    return found


def _with_key(plan: Plan, names: Iterable[str]) -> frozenset[str]:
    """Return the settings whose key a call that was not rewritten goes on using, or code that takes them apart."""
    stays = [(site, site.trace) for site, outcome in plan.outcomes if not isinstance(outcome, Rewritten)]
    origins = [(site, origin) for site, trace in stays if trace is not None for origin in trace.origins]
    texts = {site.module.source.text for site, origin in origins if origin.kind == "opaque"}
    texts |= {text for site, _ in plan.outcomes if _TAKEN_APART.search(text := site.module.source.text)}
    read = (name for name in names if any(re.search(rb"(?i)\b%s\b" % re.escape(name.encode()), t) for t in texts))
    return frozenset([*(origin.name for _, origin in origins), *read])


def _packages(plan: Plan) -> list[str]:
    """Return what has to be installed and nothing in the project could take, and the lock files to renew."""
    lines = []
    if plan.packages:
        lines.append("no file here tells what is installed where this runs; it needs these packages, too:")
        for name, modules in plan.packages.items():
            more = f" and {len(modules) - MAX_MODULES} more" if len(modules) > MAX_MODULES else ""
            lines.append(f"  package  {name}  for {', '.join(modules[:MAX_MODULES])}{more}")
    if plan.stale:
        lines.append("these files are out of date; make them anew:")
        lines += [f"  lock     {path}: {command}" for path, command in plan.stale.items()]
    return lines


def report(plan: Plan, suppressed: int = 0) -> str:
    """Return the report for programs: every site with its state and reason, as JSON."""
    sites = [_entry(site, outcome) for site, outcome in plan.outcomes]
    counts = Counter(state(outcome) for _, outcome in plan.outcomes)
    document = {
        "$schema": SCHEMA,
        "version": 1,
        "counts": {name: counts.get(name, 0) for name in ("rewritten", "held-back", "manual")},
        "suppressed": suppressed,
        "files": sorted(plan.texts),
        "sites": sites,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _entry(site: Site, outcome: Outcome) -> dict[str, object]:
    region = site.module.source.location(site.node).region
    entry: dict[str, object] = {
        "path": site.module.path,
        "line": region.start_line,
        "column": region.start_column,
        "rule": site.check,
        "family": site.family,
        **dict(properties(site)),
        "state": state(outcome),
    }
    reason = getattr(outcome, "reason", "")
    if reason:
        entry["reason"] = reason
    if isinstance(outcome, Rewritten):
        entry["description"] = outcome.description
        if outcome.settings:
            place, stored = ini_settings(site, outcome) or ("", frozenset())
            entry["settings"] = [
                {"name": name, "example": example, **({"file": str(place)} if name in stored else {})}
                for name, example in outcome.settings
            ]
    if isinstance(outcome, HeldBack):
        entry["unsafe-rewrite"] = outcome.rewrite is not None
    return entry
