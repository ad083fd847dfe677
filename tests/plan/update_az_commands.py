"""Write the commands and options of the real Azure CLI that plans use to `az_commands.json`.

Run it with the Python of an environment in which azure-cli is installed: ``python tests/plan/update_az_commands.py``.
It needs no login and no network. It takes the names of the commands from the file, so a new one is added there first.
"""

from __future__ import annotations

import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "az_commands.json")
# Options that every command has, or that only the tool itself uses.
COMMON = frozenset({"--acquire-policy-token", "--change-reference", "--cmd", "--subscription"})


def command_table() -> tuple[str, dict[str, list[str]]]:
    """Return the version of azure-cli and the options of each of its commands."""
    import azure.cli.core as core
    from azure.cli.core.file_util import create_invoker_and_load_cmds_and_args
    from azure.cli.core.mock import DummyCli

    cli = DummyCli()
    create_invoker_and_load_cmds_and_args(cli)
    found = {}
    for name, command in cli.invocation.commands_loader.command_table.items():
        options = {
            str(getattr(option, "target", None) or option)
            for argument in command.arguments.values()
            for option in argument.type.settings.get("options_list") or ()
        }
        found[name] = sorted(o for o in options if o.startswith("--") and "__" not in o and o not in COMMON)
    return core.__version__, found


def write(version: str, commands: dict[str, list[str]]) -> None:
    """Write the table, one command a line."""
    lines = [f"  {json.dumps(name)}: {json.dumps(options)}" for name, options in sorted(commands.items())]
    text = (
        '{\n "source": "azure-cli from PyPI, its own command table; see update_az_commands.py",\n'
        f' "version": "{version}",\n "commands": {{\n' + ",\n".join(lines) + "\n }\n}\n"
    )
    with open(TABLE, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)


def main() -> None:
    """Refresh the entries of the table."""
    with open(TABLE, encoding="utf-8") as stream:
        known = json.load(stream)["commands"]
    version, found = command_table()
    missing = sorted(set(known) - set(found))
    if missing:
        raise SystemExit(f"azure-cli {version} has no command {', '.join(missing)}")
    write(version, {name: found[name] for name in known})


if __name__ == "__main__":
    main()
