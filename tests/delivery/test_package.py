"""What users install: the sdist and the wheel hold what they must and nothing else, and the wheel works alone."""

from __future__ import annotations

import json
import tarfile
import zipfile

import pytest

pytestmark = pytest.mark.slow


def test_the_wheel_holds_the_rules_and_the_typing_marker(distributions, clone):
    names = set(zipfile.ZipFile(distributions[1]).namelist())
    rules = {f"mi_lint/_rules/{path.name}" for path in (clone / "rules").glob("*.yaml")}
    assert rules
    assert rules | {"mi_lint/py.typed"} <= names


def test_the_wheel_holds_nothing_but_the_package(distributions):
    names = zipfile.ZipFile(distributions[1]).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"mi_lint"}


def test_the_wheel_describes_itself(distributions):
    wheel = zipfile.ZipFile(distributions[1])
    (metadata,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    text = wheel.read(metadata).decode()
    assert "Requires-Python: >=3.10\n" in text
    assert "License-Expression: MIT\n" in text
    for needed in ("libcst", "detect-secrets", "PyYAML", "sarif-om"):
        assert f"requires-dist: {needed.lower()}" in text.lower()


def test_the_sdist_holds_what_is_needed_to_build_and_test(distributions):
    with tarfile.open(distributions[0]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    for needed in ("pyproject.toml", "LICENSE", "README.md", "tests/conftest.py", "examples/make_secrets.py"):
        assert needed in names
    assert any(name.startswith("rules/") for name in names)


def test_no_fake_secret_of_the_examples_is_distributed(distributions):
    with tarfile.open(distributions[0]) as sdist:
        names = sdist.getnames()
    ignored = ("/.env", "/local.settings.json", "/appsettings.json")
    assert [name for name in names if name.endswith(ignored)] == []


def test_the_installed_program_scans_from_another_folder(installed, tmp_path, secret_line, shell):
    (tmp_path / "settings.py").write_text(secret_line, encoding="utf-8")
    done = shell(installed / "mi-lint", "scan", "--format", "sarif", cwd=tmp_path, check=False)
    assert done.returncode == 1, done.stderr
    (result,) = json.loads(done.stdout)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "settings.py"
    assert secret_line.split("AccountKey=")[1][:20] not in done.stdout


def test_the_installed_program_is_quiet_about_clean_files(installed, tmp_path, shell):
    (tmp_path / "clean.py").write_text("print('hello')\n", encoding="utf-8")
    done = shell(installed / "mi-lint", "scan", tmp_path, cwd=tmp_path.parent)
    assert len(done.stdout.splitlines()) == 1


def test_python_dash_m_is_the_same_program(installed, tmp_path, shell):
    one = shell(installed / "mi-lint", "--version", cwd=tmp_path).stdout
    other = shell(installed / "python", "-m", "mi_lint", "--version", cwd=tmp_path).stdout
    assert one == other


def test_the_package_is_typed_for_its_users(installed, tmp_path, shell):
    code = "from mi_lint.model import Severity\nreveal_type(Severity.HIGH)\n"
    (tmp_path / "user.py").write_text(code, encoding="utf-8")
    shell(installed / "python", "-m", "pip", "install", "--quiet", "mypy")
    done = shell(installed / "python", "-m", "mypy", "--strict", "user.py", cwd=tmp_path)
    assert "mi_lint.model.Severity" in done.stdout
