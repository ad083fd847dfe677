"""The cache of compiled rules touches nothing that is not its own."""

from __future__ import annotations

import os

from mi_lint.rulebook import store

MONTHS_AGO = 1_000_000_000


def test_old_tables_go_and_files_of_others_stay(tmp_path, monkeypatch):
    monkeypatch.setenv("MI_LINT_CACHE_DIR", str(tmp_path))
    own = [f"0123abcd.{part}" for part in store.PARTS + store.KEPT] + ["0123456789abcdef0123456789abcdef.0.7.9.hs"]
    others = ["thesis.hs", "0123abcd.txt", "rules", "notes.match", "2024.rules.bak"]
    for name in (*own, *others):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (MONTHS_AGO, MONTHS_AGO))

    store._remove_old()

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def test_a_table_in_use_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("MI_LINT_CACHE_DIR", str(tmp_path))
    (tmp_path / "0123abcd.match").write_text("x")

    store._remove_old()

    assert (tmp_path / "0123abcd.match").exists()


def test_a_kept_table_is_made_again_when_a_file_has_changed(tmp_path, monkeypatch):
    monkeypatch.setenv("MI_LINT_CACHE_DIR", str(tmp_path / "cache"))
    source = tmp_path / "source.py"
    made = []

    def make():
        made.append(1)
        return {"words": (b"a", len(made))}

    source.write_text("1")
    assert store.kept("families", [str(source)], make) == {"words": (b"a", 1)}
    assert store.kept("families", [str(source)], make) == {"words": (b"a", 1)}
    source.write_text("12")
    assert store.kept("families", [str(source)], make) == {"words": (b"a", 2)}


def test_what_follows_from_no_file_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("MI_LINT_CACHE_DIR", str(tmp_path / "cache"))
    assert store.kept("families", [], lambda: {"a": 1}) == {"a": 1}
    assert store.kept("families", [], lambda: {"a": 2}) == {"a": 2}
