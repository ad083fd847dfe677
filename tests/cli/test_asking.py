"""`mi-lint migrate --interactive` on a real pseudo-terminal: what each answer does, and how it can end early."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time

import pytest

import mi_lint

pty = pytest.importorskip("pty", reason="pseudo-terminals are a thing of POSIX")

PROMPT = b"[y,n,a,q,?]? "
LINES = [
    f'{name} = CosmosClient("https://{name}.documents.azure.com", os.environ["{name.upper()}_KEY"])' for name in "abc"
]
CODE = "\n".join(["import os", "", "from azure.cosmos import CosmosClient", "", *LINES, ""])
SECRET = "A1" * 42 + "=="
MANUAL = 'from msrest.authentication import CognitiveServicesCredentials\nc = CognitiveServicesCredentials("k")\n'


@pytest.fixture
def project(tmp_path):
    (tmp_path / "app.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "manual.py").write_text(MANUAL, encoding="utf-8")
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    subprocess.run(["git", "commit", "-q", "-m", "start"], cwd=tmp_path, check=True)
    return tmp_path


# The first terminal that the leader of a session opens becomes its controlling one, from which Control-C comes. What
# runs in the background, as these tests may, ignores the signals of a terminal, and its children with it.
START = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.close(os.open(os.ttyname(0), os.O_RDWR))
from mi_lint.cli.main import run
run()
"""


class Terminal:
    """The command with a pseudo-terminal as its controlling one; its standard output is a pipe."""

    def __init__(self, folder, *arguments):
        self.output = b""
        self.master, slave = pty.openpty()
        package = os.path.dirname(os.path.dirname(mi_lint.__file__))
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, "migrate", "--interactive", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": package},
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def read(self, until=None):
        """Read what the command shows until it asks for the n-th time, or ends."""
        end = time.monotonic() + 60
        while time.monotonic() < end and (until is None or self.output.count(PROMPT) < until):
            if not select.select([self.master], [], [], 0.2)[0]:
                if self.process.poll() is not None:
                    break
                continue
            try:
                data = os.read(self.master, 4096)
            except OSError:  # Linux tells so that the other side is closed.
                break
            if not data:
                break
            self.output += data

    def answer(self, *answers):
        """Answer the questions one after the other; return exit code, what was shown and standard output."""
        for asked, text in enumerate(answers, 1):
            self.read(asked)
            os.write(self.master, text)
        self.read()
        out, _ = self.process.communicate(timeout=60)
        os.close(self.master)
        return self.process.returncode, self.output.decode().replace("\r\n", "\n"), out.decode()


def rewritten(folder):
    text = (folder / "app.py").read_text(encoding="utf-8")
    return "".join(name for name, line in zip("abc", LINES, strict=True) if line not in text)


@pytest.mark.parametrize(
    ("answers", "done"),
    [
        (["y", "n", "y"], "ac"),
        (["n", "a"], "bc"),
        (["y", "q"], "a"),
        (["q"], ""),
        (["a"], "abc"),
        (["what", "?", "", "YES", "no", "n"], "a"),
    ],
)
def test_the_answers_choose_the_calls(project, answers, done):
    code, shown, _ = Terminal(project, "--write").answer(*(f"{answer}\n".encode() for answer in answers))
    assert code == 1, shown
    assert rewritten(project) == done
    assert shown.count("you have chosen to leave it as it is") == 3 - len(done)
    assert f"4 calls with a secret: {len(done)} rewritten, {3 - len(done)} held back, 1 manual" in shown
    assert ("a - rewrite this call and all that follow" in shown) == ("?" in answers)


def test_only_calls_with_a_rewrite_are_asked_about(project):
    _, shown, out = Terminal(project).answer(b"y\n", b"n\n", b"n\n")
    assert "(1/3) rewrite this call" in shown
    assert "app.py:5  MI202\n  | a = CosmosClient" in shown
    assert "manual.py:2  MI208\n" not in shown
    assert "+a = CosmosClient" in out
    assert "+b = CosmosClient" not in out
    assert rewritten(project) == ""


def test_the_report_has_the_choice(project):
    Terminal(project, "--report", "report.json").answer(b"n\n", b"a\n")
    with open(project / "report.json", encoding="utf-8") as stream:
        report = json.load(stream)
    assert report["counts"] == {"rewritten": 2, "held-back": 1, "manual": 1}


def test_control_c_ends_the_run_and_nothing_is_written(project):
    code, shown, _ = Terminal(project, "--write").answer(b"y\n", b"\x03")
    assert (code, rewritten(project)) == (130, "")
    assert shown.endswith("mi-lint: interrupted\n")
    assert "Traceback" not in shown
    assert sorted(os.listdir(project)) == [".git", "app.py", "manual.py"]


def test_the_end_of_the_input_ends_the_run_and_nothing_is_written(project):
    code, shown, _ = Terminal(project, "--write").answer(b"y\n", b"\x04")
    assert (code, rewritten(project)) == (2, "")
    assert "the input ended before all questions were answered; nothing was written" in shown


def test_a_terminal_that_hangs_up_ends_the_run(project):
    terminal = Terminal(project, "--write")
    terminal.read(1)
    os.close(terminal.master)
    terminal.process.communicate(timeout=60)
    assert terminal.process.returncode in (1, 2, 130, -signal.SIGHUP)
    assert rewritten(project) == ""


def test_uncommitted_changes_are_told_before_the_questions(project):
    (project / "app.py").write_text(CODE + "# mine\n", encoding="utf-8")
    code, shown, _ = Terminal(project, "--write").answer()
    assert code == 2
    assert "uncommitted changes in app.py" in shown
    assert "rewrite this call" not in shown


def test_a_literal_secret_is_not_shown(project):
    (project / "app.py").write_text(CODE.replace('os.environ["A_KEY"]', f'"{SECRET}"'), encoding="utf-8")
    _, shown, out = Terminal(project, "--force").answer(b"a\n")
    assert "app.py:5" in shown
    assert SECRET[:20] not in shown + out


@pytest.mark.parametrize("stream", ["stdin", "stderr"])
def test_without_a_terminal_it_says_so(project, stream):
    command = [sys.executable, "-m", "mi_lint", "migrate", "--interactive", "--write"]
    package = os.path.dirname(os.path.dirname(mi_lint.__file__))
    master, slave = pty.openpty()
    streams = {"stdin": slave, "stderr": slave, stream: subprocess.PIPE}
    process = subprocess.Popen(command, cwd=project, env={**os.environ, "PYTHONPATH": package}, **streams)
    _, err = process.communicate(timeout=60)
    os.close(slave)
    shown = err or os.read(master, 4096)
    os.close(master)
    assert process.returncode == 2
    name = {"stdin": b"standard input", "stderr": b"standard error"}[stream]
    assert b"--interactive asks on a terminal, and " + name + b" is none" in shown
    assert rewritten(project) == ""
