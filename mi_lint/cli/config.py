"""`mi-lint config`: print the effective configuration, and where each value comes from."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from mi_lint.configuration import Config


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    from mi_lint.configuration.arguments import add_options

    parser.add_argument("paths", nargs="*", metavar="PATH", help="the paths of the scan that is meant; default: here")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the settings. They are checked as for a scan, selectors of rules included."""
    import sys

    from mi_lint.configuration.arguments import configure as settings
    from mi_lint.configuration.select import catalogue, select

    config = settings(arguments, arguments.paths)
    enabled = select(config, catalogue(config.rules)).enabled
    text = _json(config, enabled) if arguments.format == "json" else _text(config, enabled)
    sys.stdout.write(text)
    return 0


def _text(config: Config, enabled: frozenset[str]) -> str:
    import json

    from mi_lint.configuration.discover import shown_path
    from mi_lint.configuration.options import OPTIONS

    rows = [(option.name, json.dumps(config.get(option.name)), config.origins[option.name]) for option in OPTIONS]
    name = max(len(row[0]) for row in rows)
    value = min(40, max(len(row[1]) for row in rows))
    file = shown_path(config.file) if config.file else "none"
    lines = [f"configuration file: {file}", ""]
    lines += [f"{key:<{name}} = {text:<{value}}  # {origin}" for key, text, origin in rows]
    lines += ["", f"{len(enabled)} rules are enabled; `mi-lint rules` lists them."]
    return "\n".join(lines) + "\n"


def _json(config: Config, enabled: frozenset[str]) -> str:
    import json

    from mi_lint.configuration.options import OPTIONS

    settings = {
        option.name: {"value": config.get(option.name), "origin": config.origins[option.name]} for option in OPTIONS
    }
    document = {"file": config.file or None, "root": config.root, "settings": settings, "rules": sorted(enabled)}
    return json.dumps(document, indent=2) + "\n"
