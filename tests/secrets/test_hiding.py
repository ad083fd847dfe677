"""What is shown beside code hides every secret, whoever knows of it."""

from __future__ import annotations

import json

import pytest

from mi_lint.cli.main import guarded
from mi_lint.rulebook.samples import expand
from mi_lint.secrets.hiding import Hiding

# A key with several slashes looks like a path to whoever judges by looks.
KEY = next(key for n in range(99) if (key := expand(f"<%his-v1 +ASt 64 Default0 #q{n}%>")).count("/") > 2)
STRING = f"DefaultEndpointsProtocol=https;AccountName=st;AccountKey={KEY};EndpointSuffix=core.windows.net"


def test_a_secret_that_nobody_named_is_hidden():
    line = f'x = "{STRING}"'.encode()
    shown = Hiding().redact(line, 0, len(line), [])
    assert shown == f'x = "{STRING}"'.replace(KEY, "[REDACTED]")


@pytest.mark.parametrize("spelling", ['x = "{}"', 'x = ("{}\\n" +\n    "tail")', r"x = '{}'"])
@pytest.mark.parametrize("distance", [0, 300, 3000])
def test_what_reaches_into_a_span_is_found_from_there_too(spelling, distance):
    lines = f"# {STRING}\n" + "y = 1\n" * (distance // 6) + spelling.format(STRING) + "\n" + "y = 1\n" * 900
    text = (lines + f"# {STRING}\n").encode()
    start = text.index(b"x = ")
    everything = Hiding().spans(text)
    inside = [span for span in everything if span[0] < start + 400 and span[1] > start]
    assert inside
    assert [span for span in Hiding().spans(text, (start, start + 400)) if span in inside] == inside


def test_a_line_that_is_too_long_is_not_shown():
    line = b"x" * 5000
    assert Hiding().redact(line, 0, len(line), []) is None


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "azure", "gitlab", "junit"])
def test_a_secret_beside_a_call_is_not_shown(tmp_path, monkeypatch, capsys, form):
    call = 'BlobServiceClient(os.environ["U"], os.environ["K"])'
    code = f'import os\nfrom azure.storage.blob import BlobServiceClient\nboth = [{call}, "{STRING}"]\n'
    (tmp_path / "app.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    guarded(["scan", "--isolated", "--format", form, "app.py"])
    out = capsys.readouterr().out
    assert "MI202" in out
    assert KEY[:20] not in out
    assert json.dumps(KEY)[-30:] not in out
