"""The GitHub action and the Azure Pipelines template: they parse, and their scripts do what they say, in a shell."""

from __future__ import annotations

import os
import re
import shutil
import sys

import pytest
import yaml

BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None or os.name == "nt", reason="needs bash")


@pytest.fixture
def work(tmp_path):
    """The repository that is scanned."""
    folder = tmp_path / "repository"
    folder.mkdir()
    return folder


class Runner:
    """As much of a CI agent as the scripts need: fills in environments, keeps what steps set."""

    def __init__(self, shell, work, tmp_path):
        self.shell = shell
        self.work = work
        self.output = tmp_path / "output"
        self.output.touch()

    def step(self, script, **environment):
        base = {"GITHUB_OUTPUT": self.output, "GITHUB_ENV": self.output, "RUNNER_TEMP": self.output.parent}
        settings = {name: str(value) for name, value in {**base, **environment}.items()}
        return self.shell(BASH, "-e", "-o", "pipefail", "-c", script, cwd=self.work, env=settings, check=False)

    def outputs(self):
        return dict(line.split("=", 1) for line in self.output.read_text(encoding="utf-8").splitlines())


@pytest.fixture
def runner(shell, work, tmp_path):
    return Runner(shell, work, tmp_path)


@pytest.fixture
def action(root):
    return yaml.safe_load((root / "action.yml").read_text(encoding="utf-8"))


@pytest.fixture
def template(root):
    return yaml.safe_load((root / "azure-pipelines" / "mi-lint.yml").read_text(encoding="utf-8"))


def action_step(action, name):
    (step,) = [step for step in action["runs"]["steps"] if step["name"] == name]
    return step


def scan(runner, action, program, **changes):
    settings = {
        "MI_LINT_PROGRAM": program,
        "MI_LINT_PATHS": "",
        "MI_LINT_ARGS": "",
        "MI_LINT_SARIF": "out.sarif",
        "MI_LINT_CATEGORY": "mi-lint",
        "MI_LINT_FAIL_ON": "info",
        **changes,
    }
    step = action_step(action, "Scan")
    assert set(settings) - {"MI_LINT_PROGRAM"} == set(step["env"])
    return runner.step(step["run"], **settings)


def test_the_action_interpolates_nothing_into_scripts(action):
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)


def test_every_input_of_the_action_is_used(action):
    steps = yaml.safe_dump(action["runs"])
    unused = [name for name in action["inputs"] if f"inputs.{name}" not in steps]
    assert unused == []


def test_the_action_uploads_before_it_fails(action):
    names = [step["name"] for step in action["runs"]["steps"]]
    assert names.index("Scan") < names.index("Upload to code scanning") < names.index("Verdict")
    assert "always()" in action_step(action, "Upload to code scanning")["if"]


@needs_bash
def test_the_action_reports_findings_and_keeps_the_code(runner, action, program, work, secret_line):
    (work / "settings.py").write_text(secret_line, encoding="utf-8")
    done = scan(runner, action, program)
    assert done.returncode == 0, done.stderr
    assert runner.outputs() == {"exit-code": "1", "sarif-file": "out.sarif"}
    assert "file=settings.py,line=1" in done.stdout
    assert (work / "out.sarif").stat().st_size > 1000


@needs_bash
def test_the_action_takes_several_paths_with_blanks_and_more_arguments(runner, action, program, work, secret_line):
    for name in ("one part", "other", "third"):
        (work / name).mkdir()
        (work / name / "settings.py").write_text(secret_line, encoding="utf-8")
    done = scan(runner, action, program, MI_LINT_PATHS="one part\nother\n", MI_LINT_ARGS="--jobs 1  --quiet")
    assert done.stdout.count("::error") == 2, done.stdout + done.stderr
    assert runner.outputs()["exit-code"] == "1"


@needs_bash
def test_the_action_does_not_fail_below_the_chosen_severity(runner, action, program, work, secret_line):
    (work / "settings.py").write_text(secret_line, encoding="utf-8")
    scan(runner, action, program, MI_LINT_FAIL_ON="never")
    assert runner.outputs()["exit-code"] == "0"


@needs_bash
def test_the_action_writes_a_log_for_a_clean_repository(runner, action, program, work):
    (work / "clean.py").write_text("print('hello')\n", encoding="utf-8")
    scan(runner, action, program)
    assert runner.outputs() == {"exit-code": "0", "sarif-file": "out.sarif"}


@needs_bash
def test_the_action_says_when_the_scan_failed(runner, action, program):
    scan(runner, action, program, MI_LINT_PATHS="missing")
    assert runner.outputs()["exit-code"] == "2"


@needs_bash
@pytest.mark.parametrize(("code", "status"), [("0", 0), ("1", 1), ("2", 2), ("", 2)])
def test_the_verdict_is_the_status_of_the_job(runner, action, template, code, status):
    scripts = [action_step(action, "Verdict")["run"]]
    scripts += [step["bash"] for step in template["steps"] if step.get("displayName") == "Verdict of mi-lint"]
    assert len(scripts) == 2
    assert [runner.step(script, MI_LINT_CODE=code).returncode for script in scripts] == [status, status]


@needs_bash
@pytest.mark.slow
def test_the_action_installs_its_own_version(runner, action, clone, work, tmp_path, shell):
    step = action_step(action, "Install mi-lint")
    done = runner.step(step["run"], MI_LINT_VERSION="", MI_LINT_SOURCE=clone)
    assert done.returncode == 0, done.stdout + done.stderr
    shell(runner.outputs()["MI_LINT_PROGRAM"], "--version")


@needs_bash
def test_the_pipeline_scans_and_publishes_what_it_wrote(runner, template, program, work, tmp_path, secret_line):
    (work / "settings.py").write_text(secret_line, encoding="utf-8")
    (step,) = [step for step in template["steps"] if step.get("displayName") == "Scan for Azure credentials"]
    logs = tmp_path / "staging" / "mi-lint"
    done = runner.step(
        step["bash"],
        MI_LINT_PROGRAM=program,
        MI_LINT_PATHS="",
        MI_LINT_ARGUMENTS="--jobs 1",
        MI_LINT_FAIL_ON="info",
        MI_LINT_LOGS=logs,
    )
    assert done.returncode == 0, done.stderr
    assert "##vso[task.setvariable variable=miLintCode]1" in done.stdout
    assert re.search(r"##vso\[task\.logissue [^\]]*sourcepath=settings\.py", done.stdout)
    assert (logs / "mi-lint.sarif").is_file()
    (publish,) = [step for step in template["steps"] if step.get("task") == "PublishBuildArtifacts@1"]
    assert publish["inputs"]["ArtifactName"] == "CodeAnalysisLogs"


def test_the_pipeline_interpolates_nothing_into_scripts(template):
    scripts = [step["bash"] for step in template["steps"] if "bash" in step]
    assert len(scripts) == 3
    assert not any("${{" in script or "$(mi" in script for script in scripts)


def test_every_parameter_of_the_pipeline_is_used(template):
    steps = yaml.safe_dump(template["steps"])
    assert [entry["name"] for entry in template["parameters"] if f"parameters.{entry['name']}" not in steps] == []


def documented(root, heading):
    """The first column of the table in one section of docs/ci.md, with the second one."""
    text = (root / "docs" / "ci.md").read_text(encoding="utf-8")
    (section,) = [part for part in text.split("\n## ") if part.startswith(heading)]
    return dict(re.findall(r"(?m)^\| `([\w-]+)` \| (.*?) \|", section))


def test_every_input_of_the_action_is_documented(root, action):
    table = documented(root, "GitHub Actions")
    assert set(table) == set(action["inputs"])
    for name, entry in action["inputs"].items():
        assert not entry["default"] or f"`{entry['default']}`" == table[name]


def test_every_parameter_of_the_pipeline_is_documented(root, template):
    assert set(documented(root, "Azure Pipelines")) == {entry["name"] for entry in template["parameters"]}


@pytest.mark.parametrize("page", ["README.md", "docs/ci.md", "docs/pre-commit.md"])
def test_yaml_in_the_documents_is_yaml(root, page):
    blocks = re.findall(r"(?ms)^```yaml\n(.*?)^```", (root / page).read_text(encoding="utf-8"))
    assert blocks
    assert all(yaml.safe_load(block) for block in blocks)


def test_commands_in_the_documents_have_existing_options(root, shell, checkout, tmp_path):
    lines = set()
    for page in [root / "README.md", *(root / "docs").glob("*.md")]:
        lines |= set(re.findall(r"(?m)^(?:\$ )?mi-lint ((?:scan|rules|baseline|config)\b.*)$", page.read_text("utf-8")))
    assert len(lines) > 5
    for line in sorted(lines):
        options = [word.partition("=")[0] for word in line.partition("#")[0].split() if word.startswith("--")]
        text = shell(sys.executable, "-m", "mi_lint", line.split()[0], "--help", cwd=tmp_path, env=checkout).stdout
        assert [option for option in options if option not in text] == [], line
