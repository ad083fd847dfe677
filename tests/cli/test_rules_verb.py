"""`mi-lint rules` lists, explains and documents every rule, and shows no secret while doing so."""

from __future__ import annotations

import json
import re

import pytest
from policy_rules import OWN, use_small_rules, write

from mi_lint.cli.main import guarded
from mi_lint.rulebook import reference, store
from mi_lint.rulebook.samples import expand

MASKED = "«<%base64 32%>» <%guid%> <%b64:a=«<%hex 32%>»;b=<%his-v1 +ASt 64 Default0%>%> <%= erb %>"


@pytest.fixture(autouse=True)
def _small(tmp_path, monkeypatch):
    use_small_rules(tmp_path / "shipped", monkeypatch)
    (tmp_path / "project" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")


def output(capsys, *arguments, code=0):
    assert guarded(["rules", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.err == "" or code
    return captured.out or captured.err


def test_all_rules_are_listed_by_service_with_their_state(capsys):
    assert output(capsys) == (
        "Alpha Storage\n"
        "  MI101  AlphaKey           critical  Alpha key (storage)\n"
        "  MI102  AlphaPassword      high      Alpha password  (with --thorough)\n"
        "\n"
        "Beta\n"
        "  MI190  BetaId             info      Beta id  (off)\n"
        "\n"
        "mi-lint\n"
        "  MI001  UnusedSuppression  low       Suppression comment that suppresses nothing  (off)\n"
        "\n"
        "4 rules, 2 enabled. `mi-lint rules ID` explains one.\n"
    )


def test_the_list_follows_the_settings(capsys, tmp_path):
    write(tmp_path / "project" / ".mi-lint.toml", 'ignore = ["alpha"]\n')
    listed = output(capsys, "--extend-select", "MI190")
    assert "Alpha key (storage)  (off)" in listed
    assert "4 rules, 1 enabled by " in listed


def test_one_rule_is_explained(capsys):
    explained = output(capsys, "alphakey")
    assert explained.startswith(
        "MI101 AlphaKey: Alpha key (storage)\nAlpha Storage · severity critical · confidence high"
    )
    for words in ("Way out\n  Use a managed identity.", "format-only        critical  high       shown", "https://"):
        assert words in explained
    assert "Found in a.env\n  alpha_key=<alpha key>\n" in explained
    assert "Not found in c.env\n  alpha_key=$KEY\n" in explained
    assert "MI102" not in explained


def test_several_rules_are_explained_by_any_selector(capsys):
    assert [record["id"] for record in json.loads(output(capsys, "alpha", "MI0", "--format", "json"))] == [
        "MI001",
        "MI101",
        "MI102",
    ]


def test_an_unknown_rule_is_an_error_with_a_suggestion(capsys):
    assert "no rule is called 'AlphaKeys'; did you mean 'AlphaKey'?" in output(capsys, "AlphaKeys", code=2)


def test_json_has_everything_that_is_known(capsys):
    record = next(record for record in json.loads(output(capsys, "--format", "json")) if record["id"] == "MI102")
    assert record["audience"] == "thorough"
    assert record["enabled"] is True
    assert record["service"] == "Alpha Storage"
    assert record["verdicts"][0] == {
        "verdict": "contextual",
        "severity": "high",
        "confidence": "high",
        "shown": "with --thorough",
    }
    assert record["examples"][0] == {"path": "a.env", "text": "alpha_password=<alpha password>"}


def test_own_rules_are_documented_too(capsys, tmp_path):
    own = write(tmp_path / "mine" / "gamma.yaml", OWN)
    text = output(capsys, "--rules", own, "--format", "markdown")
    assert '### <a id="acme7"></a>ACME7 GammaToken' in text
    assert "| [ACME7](#acme7) | GammaToken | Gamma token | Gamma | medium | everyday |" in text


def test_a_broken_rule_file_says_where_and_why(capsys, tmp_path):
    own = write(tmp_path / "mine" / "gamma.yaml", OWN.replace("severity: medium", "severity: mild"))
    assert f"{own}:9: 'severity' must be one of info," in output(capsys, "--rules", own, code=2)


def test_the_reference_can_be_written_to_a_file(capsys, tmp_path):
    target = tmp_path / "rules.md"
    assert output(capsys, "--format", "markdown", "-o", str(target)) == ""
    assert target.read_text(encoding="utf-8") == reference.markdown(reference.entries().values())


def test_every_rule_has_the_fixed_headings():
    for entry in reference.entries().values():
        text = reference.markdown([entry], whole=False)
        headings = re.findall(r"(?m)^#### (.+)$", text)
        wanted = ["What it finds", "Why it matters", "Way out"]
        assert headings[:3] == wanted, entry.info.id
        assert headings[-1] == "References"
        assert set(headings) <= {*wanted, "Verdicts", "Examples", "When it is not rewritten", "References"}


CODE = """\
service: Delta SDK
documentation: https://example.com/delta
way_out: Pass a credential.
checks:
  - id: MI299
    name: DeltaKey
    title: Delta client with a key
    summary: A client that is made with a key.
    severity: high
    messages: {default: "'{0}' takes a key."}
    examples:
      - {path: a.py, before: "c = Delta('«<%hex 32%>»')\\n", after: "c = Delta(Credential())\\n"}
      - {path: b.py, before: "c = Delta(*x)\\n", unchanged_because: the arguments are not known}
"""


def test_a_rule_about_code_shows_what_becomes_of_it_and_what_does_not_change(capsys, tmp_path):
    own = write(tmp_path / "mine" / "delta.yaml", CODE)
    explained = output(capsys, "--rules", own, "MI299")
    assert "Found in a.py\n  c = Delta('<a key>')\n" in explained
    assert "Becomes\n  c = Delta(Credential())\n" in explained
    assert "Not rewritten when\n  the arguments are not known\n" in explained
    text = output(capsys, "--rules", own, "--format", "markdown", "MI299")
    assert "becomes\n\n~~~python\nc = Delta(Credential())\n~~~" in text
    assert "#### When it is not rewritten\n\n- The arguments are not known.\n" in text


def test_generated_values_and_marks_become_placeholders():
    assert reference.masked(MASKED, "Azure Redis URL with access key (old)") == (
        "<access key> 00000000-0000-0000-0000-000000000000 <base64 of a=<access key>;b=<his-v1>> <%= erb %>"
    )


def test_an_example_with_something_that_looks_like_a_key_is_left_out(tmp_path, monkeypatch):
    leaky = OWN.replace("gamma_token=1", "gamma_token=" + expand("<%base64 32%>"))
    write(tmp_path / "shipped" / "gamma.yaml", leaky)
    silent = reference.entries()["ACME7"].silent
    assert [example.text for example in silent] == ["gamma_token="]
    assert store.rule_files()
