from __future__ import annotations

import json
from importlib import resources

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from report_samples import code_finding, full_report, secret_finding, suppressed_finding

from mi_lint.model import Location, Notification, Region
from mi_lint.report import json as report_json
from mi_lint.report.formats import ReportOptions

SCHEMA = json.loads(resources.files("mi_lint.report").joinpath("schema.json").read_text(encoding="utf-8"))


def read(report):
    document = json.loads("".join(report_json.chunks(report, ReportOptions())))
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(document)] == []
    return document


def test_the_schema_itself_is_valid():
    Draft202012Validator.check_schema(SCHEMA)


def test_a_report_with_everything_follows_the_schema():
    document = read(full_report("/", findings=[secret_finding(), code_finding(), suppressed_finding()]))
    assert [finding["rule"] for finding in document["findings"]] == ["MI201", "MI101"]
    assert document["statistics"]["skipped"] == {"binary": 2}
    assert document["notifications"][0]["path"] == "app/locked.py"


def test_a_finding_tells_all_that_is_known():
    finding = read(full_report("/"))["findings"][1]
    assert finding["verdict"] == "verified"
    assert finding["secret"]["length"] == 88
    assert finding["evidence"][0]["message"] == "account name"
    assert finding["properties"] == {"account": "demo"}


def test_a_fix_can_be_applied_by_its_byte_offsets():
    edits = read(full_report("/"))["findings"][0]["fixes"][0]["edits"]
    assert [(edit["start"], edit["end"]) for edit in edits] == [(167, 170), (10, 10)]


def test_suppressed_findings_carry_the_reason_when_asked_for():
    document = read(full_report("/", findings=[suppressed_finding()], include_suppressed=True))
    assert document["findings"][0]["suppression"] == {"kind": "inSource", "justification": "test data"}


def test_a_rule_without_description_does_not_stop_the_report():
    assert read(full_report("/", findings=[secret_finding(rule_id="MI777")]))["findings"][0]["name"] is None


def test_a_clean_and_a_failed_run():
    document = read(full_report("/", findings=[], notifications=[], failed=True))
    assert (document["findings"], document["failed"]) == ([], True)


def test_each_finding_stands_on_a_line_of_its_own():
    text = "".join(report_json.chunks(full_report("/"), ReportOptions()))
    assert [json.loads(line.rstrip(","))["rule"] for line in text.splitlines()[1:3]] == ["MI201", "MI101"]


anything = st.text(st.characters(codec=None), max_size=30)


@given(anything, anything)
def test_any_text_comes_back_unchanged(path, message):
    finding = secret_finding(location=Location(path, Region(1, 1, 1, 2)), message=message)
    document = read(full_report("/", findings=[finding], notifications=[Notification("n", message, path)]))
    assert (document["findings"][0]["path"], document["findings"][0]["message"]) == (path, message)
