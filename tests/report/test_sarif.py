from __future__ import annotations

import ast
import json
import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from report_samples import (
    CODE,
    CODE_RULE,
    KEY,
    SETTINGS,
    code_finding,
    full_report,
    rule,
    secret_finding,
    suppressed_finding,
)

from mi_lint.model import Edit, Fix, Location, Notification, Region, Severity, Snippet
from mi_lint.report import sarif
from mi_lint.report.formats import ReportOptions, write
from mi_lint.report.sarif_results import uri_reference

SCHEMA = Draft202012Validator(
    json.loads(Path(__file__).with_name("sarif-2.1.0.schema.json").read_text(encoding="utf-8"))
)
AZURE_PIPELINE = {
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/contoso/",
    "SYSTEM_TEAMPROJECT": "Web Shop",
    "SYSTEM_DEFINITIONID": "12",
    "SYSTEM_PHASEID": "3a3a2a60-14c7-570b-14a4-fa42ad92f52a",
    "SYSTEM_PHASENAME": "Scan",
    "BUILD_DEFINITIONNAME": "nightly",
    "BUILD_SOURCEBRANCH": "refs/heads/main",
    "BUILD_BUILDID": "345",
}


def text_of(report, options=None):
    return "".join(sarif.chunks(report, options or ReportOptions()))


def log_of(report, options=None):
    log = json.loads(text_of(report, options))
    assert [error.message for error in SCHEMA.iter_errors(log)] == []
    return log["runs"][0]


@pytest.fixture
def plain(tmp_path):
    """Return a function that makes a report whose root is outside of every repository."""
    return lambda **changes: full_report(str(tmp_path), **changes)


def test_a_report_with_everything_follows_the_schema(plain):
    run = log_of(plain())
    assert [result["ruleId"] for result in run["results"]] == ["MI201", "MI101"]
    assert run["columnKind"] == "utf16CodeUnits"


def test_a_clean_report_has_an_empty_list_of_results(plain):
    run = log_of(plain(findings=[], notifications=[]))
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_a_failed_run_says_so(plain):
    assert log_of(plain(failed=True))["invocations"][0]["executionSuccessful"] is False


def test_every_result_stands_on_a_line_of_its_own(plain):
    lines = text_of(plain()).splitlines()
    assert [json.loads(line.rstrip(","))["ruleId"] for line in lines[1:3]] == ["MI201", "MI101"]
    assert len(lines) == 4


def test_the_same_findings_in_any_order_give_the_same_bytes(plain):
    findings = [secret_finding(), code_finding(), secret_finding("z.env", fingerprint="2")]
    assert text_of(plain(findings=findings)) == text_of(plain(findings=findings[::-1]))


def test_enabled_and_used_rules_are_listed_by_id_and_indices_lead_to_them(plain):
    rules = {info.id: info for info in (rule("MI300", enabled=False), CODE_RULE, rule(), rule("MI999", enabled=False))}
    run = log_of(plain(rules=rules, findings=[secret_finding(), code_finding(), secret_finding(rule_id="MI300")]))
    listed = run["tool"]["driver"]["rules"]
    assert [info["id"] for info in listed] == ["MI101", "MI201", "MI300"]
    for result in run["results"]:
        assert listed[result["ruleIndex"]]["id"] == result["ruleId"]


def test_levels_are_always_written(plain):
    severities = list(Severity)
    findings = [secret_finding(f"{number}.env", severity=severity) for number, severity in enumerate(severities)]
    run = log_of(plain(findings=findings))
    assert [result["level"] for result in run["results"]] == ["note", "note", "warning", "error", "error"]
    configurations = [info["defaultConfiguration"] for info in run["tool"]["driver"]["rules"]]
    assert configurations == [{"level": "error"}, {"level": "warning"}]


def test_security_severities_are_numbers_in_strings_that_github_can_sort(plain):
    seen = {}
    for severity in Severity:
        run = log_of(plain(findings=[], rules={"MI101": rule(severity=severity)}))
        seen[severity.name] = run["tool"]["driver"]["rules"][0]["properties"]["security-severity"]
    assert seen == {"INFO": "1.0", "LOW": "3.0", "MEDIUM": "5.5", "HIGH": "8.0", "CRITICAL": "9.5"}


def test_a_rule_that_is_not_about_security_has_no_security_severity(plain):
    info = rule("MI001", tags=("maintainability",), severity=Severity.LOW, cwe=())
    run = log_of(plain(findings=[], rules={"MI001": info}))
    properties = run["tool"]["driver"]["rules"][0]["properties"]
    assert properties["problem.severity"] == "recommendation"
    assert "security-severity" not in properties
    assert "taxonomies" not in run


def test_what_github_shows_of_a_rule_is_there_and_not_too_long(plain):
    info = rule(summary="long " * 500, tags=tuple(f"tag{number}" for number in range(30)))
    listed = log_of(plain(findings=[], rules={"MI101": info}))["tool"]["driver"]["rules"][0]
    assert len(listed["fullDescription"]["text"]) == 1024
    assert len(listed["properties"]["tags"]) == 10
    assert listed["properties"]["precision"] == "very-high"
    assert listed["help"]["markdown"]
    assert listed["name"] != listed["id"]


def test_rules_lead_to_their_weaknesses(plain):
    run = log_of(plain())
    taxa = run["taxonomies"][0]["taxa"]
    assert [taxon["id"] for taxon in taxa] == ["312", "522", "798"]
    for info in run["tool"]["driver"]["rules"]:
        for relation in info["relationships"]:
            assert taxa[relation["target"]["index"]]["id"] == relation["target"]["id"]
            assert relation["kinds"] == ["superset"]
    assert run["tool"]["driver"]["supportedTaxonomies"] == [{"index": 0, "name": "CWE"}]


def test_messages_equal_their_template_and_link_every_place_they_name(plain):
    places = tuple(Location("a.env", Region(line, 1, line, 4), f"fact [{line}]") for line in range(1, 9))
    findings = [code_finding(), secret_finding(), secret_finding("b.env", evidence=places)]
    run = log_of(plain(findings=findings))
    rules = {info["id"]: info for info in run["tool"]["driver"]["rules"]}
    for result in run["results"]:
        message = result["message"]
        template = rules[result["ruleId"]]["messageStrings"][message["id"]]["text"]
        assert message["text"] == template.format(*message["arguments"])
        assert message["text"].endswith(".")
        known = {place["id"] for place in result.get("relatedLocations", [])}
        linked = {int(number) for number in re.findall(r"\]\((\d+)\)", message["text"])}
        assert linked <= known
        assert bool(linked) == bool(known)
    assert run["results"][1]["message"]["text"].startswith(secret_finding().message)
    assert "['fact (1)'](1), ['fact (2)'](2)" in run["results"][2]["message"]["text"]


def test_a_call_in_code_tells_the_role_that_it_needs(plain):
    (result,) = log_of(plain(findings=[code_finding()]))["results"]
    assert result["message"]["text"].endswith(" Role for the managed identity: 'Storage Blob Data Contributor'.")
    assert result["message"]["id"] == "default-role"
    assert result["properties"]["role"] == "Storage Blob Data Contributor"


def test_a_role_and_evidence_stand_in_one_message(plain):
    findings = [code_finding(evidence=secret_finding().evidence), code_finding("b.py")]
    run = log_of(plain(findings=findings))
    first, second = (result["message"] for result in run["results"])
    assert first["text"].endswith("'Storage Blob Data Contributor'. Evidence: ['account name'](1).")
    assert second["arguments"] == ["BlobServiceClient", "Storage Blob Data Contributor"]
    templates = run["tool"]["driver"]["rules"][1]["messageStrings"]
    assert set(templates) == {"default", "default-role", "default-role-evidence-1"}


def test_a_place_that_supports_a_finding_twice_is_linked_once(plain):
    twice = secret_finding().evidence * 2
    result = log_of(plain(findings=[secret_finding(evidence=twice)]))["results"][0]
    assert len(result["relatedLocations"]) == 1
    assert result["message"]["text"].endswith("Evidence: ['account name'](1).")


@pytest.mark.parametrize("template", ["Key {like this} ('{0}').", "Key '{3}'.", "Key {.", "'{0.__class__.name}'"])
def test_a_template_that_cannot_be_filled_costs_only_itself(plain, template):
    info = rule(messages=(("default", template),))
    result = log_of(plain(findings=[secret_finding(evidence=())], rules={"MI101": info}))["results"][0]
    assert result["message"] == {"text": secret_finding().message}


def test_text_of_the_project_cannot_become_a_link(plain):
    hostile = "[free](https://evil.example)"
    finding = code_finding(arguments=(hostile,), message=f"'{hostile}' authenticates.")
    assert "](" not in log_of(plain(findings=[finding]))["results"][0]["message"]["text"]


def test_the_region_of_a_secret_shows_only_that_it_was_redacted(plain):
    place = log_of(plain())["results"][1]["locations"][0]["physicalLocation"]
    assert place["region"]["snippet"]["text"] == "[REDACTED]"
    assert "STORAGE_KEY=[REDACTED]" in place["contextRegion"]["snippet"]["text"]


def test_the_region_of_code_shows_exactly_its_text(plain):
    place = log_of(plain())["results"][0]["locations"][0]["physicalLocation"]
    assert place["region"]["snippet"]["text"] == CODE.split("\n")[3][9:80]


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ('x = "\U0001f511"; f(1)', Region(1, 11, 1, 15), "f(1)"),
        ("f(\r\n  1,\r\n)", Region(1, 1, 3, 2), "f(\r\n  1,\r\n)"),
        ("f(\x0c1,\n2)", Region(1, 1, 2, 3), "f(\x0c1,\n2)"),
        ('f(a, "[REDACTED]", b)', Region(1, 1, 1, 60), 'f(a, "[REDACTED]'),
        ("one line", Region(1, 1, 2, 3), "[REDACTED]"),
    ],
)
def test_a_region_text_counts_columns_as_editors_do(plain, text, region, expected):
    finding = code_finding(location=Location("a.py", region), snippet=Snippet(1, 1, text), fixes=())
    place = log_of(plain(findings=[finding]))["results"][0]["locations"][0]["physicalLocation"]
    assert place["region"]["snippet"]["text"] == expected


def test_a_line_too_long_to_show_has_a_context_without_its_text(plain):
    finding = secret_finding(snippet=None, context=None)
    place = log_of(plain(findings=[finding]))["results"][0]["locations"][0]["physicalLocation"]
    assert place["contextRegion"] == {"startLine": 2, "endLine": 2, "snippet": {"text": "[REDACTED]"}}


def test_fixes_applied_to_the_file_give_the_fixed_file(plain):
    fix = log_of(plain())["results"][0]["fixes"][0]
    assert len(fix["artifactChanges"]) == 1
    fixed = applied(CODE, fix["artifactChanges"][0]["replacements"])
    ast.parse(fixed)
    assert fixed == CODE.replace("credential=key", "credential=DefaultAzureCredential()").replace(
        "import os\n", "import os\nfrom azure.identity import DefaultAzureCredential\n"
    )


def applied(text, replacements):
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]
    spans = []
    for replacement in replacements:
        region = replacement["deletedRegion"]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        spans.append((start, end, replacement["insertedContent"]["text"]))
    for start, end, inserted in sorted(spans, reverse=True):
        text = text[:start] + inserted + text[end:]
    return text


def test_a_fix_in_two_files_is_one_fix_with_a_change_for_each_file(plain):
    edits = (*code_finding().fixes[0].edits, Edit("requirements.txt", 0, 0, "azure-identity\r\n", Region(1, 1, 1, 1)))
    run = log_of(plain(findings=[code_finding(fixes=(Fix("Two files.", edits),))]))
    (fix,) = run["results"][0]["fixes"]
    uris = [change["artifactLocation"]["uri"] for change in fix["artifactChanges"]]
    assert uris == ["app/main.py", "requirements.txt"]
    assert fix["artifactChanges"][1]["replacements"][0]["insertedContent"]["text"] == "azure-identity\r\n"


def test_what_only_a_person_can_do_is_a_property_and_no_fix(plain):
    from mi_lint.model import Applicability

    fix = Fix("Ask the owner of the foreign tenant.", (), Applicability.MANUAL)
    result = log_of(plain(findings=[code_finding(fixes=(fix,))]))["results"][0]
    assert "fixes" not in result
    assert result["properties"]["manualFix"] == "Ask the owner of the foreign tenant."


def test_the_way_of_a_value_is_a_code_flow(plain):
    flow = log_of(plain())["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["physicalLocation"]["region"]["startLine"] for step in flow] == [3, 4]


def test_properties_tell_the_verdict_and_what_may_be_said_of_the_secret(plain):
    finding = secret_finding(properties=(("verdict", "forged"), ("account", "demo")))
    properties = log_of(plain(findings=[finding]))["results"][0]["properties"]
    assert properties["verdict"] == "verified"
    assert properties["account"] == "demo"
    assert properties["secret"] == {
        "kind": "Storage account key",
        "length": 88,
        "correlation": "rPHgxCVAOw6CZsT9xXEw",
    }


def test_fingerprints_are_those_of_the_finding_and_none_is_empty(plain):
    run = log_of(plain(findings=[secret_finding(), secret_finding("z.env", line_hash="")]))
    expected = {"miLint/v1": "5f2d6c", "primaryLocationLineHash": secret_finding().line_hash}
    assert [result["partialFingerprints"] for result in run["results"]] == [expected, {"miLint/v1": "5f2d6c"}]


def test_suppressed_findings_are_left_out_unless_asked_for(plain):
    findings = [secret_finding(), suppressed_finding()]
    without = log_of(plain(findings=findings))
    assert len(without["results"]) == 1
    assert "suppressions" not in without["results"][0]
    run = log_of(plain(findings=findings, include_suppressed=True))
    accepted = {"kind": "inSource", "status": "accepted", "justification": "test data"}
    assert [result["suppressions"] for result in run["results"]] == [[], [accepted]]


def test_what_was_not_analysed_is_a_notification_with_its_place(plain):
    invocation = log_of(plain())["invocations"][0]
    (notification,) = invocation["toolExecutionNotifications"]
    assert invocation["executionSuccessful"] is True
    assert notification["level"] == "warning"
    assert notification["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "app/locked.py"


def test_notifications_have_an_order_of_their_own(plain):
    notes = [Notification("b", "Two.", "b.py", "error"), Notification("a", "One.", "a.py"), Notification("c", "Zero.")]
    run = log_of(plain(notifications=notes))
    texts = [item["message"]["text"] for item in run["invocations"][0]["toolExecutionNotifications"]]
    assert texts == ["Zero.", "One.", "Two."]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b/ü#?%.py", "a%20b/%C3%BC%23%3F%25.py"),
        ("c:d.py", "c%3Ad.py"),
        ("bad\udcff.py", "bad%FF.py"),
        ("half\ud83d.py", "half%ED%A0%BD.py"),
        ("./a/../b.py", "b.py"),
        ("/tmp/x y.py", "file:///tmp/x%20y.py"),
        ("C:/x/y.py", "file:///C:/x/y.py"),
    ],
)
def test_paths_become_uris(path, uri):
    assert uri_reference(path) == uri


def test_absolute_paths_have_no_base(plain):
    finding = secret_finding(location=Location("/elsewhere/a.env", Region(1, 1, 1, 2)))
    place = log_of(plain(findings=[finding]))["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "file:///elsewhere/a.env"}


def test_without_git_there_is_no_provenance_and_no_machine_path(plain, tmp_path):
    text = text_of(plain())
    assert "versionControlProvenance" not in text
    assert tmp_path.name not in text


def test_in_a_repository_places_are_relative_to_its_root_and_the_revision_is_told(tmp_path):
    git = tmp_path / ".git"
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "packed-refs").write_text(f"{'a' * 40} refs/heads/main\n")
    (git / "config").write_text('[remote "origin"]\n\turl = https://user:token@github.com/contoso/shop.git\n')
    (tmp_path / "web").mkdir()
    run = log_of(full_report(str(tmp_path / "web")))
    assert place_of(run["results"][0])["artifactLocation"] == {"uri": "web/app/main.py", "uriBaseId": "SRCROOT"}
    assert run["versionControlProvenance"] == [
        {
            "repositoryUri": "https://github.com/contoso/shop",
            "revisionId": "a" * 40,
            "branch": "main",
            "mappedTo": {"uriBaseId": "SRCROOT"},
        }
    ]


def test_a_message_without_template_is_told_as_it_is(plain):
    finding = secret_finding(message_id="unknown")
    assert log_of(plain(findings=[finding]))["results"][0]["message"] == {"text": finding.message}


def test_a_rule_without_description_does_not_stop_the_report(plain):
    result = log_of(plain(findings=[secret_finding(rule_id="MI777")]))["results"][0]
    assert (result["ruleId"], result["message"]) == ("MI777", {"text": secret_finding().message})
    assert "ruleIndex" not in result


def test_a_category_names_the_run(plain):
    assert "automationDetails" not in log_of(plain())
    assert log_of(plain(), ReportOptions(category="web"))["automationDetails"] == {"id": "web/"}


def test_the_azure_profile_names_the_pipeline_run(plain):
    details = log_of(plain(), ReportOptions(profile="azdo", environment=AZURE_PIPELINE))["automationDetails"]
    phase = AZURE_PIPELINE["SYSTEM_PHASEID"]
    expected = f"azuredevops/pipeline/build/contoso/Web%20Shop/12/{phase}/refs%2Fheads%2Fmain/345"
    assert details["id"] == expected
    assert details["properties"]["azuredevops/pipeline/build/buildDefinitionId"] == 12
    assert details["properties"]["azuredevops/pipeline/build/phaseName"] == "Scan"


def test_the_azure_profile_works_outside_of_a_pipeline(plain):
    environment = {"SYSTEM_COLLECTIONURI": "https://contoso.visualstudio.com/", "SYSTEM_DEFINITIONID": "0"}
    details = log_of(plain(), ReportOptions(profile="azdo", environment=environment))["automationDetails"]
    assert details["id"].startswith("azuredevops/pipeline/build/contoso/-/-1/ffffffff-")
    assert details["properties"]["azuredevops/pipeline/build/buildDefinitionId"] == -1


def many(count):
    yield from (
        secret_finding(f"{number:05}.env", fingerprint=str(number), severity=Severity(number % 5))
        for number in range(count)
    )


def test_the_limits_are_those_of_github():
    assert (sarif.SHOWN_RESULTS, sarif.MAX_RESULTS) == (5_000, 25_000)


@pytest.fixture
def _small_limits(monkeypatch):
    monkeypatch.setattr(sarif, "SHOWN_RESULTS", 20)
    monkeypatch.setattr(sarif, "MAX_RESULTS", 50)


@pytest.mark.usefixtures("_small_limits")
def test_up_to_the_shown_number_results_keep_their_order(plain):
    report = plain(findings=list(many(sarif.SHOWN_RESULTS)))
    uris = [place_of(result)["artifactLocation"]["uri"] for result in lines_of(report)]
    assert uris == sorted(uris)
    assert list(sarif.notes(report)) == []


@pytest.mark.usefixtures("_small_limits")
def test_more_are_sorted_by_severity_and_the_user_is_told(plain):
    report = plain(findings=list(many(sarif.SHOWN_RESULTS + 1)))
    severities = [Severity[result["properties"]["severity"].upper()] for result in lines_of(report)]
    assert severities == sorted(severities, reverse=True)
    (note,) = sarif.notes(report)
    assert "21 results" in note
    assert "sorted by severity" in note


@pytest.mark.usefixtures("_small_limits")
def test_too_many_are_cut_and_the_log_and_the_user_are_told(plain, tmp_path):
    report = plain(findings=list(many(sarif.MAX_RESULTS + 5)))
    output = tmp_path / "out.sarif"
    notes = write(report, "sarif", str(output))
    with output.open(encoding="utf-8") as stream:
        header = next(stream)
        count = sum(line.startswith("{") for line in stream)
    assert count == sarif.MAX_RESULTS
    assert "5 less severe results were left out" in header
    assert len(notes) == 2


@pytest.mark.slow
def test_a_long_log_is_never_held_in_memory(plain, tmp_path):
    report = plain(findings=list(many(sarif.MAX_RESULTS)))
    write(plain(), "sarif", str(tmp_path / "warm.sarif"))
    output = tmp_path / "out.sarif"
    tracemalloc.start()
    try:
        write(report, "sarif", str(output))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert output.stat().st_size > 20_000_000
    # What grows with the findings are their sort keys.
    assert peak < 15_000_000


def lines_of(report):
    for line in text_of(report).splitlines()[1:-1]:
        yield json.loads(line.rstrip(","))


def place_of(result):
    return result["locations"][0]["physicalLocation"]


def test_the_planted_secret_is_nowhere_even_escaped(plain):
    text = text_of(plain())
    for form in (KEY, json.dumps(KEY)[1:-1], KEY.replace("/", "\\/"), KEY[:20], KEY[-20:]):
        assert form not in text
    assert KEY in SETTINGS


anything = st.text(st.characters(codec=None), max_size=40)


@settings(max_examples=50)
@given(anything, anything, anything, anything)
def test_any_text_gives_a_valid_log(path, message, note, source):
    finding = code_finding(
        location=Location(path or "a", Region(1, 1, 1, 2)),
        arguments=(message,),
        snippet=Snippet(1, 1, source),
        flow=(Location(path or "a", Region(1, 1, 1, 1), note),),
        evidence=(Location(path or "a", Region(1, 1, 1, 1), note),),
    )
    report = full_report("/", findings=[finding], notifications=[Notification("n", note or "n", path)])
    run = log_of(report)
    assert run["results"][0]["message"]["arguments"][0] == message.replace("](", "] (")
