"""The formats that CI systems read: GitHub and Azure commands, GitLab code quality, JUnit."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import code_finding, full_report, secret_finding, suppressed_finding

from mi_lint.model import Location, Region, Severity, Snippet
from mi_lint.report.formats import FORMATS, ReportOptions

anything = st.text(st.characters(codec=None), max_size=40)


def text_of(name, root="/", **changes):
    return "".join(import_module(FORMATS[name]).chunks(full_report(root, **changes), ReportOptions()))


@pytest.mark.parametrize("name", ["github", "azure", "gitlab"])
def test_paths_are_relative_to_the_repository(name, tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "web").mkdir()
    assert "web/app/main.py" in text_of(name, str(tmp_path / "web"))


@pytest.mark.parametrize("name", ["github", "azure", "gitlab", "junit"])
def test_suppressed_findings_are_never_annotations(name):
    assert "b.env" not in text_of(name, findings=[suppressed_finding()], include_suppressed=True)


def test_github_gets_one_command_a_finding():
    assert text_of("github").splitlines() == [
        (
            "::warning title=MI201 Storage client with an account key,file=app/main.py,line=4,endLine=4,col=10,"
            "endColumn=81::'BlobServiceClient' authenticates with an account key; pass a managed-identity credential."
        ),
        (
            "::error title=MI101 Storage account key,file=app/settings.env,line=2,endLine=2,col=13,endColumn=101::"
            "Storage account key ('checksum right, account 'demo'')."
        ),
    ]


def test_github_gets_no_columns_for_several_lines():
    finding = code_finding(location=Location("a.py", Region(1, 5, 3, 2)), severity=Severity.LOW)
    assert "::notice title=MI201 Storage client with an account key,file=a.py,line=1,endLine=3::" in text_of(
        "github", findings=[finding]
    )


def test_the_user_is_told_that_github_shows_only_some():
    from mi_lint.report import github

    findings = [secret_finding(f"{number}.env") for number in range(11)]
    assert list(github.notes(full_report("/", findings=findings[:10]))) == []
    assert "upload SARIF" in next(github.notes(full_report("/", findings=findings)))


@given(anything, anything)
def test_github_commands_cannot_be_forged(path, message):
    text = text_of("github", findings=[code_finding(path or "a", message=message)])
    assert len(re.split("[\r\n]", text)) == 2
    properties = text.partition("::")[2].partition("::")[0]
    assert properties.count(",") == 5


def test_azure_gets_one_command_a_finding():
    assert text_of("azure").splitlines()[1] == (
        "##vso[task.logissue type=error;sourcepath=app/settings.env;linenumber=2;columnnumber=13;code=MI101;]"
        "Storage account key ('checksum right, account 'demo'')."
    )


@given(anything, anything)
def test_azure_commands_cannot_be_forged(path, message):
    text = text_of("azure", findings=[code_finding(path or "a", message=message)])
    assert len(re.split("[\r\n]", text)) == 2
    properties = text.partition("]")[0]
    assert properties.count(";") == 5
    assert properties.endswith("code=MI201;")


def test_gitlab_fingerprints_are_unique_and_stable():
    same = [secret_finding(), secret_finding(), secret_finding("b.env")]
    issues = json.loads(text_of("gitlab", findings=same))
    assert len({issue["fingerprint"] for issue in issues}) == 3
    assert issues == json.loads(text_of("gitlab", findings=same))
    moved = secret_finding(location=Location("app/settings.env", Region(9, 1, 9, 5)))
    assert json.loads(text_of("gitlab", findings=[moved]))[0]["fingerprint"] == issues[0]["fingerprint"]


def test_gitlab_gets_what_it_needs():
    issue = json.loads(text_of("gitlab"))[1]
    assert issue["severity"] == "blocker"
    assert issue["check_name"] == "MI101"
    assert issue["location"]["path"] == "app/settings.env"
    assert issue["location"]["positions"]["begin"] == {"line": 2, "column": 13}
    assert json.loads(text_of("gitlab", findings=[])) == []


def test_junit_has_a_suite_for_each_file_and_a_failure_for_each_finding():
    root = ElementTree.fromstring(
        text_of("junit", findings=[secret_finding(), code_finding(), secret_finding("b.env")])
    )
    assert [suite.get("name") for suite in root] == ["app/main.py", "app/settings.env", "b.env"]
    assert (root.get("tests"), root.get("failures")) == ("3", "3")
    failure = root[1][0][0]
    assert failure.get("message") == secret_finding().message
    assert failure.text.endswith("\nSTORAGE_KEY=[REDACTED]")


def test_junit_of_a_clean_run_is_one_test_that_passed():
    root = ElementTree.fromstring(text_of("junit", findings=[]))
    assert (root.get("tests"), root.get("failures")) == ("1", "0")
    assert len(root[0][0]) == 0


@given(anything, anything, anything)
def test_junit_is_well_formed_whatever_the_text(path, message, source):
    finding = code_finding(path or "a", message=message, snippet=Snippet(1, 1, source))
    document = text_of("junit", findings=[finding]).encode("utf-8")
    assert len(ElementTree.fromstring(document).findall(".//failure")) == 1
