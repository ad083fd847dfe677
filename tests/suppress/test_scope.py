"""A suppression covers its line, the next one, the block that opens or ends there, or the file; nothing else."""

from __future__ import annotations

import json

import pytest
from suppressions import SECRET, finding, options, outcome, reasons, shown

from mi_lint.sources.decoding import decode
from mi_lint.suppress import apply

S = SECRET


def test_a_line_comment_covers_its_line_only():
    assert shown(f"{S}\n{S} # mi-lint: ignore\n{S}\n") == [True, False, True]


def test_several_findings_of_a_line_are_covered():
    assert shown(f"{S} {S} # mi-lint: ignore\n") == [False, False]


def test_a_comment_on_the_first_or_last_line_of_a_finding_covers_it():
    for text in ("'ab' # mi-lint: ignore\n'cd'\n", "'ab'\n'cd' # mi-lint: ignore\n"):
        document = decode("a.py", text.encode())
        found, _ = apply(document, [finding(document, 1, document.data.index(b"cd") + 2)], options())
        assert found[0].suppression is not None


def test_the_next_line_is_the_next_that_holds_something():
    assert shown(f"# mi-lint: ignore-next-line\n{S}\n{S}\n") == [False, True]
    assert shown(f"# mi-lint: ignore-next-line[MI101] why\n\n  \n{S}\n{S}\n") == [False, True]
    assert shown(f"{S} # mi-lint: ignore-next-line\n{S}\n") == [True, False]


def test_next_line_comments_can_be_stacked():
    text = f"# mi-lint: ignore-next-line[MI102] x\n# mi-lint: ignore-next-line[MI101] y\n# gitleaks:allow?\n{S}\n"
    assert reasons(f"# mi-lint: ignore-next-line[MI101] y\n# mi-lint: ignore-next-line[MI102] x\n{S}\n") == ["y"]
    assert shown(text) == [True]


def test_a_next_line_comment_at_the_end_is_said():
    _, notes, _ = outcome(f"{S}\n# mi-lint: ignore-next-line\n")
    assert notes == ["line 2: no line follows this 'ignore-next-line'"]


def test_a_file_comment_covers_the_file_wherever_it_stands():
    assert shown(f"{S}\n{S}\n# mi-lint: ignore-file[MI101] fixtures\n") == [False, False]
    assert reasons(f"# mi-lint: ignore-file\n{S}", rule="MI999") == [""]
    assert shown(f"# mi-lint: ignore-file[MI102]\n{S}") == [True]


BLOCKS = [
    ("a.yaml", "# mi-lint: ignore-next-line\nk: |\n  a\n\n  S\n  b\nz: S\n"),
    ("a.yaml", "k: >-  # mi-lint: ignore\n  a\n  S\nz: S\n"),
    ("a.yaml", "- |2  # mi-lint: ignore\n   S\n- S\n"),
    ("a.yaml", "k: !!str |  # mi-lint: ignore\n  S\nz: S\n"),
    ("a.py", 'k = """  # mi-lint: ignore\nS\n"""\nz = "S"\n'),
    ("a.py", 'k = """a\nS\n"""  # mi-lint: ignore\nz = "S"\n'),
    ("a.py", "# mi-lint: ignore-next-line\nk = f'''\na\nS\n'''\nz = 'S'\n"),
    ("a.bicep", "// mi-lint: ignore-next-line\nvar k = '''\nS\n'''\nvar z = 'S'\n"),
    ("a.py", "k = (  # mi-lint: ignore\n  'S')\nz = 'S'\n"),
    ("a.py", "# mi-lint: ignore-next-line\nk = \\\n  'S'\nz = 'S'\n"),
    ("a.cs", 'var k =  // mi-lint: ignore\n  "S";\nvar z = "S";\n'),
    ("a.sh", "# mi-lint: ignore-next-line\ncat > x <<'EOF'\na\nS\nEOF\nz=S\n"),
    ("a.sh", "cat <<-EOF > x # mi-lint: ignore\n\tS\n\tEOF\nz=S\n"),
    ("a.ps1", "# mi-lint: ignore-next-line\n$k = @'\na\nS\n'@\n$z = 'S'\n"),
    ("a.md", "<!-- mi-lint: ignore-next-line -->\n```bash\na\nS\n```\nS\n"),
    ("a.rst", ".. mi-lint: ignore-next-line\n\n~~~\nS\n~~~\nS\n"),
    ("a.js", "// mi-lint: ignore-next-line\nk = `\nS\n`\nz = 'S'\n"),
]


@pytest.mark.parametrize(("path", "text"), BLOCKS, ids=[f"{number}-{path}" for number, (path, _) in enumerate(BLOCKS)])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_block_without_place_for_comments_is_covered_to_its_end(path, text, newline):
    assert shown(text.replace("S", S).replace("\n", newline), path) == [False, True]


def test_a_closed_string_is_no_block():
    assert shown(f'k = """a"""  # mi-lint: ignore\n{S}\n') == [True]
    assert shown(f'"""  # mi-lint: ignore\n{S}\n"""\n{S}\n') == [True, True]


def test_an_unclosed_block_ends_somewhere():
    text = 'k = """ # mi-lint: ignore\n' + f"{S}\n" * 3000
    assert shown(text).count(False) == 2000


def test_a_brace_opens_no_block():
    assert shown(f"resource x {{  # mi-lint: ignore\n  k = {S}\n}}\n", "a.tf") == [True]


def notebook(*lines, indent=1):
    cell = {"cell_type": "code", "source": [line + "\n" for line in lines]}
    return json.dumps({"cells": [cell]}, indent=indent)


@pytest.mark.parametrize("indent", [1, None])
def test_in_a_notebook_a_comment_covers_its_line_of_the_cell(indent):
    assert shown(notebook(f"k = '{S}'  # mi-lint: ignore", f"z = '{S}'", indent=indent), "a.ipynb") == [False, True]
    text = notebook("# mi-lint: ignore-next-line[MI101] why", f"k = '{S}'", f"z = '{S}'", indent=indent)
    assert reasons(text, "a.ipynb") == ["why", None]


def test_a_notebook_cell_may_be_one_string():
    text = json.dumps({"source": f"k = '{S}'  # mi-lint: ignore why\nz = '{S}'\n"})
    assert reasons(text, "a.ipynb") == ["why", None]
    crlf = json.dumps({"source": f"k = '{S}'  # mi-lint: ignore why\r\nz = '{S}'\r\n"})
    assert reasons(crlf, "a.ipynb") == ["why", None]


def test_an_escaped_backslash_before_an_n_ends_no_line():
    path = json.dumps({"p": f"C:\\new\\{S}", "//": "mi-lint: ignore"})
    assert shown(path, "a.json") == [False]


def test_json_has_a_place_for_comments_before_the_value():
    assert reasons(f'{{\n "_": "mi-lint: ignore-next-line[MI101] demo",\n "k": "{S}",\n "z": "{S}"\n}}', "a.json") == [
        "demo",
        None,
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_columns_in_any_encoding_lead_to_the_right_line(encoding):
    text = f"é = '{S}'  # mi-lint: ignore[MI101] für später\nü = '{S}'\n"
    found = reasons(text.encode(encoding))
    assert found[1] is None
    assert found[0].startswith("f")


def test_characters_outside_the_basic_plane_do_not_shift_it():
    assert shown(f"🔑🔑🔑 {S}\n🔑 {S} # mi-lint: ignore 🔑\n{S}") == [True, False, True]


def test_many_suppressions_and_findings_stay_linear():
    text = "".join(f"k{number} = '{S}'  # mi-lint: ignore[MI101]\n" for number in range(3000))
    assert not any(shown(text))


def test_only_so_many_suppressions_are_heeded():
    text = f"{S}\n" + "# mi-lint: ignore\n" * 10_001
    assert outcome(text)[1] == ["line 10002: only the first 10000 suppressions are heeded"]
