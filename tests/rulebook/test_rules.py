"""Every example in ``rules/*.yaml`` is a test: it is found exactly where it is marked, or stays silent."""

from __future__ import annotations

import functools
import os

import pytest

from mi_lint.rulebook import document, samples, store
from mi_lint.secrets import anchors
from mi_lint.secrets.judge import judgements
from mi_lint.secrets.matching import find

ENGINES = ["re", "hyperscan"]


@functools.cache
def table():
    return store.match_table()


@functools.cache
def engine(name):
    if name == "hyperscan":
        pytest.importorskip("hyperscan")
        return anchors.HyperscanEngine(table())
    return anchors.FallbackEngine(table())


def examples(kind):
    for path in store.rule_files():
        with open(path, encoding="utf-8") as stream:
            parsed = document.parse(stream.read(), path)
        for rule in document.mappings(parsed.get("secrets")):
            for number, example in enumerate(document.mappings(rule["examples"][kind])):
                identity = f"{os.path.basename(path)}-{rule['id']}-{number}"
                yield pytest.param(rule["id"], dict(example), id=identity)


def found(text, name):
    data = text.encode("utf-8")
    return data, judgements(find(data, table(), engine(name)), table())


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(("rule", "example"), list(examples("match")))
def test_a_match_example_is_found_exactly_where_it_is_marked(rule, example, name):
    text, marks = samples.split_marks(samples.expand(example["text"]))
    data, judged = found(text, name)
    spans = [(len(text[:start].encode()), len(text[:end].encode())) for start, end in marks]
    assert spans, "a match example marks its secret with «…»"
    reported = sorted((j.candidate.source_start, j.candidate.source_end) for j in judged)
    rules = {j.candidate.form.rule for j in judged}
    assert (rules, reported) == ({example.get("rule", rule)}, sorted(spans)), [data[a:b][:12] for a, b in reported]
    if "verdict" in example:
        assert {j.verdict for j in judged} == {example["verdict"]}


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(("rule", "example"), list(examples("no_match")))
def test_a_no_match_example_stays_silent(rule, example, name):
    text, _ = samples.split_marks(samples.expand(example["text"]))
    _, judged = found(text, name)
    noisy = [j for j in judged if j.candidate.form.rule == rule and j.verdict != "known-public"]
    assert [(j.verdict, j.details()) for j in noisy] == []


def test_every_rule_has_enough_examples():
    for path in store.rule_files():
        with open(path, encoding="utf-8") as stream:
            parsed = document.parse(stream.read(), path)
        for rule in document.mappings(parsed.get("secrets")):
            assert len(rule["examples"]["match"]) >= 2, f"{path}: {rule['id']}"
            assert len(rule["examples"]["no_match"]) >= 2, f"{path}: {rule['id']}"


def test_a_superseded_rule_exists():
    known = set(store.rule_table())
    for rule, others in table().supersedes.items():
        assert others <= known, f"{rule} supersedes unknown rules"
