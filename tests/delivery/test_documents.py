"""The documents say what is true: links lead somewhere, generated parts are current, worked examples work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mi_lint.rulebook.samples import expand

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/**/README.md"), *ROOT.glob("benchmarks/*.md")]
)
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
# argparse writes help differently from 3.13 on.
CURRENT = sys.version_info < (3, 13)


def anchors(page):
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    slugs = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        target, _, anchor = link.partition("#")
        if "://" in link:
            continue
        place = page.parent / target if target else page
        if not place.exists() or (anchor and place.suffix == ".md" and anchor not in anchors(place)):
            broken.append(link)
    assert broken == []


@pytest.mark.skipif(not CURRENT, reason="help texts are written as Python 3.12 and older format them")
def test_generated_parts_are_current(shell):
    done = shell(sys.executable, ROOT / "docs" / "update.py", "--check", check=False)
    assert done.returncode == 0, done.stderr


def test_every_verb_is_documented():
    from mi_lint.cli.main import VERBS

    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert [verb for verb in VERBS if f"## mi-lint {verb}\n" not in text] == []


@pytest.mark.parametrize("verb", ["migrate", "plan"])
def test_the_page_of_a_verb_has_each_of_its_options(verb):
    reference = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    section = reference.partition(f"## mi-lint {verb}\n")[2].partition("\n## ")[0]
    text = (ROOT / "docs" / f"{verb}.md").read_text(encoding="utf-8")
    options = set(re.findall(r"(?m)^  (--[a-z-]+)", section))
    assert options
    assert [option for option in sorted(options) if option not in text] == []


def test_each_format_is_documented():
    from mi_lint.cli import plan
    from mi_lint.report.formats import FORMATS

    for page, names in (("reports.md", FORMATS), ("plan.md", plan.FORMATS)):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert [name for name in names if f"| `{name}` |" not in text] == []


def test_the_exit_codes_are_those_of_the_program():
    from mi_lint.cli import main, scan

    text = (ROOT / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    codes = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", text)}
    assert codes == {scan.CLEAN, scan.FOUND, scan.FAILED, main.INTERRUPTED}
    assert [verb for verb in main.VERBS if f"`{verb}" not in text.partition("| verb |")[2]] == []


@pytest.fixture
def worked_example(tmp_path):
    """The rule file of CONTRIBUTING.md, saved."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (rule,) = re.findall(r"<!-- example: rule -->\n```yaml\n(.*?)```\n", text, flags=re.DOTALL)
    path = tmp_path / "rules" / "ticket-desk.yaml"
    path.parent.mkdir()
    path.write_text(rule, encoding="utf-8")
    return path


def test_the_worked_example_finds_its_key(worked_example, tmp_path, shell, checkout):
    text = expand("HOST=ops.tickets.example.com\nTICKETS_KEY=tdk_<%base62 40%>\n")
    (tmp_path / "app.env").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mi_lint", "scan", "--rules", worked_example.parent, "app.env"]
    done = shell(*command, cwd=tmp_path, env=checkout, check=False)
    assert done.returncode == 1, done.stderr
    assert "app.env:2:13: TD101" in done.stdout


def test_the_worked_example_is_explained(worked_example, tmp_path, shell, checkout):
    command = [sys.executable, "-m", "mi_lint", "rules", "--rules", worked_example.parent, "TD101"]
    assert "Ticket Desk key" in shell(*command, cwd=tmp_path, env=checkout).stdout


def test_a_mistake_in_the_worked_example_is_reported_where_it_is(worked_example, tmp_path, shell, checkout):
    text = worked_example.read_text(encoding="utf-8")
    worked_example.write_text(text.replace("severity: high", "severity: hihg"), encoding="utf-8")
    line = text.splitlines().index("    severity: high") + 1
    command = [sys.executable, "-m", "mi_lint", "scan", "--rules", worked_example, "."]
    done = shell(*command, cwd=tmp_path, env=checkout, check=False)
    assert done.returncode == 2
    assert f"ticket-desk.yaml:{line}: " in done.stderr


@pytest.fixture
def with_clients(worked_example):
    """The rule file with the clients and roles that CONTRIBUTING.md adds to it."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (more,) = re.findall(r"<!-- example: clients and roles -->\n```yaml\n(.*?)```\n", text, flags=re.DOTALL)
    worked_example.write_text(worked_example.read_text(encoding="utf-8") + "\n" + more, encoding="utf-8")
    return worked_example


def test_the_clients_of_the_worked_example_are_rewritten(with_clients):
    from mi_lint.migrate.plan import Options
    from mi_lint.migrate.session import session_of_texts
    from mi_lint.rulebook import document, store

    (group,) = document.mappings(document.parse(with_clients.read_text(encoding="utf-8"), "")["clients"])
    (example,) = document.mappings(group["examples"])
    session = session_of_texts({"app.py": example["before"].encode()}, store.client_table([str(with_clients)]))
    assert session.plan(Options()).texts["app.py"][1].decode() == example["after"]


def test_the_roles_of_the_worked_example_cover_its_operations(with_clients):
    from mi_lint.rulebook import store
    from mi_lint.rulebook.roles import Planes

    plane = Planes(store.role_table([str(with_clients)])).by_name["tickets"]
    assert [role.name for role in plane.roles] == ["Ticket Desk Reader", "Ticket Desk Member"]


def command(name):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"<!-- command: {name} -->\n```\n(.*)\n```\n", text)
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the README's commands are for a POSIX shell")
def test_the_first_command_of_the_readme_prints_findings(clone, tmp_path):
    target = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", clone, target], check=True)
    done = subprocess.run(
        ["sh", "-c", command("first")], cwd=target, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert "MI101" in done.stdout


def test_the_second_command_of_the_readme_is_the_one_that_ci_runs():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "command_of tests" in script
    assert command("tests").endswith("&& pytest")
