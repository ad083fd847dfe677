"""Code is shared out among processes by how much it is."""

from __future__ import annotations

from mi_lint.scanning.code import FILES_PER_JOB, dwindling, shares


def test_each_process_gets_about_as_much_code_of_neighbours():
    wanted = [(f"{number:02}.py", 900 if number < 4 else 100) for number in range(FILES_PER_JOB * 3)]
    first, second = shares(list(reversed(wanted)), 2)
    assert first + second == [path for path, _ in wanted]
    sizes = dict(wanted)
    assert abs(sum(map(sizes.get, first)) - sum(map(sizes.get, second))) <= 900


def test_a_few_files_are_not_worth_a_process():
    assert shares([("b.py", 1), ("a.py", 0)], 8) == [["a.py", "b.py"]]
    assert len(shares([(f"{number:02}.py", 0) for number in range(FILES_PER_JOB + 1)], 8)) == 1


def test_all_processes_are_used_when_there_is_enough():
    wanted = [(f"{number:03}.py", 10) for number in range(FILES_PER_JOB * 8)]
    assert [len(share) for share in shares(wanted, 4)] == [FILES_PER_JOB * 2] * 4


def test_parts_get_smaller_so_that_processes_end_together():
    wanted = [(f"{number:03}.py", 10) for number in range(240)]
    parts = dwindling(list(reversed(wanted)), 2)
    assert [path for part in parts for path in part] == [path for path, _ in wanted]
    assert len(parts[0]) == 240 // 4
    assert [len(part) for part in parts] == sorted(map(len, parts), reverse=True)
    assert 1 <= len(parts[-1]) <= 240 // 24 + 1


def test_one_large_file_is_one_part():
    assert dwindling([("b.py", 1), ("a.py", 1000)], 2) == [["a.py"], ["b.py"]]
    assert dwindling([("a.py", 0)], 2) == [["a.py"]]
