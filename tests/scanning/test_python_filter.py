"""Which files are parsed does not depend on the engine that looks for the words."""

from __future__ import annotations

import pytest
from rule_examples import rule_examples

from mi_lint.scanning.python_filter import PythonFilter


def examples():
    return (str(found.example.get("before", "")).encode() for found in rule_examples())


OTHERS = [
    b"",
    b"import os\n",
    b"# azure\n",
    b"BlobServiceClient(x)\n",
    b"azure BlobServiceClientX(",
    b"\xff\x00 azure.storage",
]


def test_both_ways_choose_the_same_files():
    pytest.importorskip("hyperscan")
    fast, slow = PythonFilter(fast=True), PythonFilter()
    texts = [*examples(), *OTHERS]
    answers = [slow.is_candidate(text) for text in texts]
    assert [fast.is_candidate(text) for text in texts] == answers
    assert any(answers)
    assert not all(answers)


def test_a_file_without_azure_loads_nothing(monkeypatch):
    monkeypatch.setattr(PythonFilter, "_load_names", lambda self: pytest.fail("loaded"))
    assert not PythonFilter().is_candidate(b"import os\nprint(os.getcwd())\n")


@pytest.mark.parametrize("fast", [False, True])
def test_own_classes_are_a_reason_in_files_without_azure(tmp_path, fast):
    pytest.importorskip("hyperscan")
    rules = tmp_path / "acme.yaml"
    rules.write_text(
        "service: Acme\ndocumentation: https://acme.example\nway_out: None.\nclients:\n"
        "  - package: acme\n    module: acme\n    secret: {key: [key]}\n    classes: {AcmeShelf: {call: [url, key]}}\n",
        encoding="utf-8",
    )
    own = PythonFilter(fast=fast, extra_rules=(str(rules),))
    assert own.is_candidate(b"AcmeShelf(url, key)")
    assert not own.is_candidate(b"AcmeTable(url, key)")
    assert not PythonFilter(fast=fast).is_candidate(b"AcmeShelf(url, key)")
