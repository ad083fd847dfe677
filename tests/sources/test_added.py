"""The lines that a change added, by the numbers that editors give them."""

from __future__ import annotations

import os
import random

import pytest

from mi_lint.sources.added import AddedLines, added_lines, parse_patch

posix = pytest.mark.skipif(os.name == "nt", reason="has no such files")


def ranges(repository, *paths, revision=None):
    return {path: lines.ranges for path, lines in added_lines(str(repository.path), paths, revision).items()}


def change(repository, name, before, after):
    repository.write(name, before)
    repository.commit()
    repository.write(name, after)
    repository.git("add", "-A")


def test_only_added_lines_are_told(repository):
    change(repository, "a", b"1\n2\n3\n4\n5\n", b"0\n1\n2\nthree\n4\n5\n6\n7")
    assert ranges(repository, "a") == {"a": [(1, 1), (4, 4), (7, 8)]}


def test_a_new_file_is_all_new(repository):
    repository.write("a", b"1\n2\n")
    repository.git("add", "-A")
    assert ranges(repository, "a") == {"a": [(1, 2)]}


def test_only_what_is_asked_for_is_looked_at(repository):
    repository.write("a")
    repository.write("b")
    repository.git("add", "-A")
    assert ranges(repository, "b", "c") == {"b": [(1, 1)]}
    assert ranges(repository) == {}


def test_a_file_that_was_only_renamed_has_no_new_line(repository):
    repository.write("old name", b"".join(b"%d\n" % number for number in range(100)))
    repository.commit()
    repository.git("mv", "old name", "new name")
    assert ranges(repository, "new name") == {}
    repository.write("new name", b"".join(b"%d\n" % number for number in range(101)))
    repository.git("add", "-A")
    assert ranges(repository, "new name") == {"new name": [(101, 101)]}


def test_deleted_lines_add_nothing(repository):
    change(repository, "a", b"1\n2\n3\n", b"1\n3\n")
    assert ranges(repository, "a").get("a", []) == []


def test_content_that_looks_like_a_patch_misleads_nobody(repository):
    change(repository, "a", b"-- a/b\n", b"++ b/c\n@@ -1 +1,9 @@\ndiff --git a/x b/x\n\\ No newline")
    assert ranges(repository, "a") == {"a": [(1, 4)]}


@posix
def test_any_file_name_is_understood(repository):
    names = ["new\nline", "tab\tand space ", 'quote"', "ü😀", "back\\slash", "a b/c d"]
    for name in names:
        repository.write(name, b"1\n")
    repository.write(b"l\xe9", b"1\n")
    repository.git("add", "-A")
    assert ranges(repository, *names, "l\ufffd") == {name: [(1, 1)] for name in (*names, "l\ufffd")}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.relative", "true"),
        ("color.ui", "always"),
        ("diff.interHunkContext", "10"),
        ("diff.context", "5"),
        ("diff.external", "false"),
        ("diff.renames", "false"),
        ("diff.suppressBlankEmpty", "true"),
        ("diff.wordRegex", "."),
    ],
)
def test_settings_of_the_user_change_nothing(repository, key, value):
    repository.git("config", key, value)
    change(repository, "sub/ü", b"1\n\n3\n4\n5\n", b"one\n\n3\n4\nfive\n")
    assert ranges(repository, "sub/ü") == {"sub/ü": [(1, 1), (5, 5)]}


def test_attributes_of_the_repository_hide_nothing(repository):
    repository.write(".gitattributes", b"*.key -diff\n*.bin binary\n")
    repository.write("a.key", b"1\n")
    repository.write("a.bin", b"one line\n" * 9 + b"\x00")
    repository.commit()
    repository.write("a.key", b"1\n2\n")
    repository.write("a.bin", b"new\n" + b"one line\n" * 9 + b"\x00")
    repository.git("add", "-A")
    assert ranges(repository, "a.key", "a.bin") == {"a.key": [(2, 2)], "a.bin": [(1, 1)]}


def test_lines_are_counted_as_editors_do_where_git_sees_one(repository):
    change(repository, "a", b"1\r2\r3\n4\n", b"1\r2\r3\nnew\r\nand\rnew\n4\n")
    assert ranges(repository, "a") == {"a": [(4, 6)]}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32-le"])
def test_every_line_of_a_wide_file_counts_as_new(repository, encoding):
    change(repository, "a", "\ufeffone\n".encode(encoding), "\ufeffone\ntwo\n".encode(encoding))
    assert ranges(repository, "a") == {"a": None}


def test_lines_against_a_revision_are_those_of_the_working_tree(repository):
    repository.write("a", b"1\n2\n")
    repository.commit()
    repository.git("checkout", "-q", "-b", "feature")
    repository.write("a", b"1\nbetween\n2\n")
    repository.commit()
    repository.write("a", b"0\n1\nbetween\n2\n")
    repository.write("new", b"1\n")
    assert ranges(repository, "a", "new", revision="main") == {"a": [(1, 1), (3, 3)], "new": None}


def test_lines_seen_from_a_folder(repository):
    change(repository, "a/b", b"1\n", b"1\n2\n")
    assert {path: lines.ranges for path, lines in added_lines(str(repository.path / "a"), ["b"]).items()} == {
        "b": [(2, 2)]
    }


def test_more_files_than_fit_in_one_command(repository):
    for number in range(250):
        repository.write(f"{number}.txt", b"%d\n" % number * 30)
    repository.commit()
    for number in range(250):
        repository.git("mv", f"{number}.txt", f"x{number}.txt") if number < 3 else None
        repository.write(f"{'x' if number < 3 else ''}{number}.txt", b"%d\n" % number * 30 + b"new\n")
    repository.git("add", "-A")
    names = [f"{'x' if number < 3 else ''}{number}.txt" for number in range(250)]
    assert ranges(repository, *names) == {name: [(31, 31)] for name in names}


def test_a_span_touches_what_it_overlaps():
    lines = AddedLines([(3, 5), (9, 9)])
    assert [number for number in range(1, 12) if lines.touch(number, number)] == [3, 4, 5, 9]
    assert lines.touch(1, 3)
    assert lines.touch(6, 9)
    assert not lines.touch(6, 8)
    assert AddedLines(None).touch(7, 7)
    assert not AddedLines([]).touch(7, 7)


@pytest.mark.parametrize("seed", range(15))
def test_random_changes_are_told_completely(repository, seed):
    generator = random.Random(seed)
    before = [generator.choice([b"a", b"b", b"++ b/x", b"", b"-- x"]) for _ in range(generator.randint(0, 30))]
    after = list(before)
    for number in range(generator.randint(1, 6)):
        after.insert(generator.randint(0, len(after)), b"new %d" % number)
        if after and generator.random() < 0.4:
            after.pop(generator.randrange(len(after)))
    change(repository, "a", b"\n".join(before), b"\n".join(after))
    new = [number for number, line in enumerate(after, 1) if line.startswith(b"new")]
    found = added_lines(str(repository.path), ["a"])
    assert all(found["a"].touch(number, number) for number in new)


@pytest.mark.parametrize("patch", [b"", b"garbage", b"+++ b/a\n@@ -1 +1 @@", b'+++ "b/a\n', b"@@ -1 +1 @@\n+x\n"])
def test_a_broken_patch_is_no_error(patch):
    assert parse_patch(patch) in ({}, {b"a": [(1, 1)]})
