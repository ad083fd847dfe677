"""`mi-lint rules`: list the rules, explain some, or write the whole reference."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any

    from mi_lint.configuration import Config
    from mi_lint.rulebook.reference import Entry

FORMATS = ("text", "json", "markdown")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    from mi_lint.configuration.arguments import add_options

    parser.add_argument(
        "rules", nargs="*", metavar="RULE", help="explain only these: ids, beginnings of ids, names or service files"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    parser.add_argument("-o", "--output", metavar="FILE", default="-", help="write to a file; default: standard output")
    add_options(parser, ("select", "extend-select", "ignore", "rules"))


def run(arguments: argparse.Namespace) -> int:
    """Print rules; the code is 0."""
    from mi_lint.configuration.arguments import configure as settings
    from mi_lint.configuration.select import catalogue, select
    from mi_lint.report.output import write_chunks
    from mi_lint.rulebook import reference

    config = settings(arguments)
    known = catalogue(config.rules)
    enabled = select(config, known).enabled
    entries = reference.entries(config.rules, details=bool(arguments.rules) or arguments.format != "text")
    chosen = [entries[identity] for identity in sorted(_chosen(arguments.rules, known, entries))]
    if arguments.format == "json":
        text = _json(chosen, enabled)
    elif arguments.format == "markdown":
        text = reference.markdown(chosen, whole=not arguments.rules)
    elif arguments.rules:
        text = "\n".join(_explained(entry, enabled) for entry in chosen)
    else:
        text = _list(chosen, enabled, config)
    write_chunks([text], arguments.output, terminal=arguments.format == "text")
    return 0


def _chosen(words: Sequence[str], known: Any, entries: dict[str, Entry]) -> frozenset[str]:
    return frozenset(entries) if not words else known.resolve(words, "RULE") & frozenset(entries)


def _list(entries: Sequence[Entry], enabled: frozenset[str], config: Config) -> str:
    from mi_lint.configuration.discover import shown_path

    identity = max(len(entry.info.id) for entry in entries)
    name = max(len(entry.info.name) for entry in entries)
    lines = []
    service = ""
    for entry in sorted(
        entries, key=lambda entry: (entry.info.service == "mi-lint", entry.info.service.casefold(), entry.info.id)
    ):
        info = entry.info
        if info.service != service:
            lines.append(f"\n{info.service}" if service else info.service)
            service = info.service
        state = "" if info.id in enabled and entry.audience == "everyday" else f"  ({_state(entry, enabled)})"
        lines.append(
            f"  {info.id:<{identity}}  {info.name:<{name}}  {info.severity.name.lower():<8}  {info.title}{state}"
        )
    where = f" by {shown_path(config.file)}" if config.file else ""
    count = sum(entry.info.id in enabled for entry in entries)
    lines.append(f"\n{len(entries)} rules, {count} enabled{where}. `mi-lint rules ID` explains one.")
    return "\n".join(lines) + "\n"


def _state(entry: Entry, enabled: frozenset[str]) -> str:
    if entry.info.id not in enabled:
        return "off"
    return "with --thorough" if entry.audience == "thorough" else "on"


def _explained(entry: Entry, enabled: frozenset[str]) -> str:
    import textwrap

    from mi_lint.rulebook.load import role_words

    info = entry.info
    confidence = info.confidence.name.lower().replace("_", "-")
    lines = [
        f"{info.id} {info.name}: {info.title}",
        f"{info.service} · severity {info.severity.name.lower()} · confidence {confidence} · {_state(entry, enabled)}",
        "",
        *textwrap.wrap(info.summary, 100),
        "",
        "Way out",
        *(
            line
            for part in entry.way_out.splitlines()
            for line in textwrap.wrap(part, 96, initial_indent="  ", subsequent_indent="  ")
        ),
    ]
    if entry.verdicts:
        lines += ["", "Verdicts"]
        lines += [f"  {v.name:<17}  {v.severity:<8}  {v.confidence:<9}  {_shown(v.shown)}" for v in entry.verdicts]
    for title, examples in (("Found", entry.found), ("Not found", entry.silent)):
        for example in examples:
            lines += ["", f"{title}{f' in {example.path}' if example.path else ''}"]
            lines += [f"  {line}" for line in example.text.splitlines()]
            if example.after:
                lines += ["", "Becomes", *(f"  {line}" for line in example.after.splitlines())]
    if info.roles:
        lines += ["", "Roles for the managed identity", *(f"  {words}" for words in role_words(info.roles))]
    if entry.unchanged:
        lines += ["", "Not rewritten when", *(f"  {reason}" for reason in entry.unchanged)]
    lines += ["", "References", *(f"  {reference}" for reference in info.references)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _shown(shown: str) -> str:
    return "shown" if shown == "yes" else f"shown {shown}"


def _json(entries: Sequence[Entry], enabled: frozenset[str]) -> str:
    import json

    return json.dumps([_record(entry, enabled) for entry in entries], indent=2, ensure_ascii=False) + "\n"


def _record(entry: Entry, enabled: frozenset[str]) -> dict[str, object]:
    info = entry.info
    return {
        "id": info.id,
        "name": info.name,
        "title": info.title,
        "service": info.service,
        "file": entry.file,
        "severity": info.severity.name.lower(),
        "confidence": info.confidence.name.lower().replace("_", "-"),
        "audience": entry.audience,
        "enabled": info.id in enabled,
        "cwe": list(info.cwe),
        "summary": info.summary,
        "way_out": entry.way_out,
        "verdicts": [
            {"verdict": v.name, "severity": v.severity, "confidence": v.confidence, "shown": v.shown}
            for v in entry.verdicts
        ],
        "examples": [
            {"path": example.path, "text": example.text, **({"after": example.after} if example.after else {})}
            for example in entry.found
        ],
        "roles": [{"service": service, "usual": usual, "for_less": less} for service, usual, less in info.roles],
        "not_rewritten_when": list(entry.unchanged),
        "help_uri": info.help_uri,
        "references": list(info.references),
        "tags": list(info.tags),
    }
