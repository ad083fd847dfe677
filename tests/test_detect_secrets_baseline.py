"""A `.secrets.baseline` made by the real detect-secrets is understood."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest

from mi_lint.baseline import load
from mi_lint.detect_secrets_baseline import parse
from mi_lint.errors import BaselineError
from mi_lint.rulebook.samples import expand

KEY = expand("<%his-v1 +ASt 64 Default0 #baseline%>")
CONNECTION = f"DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey={KEY};EndpointSuffix=core.windows.net"


def sha1(text):
    return hashlib.sha1(text.encode()).hexdigest()


def made(tmp_path, files):
    """Let detect-secrets itself make a baseline for some files."""
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "detect_secrets", "scan", "--all-files", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    (tmp_path / ".secrets.baseline").write_bytes(done.stdout)
    return load(str(tmp_path / ".secrets.baseline"))


def accepts(baseline, path, secret, line):
    return baseline(path, sha1(secret), secret, line)


CASES = [
    ("storage plugin", "app.py", f'conn = "{CONNECTION}"', KEY),
    ("keyword plugin", "src/settings.py", f'secret = "{CONNECTION}"', KEY),
    ("keyword plugin, unquoted", "prod.env", f"CLIENT_SECRET={KEY}", KEY),
    ("entropy plugin", "b.js", f"const value = '{KEY}'", KEY),
    ("basic auth plugin", "c.sh", "git clone https://user:Sommer2024abc@dev.azure.example/x", "Sommer2024abc"),
    ("yaml transformer", "d.yaml", f"conn: {CONNECTION}", KEY),
]


@pytest.mark.parametrize(("path", "line", "secret"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_detect_secrets_has_recorded_is_known(tmp_path, path, line, secret):
    baseline = made(tmp_path, {path: f"{line}\n"})
    assert len(baseline) >= 1
    assert accepts(baseline, path, secret, line)
    assert not accepts(baseline, "elsewhere.py", secret, line)
    other = expand("<%his-v1 +ASt 64 Default0 #other%>")
    assert not accepts(baseline, path, other, line.replace(secret, other))


def document(**changes):
    entry = {"type": "x", "filename": "a.py", "hashed_secret": sha1(KEY), "is_verified": False, "line_number": 3}
    return {"version": "1.5.0", "plugins_used": [], "results": {"a.py": [{**entry, **changes}]}}


@pytest.mark.parametrize("label", [{}, {"is_secret": True}, {"is_secret": False}])
def test_an_entry_counts_whatever_its_audit_label_says_as_in_the_hook_of_detect_secrets(label):
    assert parse("b", json.dumps(document(**label)).encode())("a.py", sha1(KEY))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_powershell_writes_it_in_other_encodings(encoding):
    assert parse("b", json.dumps(document()).encode(encoding))("a.py", sha1(KEY))


@pytest.mark.parametrize("name", ["src\\app.py", "./src/app.py", "src//app.py"])
def test_paths_of_every_kind_are_the_same_file(name):
    results = {"version": "1.5.0", "results": {name: document()["results"]["a.py"]}}
    assert parse("b", json.dumps(results).encode())("src/app.py", sha1(KEY))


def test_old_baselines_without_plugins_are_read():
    results = {"version": "0.14.3", "exclude": None, "results": document()["results"]}
    baseline = parse("b", json.dumps(results).encode())
    assert baseline("a.py", sha1(KEY))
    assert not accepts(baseline, "a.py", "other", "x = other")


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ({"a.py": {}}, "the entries of 'a.py' must be a list"),
        ({"a.py": [{}]}, "an entry of 'a.py' has no 'hashed_secret'"),
        ({"a.py": ["x"]}, "an entry of 'a.py' has no 'hashed_secret'"),
        ({"a.py": [{"hashed_secret": "XYZ"}]}, "an entry of 'a.py' has no 'hashed_secret'"),
    ],
)
def test_a_broken_one_says_what_is_wrong(results, reason):
    with pytest.raises(BaselineError, match=reason):
        parse("b", json.dumps({"results": results}).encode())


def test_no_code_of_a_baseline_is_run(tmp_path):
    plugin = tmp_path / "evil.py"
    plugin.write_text(f"open({os.fspath(tmp_path / 'ran')!r}, 'w')\n")
    plugins = [
        {"name": "Evil", "path": plugin.as_uri()},
        {"name": "KeywordDetector", "path": plugin.as_uri()},
        {"name": 3},
        {},
    ]
    baseline = parse("b", json.dumps({**document(), "plugins_used": plugins}).encode())
    assert not accepts(baseline, "a.py", "other-value", 'secret = "other-value"')
    assert not (tmp_path / "ran").exists()


def test_parameters_of_another_version_do_not_end_the_scan():
    plugins = [{"name": "Base64HighEntropyString", "limit": "x", "unknown": 1}, {"name": "KeywordDetector", "x": 1}]
    baseline = parse("b", json.dumps({**document(), "plugins_used": plugins}).encode())
    assert not accepts(baseline, "a.py", "other-value", 'secret = "other-value"')


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_settled_project_starts_silent(tmp_path):
    baseline = made(tmp_path, {"app.py": f'conn = "{CONNECTION}"\n', "b.env": f"API_KEY={KEY}\n"})
    assert len(baseline) >= 2
    for path, line in (("app.py", f'conn = "{CONNECTION}"'), ("b.env", f"API_KEY={KEY}")):
        assert accepts(baseline, path, KEY, line)
