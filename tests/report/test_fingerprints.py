from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mi_lint.report.fingerprints import correlating_id, line_hashes

CONNECTION = (
    b"AZURE_STORAGE_CONNECTION_STRING=DefaultEndpointsProtocol=https;AccountName=demo;AccountKey=KEY==;"
    b"EndpointSuffix=core.windows.net\nCLIENT_ID=a\n"
)
# Made by running the original (https://github.com/github/codeql-action/blob/main/src/fingerprints.ts) in Node.
VECTORS = [
    (CONNECTION, ["8ba5d5d8b5ba98a6:1", "a19ad12aad020a2e:1", "c129715d7a2bc9a3:1"]),
    (
        b'\xef\xbb\xbfa = "caf\xc3\xa9"\r\nb = "\xf0\x9f\x94\x91"\r\n\r\n\tc = 1\r\n',
        ["9594d003d0706b61:1", "461bc09a7df89aff:1", "54a03d27f66d7ae8:1", "4308b0c09eb2311e:1", "c129715d7a2bc9a3:1"],
    ),
    (
        b"k: v\nk: v\nk: v\n",
        ["ed4f55c4d207c7c6:1", "b6cf3a98b8834555:1", "5f40ac6fc0f560f4:1", "c129715d7a2bc9a3:1"],
    ),
    (b"a\xff\xfeb\nc", ["3f12b440b6f11b8d:1", "188ff2f224477a1e:1"]),
    (b"", ["c129715d7a2bc9a3:1"]),
    (
        b"Lorem ipsum dolor sit amet.\n" * 10,
        [
            *(f"a7f2ff13bc495cf2:{count}" for count in range(1, 7)),
            "a7f2ff1481e87703:1",
            "a9cf91f7bbf1862b:1",
            "55ec222b86bcae53:1",
            "cc97dc7b1d7d8f7b:1",
            "c129715d7a2bc9a3:1",
        ],
    ),
]


def oracle(raw: bytes) -> dict[int, str]:
    """Follow the original step by step, one unit at a time."""
    encoded = raw.decode("utf-8", "replace").encode("utf-16-le")
    units = [int.from_bytes(encoded[at : at + 2], "little") for at in range(0, len(encoded), 2)]
    size, mask = 100, (1 << 64) - 1
    factor = pow(37, size, 1 << 64)
    window, numbers = [0] * size, [-1] * size
    value, index, line, line_start, after_cr = 0, 0, 0, True, False
    counts: dict[int, int] = {}
    result: dict[int, str] = {}

    def emit() -> None:
        counts[value] = counts.get(value, 0) + 1
        result[numbers[index]] = f"{value:x}:{counts[value]}"
        numbers[index] = -1

    def update(unit: int) -> None:
        nonlocal value, index
        begin = window[index]
        window[index] = unit
        value = (37 * value + unit - factor * begin) & mask
        index = (index + 1) % size

    for unit in [*units, 65535]:
        if unit in (32, 9) or (after_cr and unit == 10):
            after_cr = False
            continue
        after_cr = unit == 13
        unit = 10 if after_cr else unit
        if numbers[index] != -1:
            emit()
        if line_start:
            line_start = False
            line += 1
            numbers[index] = line
        line_start = unit == 10
        update(unit)
    for _ in range(size):
        if numbers[index] != -1:
            emit()
        update(0)
    return result


@pytest.mark.parametrize(("raw", "expected"), VECTORS)
def test_line_hashes_equal_those_of_the_original(raw, expected):
    wanted = dict(enumerate(expected, 1))
    assert line_hashes(raw, set(wanted)) == wanted
    assert oracle(raw) == wanted


PIECES = st.sampled_from(
    [
        b" ",
        b"\t",
        b"\n",
        b"\r",
        b"\r\n",
        b"a",
        b"b=",
        b"ab",
        b"0U",
        b"10",
        b"%",
        b"J",
        b"\xc3",
        b"\xa9",
        b"\xf0\x9f\x94\x91",
        b"\xe2\x82\xac",
        b"\xef\xbb\xbf",
        b"\xff",
        b"\x00",
        b"x" * 97,
        b"y" * 100,
        b"\xed\xa0\x80",
        b"key = value\n",
        b"\xf0\x9f",
    ]
)


@given(st.lists(PIECES, max_size=60).map(b"".join), st.data())
def test_any_lines_of_any_bytes_have_the_hashes_of_the_original(raw, data):
    expected = oracle(raw)
    lines = data.draw(st.sets(st.integers(-1, len(expected) + 2)))
    assert line_hashes(raw, lines) == {line: value for line, value in expected.items() if line in lines}


@given(st.binary(max_size=400))
def test_any_bytes_at_all(raw):
    expected = oracle(raw)
    assert line_hashes(raw, expected) == expected


def test_different_lines_whose_hashes_collide_are_counted_together():
    # 37 * ord("0") + ord("U") == 37 * ord("1") + ord("0")
    raw = b"0U" + b"x" * 120 + b"\n10" + b"x" * 120 + b"\n"
    assert line_hashes(raw, {2}) == {2: oracle(raw)[2]}
    assert oracle(raw)[2].endswith(":2")


def test_lines_behind_the_end_are_left_out():
    assert set(line_hashes(b"a\nb", {2, 3, 900})) == {2}


def test_a_chunk_border_may_cut_a_character():
    raw = b"x" * ((1 << 20) - 1) + "é".encode() + b"\nkey\n"
    expected = line_hashes(b"x" * 200 + b"\nkey\n", {2})
    assert line_hashes(raw, {2}) == expected
    assert line_hashes(raw + b"\xff", {2}) != expected


@pytest.mark.parametrize(
    ("secret", "identity"),
    [
        ("test", "rPHgxCVAOw6CZsT9xXEw"),
        ("not-a-secret", "MM9O1R11bJ57ljb+zKyz"),
        ("placeholder", "wMyew3g/UxJMrSNDyuVQ"),
    ],
)
def test_correlating_ids_equal_those_of_microsoft(secret, identity):
    assert correlating_id(secret) == identity


def test_a_correlating_id_exists_for_text_that_is_not_unicode():
    assert len(correlating_id("\udcff")) == 20
