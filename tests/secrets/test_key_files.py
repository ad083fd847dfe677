"""Private keys and PFX archives: whole files only, and quiet where keys for tests are kept."""

from __future__ import annotations

import functools
import re

import pytest

from mi_lint.rulebook import samples, store
from mi_lint.secrets.anchors import FallbackEngine
from mi_lint.secrets.judge import judgements
from mi_lint.secrets.matching import find

PRIVATE = ["rsa", "ec", "pkcs8", "pkcs8-ec", "openssh"]


@functools.cache
def table():
    return store.match_table()


def judged(text: str, path: str = "deploy/key.pem"):
    return judgements(find(text.encode(), table(), FallbackEngine(table())), table(), path=path)


def pem(kind: str) -> str:
    return samples.expand(f"<%pem {kind}%>") + "\n"


@pytest.mark.parametrize("kind", PRIVATE)
def test_a_whole_private_key_is_found(kind):
    (found,) = judged(pem(kind))
    assert (found.candidate.form.rule, found.verdict, found.everyday) == ("MI188", "format-only", True)


@pytest.mark.parametrize("kind", ["rsa", "pkcs8"])
def test_a_key_that_lacks_a_line_is_worth_less(kind):
    lines = pem(kind).split("\n")
    (found,) = judged("\n".join(lines[:2] + lines[3:]))
    assert (found.severity, found.confidence, found.notes[-1]) == (2, 1, "shortened or edited")


@pytest.mark.parametrize("kind", ["ec", "pkcs8-ec"])
def test_what_is_left_of_a_short_key_is_nothing(kind):
    lines = pem(kind).split("\n")
    assert judged("\n".join(lines[:2] + lines[3:])) == []


def test_a_key_in_pieces_of_code_is_whole():
    code = 'String key = "' + pem("pkcs8").strip().replace("\n", '"\n    + "') + '";\n'
    (found,) = judged(code, "src/main/java/Keys.java")
    assert (found.severity, found.notes) == (3, [])


def test_a_key_of_repeated_letters_is_made_up():
    body = pem("rsa").split("\n")[1:-2]
    made_up = [body[0], *(re.sub(r".", "A", line) for line in body[1:])]
    assert judged("\n".join(["-----BEGIN RSA PRIVATE KEY-----", *made_up, "-----END RSA PRIVATE KEY-----"])) == []


@pytest.mark.parametrize("kind", ["public", "certificate"])
def test_what_is_public_is_no_finding(kind):
    assert judged(pem(kind)) == []


def test_an_encrypted_key_is_worth_less():
    (found,) = judged(pem("encrypted"))
    assert (found.candidate.form.rule, found.severity) == ("MI194", 1)


def test_a_key_encrypted_the_old_way_is_worth_less_too():
    body = samples.expand("<%base64 1216%>")
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    header = ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-256-CBC,1B2E3C4D5A6F708192A3B4C5D6E7F809", ""]
    text = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *header, *lines, "-----END RSA PRIVATE KEY-----\n"])
    assert [(found.candidate.form.rule, found.severity) for found in judged(text)] == [("MI194", 1)]


@pytest.mark.parametrize(
    "path",
    [
        "tests/tls/server.key",
        "pkg/client_test.go",
        "src/Shop.Tests/Keys.cs",
        "src/ShopTests/Keys.cs",
        "testdata/x.pem",
        "app/keys.spec.ts",
        "docs/tls.md",
        "examples/vm/main.tf",
        "vendor/mbedtls/certs.c",
        "lib/librdkafka-2.15.0/a.c",
    ],
)
def test_a_key_for_tests_is_quiet(path):
    assert [found.everyday for found in judged(pem("rsa"), path)] == [False]


@pytest.mark.parametrize(
    "path",
    [
        "docker/server.key",
        "contest/a.pem",
        "latest/a.pem",
        "specification/a.pem",
        "k8s/v1.2/secret.yaml",
        "deploy/a.pem",
    ],
)
def test_a_key_elsewhere_is_shown_every_day(path):
    assert [found.everyday for found in judged(pem("rsa"), path)] == [True]


def test_a_pfx_wrapped_over_lines_is_found_to_its_end():
    body = samples.expand("<%pfx%>")
    wrapped = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    text = f"data: |\n{wrapped}\npassword=abc\n"
    (found,) = judged(text)
    assert found.candidate.form.rule == "MI189"
    assert text[found.candidate.source_start : found.candidate.source_end] == wrapped


def test_a_pfx_that_was_shortened_is_worth_less():
    (found,) = judged(f"pfx: {samples.expand('<%pfx%>')[:1200]}\n")
    assert (found.candidate.form.rule, found.severity, found.notes[-1]) == ("MI189", 2, "shortened or edited")
