"""A suppression is read in the comment style of every language, and only there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suppressions import SECRET, outcome, reasons, shown

STYLES = [
    ("a.py", "k = 'S'  # mi-lint: ignore[MI101] why"),
    ("a.py", "k = 'S'  #mi-lint:ignore[MI101] why"),
    ("a.py", "k = 'S'  # noqa: S105  mi-lint: ignore[MI101] why"),
    ("a.py", "k = 'S'  # type: ignore # mi-lint: ignore[MI101] why"),
    ("a.go", 'k := "S" // mi-lint: ignore[MI101] why'),
    ("a.rs", 'let k = "S"; /// mi-lint: ignore[MI101] why'),
    ("a.css", "a: S; /* mi-lint: ignore[MI101] why */"),
    ("a.c", 'f("S" /* mi-lint: ignore[MI101] why */, 1);'),
    ("a.sql", "select 'S' -- mi-lint: ignore[MI101] why"),
    ("a.ini", "k = S ; mi-lint: ignore[MI101] why"),
    ("a.html", "<a b='S'/> <!-- mi-lint: ignore[MI101] why -->"),
    ("a.html", "<a b='S'/> <!--mi-lint: ignore[MI101] why--> <b/>"),
    ("a.tex", "\\k{S} % mi-lint: ignore[MI101] why"),
    ("a.cmd", "set K=S & REM mi-lint: ignore[MI101] why"),
    ("a.bat", "set K=S & rem mi-lint: ignore[MI101] why"),
    ("a.cmd", "set K=S & :: mi-lint: ignore[MI101] why"),
    ("a.vb", 'k = "S" \' mi-lint: ignore[MI101] why'),
    ("a.vim", 'let k = "S" " mi-lint: ignore[MI101] why'),
    ("a.j2", "{{ 'S' }} {# mi-lint: ignore[MI101] why #}"),
    ("a.j2", "{{ 'S' }} {#- mi-lint: ignore[MI101] why -#}"),
    ("a.hbs", "S {{!-- mi-lint: ignore[MI101] why --}}"),
    ("a.hbs", "S {{! mi-lint: ignore[MI101] why }}"),
    ("a.tpl", "S {{- /* mi-lint: ignore[MI101] why */ -}}"),
    ("a.erb", "S <%# mi-lint: ignore[MI101] why %>"),
    ("a.jsp", "S <%-- mi-lint: ignore[MI101] why --%>"),
    ("a.ps1", "$k = 'S' <# mi-lint: ignore[MI101] why #>"),
    ("a.fs", 'let k = "S" (* mi-lint: ignore[MI101] why *)'),
    ("a.cshtml", "S @* mi-lint: ignore[MI101] why *@"),
    ("a.lisp", '(k "S") ;; mi-lint: ignore[MI101] why'),
    ("a.hs", 'k = "S" {- mi-lint: ignore[MI101] why -}'),
    ("a.lua", 'k = "S" --[[ mi-lint: ignore[MI101] why ]]'),
    ("a.hs", 'k = "S" -- mi-lint: ignore[MI101] why'),
    ("a.json", '{"k": "S", "//": "mi-lint: ignore[MI101] why"}'),
    ("a.json", '{"//": "mi-lint: ignore[MI101] why", "k": "S"}'),
    ("a.env", "K=S # mi-lint: ignore[MI101] why"),
    ("a.f90", "k = 'S' ! mi-lint: ignore[MI101] why"),
]


@pytest.mark.parametrize(("path", "line"), STYLES, ids=[f"{number}-{path}" for number, (path, _) in enumerate(STYLES)])
@pytest.mark.parametrize("newline", ["\n", "\r\n", ""])
def test_every_comment_style_is_read_and_its_reason_kept(path, line, newline):
    text = f"x = 1{newline or chr(10)}{line.replace('S', SECRET, 1)}{newline}"
    assert reasons(text, path)[:1] == ["why"]


@pytest.mark.parametrize(
    "line",
    [
        f"k = '{SECRET}' mi-lint: ignore[MI101]",
        f"k = '{SECRET} `mi-lint: ignore`'",
        f"see `mi-lint: ignore` and {SECRET}",
        f"k = '{SECRET}'  # xmi-lint ignore",
    ],
)
def test_our_words_outside_a_comment_are_text(line):
    assert shown(line) == [True]


def test_rules_are_named_by_id_or_name_in_any_case():
    for names in ("MI101", "mi101", "AlphaKey", "MI102, MI101", " MI101 ", "MI102,alphakey,"):
        assert reasons(f"{SECRET} # mi-lint: ignore[{names}]") == [""]
    assert shown(f"{SECRET} # mi-lint: ignore[MI102]") == [True]
    assert reasons(f"{SECRET} # mi-lint: ignore[ACME7]", rule="ACME7") == [""]


def test_without_a_list_every_rule_is_meant():
    assert reasons(f"{SECRET} # mi-lint: ignore", rule="MI999") == [""]
    assert reasons(f"{SECRET} # mi-lint: ignore test only", rule="MI999") == ["test only"]


@pytest.mark.parametrize(
    ("comment", "note"),
    [
        ("mi-lint: ignore[MI101", "line 1: 'ignore[' has no closing ']'"),
        ("mi-lint: ignore[]", "line 1: 'ignore[]' names no rule; write 'ignore[MI101]'"),
        ("mi-lint: ignore MI101, MI102 why", "line 1: rules go into brackets: 'ignore[MI101, MI102]'"),
        ("mi-lint: ignore: MI101", "line 1: rules go into brackets: 'ignore[MI101]'"),
        ("mi-lint: ignroe[MI101]", "line 1: 'mi-lint: ignroe' is unknown; did you mean 'mi-lint: ignore'?"),
        (
            "mi-lint: ignore-nextline",
            "line 1: 'mi-lint: ignore-nextline' is unknown; did you mean 'mi-lint: ignore-next-line'?",
        ),
        ("mi-lint: allow[MI101]", "line 1: 'mi-lint: allow' is unknown; did you mean 'mi-lint: ignore'?"),
        ("mi-lint: ignore[MI199]", "line 1: no rule is called 'MI199'"),
        ("mi-lint: ignore[k=a1b2c3]", "line 1: the brackets hold something that is no name of a rule"),
        ("mi-lint: ignore[AlphaKy]", "line 1: no rule is called 'AlphaKy'; did you mean 'alphakey'?"),
    ],
)
def test_a_comment_that_cannot_work_is_said_and_suppresses_nothing(comment, note):
    found, notes, _ = outcome(f"k = '{SECRET}'  # {comment}\n")
    assert (found, notes) == ([None], [note])


def test_a_remark_that_begins_with_our_name_is_no_mistake():
    assert outcome(f"k = '{SECRET}'  # mi-lint: see the documentation\n")[1] == []


def test_the_reason_is_short_printable_and_holds_no_secret():
    assert reasons(f"{SECRET} # mi-lint: ignore[MI101] {'x' * 50} {'y ' * 200}")[0].endswith(" …")
    assert len(reasons(f"{SECRET} # mi-lint: ignore[MI101] {'y ' * 200}")[0]) == 200
    assert reasons(f"{SECRET} # mi-lint: ignore[MI101] a\x1b[31mb\tc") == ["a [31mb c"]
    assert "abcDEF123" not in reasons(f"{SECRET} # mi-lint: ignore[MI101] password=abcDEF123")[0]
    assert "A1b2" not in reasons(f"{SECRET} # mi-lint: ignore[MI101] was {'A1b2' * 12}")[0]


def test_a_reason_that_holds_a_finding_is_dropped():
    assert reasons(f"# mi-lint: ignore[MI101] it is {SECRET} now") == [""]


def test_marks_of_other_tools_hold_for_secrets_only():
    for mark in ("# pragma: allowlist secret", "// pragma: whitelist secret", "gitleaks:allow", "# gitleaks:allow"):
        assert shown(f"k = '{SECRET}'  {mark}\n") == [False]
        assert shown(f"k = '{SECRET}'  {mark}\n", foreign=False) == [True]
        assert shown(f"k = '{SECRET}'  {mark}\n", secret=False) == [True]


def test_the_next_line_mark_of_detect_secrets_stands_alone():
    assert shown(f"# pragma: allowlist nextline secret\n{SECRET}\n{SECRET}\n") == [False, True]
    assert shown(f"x = 1 # pragma: allowlist nextline secret\n{SECRET}\n") == [True]


def test_a_suppressed_finding_says_that_the_source_says_so():
    from suppressions import findings_in, options

    from mi_lint.model import Suppression
    from mi_lint.sources.decoding import decode
    from mi_lint.suppress import apply

    document = decode("a.py", f"{SECRET} # mi-lint: ignore[MI101] demo".encode())
    found, _ = apply(document, findings_in(document), options())
    assert [f.suppression for f in found] == [Suppression("inSource", "demo")]


IDENTITIES = st.lists(st.sampled_from(["MI101", "MI102", "ACME7", "alphakey"]), min_size=1, max_size=4)
REASON = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters='[]*-%#}>)@\\"=:'), max_size=30
)


@given(
    IDENTITIES, REASON, st.sampled_from(["# ", "// ", "-- ", "; "]), st.text(st.characters(codec="utf-8"), max_size=40)
)
def test_whatever_stands_before_a_comment_its_list_decides(names, reason, mark, before):
    head = before.replace("mi-lint:", "").replace("gitleaks:allow", "").replace("pragma:", "").replace("\0", "")
    last = (head.splitlines() or [""])[-1]
    line = f"{SECRET} {last} {mark}mi-lint: ignore[{', '.join(names)}] {reason}"
    named = bool({"MI101", "alphakey"} & set(names))
    assert shown(f"x\n{line}\ny\n", "a.xyz") == [not named]


@given(st.binary(max_size=300), st.sampled_from(["a.py", "a.ipynb", "a.md"]))
def test_no_bytes_make_it_fail(data, path):
    text = b"x" + data + f"\n{SECRET} ".encode() + data + b"# mi-lint: ignore"
    outcome(text.translate(None, b"\0"), path, report_unused=True)


PIECES = st.sampled_from(
    [SECRET, "# mi-lint: ignore", "[MI101]", "[", "]", "// mi-lint: ignore-next-line", "<!-- mi-lint: ignore-file",
     "\n", "\r\n", "\\n", '"', "'''", '"""', " ", ": |", "<<EOF", "EOF", "(", "é", "🔑", "gitleaks:allow",
     "pragma: allowlist secret"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25), st.sampled_from(["a.py", "a.yaml", "a.json", "a.ipynb", "a.js"]))
def test_findings_keep_their_order_and_number(pieces, path):
    text = "".join(pieces)
    found, _, unused = outcome(text, path, report_unused=True)
    assert len(found) == text.count(SECRET)
    for finding in unused:
        assert finding.location.region.start_line <= text.count("\n") + text.count("\r") + 1
