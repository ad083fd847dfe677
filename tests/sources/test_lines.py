"""Lines and columns are those of editors, compared with a slow count of characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mi_lint.sources import lines
from mi_lint.sources.decoding import Document
from mi_lint.sources.lines import LineIndex

PIECES = [
    b"a", b"key = ", b"\n", b"\r", b"\r\n", "é".encode(), "€".encode(), "😀".encode(), "\u2028".encode(), b"\x0c",
    b"\xff", b"\x80", b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x9f", b"\x00",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)


def index(data):
    return LineIndex(Document("a", data, data))


def character_at(data, position):
    """Return the size of the character that begins at a position, and its UTF-16 units."""
    for size in range(1, 5):
        try:
            character = data[position : position + size].decode()
        except UnicodeDecodeError:
            continue
        return size, 1 + (ord(character) > 0xFFFF)
    return 1, 1


def places(data):
    """Return line and column of every offset, the bounds of the character around it, and the lines' spans."""
    position, line, column, start = 0, 1, 1, 0
    found, bounds, spans = {}, {}, []
    while position < len(data):
        size, units = character_at(data, position)
        for inner in range(position, position + size):
            found[inner], bounds[inner] = (line, column), (position, position + size)
        character = data[position : position + size]
        position += size
        column += units
        if character == b"\n" or (character == b"\r" and data[position : position + 1] != b"\n"):
            spans.append((start, position - size - (data[position - 2 : position] == b"\r\n")))
            line, column, start = line + 1, 1, position
    found[position], bounds[position] = (line, column), (position, position)
    spans.append((start, position))
    return found, bounds, spans


@pytest.mark.parametrize(("line_block", "column_block"), [(2048, 4096), (4, 4), (3, 8)])
@given(data=TEXTS, picks=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), min_size=1, max_size=20))
def test_regions_equal_a_slow_count(line_block, column_block, data, picks):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "LINE_BLOCK", line_block)
        patch.setattr(lines, "COLUMN_BLOCK", column_block)
        counted = index(data)
        found, bounds, _ = places(data)
        for first, second in picks:
            start, end = sorted((first % (len(data) + 1), second % (len(data) + 1)))
            stop = end if bounds[end][0] == end else bounds[end][1]
            expected = found[start] + (found[stop] if end > start else found[start])
            assert counted.region(start, end) == expected
            assert counted.line(start) == found[start][0]


@given(TEXTS)
def test_line_spans_equal_a_slow_count(data):
    counted = index(data)
    spans = places(data)[2]
    assert [counted.line_span(number) for number in range(1, len(spans) + 1)] == spans
    assert counted.count == max(1, len(spans) - (spans[-1][0] == len(data)))


def test_an_empty_text_has_one_empty_line():
    assert (index(b"").count, index(b"").line_span(1), index(b"").region(0, 0)) == (1, (0, 0), (1, 1, 1, 1))


def test_what_follows_the_last_line_end_is_no_line():
    assert index(b"a\nb\n").count == 2
    assert index(b"a\r\nb").count == 2


def test_a_line_past_the_end_is_empty():
    assert index(b"a\nb").line_span(9) == (3, 3)


def test_lines_are_numbered_from_one():
    with pytest.raises(ValueError, match="from 1"):
        index(b"a").line_span(0)


def test_an_astral_character_is_two_columns_and_a_stray_byte_one():
    data = "😀".encode() + b"\xe9\xff" + b"key"
    start = data.index(b"key")
    assert index(data).region(start, len(data)) == (1, 5, 1, 8)


def test_other_separators_end_no_line():
    data = "a\u2028b\u0085c\x0bd\x0ce".encode()
    assert index(data).count == 1


def test_a_region_inside_a_character_covers_it():
    data = "aé€b".encode()
    assert index(data).region(2, 4) == (1, 2, 1, 4)


@pytest.mark.parametrize("filler", ["x", "é", "😀x\r"], ids=["ascii", "two bytes", "many lines"])
def test_places_far_into_a_large_text_are_exact(filler):
    units = sum(1 + (ord(character) > 0xFFFF) for character in filler)
    copies = 300_000
    data = (filler * copies + "key").encode()
    start = len(data) - 3
    expected = (copies + 1, 1) if filler.endswith("\r") else (1, copies * units + 1)
    counted = index(data)
    for _ in range(500):
        assert counted.region(start, start + 3)[:2] == expected
        assert counted.region(0, 1)[:2] == (1, 1)
