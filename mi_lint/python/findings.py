"""From sites to findings: message, flow from where the secret comes from, fingerprint, snippet."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping

from mi_lint import baseline
from mi_lint.model import Confidence, Finding, Location, RuleInfo, Snippet
from mi_lint.python import known
from mi_lint.python.hidden import named_texts, occurrences, secret_nodes, text_of
from mi_lint.python.origins import Origin
from mi_lint.python.site import Site
from mi_lint.report.fingerprints import line_hashes
from mi_lint.secrets.redact import merged

Redact = Callable[[bytes, int, int, list[tuple[int, int]]], str | None]

_ORIGINS = {
    "literal": "written in the code",
    "environment": "read from the environment variable '{}'",
    "setting": "read from the setting '{}'",
    "argument": "given on the command line",
    "config": "read from a configuration file",
    "vault": "read from a vault",
    "keys-listed": "fetched from the management API",
    "parameter": "passed by a caller as '{}'",
    "template": "put together from parts",
}


def findings(
    sites: Iterable[Site], rules: Mapping[str, RuleInfo], raw: Callable[[str], bytes], redact: Redact
) -> list[Finding]:
    """Return the findings of sites whose check is among the rules.

    ``raw`` gives the bytes of a file, ``redact`` the text of a span without what must not be shown.
    """
    placed = [(site, site.module.source.location(site.node)) for site in sites if site.check in rules]
    lines: dict[str, set[int]] = {}
    for _, location in placed:
        lines.setdefault(location.path, set()).add(location.region.start_line)
    # Once per file: the hash of a line says how many like it stand before it.
    hashes = {path: line_hashes(raw(path), wanted) for path, wanted in lines.items()}
    counts: dict[tuple[str, str, str], int] = {}
    return [
        _finding(site, rules[site.check], location, hashes[location.path], redact, counts) for site, location in placed
    ]


def _finding(
    site: Site,
    rule: RuleInfo,
    location: Location,
    hashes: Mapping[int, str],
    redact: Redact,
    counts: dict[tuple[str, str, str], int],
) -> Finding:
    shown = snippet(site, redact)
    line = shown.text if shown else ""
    key = (site.check, site.module.path, " ".join(line.split()))
    occurrence = counts.get(key, 0)
    counts[key] = occurrence + 1
    return Finding(
        rule_id=site.check,
        location=location,
        message=dict(rule.messages)[site.message_id].format(*site.details),
        message_id=site.message_id,
        arguments=site.details,
        severity=rule.severity,
        confidence=confidence(site, rule),
        everyday=rule.everyday and confidence(site, rule) >= Confidence.HIGH and not known.is_test(site.module.path),
        fingerprint=baseline.fingerprint(site.check, site.module.path, "", line, False, occurrence),
        line_hash=hashes.get(location.region.start_line, ""),
        snippet=shown,
        flow=flow(site),
        properties=properties(site),
    )


def confidence(site: Site, rule: RuleInfo) -> Confidence:
    """Return how sure it is that a secret is passed: less when only a name says so."""
    trace = site.trace
    if trace is None or trace.is_secret or site.form in ("connection-string", "unsupported") or not site.secret:
        return rule.confidence
    return min(rule.confidence, Confidence.HIGH)


def flow(site: Site) -> tuple[Location, ...]:
    """Return the way of the secret from its origin to the site; empty when there is nothing between them."""
    trace = site.trace
    if trace is None or not trace.origins:
        return ()
    origin = next((o for o in trace.origins if o.kind != "none"), trace.origins[0])
    if origin.kind == "opaque" or (
        origin.module is site.module and _inside(site.node, origin.node) and not trace.steps
    ):
        return ()
    way = [origin.module.source.location(origin.node, _described(origin))]
    way += [step.module.source.location(step.node, step.message) for step in trace.steps]
    way.append(site.module.source.location(site.node, "used to authenticate"))
    return tuple(dict.fromkeys(way))


def _inside(outer: ast.AST, inner: ast.AST) -> bool:
    return any(node is inner for node in ast.walk(outer))


def _described(origin: Origin) -> str:
    return _ORIGINS.get(origin.kind, "comes from here").format(origin.name)


def properties(site: Site) -> tuple[tuple[str, str], ...]:
    """Return what reports and the plan can use: the class, its package, the role it needs, the setting it reads."""
    found = {"form": site.form}
    client = site.client
    if client is not None:
        found.update({"class": client.qualified, "package": client.package})
        if client.role:
            found["role"] = client.role
    names = {origin.name for origin in (site.trace.origins if site.trace else ()) if origin.kind == "environment"}
    if names - {""}:
        found["environment"] = ", ".join(sorted(names - {""}))
    return tuple(sorted(found.items()))


def snippet(site: Site, redact: Redact) -> Snippet | None:
    """Return the lines of a site as they may be shown; None when they may not."""
    source = site.module.source
    location = source.location(site.node)
    start, end = source.span(site.node)
    first, last = source.line_start(start), source.line_end(max(start, end - 1))
    nodes = [*(node for home, node in secret_nodes(site) if home is site.module), *named_texts(site.node)]
    lines = source.text[first:last]
    again = occurrences(lines, {text_of(node) for _, node in secret_nodes(site)})
    spans = [*map(source.span, nodes), *((first + begin, first + stop) for begin, stop in again)]
    text = redact(source.text, first, last, merged(spans))
    if text is None:
        return None
    return Snippet(location.region.start_line, location.region.end_line, text.rstrip("\r\n"))
