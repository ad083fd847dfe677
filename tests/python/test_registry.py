"""The families are found in their folder, and what makes them look at a file is kept."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from mi_lint.python import families, registry
from mi_lint.python.registry import all_families, reasons_to_parse

NAMES = sorted(entry.name for entry in pkgutil.iter_modules(families.__path__))


def test_every_module_of_the_folder_is_a_family():
    assert [family.name for family in all_families()] == NAMES


@pytest.mark.parametrize("family", all_families(), ids=lambda family: family.name)
def test_what_is_kept_is_what_the_module_says(family):
    module = importlib.import_module(f"mi_lint.python.families.{family.name}")
    assert sorted(family.markers) == sorted(module.MARKERS)
    assert family.needs == tuple(getattr(module, "NEEDS", ()))
    assert set(family.weak) <= set(family.markers)
    assert bool(family.weak) == bool(family.needs)


def test_each_marker_is_a_reason_once():
    for family in all_families():
        alone = {marker for marker in family.markers if marker and marker not in family.weak}
        assert any(set(markers) == alone and not needs for markers, needs in reasons_to_parse()) or not alone


def test_without_a_folder_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(registry.os, "scandir", lambda place: (_ for _ in ()).throw(NotADirectoryError(place)))
    assert registry._files() == []
