"""What every test relies on: slow tests run in CI, and no test sees the settings of the person who runs it."""

from __future__ import annotations

import os

import hypothesis
import pytest

# Speed is a benchmark, never a test: on a busy machine drawing an input may take its time.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")

SLOW = bool(os.environ.get("CI") or os.environ.get("MI_LINT_SLOW"))


def pytest_collection_modifyitems(items):
    if SLOW:
        return
    skip = pytest.mark.skip(reason="slow; set MI_LINT_SLOW=1 to run it")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _git_without_personal_settings(monkeypatch):
    """Give git a name and no configuration of the user or machine; drop what a hook that runs the tests has set."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    settings = {"user.name": "Test", "user.email": "test@example.com", "init.defaultBranch": "main"}
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(settings)))
    for number, (key, value) in enumerate(settings.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
