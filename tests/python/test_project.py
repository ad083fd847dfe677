"""The files of a project, found by name."""

from __future__ import annotations

import fnmatch

import pytest

from mi_lint.python.project import Project

FILES = (
    "x.bicep", "a/x.tf", "a/tf", ".tf", "Dockerfile", "b/Dockerfile.x", "docker-compose.yml", "docker-compose.x.yaml",
    "c/docker", "acb", "acbd", "ac", "xz1", "zz",
    "local.settings.json", "d/alocal.settings.json", "local.settings.json5",
)  # fmt: skip


@pytest.mark.parametrize(
    "patterns",
    [
        ("*.bicep", "*.tf"),
        ("Dockerfile*", "docker-compose*.y*ml"),
        ("a?b*", "[xy]z*"),
        ("local.settings.json",),
        ("*",),
        ("nothing",),
    ],
)
def test_files_are_found_by_patterns_of_their_names(patterns):
    project = Project(FILES, lambda path: b"")
    expected = [
        path
        for path in sorted(FILES)
        if any(fnmatch.fnmatchcase(path.rpartition("/")[2], pattern) for pattern in patterns)
    ]
    assert project.named(patterns) == expected
    assert project.named(patterns) == expected
