"""The fake credentials of rule examples are deterministic, valid where they claim to be, and marks are exact."""

from __future__ import annotations

import base64
import json

import pytest

from mi_lint.rulebook.samples import SampleError, expand, split_marks
from mi_lint.secrets.checksums import verify

HIS_V1 = [
    ("+ASt", 64, "Default0"),
    ("ACDb", 64, "MastRO00"),
    ("AzCa", 32, "Access00"),
    ("+ASb", 32, "Manage00"),
    ("AzFu", 40, "Functi00"),
    ("AzSe", 39, "Query000"),
    ("+ACR", 39, "ACRDflt0"),
]


def spec(signature: str, size: int, seed: str) -> dict[str, object]:
    return {"format": "his-v1", "signature": signature, "bytes": size, "seeds": {seed: "key"}}


@pytest.mark.parametrize(("signature", "size", "seed"), HIS_V1)
def test_a_his_v1_sample_verifies(signature, size, seed):
    for variant in range(20):
        key = expand(f"<%his-v1 {signature} {size} {seed} #{variant}%>")
        assert verify(key, spec(signature, size, seed)).state == "verified"


@pytest.mark.parametrize(("signature", "size", "seed"), HIS_V1)
def test_a_bad_his_v1_sample_has_the_signature_but_not_the_checksum(signature, size, seed):
    key = expand(f"<%his-v1-bad {signature} {size} {seed}%>")
    assert verify(key, spec(signature, size, seed)).state == "mismatch"


@pytest.mark.parametrize(
    ("expression", "length"),
    [
        ("his-v1 AzSe 39 Query000", 52),
        ("his-v1 AzFu 40 Functi00", 56),
        ("his-v2 AZDO", 84),
        ("his-v2 ACOG AAAB", 84),
        ("his-v2-long AZAC AAAA", 88),
        ("entra 8Q~", 40),
        ("entra 7Q~", 37),
        ("entra-legacy", 34),
        ("devops-pat", 52),
        ("base64 64", 88),
        ("base64url 32", 43),
        ("base62 20", 20),
        ("base32 52", 52),
        ("hex 32", 32),
        ("digits 6", 6),
        ("guid", 36),
        ("password", 16),
        ("emulator azurite", 88),
        ("emulator cosmos", 88),
        ("emulator signalr", 44),
    ],
)
def test_a_sample_has_the_length_of_its_kind(expression, length):
    assert len(expand(f"<%{expression}%>")) == length


@pytest.mark.parametrize(
    ("expression", "checksum", "meaning"),
    [
        ("his-v2 AZDO AAAA", {"format": "his-v2", "provider": "AZDO", "data": "AAAA"}, "Azure DevOps"),
        ("his-v2 ACOG AAAB", {"format": "his-v2", "provider": "ACOG"}, "OpenAI"),
        ("his-v2-long AZMP", {"format": "his-v2"}, "Azure Maps"),
        ("entra 8Q~", {"format": "entra"}, "client secret"),
        ("devops-pat", {"format": "devops-pat"}, "personal access token"),
    ],
)
def test_a_sample_with_a_checksum_verifies(expression, checksum, meaning):
    for variant in range(20):
        outcome = verify(expand(f"<%{expression} #{variant}%>"), checksum)
        assert (outcome.state, outcome.meaning) == ("verified", meaning)


def test_search_and_function_keys_keep_to_their_alphabets():
    assert expand("<%his-v1 AzSe 39 PAdmin00%>").isalnum()
    keys = "".join(expand(f"<%his-v1 AzFu 40 Master00 #{variant}%>") for variant in range(10))
    assert not set(keys) & set("+/")


def test_base64_samples_are_canonical():
    for size in range(1, 70):
        sample = expand(f"<%base64 {size}%>")
        assert base64.b64encode(base64.b64decode(sample, validate=True)).decode() == sample
        assert len(base64.b64decode(sample)) == size


def test_the_same_expression_gives_the_same_value_and_a_number_another():
    first, second, third = expand("<%hex 32%> <%hex 32%> <%hex 32 #2%>").split()
    assert first == second != third
    # Pinned: baselines and snapshots rely on samples that do not change with the Python version.
    assert first == "7bba770ada3336fe35e130283f0b6b7f"


def test_a_jwt_has_a_header_and_claims():
    header, claims, signature = expand("<%jwt%>").split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["alg"] == "RS256"
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["exp"] == 4102444800
    assert len(signature) == 342


def test_base64_text_may_contain_generators():
    encoded = expand("v: <%b64:Endpoint=x;Key=<%base64 32%>;%> end")
    assert base64.b64decode(encoded.split()[1]).decode() == expand("Endpoint=x;Key=<%base64 32%>;")


def test_base64_may_be_nested_twice():
    encoded = expand("<%b64:a=<%b64:b=<%hex 8%>%>%>")
    inner = base64.b64decode(encoded).decode().removeprefix("a=")
    assert base64.b64decode(inner).decode() == expand("b=<%hex 8%>")


@pytest.mark.parametrize("head", ["", "x", "xy", "xyz", "é"])
def test_marks_in_base64_text_enclose_the_characters_that_carry_it(head):
    plain, spans = split_marks(expand(f"v: <%b64:{head}«<%hex 10%>»tail%>"))
    secret = expand("<%hex 10%>").encode()
    ((start, end),) = spans
    encoded = plain.removeprefix("v: ")
    assert secret in base64.b64decode(encoded)
    # A change of any marked character may change the secret; one outside never does.
    for at in range(len(encoded.rstrip("="))):
        changed = encoded[:at] + ("A" if encoded[at] != "A" else "/") + encoded[at + 1 :]
        inside = start <= at + 3 < end
        assert inside or secret in base64.b64decode(changed)


def test_template_languages_of_others_stay_as_they_are():
    text = "<%= ENV['KEY'] %> <% if x %> 100%> <%# c %>"
    assert expand(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "<%unknown 3%>",
        "<%base64%>",
        "<%base64 x%>",
        "<%hex 32",
        "<%emulator redis%>",
        "<%his-v2 TOOLONG%>",
        "<%his-v1 +A 64 Default0%>",
    ],
)
def test_a_broken_expression_is_an_error(text):
    with pytest.raises(SampleError):
        expand(text)


def test_marks_are_taken_off_and_located():
    plain, spans = split_marks("a=«one»; b=«two»\n«»")
    assert plain == "a=one; b=two\n"
    assert [plain[start:end] for start, end in spans] == ["one", "two", ""]


@pytest.mark.parametrize("text", ["«a", "a»", "««a»»", "«a»»"])
def test_marks_come_in_pairs(text):
    with pytest.raises(SampleError):
        split_marks(text)


@pytest.mark.parametrize("kind", ["rsa", "ec", "pkcs8", "pkcs8-ec", "encrypted", "certificate", "public"])
def test_a_pem_sample_is_one_whole_sequence_in_wrapped_base64(kind):
    first, *body, last = expand(f"<%pem {kind}%>").split("\n")
    assert (first[:11], last[:9], first[10:]) == ("-----BEGIN ", "-----END ", last[8:])
    assert {len(line) for line in body[:-1]} <= {64}
    raw = base64.b64decode("".join(body))
    lengths = [2 + raw[1], 3 + raw[2], 4 + int.from_bytes(raw[2:4], "big")]
    assert raw[0] == 0x30
    assert len(raw) == lengths[max(0, raw[1] - 0x80)] if raw[1] > 0x80 else len(raw) == lengths[0]


def test_an_openssh_sample_starts_with_the_magic_of_its_format():
    assert base64.b64decode("".join(expand("<%pem openssh%>").split("\n")[1:-1])).startswith(b"openssh-key-v1\0")


def test_a_pem_sample_can_be_written_on_one_line():
    assert expand(r"<%pem ec \n%>").count("\n") == 0
    assert expand(r"<%pem ec \n%>").count(r"\n") > 2


def test_a_pfx_sample_has_version_three():
    assert base64.b64decode(expand("<%pfx%>"))[4:7] == b"\x02\x01\x03"


def test_a_cask_sample_has_its_marker_in_the_middle():
    assert (len(expand("<%cask%>")), expand("<%cask%>")[44:48]) == (64, "QJJQ")


def test_an_unknown_kind_of_key_file_is_refused():
    with pytest.raises(SampleError, match="unknown kind of key file"):
        expand("<%pem rsa4096%>")
