"""No verb lets a secret out: not on the streams, not in a report, a baseline or a cache, not when it breaks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_contract import PIECE, examples, spellings

from mi_lint.cli.main import guarded
from mi_lint.rulebook import store

VERBS = [
    ["scan"],
    ["scan", "--select", "ALL", "--thorough", "--include-suppressed", "-f", "sarif"],
    ["scan", "--select", "ALL", "--thorough", "-f", "json"],
    ["scan", "--report-unused-suppressions", "--jobs", "2"],
    ["baseline", "create", "--thorough"],
    ["baseline", "show"],
    ["baseline", "show", "--format", "json"],
    ["baseline", "check"],
    ["baseline", "update", "--add"],
    ["config"],
    ["config", "--format", "json"],
    ["rules"],
    ["rules", "--format", "json"],
    ["rules", "--format", "markdown"],
    ["migrate", "--report", "report.json"],
    ["migrate", "--unsafe"],
    *(["plan", "--format", name] for name in ("markdown", "json", "az", "powershell", "bicep", "terraform")),
]


class Tree:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.secrets: dict[str, list[str]] = {}
        public = [Path(path).read_text(encoding="utf-8") for path in store.rule_files()]
        for path, text, secrets in examples():
            target = root / path
            target.parent.mkdir(parents=True)
            target.write_bytes(text.encode())
            self.secrets[path] = secrets
            for secret in secrets:
                text = text.replace(secret, "\0")
            public.append(text)
        # Made-up values are the same in every example: the key of one may be a harmless id in another.
        self.public = "\0".join(public)
        self.whole = {secret for secrets in self.secrets.values() for secret in secrets if secret not in self.public}
        self.pieces = {
            word[at : at + PIECE]
            for secret in self.whole
            for word in re.split(r"\s+|\\n", secret)  # lines of a PEM block
            if re.fullmatch(r"[A-Za-z0-9+/=_.~%-]{32,}", word)
            for at in range(len(word) - PIECE + 1)
        }
        self.pieces = {piece for piece in self.pieces if piece not in self.public}

    def leaks(self, text: str) -> set[str]:
        """Return beginnings of what is in a text and must not be."""
        found = {secret[:4] for secret in self.whole if any(spelling in text for spelling in spellings(secret))}
        found |= {text[at : at + 4] for at in range(len(text) - PIECE + 1) if text[at : at + PIECE] in self.pieces}
        return found


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return Tree(tmp_path_factory.mktemp("leaks"))


@pytest.fixture(autouse=True)
def inside(tree, monkeypatch):
    monkeypatch.chdir(tree.root)


def test_there_is_something_to_leak(tree):
    assert len(tree.whole) > 60
    assert tree.leaks("".join(tree.whole))


def test_no_verb_tells_a_secret(tree, capfd):
    leaked = {}
    for arguments in VERBS:
        assert guarded(arguments) in (0, 1, 2)
        output = capfd.readouterr()
        assert "internal error" not in output.err, (arguments, output.err)
        leaked[" ".join(arguments)] = tree.leaks(output.out + output.err)
    written = [tree.root / name for name in new_files(tree)]
    leaked |= {path.name: tree.leaks(path.read_bytes().decode("latin-1")) for path in written}
    assert {"report.json", ".mi-lint-baseline.jsonl"} <= {path.name for path in written}
    assert {name: sorted(found) for name, found in leaked.items() if found} == {}


def test_the_cache_depends_on_the_rules_only(tree, tmp_path_factory, monkeypatch):
    contents = []
    for folder in (tree.root, tmp_path_factory.mktemp("empty")):
        cache = tmp_path_factory.mktemp("cache")
        monkeypatch.setenv("MI_LINT_CACHE_DIR", str(cache))
        guarded(["scan", str(folder), "-q"])
        contents.append({path.name: path.read_bytes() for path in cache.iterdir()})
    of_tree, of_nothing = contents
    assert of_nothing
    assert {name: of_tree[name] for name in of_nothing} == of_nothing
    parts = {name.rpartition(".")[2] for name in of_tree}
    assert parts <= {*store.PARTS, "hs"}


def new_files(tree):
    return [path.name for path in tree.root.iterdir() if path.is_file()]


@pytest.mark.parametrize(
    "place",
    [
        "mi_lint.secrets.matching.find",
        "mi_lint.secrets.judge.judgements",
        "mi_lint.secrets.examine.Examiner.findings",
        "mi_lint.suppress.apply",
        "mi_lint.report.formats.write",
        "mi_lint.python.analysis.Analysis.client_calls",
    ],
)
def test_no_exception_tells_a_secret(tree, monkeypatch, capfd, place):
    def broken(*arguments, **more):
        raise ValueError("".join(tree.whole))

    monkeypatch.setattr(place, broken)
    assert guarded(["scan", "--jobs", "1"]) == 2
    output = capfd.readouterr()
    assert tree.leaks(output.out + output.err) == set()
    assert "ValueError" in output.err


def test_no_guessable_value_is_in_a_baseline_as_a_hash(tree, capfd):
    """Who has the baseline must not be able to try passwords against it."""
    import hashlib

    password = "Sommer" + "2024!x"
    (tree.root / "db.env").write_text(f"URL=postgresql://app:{password}@demo.postgres.database.azure.com/x\n")
    assert guarded(["baseline", "create", "-o", "db.jsonl", "db.env"]) == 0
    text = (tree.root / "db.jsonl").read_text()
    assert "db.env" in text
    for kind in ("sha1", "sha256", "md5", "sha512"):
        for value in (password, password.encode().hex()):
            assert hashlib.new(kind, value.encode()).hexdigest()[:8] not in text
