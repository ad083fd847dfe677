"""The rules stay ordinary plugins of detect-secrets: its own command loads them from the installed package."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

COMMAND = shutil.which("detect-secrets", path=str(Path(sys.executable).parent)) or shutil.which("detect-secrets")


@pytest.mark.skipif(COMMAND is None, reason="the command detect-secrets is not installed")
def test_detect_secrets_finds_with_our_plugins(tmp_path, secret_line, shell, checkout):
    (tmp_path / "settings.py").write_text(secret_line, encoding="utf-8")
    plugins = shell(sys.executable, "-m", "mi_lint.secrets.plugins", env=checkout).stdout.strip()
    # Its default filters drop `x = f("…")` as an indirect reference; see the docs of mi_lint.secrets.detectors.
    done = shell(COMMAND, "scan", "-p", plugins, "settings.py", cwd=tmp_path, env=checkout)
    baseline = json.loads(done.stdout)
    types = {secret["type"] for secret in baseline["results"].get("settings.py", [])}
    assert any("torage" in kind for kind in types), baseline["results"]
    assert any(plugin.get("path", "").endswith("plugins.py") for plugin in baseline["plugins_used"])


@pytest.mark.skipif(COMMAND is None, reason="the command detect-secrets is not installed")
def test_detect_secrets_hook_blocks_with_our_plugins(tmp_path, secret_line, shell, checkout):
    (tmp_path / "settings.py").write_text(secret_line, encoding="utf-8")
    plugins = shell(sys.executable, "-m", "mi_lint.secrets.plugins", env=checkout).stdout.strip()
    hook = Path(COMMAND).with_name("detect-secrets-hook")
    done = shell(hook, "-p", plugins, "settings.py", cwd=tmp_path, env=checkout, check=False)
    assert done.returncode == 1
    assert "settings.py:1" in done.stdout
