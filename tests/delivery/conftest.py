"""Copies of the project as a user would get it: a clone, and an environment with the built wheel."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mi_lint.rulebook.samples import expand

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = "Scripts" if os.name == "nt" else "bin"
CONNECTION_STRING = (
    "DefaultEndpointsProtocol=https;AccountName=stinvoices7;AccountKey=<%his-v1 +ASt 64 Default0 #delivery%>;"
    "EndpointSuffix=core.windows.net"
)


def run(*command, cwd=None, env=None, check=True, text_input=""):
    """Run a command and return the finished process, with both outputs as text."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        input=text_input,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if check:
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture
def root():
    return ROOT


@pytest.fixture
def shell():
    return run


@pytest.fixture
def checkout(root):
    """The environment in which another program's Python finds the package of this checkout."""
    return {"PYTHONPATH": str(root)}


@pytest.fixture
def program(tmp_path, root):
    """A stand-in for the installed program that runs this checkout (for POSIX systems)."""
    path = tmp_path / "program" / "mi-lint"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m mi_lint "$@"\n', encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def secret_line():
    """A line of Python with a storage connection string that was never issued."""
    return f'CONNECTION = "{expand(CONNECTION_STRING)}"\n'


@pytest.fixture(scope="session")
def clone(tmp_path_factory):
    """A git repository with the files of the working tree that are not ignored, and one commit."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    target = tmp_path_factory.mktemp("clone")
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    run("git", "init", "--quiet", cwd=target)
    run("git", "add", "--all", cwd=target)
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    run("git", *identity, "commit", "--quiet", "--message", "Copy", cwd=target)
    return target


def environment(folder):
    """Make a virtual environment and return its Python."""
    run(sys.executable, "-m", "venv", folder)
    return folder / PROGRAMS / ("python.exe" if os.name == "nt" else "python")


@pytest.fixture(scope="session")
def distributions(clone, tmp_path_factory):
    """The sdist and the wheel, built from the clone after its examples were given their fake secrets."""
    run(sys.executable, clone / "examples" / "make_secrets.py", env={"PYTHONPATH": str(clone)})
    folder = tmp_path_factory.mktemp("dist")
    python = environment(tmp_path_factory.mktemp("build") / "venv")
    run(python, "-m", "pip", "install", "--quiet", "hatchling")
    run(python, "-m", "hatchling", "build", "--directory", folder, cwd=clone)
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    return sdist, wheel


@pytest.fixture(scope="session")
def installed(distributions, tmp_path_factory):
    """The folder of programs of an otherwise empty environment with the wheel."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    python = environment(folder)
    run(python, "-m", "pip", "install", "--quiet", distributions[1])
    return folder / PROGRAMS
