"""`mi-lint verify`: run where the code runs, say which identity answers and whether its rights work."""

from __future__ import annotations

import json
import sys

from mi_lint.errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any

    from mi_lint.verify.result import Check

GOOD, BAD = 0, 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("--plan", metavar="FILE", required=True, help="the plan: `mi-lint plan --format json -o FILE`")
    parser.add_argument("--call", action="store_true", help="also make one harmless request to each resource")
    parser.add_argument(
        "--value", action="append", metavar="NAME=VALUE", default=[], help="a value of the plan, such as vaultName=kv-1"
    )
    parser.add_argument(
        "--credential", choices=("default", "managed", "workload"), default="default", help="what the application uses"
    )
    parser.add_argument("--client-id", metavar="ID", default="", help="client id of the user-assigned identity")
    parser.add_argument(
        "--workload", metavar="KEY", default="", help="the workload that runs here, in a plan of several"
    )
    parser.add_argument("--format", "-f", choices=("text", "json"), default="text", help="text or json")


def run(arguments: argparse.Namespace) -> int:
    """Verify and report. Exit code 0: all is well; 1: something is not."""
    from mi_lint.verify import calls, tokens
    from mi_lint.verify.result import FAILED

    plan = _read(arguments.plan)
    values = _values(arguments.value)
    probes = _of_workload(plan, arguments)
    if not probes:
        raise UserError(f"{arguments.plan}: the plan grants nothing, so there is nothing to verify")
    credential = tokens.credential(arguments.credential, arguments.client_id)
    checks: list[Check] = []
    for audience in dict.fromkeys(probe["audience"] for probe in probes):
        check, token = tokens.ask(credential, audience)
        checks.append(check)
        tenant = check.answer.tenant if check.answer else ""
        for probe in probes if arguments.call and token else ():
            if probe["audience"] == audience:
                checks.append(calls.call(probe, token, tenant, values))
    _show(checks, arguments.format)
    return BAD if any(check.state == FAILED for check in checks) else GOOD


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as stream:
            plan = json.load(stream)
    except ValueError as error:
        raise UserError(f"{path}: not a plan: {error}") from None
    if not isinstance(plan, dict) or not all(isinstance(plan.get(name), list) for name in ("probes", "identities")):
        raise UserError(f"{path}: not a plan; make one with `mi-lint plan --format json -o {path}`")
    return plan


def _of_workload(plan: dict[str, Any], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the requests of the workload that runs here: another identity has no business with those of others."""
    known = [str(identity["key"]) for identity in plan["identities"] if identity["key"]]
    if (arguments.workload or known) and arguments.workload not in known:
        hint = f"choose one of {', '.join(known)} with --workload" if known else "leave out --workload"
        what = (
            f"the plan has no workload '{arguments.workload}'"
            if arguments.workload
            else "the plan has several workloads"
        )
        raise UserError(f"{arguments.plan}: {what}; {hint}")
    return [probe for probe in plan["probes"] if probe["identity"] == arguments.workload]


def _values(pairs: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise UserError(f"--value {pair}: write it as NAME=VALUE, such as vaultName=kv-1")
        found[name] = value
    return found


def _show(checks: Sequence[Check], form: str) -> None:
    from mi_lint.verify.result import FAILED

    if form == "json":
        from dataclasses import asdict

        json.dump({"version": 1, "checks": [asdict(check) for check in checks]}, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    for check in checks:
        sys.stdout.write(f"{check.state:<8}{check.kind:<6} {check.target}\n")
        for line in (check.detail, check.advice):
            if line:
                sys.stdout.write(f"               {line}\n")
    bad = sum(check.state == FAILED for check in checks)
    sys.stdout.write(f"{bad} of {len(checks)} checks failed\n" if bad else f"all {len(checks)} checks are fine\n")
