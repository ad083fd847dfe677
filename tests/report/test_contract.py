"""Scan every example of every rule with the real command, and hold each report against the files it speaks of."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from jsonschema import Draft202012Validator
from test_fingerprints import oracle

import mi_lint
from mi_lint.report.formats import FORMATS
from mi_lint.rulebook import document, samples, store

ROOT = Path(mi_lint.__file__).parents[1]
SCHEMA = Path(__file__).with_name("sarif-2.1.0.schema.json")
MARK = "[REDACTED]"
# So much of a long secret, in one piece, could be of use.
PIECE = 16


def examples():
    for path in store.rule_files():
        parsed = document.parse(Path(path).read_text(encoding="utf-8"), path)
        for rule in document.mappings(parsed.get("secrets")):
            for number, example in enumerate(document.mappings(rule["examples"]["match"])):
                text, marks = samples.split_marks(samples.expand(example["text"]))
                name = os.path.basename(example.get("path", "example.txt"))
                yield f"{rule['id']}/{number}/{name}", text, [text[start:end] for start, end in marks]


def variants():
    """Yield one connection string in files that are not plain UTF-8 with LF."""
    key = samples.expand("<%his-v1 +ASt 64 Default0%>")
    text = f"# é \U0001f511\nCONNECTION=AccountName=demo;AccountKey={key};\nREGION=x\n"
    for codec in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        for newline in ("\n", "\r\n", "\r"):
            yield f"variants/{codec}/{len(newline)}{ord(newline[0])}.env", text.replace("\n", newline), key, codec


class Scan:
    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        self.secrets: dict[str, list[str]] = {}
        # Made-up values are the same in every example: the key of one may be a harmless id in another.
        self.public = ""
        for path, text, secrets in examples():
            target = self.tree / path
            target.parent.mkdir(parents=True)
            target.write_bytes(text.encode("utf-8"))
            self.secrets[path] = secrets
            for secret in secrets:
                text = text.replace(secret, "\0")
            self.public += text + "\0"
        self.codecs: dict[str, str] = {}
        for path, text, key, codec in variants():
            target = self.tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode(codec))
            self.secrets[path], self.codecs[path] = [key], codec
        command = [sys.executable, "-m", "mi_lint", "scan", str(self.tree), "--select", "ALL", "--thorough", "-q"]
        self.reports = {name: folder / f"report.{name}" for name in FORMATS}
        for name, report in self.reports.items():
            command += ["-f", name, "-o", str(report)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache")}
        self.done = subprocess.run(command, cwd=self.tree, env=environment, capture_output=True, text=True, check=False)
        assert self.done.returncode == 1, self.done.stderr

    def text(self, name: str) -> str:
        return self.reports[name].read_text(encoding="utf-8")

    def results(self) -> list[dict]:
        return json.loads(self.text("sarif"))["runs"][0]["results"]


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    return Scan(tmp_path_factory.mktemp("contract"))


def test_the_examples_are_found(scan):
    assert {result["ruleId"] for result in scan.results()} >= {"MI101", "MI102"}
    assert len(scan.results()) >= len(scan.secrets)


def test_a_region_covers_exactly_the_secret_in_every_encoding(scan):
    checked = 0
    for result in scan.results():
        path = path_of(result)
        if path.startswith("variants/"):
            region = result["locations"][0]["physicalLocation"]["region"]
            line = lines_of(source_of(scan, result))[region["startLine"] - 1]
            assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == scan.secrets[path][0]
            checked += 1
    assert checked == len(scan.codecs)


def test_the_log_follows_the_schema(scan):
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [error.message for error in validator.iter_errors(json.loads(scan.text("sarif")))] == []


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_secret_is_in_any_report_in_any_spelling(scan, name):
    text = scan.text(name)
    leaked = [
        (path, len(secret))
        for path, secrets in scan.secrets.items()
        for secret in secrets
        if secret not in scan.public and any(spelling in text for spelling in spellings(secret))
    ]
    assert leaked == []


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_usable_part_of_a_long_secret_is_in_any_report(scan, name):
    text = scan.text(name)
    pieces = {text[at : at + PIECE] for at in range(len(text) - PIECE + 1)}
    leaked = [
        (path, secret[at : at + 4] + "…")
        for path, secrets in scan.secrets.items()
        for secret in secrets
        if re.fullmatch(r"[A-Za-z0-9+/=_.~%-]{32,}", secret)
        for at in range(len(secret) - PIECE + 1)
        if secret[at : at + PIECE] in pieces and secret[at : at + PIECE] not in scan.public
    ]
    assert leaked == []


def test_standard_error_tells_no_secret(scan):
    text = scan.done.stdout + scan.done.stderr
    assert not [path for path, secrets in scan.secrets.items() for secret in secrets if secret in text]


def spellings(secret):
    # A password such as "x1" would be anywhere by chance.
    if len(secret) < 6:
        return
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1].replace("/", "\\/")
    yield quote(secret, safe="")
    yield html.escape(secret)
    yield base64.b64encode(secret.encode()).decode()


def test_regions_lie_in_their_file_and_snippets_equal_it(scan):
    for result in scan.results():
        physical = result["locations"][0]["physicalLocation"]
        lines = lines_of(source_of(scan, result))
        for region in [physical["region"], *related_regions(result)]:
            assert 1 <= region["startLine"] <= region["endLine"] <= len(lines)
            assert 1 <= region["startColumn"] <= utf16(lines[region["startLine"] - 1]) + 1
            assert 1 <= region["endColumn"] <= utf16(lines[region["endLine"] - 1]) + 1
        context = physical["contextRegion"]
        assert context["startLine"] <= physical["region"]["startLine"]
        assert context["endLine"] >= physical["region"]["endLine"]
        shown = "\n".join(lines_of(context["snippet"]["text"]))
        source = "\n".join(lines[context["startLine"] - 1 : context["endLine"]])
        pattern = "[\\s\\S]*?".join(map(re.escape, shown.split(MARK)))
        assert re.fullmatch(pattern, source), (result["ruleId"], shown)


def test_line_hashes_are_those_that_github_computes(scan):
    for result in scan.results():
        raw = (scan.tree / path_of(result)).read_bytes()
        line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
        assert result["partialFingerprints"]["primaryLocationLineHash"] == oracle(raw)[line]


def test_messages_equal_their_templates(scan):
    run = json.loads(scan.text("sarif"))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        rule, message = rules[result["ruleIndex"]], result["message"]
        assert rule["id"] == result["ruleId"]
        assert message["text"] == rule["messageStrings"][message["id"]]["text"].format(*message["arguments"])


def test_results_have_verdicts_and_an_order(scan):
    results = scan.results()
    verdicts = {"verified", "checksum-mismatch", "format-only", "contextual", "known-public"}
    assert {result["properties"]["verdict"] for result in results if "secret" in result["properties"]} <= verdicts
    paths = [path_of(result) for result in results]
    assert paths == sorted(paths)


@pytest.mark.slow
def test_the_multitool_has_nothing_to_say_but_that_there_is_no_git(scan):
    import multitool

    complaints = multitool.validate(scan.reports["sarif"])
    assert [complaint for complaint in complaints if not complaint.startswith("SARIF2003")] == []


def path_of(result):
    return unquote(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


def source_of(scan, result):
    path = path_of(result)
    return (scan.tree / path).read_bytes().decode(scan.codecs.get(path, "utf-8"))


def related_regions(result):
    return [place["physicalLocation"]["region"] for place in result.get("relatedLocations", [])]


def lines_of(text):
    return re.split("\r\n|\r|\n", text)


def utf16(text):
    return len(text.encode("utf-16-le")) // 2
