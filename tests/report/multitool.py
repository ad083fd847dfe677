"""Run Microsoft's SARIF Multitool with its strictest rules; see https://github.com/microsoft/sarif-sdk.

It is the npm package ``@microsoft/sarif-multitool``, which carries a self-contained program. ``MI_LINT_MULTITOOL``
names the program; otherwise it is looked for in ``node_modules`` of the working directory.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

PLATFORM = {"win32": "win32", "darwin": "darwin"}.get(sys.platform, "linux")
PROGRAM = "Sarif.Multitool.exe" if PLATFORM == "win32" else "Sarif.Multitool"
# Off unless asked for. GH1004 stays off: its limits are older than the documented ones.
STRICT_RULES = (
    "GH1001.ProvideRequiredLocationProperties",
    "GH1002.InlineThreadFlowLocations",
    "GH1003.ProvideRequiredRegionProperties",
    "GH1005.LocationsMustBeRelativeUrisOrFilePaths",
    "GH1006.ProvideCheckoutPath",
    "GH1007.ProvideFullyFormattedMessageStrings",
)
# Needs the network.
OFF = ("SARIF2006.UrisShouldBeReachable",)


def program() -> Path:
    """Return the Multitool; without it, skip, or fail where it must be there."""
    named = os.environ.get("MI_LINT_MULTITOOL")
    candidates = [Path(named)] if named else []
    candidates.append(Path("node_modules", "@microsoft", f"sarif-multitool-{PLATFORM}", PROGRAM))
    for candidate in candidates:
        if candidate.is_file():
            candidate.chmod(candidate.stat().st_mode | stat.S_IXUSR)
            return candidate.resolve()
    reason = "no SARIF Multitool: npm install --no-save @microsoft/sarif-multitool, or set MI_LINT_MULTITOOL"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def validate(log: Path, kinds: str = "Sarif;Ghas") -> list[str]:
    """Return every result of the Multitool at note level or above, as ``rule: message``."""
    configuration = log.with_name("strict.xml")
    configuration.write_text(_configuration(), encoding="utf-8")
    report = log.with_name("multitool.sarif")
    command = [program(), "validate", log, "--rule-kind", kinds, "--config", configuration]
    command += ["--level", "Error;Warning;Note", "-o", report, "--log", "ForceOverwrite"]
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    # The exit status is 0 whatever was found.
    assert report.is_file(), done.stdout + done.stderr
    run = json.loads(report.read_text(encoding="utf-8-sig"))["runs"][0]
    return [f"{result['ruleId']}: {_text(run, result)}" for result in run.get("results", [])]


def _text(run: dict, result: dict) -> str:
    message = result["message"]
    if "text" in message:
        return message["text"]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    template = rules[result["ruleId"]]["messageStrings"][message["id"]]["text"]
    return template.format(*message.get("arguments", []))


def _configuration() -> str:
    states = [(rule, "Error") for rule in STRICT_RULES] + [(rule, "Disabled") for rule in OFF]
    entries = "".join(
        f'<Properties Key="{rule}.Options"><Property Key="RuleEnabled" Value="{state}" '
        'Type="Driver.RuleEnabledState" /></Properties>'
        for rule, state in states
    )
    return f'<?xml version="1.0" encoding="utf-8"?><Properties>{entries}</Properties>'
