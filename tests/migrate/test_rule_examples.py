"""The examples of checks and clients in ``rules/*.yaml`` are tests: what becomes of the code, byte for byte.

For every example, without being asked: a second run changes nothing, no comment is lost, and the file with CRLF, with
a byte order mark or indented by tabs gives the same answer.
"""

from __future__ import annotations

import pytest
from in_memory import table
from rule_examples import rule_examples

from mi_lint.migrate import verify
from mi_lint.migrate.outcome import HeldBack, Manual, Rewritten
from mi_lint.migrate.plan import Options
from mi_lint.migrate.session import session_of_texts

PATH = "app.py"
BOM = b"\xef\xbb\xbf"


def examples():
    for found in rule_examples():
        yield pytest.param(str(found.entry.get("id", "")), dict(found.example), id=found.id)


def with_outcome(kind):
    return [case for case in examples() if kind in case.values[1]]


def files_of(example, key="before", extra="files"):
    texts = {example.get("path", PATH): example[key].encode()}
    texts.update({path: text.encode() for path, text in (example.get(extra) or {}).items()})
    return texts


def migrated(texts, example):
    session = session_of_texts(texts, table())
    options = Options(unsafe=example.get("unsafe", False), credential=example.get("credential", ""))
    plan = session.plan(options)
    result = {**texts, **{path: new for path, (_, new) in plan.texts.items()}}
    return session, plan, result


def told(plan):
    return [(type(outcome).__name__, getattr(outcome, "reason", "")) for _, outcome in plan.outcomes]


@pytest.mark.parametrize(("check", "example"), with_outcome("after"))
def test_the_code_before_becomes_the_code_after(check, example):
    session, plan, result = migrated(files_of(example), example)
    assert result == files_of(example, "after", "files_after") | {
        path: text for path, text in files_of(example).items() if path in result and path not in plan.texts
    }, told(plan)
    assert any(isinstance(outcome, Rewritten) for _, outcome in plan.outcomes)
    if check:
        assert check in {site.check for site in session.sites}


@pytest.mark.parametrize(("check", "example"), with_outcome("after"))
def test_a_second_run_changes_nothing(check, example):
    texts = files_of(example) | files_of(example, "after", "files_after")
    _, plan, _ = migrated(texts, example)
    assert plan.texts == {}


@pytest.mark.parametrize(("check", "example"), with_outcome("after"))
def test_no_comment_is_lost(check, example):
    texts = files_of(example)
    _, plan, result = migrated(texts, example)
    for path in plan.texts:
        assert sum(verify.comments(texts[path]).values()) <= sum(verify.comments(result[path]).values())


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(lambda text: text.replace(b"\n", b"\r\n"), id="crlf"),
        pytest.param(lambda text: text.replace(b"    ", b"\t"), id="tabs"),
    ],
)
@pytest.mark.parametrize(("check", "example"), with_outcome("after"))
def test_another_layout_gives_the_same_answer(check, example, variant):
    if not any(b"    " in text for text in files_of(example).values()):
        pytest.skip("nothing is indented")
    before = {path: variant(text) for path, text in files_of(example).items()}
    after = {path: variant(text) for path, text in files_of(example, "after", "files_after").items()}
    _, plan, result = migrated(before, example)
    assert {path: result[path] for path in after} == after, told(plan)


@pytest.mark.parametrize(("check", "example"), with_outcome("after"))
def test_the_edits_applied_to_the_file_with_a_byte_order_mark_give_the_new_file(check, example):
    texts = files_of(example)
    marked = {path: BOM + text for path, text in texts.items()}
    _, plan, _ = migrated(marked, example)
    _, _, expected = migrated(texts, example)
    written = dict(marked)
    for fix in plan.fixes():
        for edit in reversed(fix.edits):
            old = written[edit.path]
            written[edit.path] = old[: edit.start] + edit.text.encode() + old[edit.end :]
    assert written == {path: BOM + text for path, text in expected.items()}


@pytest.mark.parametrize(("check", "example"), with_outcome("unchanged_because"))
def test_code_that_is_not_rewritten_says_why(check, example):
    session, plan, _ = migrated(files_of(example), example)
    assert plan.texts == {}
    reasons = [outcome.reason for _, outcome in plan.outcomes if isinstance(outcome, HeldBack | Manual)]
    assert example["unchanged_because"] in " | ".join(reasons)
    if check:
        assert check in {site.check for site in session.sites}


@pytest.mark.parametrize(("check", "example"), with_outcome("silent"))
def test_a_lookalike_stays_silent(check, example):
    session = session_of_texts(files_of(example), table())
    silent = [site for site in session.sites if not check or site.check == check]
    assert [(site.check, site.node.lineno) for site in silent] == []
