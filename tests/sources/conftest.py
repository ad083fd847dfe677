"""A real git repository to work in."""

from __future__ import annotations

import os
import subprocess

import pytest


class GitRepository:
    def __init__(self, path):
        self.path = path
        path.mkdir(exist_ok=True)
        self.git("init", "-q")

    def git(self, *arguments, check=True, **more):
        done = subprocess.run(["git", *arguments], cwd=self.path, check=check, capture_output=True, **more)
        return done.stdout.decode()

    def write(self, name, content=b"x\n"):
        place = os.path.join(os.fsencode(self.path), name if isinstance(name, bytes) else os.fsencode(name))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(content)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")


@pytest.fixture
def repository(tmp_path):
    return GitRepository(tmp_path / "repository")
