"""Offsets in a notebook lead to its cells and back, also where the file is not what it should be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mi_lint.sources.decoding import Document
from mi_lint.sources.notebook import Notebook


def code(source, outputs=()):
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {"tags": ["a,b", "}]"]},
        "outputs": list(outputs),
        "source": source,
    }


def markdown(source):
    return {"attachments": {"a.png": {"image/png": "xyz"}}, "cell_type": "markdown", "metadata": {}, "source": source}


def notebook(*cells, **layout):
    data = json.dumps({"cells": list(cells), "metadata": {"cells": "no"}, "nbformat": 4}, **layout).encode()
    return data, Notebook(Document("a.ipynb", data, data))


OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["printed\n", '"quoted", {"cells": [{}]}']}


@pytest.mark.parametrize("layout", [{}, {"indent": 1}, {"indent": 4, "sort_keys": True}], ids=str)
def test_each_part_of_a_cell_is_described(layout):
    data, cells = notebook(markdown(["# title"]), code(["first = 1\n", "second"], [OUTPUT]), code("third"), **layout)
    assert cells.describe(data.index(b"# title")) == "cell 1"
    assert cells.describe(data.index(b"xyz")) == "cell 1, attachment"
    assert cells.describe(data.index(b"first")) == "cell 2"
    assert cells.describe(data.index(b"a,b")) == "cell 2, metadata"
    assert cells.describe(data.index(b"printed")) == "cell 2, output"
    assert cells.describe(data.index(b"quoted")) == "cell 2, output"
    assert cells.describe(data.index(b"third")) == "cell 3"
    assert cells.describe(data.index(b"nbformat")) == ""
    assert cells.describe(0) == ""
    assert cells.describe(len(data)) == ""


def test_only_code_cells_have_code():
    _, cells = notebook(markdown("# a"), code(["b\n", "c"]), {"cell_type": "raw", "source": "d"}, code([]))
    assert [(source.cell.number, source.text) for source in cells.cells()] == [(2, "b\nc"), (4, "")]


@pytest.mark.parametrize(
    "broken", [b'{"text": "\\q"}', b"{'text': 1}", b"[NaN, [}]", b"{}, [1 2]", '{"é": ["ü"]}'.encode()]
)
def test_outputs_that_are_no_json_do_not_hide_the_next_cell(broken):
    data, _ = notebook(code("first", ["OUTPUT"]), code("second"))
    data = data.replace(b'"OUTPUT"', broken)
    cells = Notebook(Document("a.ipynb", data, data))
    assert [source.text for source in cells.cells()][:1] == ["first"]
    assert cells.describe(data.index(broken)) == "cell 1, output"
    assert cells.describe(data.index(b"second")) == "cell 2"


def test_worksheets_of_the_old_format_are_read():
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["a\n", "b"], "outputs": []}]}], "nbformat": 3}
    data = json.dumps(old).encode()
    cells = Notebook(Document("a.ipynb", data, data))
    assert [source.text for source in cells.cells()] == ["a\nb"]
    assert cells.describe(data.index(b'b"')) == "cell 1"


TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)


@given(
    st.lists(st.one_of(TEXT, st.lists(TEXT, max_size=4)), max_size=4),
    st.booleans(),
    st.sampled_from([None, 1, 3]),
    st.data(),
)
def test_text_and_offsets_of_cells_equal_those_of_json(sources, ascii_only, indent, data):
    raw, cells = notebook(*map(code, sources), ensure_ascii=ascii_only, indent=indent)
    found = list(cells.cells())
    assert [cell.text for cell in found] == ["".join(source) for source in sources]
    for cell in found:
        if not cell.text or not any(cell.cell.strings):
            continue
        position = data.draw(st.integers(0, len(cell.text) - 1))
        start, end = cell.span(position, position + 1)
        assert json.loads(b'"' + raw[start:end] + b'"') == cell.text[position]
        assert cell.offset(position) == start


def test_the_end_of_a_cell_has_an_offset():
    data, cells = notebook(code(["ab\n", "cd"]))
    (cell,) = cells.cells()
    assert cell.offset(len(cell.text)) == data.index(b"cd") + 2
    assert cell.span(2, 2) == (data.index(b"\\n"), data.index(b"\\n"))


def test_a_span_over_two_strings_covers_both():
    data, cells = notebook(code(["ab\n", "cd"]))
    (cell,) = cells.cells()
    start, end = cell.span(1, 4)
    assert data[start:end] == b'b\\n", "c'


def test_a_cell_without_source_has_an_offset():
    data, cells = notebook({"cell_type": "code"})
    (cell,) = cells.cells()
    assert cell.offset(0) == data.index(b'{"cell_type')


def test_a_notebook_that_is_cut_off_is_read_up_to_there():
    data, _ = notebook(code("first"), code(["second\n", "third"]))
    cut = data[: data.index(b"third") + 3]
    cells = Notebook(Document("a.ipynb", cut, cut))
    assert cells.describe(cut.index(b"first")) == "cell 1"
    assert cells.describe(cut.index(b"thi")) == "cell 2"
    assert [cell.text for cell in cells.cells()] == ["first", "second\nthi"]


@given(st.data())
def test_damaged_notebooks_never_fail(data):
    raw, _ = notebook(markdown("# a"), code(["b\n", "\\ü"], [OUTPUT]))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(start, min(len(raw), start + 20)))
        raw = (
            raw[:start]
            + data.draw(st.sampled_from([b"", b'"', b"{", b"]", b"\\", b"\\u12", b"\xff", b"[[[["]))
            + raw[end:]
        )
    cells = Notebook(Document("a.ipynb", raw, raw))
    for cell in cells.cells():
        assert all(0 <= cell.offset(position) <= len(raw) for position in range(len(cell.text) + 1))
    assert all(isinstance(cells.describe(offset), str) for offset in range(0, len(raw), 7))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[",
        b"{" * 200_000,
        b'{"cells": [' + b"[" * 200_000,
        b'"' + b"\\" * 200_001,
        b'{"cells": {"a": [{}]}}',
    ],
    ids=["empty", "null", "open", "deep", "deep in cells", "backslashes", "no list"],
)
def test_hostile_files_have_no_cells_and_no_cost(raw):
    cells = Notebook(Document("a.ipynb", raw, raw))
    assert list(cells.cells()) == []
    assert cells.describe(len(raw) // 2) in ("", "cell 1")
