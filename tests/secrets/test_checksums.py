"""Every published vector, and our own of high entropy, of the checksums in Azure keys.

Keys are fake and are put together here from parts, so that this file contains none.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mi_lint.secrets.checksums import (
    COGNITIVE_SERVICES,
    Outcome,
    annotated_checksums,
    base62,
    decode_base64,
    marvin32,
    marvin64,
    seed_number,
    verify,
)


@pytest.mark.parametrize(
    ("seed", "text", "long", "short"),
    [
        (0xD53CD9CECD0893B7, b"abc", 0x22C74339492769BF, 0x6BE02A86),
        (0x0DDDDEEEEFFFF000, b"abcdefghijklmnopqrstuvwxyz", 0xA128EB7E7260ACA2, 0xD34847DC),
        (0x004FB61A001BDBCC, b"", 0x30ED35C100CD3C7D, 0x302009BC),
    ],
)
def test_marvin_gives_the_published_hashes(seed, text, long, short):
    assert marvin64(text, seed) == long
    assert marvin32(text, seed) == short


@pytest.mark.parametrize(("text", "short"), [(b"", 0xCFD9B134), (b"abc", 0x1A4C888E), (b"0123456789", 0x7D67D645)])
def test_marvin_with_the_default_seed(text, short):
    assert marvin32(text, seed_number("Default0")) == short


@pytest.mark.parametrize(
    ("name", "number"),
    [("Default0", 0x44656661756C7430), ("RWSeed00", 0x5257536565643030), ("ROSeed00", 0x524F536565643030)],
)
def test_seeds_are_eight_characters_read_as_a_number(name, number):
    assert seed_number(name) == number


def his_v1(signature: str, size: int, *seeds: str) -> dict[str, object]:
    return {"format": "his-v1", "signature": signature, "bytes": size, "seeds": {seed: f"{seed} key" for seed in seeds}}


# The unit tests of microsoft/security-utilities: one character repeated, signature, checksum.
PUBLISHED = [
    ("a" * 76, "+ASt", "5mnCaw==", 64, "Default0"),
    ("a" * 76, "ACDb", "OpqrYA==", 64, "Encryp00"),
    ("a" * 76, "+ABa", "13FZVQ==", 64, "AbAcct00"),
    ("a" * 76, "+AMC", "FNqWyA==", 64, "Classic0"),
    ("a" * 76, "APIM", "HbKhsQ==", 64, "Tenant00"),
    ("a" * 33, "+ASb", "HpHeAI=", 32, "Send0000"),
    ("a" * 33, "+AEh", "G2s/8w=", 32, "Send0000"),
    ("a" * 33, "+ARm", "D7h+qo=", 32, "Send0000"),
    ("a" * 33, "AIoT", "Oumzco=", 32, "IoTHub00"),
    ("a" * 42, "AzSe", "CjhzCu", 39, "Query000"),
    ("d" * 42, "+ACR", "CUDxQE", 39, "ACRDflt0"),
    ("e" * 42, "+ACR", "CTB7t/", 39, "ACRDflt0"),
    ("d" * 44, "AzFu", "182vhA==", 40, "System00"),
    ("b" * 33, "AZEG", "LiQbng=", 32, "Default0"),
    ("A" * 76, "+ASt", "vmNvzw==", 64, "Default0"),
]

# Made by an independent generator: (first part, second part without signature and checksum, signature, checksum, …).
GENERATED = [
    (
        "nXmxo38xgBzRGmcG+0DWvVdSaEaQO7E+3lYkOenBuCOp",
        "YIm8px89Gm0tPK2zZpy9UOFl5DQknYuC",
        "+ASt3lbrpA==",
        64,
        "Default0",
    ),
    (
        "mREDbPPoIghuyqAHWmn8F4uo+DcYqo870fZegUTmHZqz",
        "D8sGpsGtjykG5zKxD023idNepowIirP2",
        "ACDbjpyIAQ==",
        64,
        "MastRW00",
    ),
    ("4MtuOCpd/3KsHdqWkIE3R4", "vVNs9Ld4reH", "+ASbNdWku0=", 32, "Manage00"),
    ("vStKzsRu3yh6Q7myEXUwbH", "aoGleJkyJHM", "+AEhNTc5HU=", 32, "Send0000"),
    ("Y+oL9e5ZdMN5DytW7XMqGh", "Exvhd96kJhl", "AzCaIBCQdQ=", 32, "Access00"),
    ("E2T12HF7DVgDyo2apqO3Q3_1n85j", "kR8L0LPPumbenHWF", "AzFum2GNig==", 40, "Functi00"),
    ("Lze8ot5CiNVBpGVd6bKjKQguxF", "5TBfNarkCiNaSZkK", "AzSeDsVkMM", 39, "PAdmin00"),
    ("SZjI79j6/K6rpeWlV29HEnMC8J", "vj742iAb7PKwdkvY", "+ACRAe5dMg", 39, "ACRDflt0"),
    ("777UKXKvVnb3/SNh80wbRe", "ZmUf2ib+bsK", "AIoTDuSNrA=", 32, "DpsKey00"),
]
KEYS = [(random + signature + total, signature, size, seed) for random, signature, total, size, seed in PUBLISHED] + [
    (first + second + end, end[:4], size, seed) for first, second, end, size, seed in GENERATED
]


@pytest.mark.parametrize(("key", "signature", "size", "seed"), KEYS)
def test_a_his_v1_key_verifies_and_names_its_seed(key, signature, size, seed):
    found = verify(key, his_v1(signature, size, "Unknown0", seed))
    assert found == Outcome("verified", f"{seed} key", seed)


@pytest.mark.parametrize(("key", "signature", "size", "seed"), KEYS)
def test_the_padding_of_a_his_v1_key_is_optional(key, signature, size, seed):
    assert verify(key.rstrip("="), his_v1(signature, size, seed)).state == "verified"


@pytest.mark.parametrize(("key", "signature", "size", "seed"), KEYS)
def test_one_changed_character_breaks_a_his_v1_key(key, signature, size, seed):
    for at in range(len(key.rstrip("=")) - 10):
        changed = key[:at] + ("B" if key[at] != "B" else "C") + key[at + 1 :]
        assert verify(changed, his_v1(signature, size, seed)).state == "mismatch"


def test_the_published_event_grid_key_does_not_verify_with_the_other_seed():
    assert verify("b" * 33 + "AZEG" + "LiQbng=", his_v1("AZEG", 32, "SendRecv")).state == "mismatch"


def test_a_key_without_the_signature_has_no_checksum():
    spec = his_v1("+ASt", 64, "Default0")
    assert verify("a" * 86 + "==", spec).state == "absent"
    assert verify("a" * 20, spec).state == "absent"
    assert verify("", spec).state == "absent"
    assert verify("ä" * 76 + "+ASt" + "5mnCaw==", spec).state == "absent"


def test_non_canonical_base64_does_not_verify():
    assert verify("a" * 76 + "+ASt" + "5mnCax==", his_v1("+ASt", 64, "Default0")).state == "mismatch"
    assert verify("a" * 75 + "!+ASt" + "5mnCaw==", his_v1("+ASt", 64, "Default0")).state == "mismatch"


def test_a_url_safe_spelling_of_a_key_verifies():
    key = "a" * 33 + "-AEh" + "G2s_8w="
    assert verify(key, his_v1("+AEh", 32, "Send0000")).state == "verified"


def test_a_redis_key_with_substituted_characters_verifies():
    body = decode_base64("Y" * 33 + "AzCa" + "AAAAAA")
    assert body is not None
    for _ in range(400):
        total = marvin32(body[:-4], seed_number("Access00")).to_bytes(4, "little")
        from mi_lint.secrets.checksums import encode_base64

        key = encode_base64(body[:-4] + total)
        if set(key[37:]) & set("+/"):
            break
        body = bytes([body[0] + 1 & 0xFF]) + body[1:] if body[0] != 0xFF else b"\0" + body[1:]
    written = key.replace("+", "P").replace("/", "F")
    assert verify(written, his_v1("AzCa", 32, "Access00")).state in ("verified", "mismatch")


ANNOTATED = [
    ("A" * 52 + "JQQJ99AG" + "A" * 16, "ABCD", "TZJ9JA==", "provider ABCD"),
    ("A" * 52 + "JQQJ99AG" + "A" * 16, "ABCD", "1Q4jXA==", "provider ABCD"),
    (
        "ZEhKrnn3Eq2pKPH4DwyaujKDfVPuwfT9G8FlZYGlbR" + "vbPNE8WV5mJQQJ99BCAAAAAAAAAAAAAAAA",
        "AZDO",
        "UvpZ",
        "Azure DevOps",
    ),
    ("3t79eAohRc4OOcTXGZty0hk7huYmHnfL7IRAT0zkuk" + "GWmBWw6teJJQQJ99CKreWcC9NmAYznAAAB", "ACOG", "2HHB", "OpenAI"),
    (
        "xXw0cKV17xNurpJF3Fuay55kVq4mYn88gUyZAGXtcRzD" + "xYmkiCjJJQQJ99ALPgfNSvXS7FE4AAAA",
        "AZAC",
        "4VLMnA==",
        "Azure App Configuration",
    ),
    ("L1bZEbE04je3E4v2tL4WFHgVDY8kxuaaUFoUpQC66g" + "RMRQTtk3hfJQQJ99CAf63PkLpt6FCCAAAA", "AZMP", "1A4V", "Azure Maps"),
    (
        "YS8RBHTFtx4SptsZ63fYr05xmsFAQVUDtPv3AO0OGx" + "ooTIRizkoZJQQJ99BFgjV9CIDz3blYAAAA",
        "msql",
        "2Jqh",
        "Azure SQL private cloud",
    ),
    # The base62 sum has five digits only and is padded on the right.
    (
        "64YDWG8xMu4uFNIASrYjJdpfX0gqZJxg6yu8G7u6lZ9H" + "IcDjLDheJQQJ99CEsGWVGvws35eRAAAA",
        "AZDO",
        "GZQMdw==",
        "Azure DevOps",
    ),
]


@pytest.mark.parametrize(("body", "provider", "total", "meaning"), ANNOTATED)
def test_an_annotated_key_verifies_in_all_spellings(body, provider, total, meaning):
    for spelling in {total, total[:4], total.rstrip("=")}:
        for spec in ({"format": "his-v2"}, {"format": "his-v2", "provider": provider, "data": body[-4:]}):
            assert verify(body + provider + spelling, spec) == Outcome("verified", meaning, "Default0")


@pytest.mark.parametrize(("body", "provider", "total", "meaning"), ANNOTATED)
def test_one_changed_character_breaks_an_annotated_key(body, provider, total, meaning):
    for at in [*range(52), *range(60, 72)]:
        changed = body[:at] + ("b" if body[at] != "b" else "c") + body[at + 1 :]
        assert verify(changed + provider + total, {"format": "his-v2"}).state == "mismatch"


def test_another_provider_is_not_this_key():
    body, provider, total, _ = ANNOTATED[2]
    assert verify(body + provider + total, {"format": "his-v2", "provider": "AZMP"}).state == "absent"
    assert verify(body + provider + total, {"format": "his-v2", "data": "AAAB"}).state == "absent"
    assert verify("A" * 84, {"format": "his-v2"}).state == "absent"
    assert verify(body + provider + "==", {"format": "his-v2"}).state == "absent"


def test_a_checksum_cannot_be_shortened():
    body, provider, total, _ = ANNOTATED[2]
    assert verify(body + provider + total[:1] + "===", {"format": "his-v2"}).state == "mismatch"
    assert verify(body + provider + "====", {"format": "his-v2"}).state == "mismatch"


def test_there_are_forty_one_ai_services():
    assert len(COGNITIVE_SERVICES) == 41
    assert (COGNITIVE_SERVICES[10], COGNITIVE_SERVICES[24], COGNITIVE_SERVICES[40]) == (
        "Face",
        "SpeechServices",
        "BingSpellCheckV7",
    )


def test_base62_writes_leading_zero_bytes_as_digits():
    assert base62(bytes.fromhex("0e9854cb")) == "GZQMd"
    assert base62(b"\0\0\0\0") == "0000"
    assert base62(b"\0\0\x01\0") == "0048"


def test_the_long_checksum_is_canonical_base64():
    for number in range(200):
        long, old = annotated_checksums(number.to_bytes(60, "big"))
        assert decode_base64(long) is not None
        assert decode_base64(old) is not None


@pytest.mark.parametrize(
    ("secret", "state"),
    [
        ("zzz8Q~" + "z" * 31 + "blP", "verified"),
        ("xxx8Q~dead.dead.DEAD" + "-DEAD-dead~deadxxxxx", "mismatch"),
        ("Jfa8Q~QqHu53bojteVs4" + "qfNUfTAFnT1tEuw1dbaL", "verified"),
        ("wQ18Q~FIunWe9Cz7SNDC" + "dyZQJiJS~ZQdoHwHea1t", "verified"),
        ("n4S8Q~O4~oXyGf4azU4i" + "QOpM_N1PZLqy2WwMZb4_", "verified"),
        ("aMK7Q~A4P855B~9vkK" + "~QlENCzsdfF9j72yX-Z", "absent"),
        ("Jfa9Q~QqHu53bojteVs4" + "qfNUfTAFnT1tEuw1dbaL", "absent"),
        ("Jfa8Q~QqHu53bojteVs4" + "qfNUfTAFnT1tEuw1dba", "mismatch"),
    ],
)
def test_an_entra_client_secret(secret, state):
    assert verify(secret, {"format": "entra"}).state == state


@pytest.mark.parametrize(
    ("token", "found"),
    [
        ("wtbu45j6iq6pjjwhexuwv45hzq" + "cqrmehmjvywanblkc6iobvh7aa", Outcome("verified", "personal access token")),
        ("hhk3mro4fw74evzbyue5tlpccv" + "hesg2zr5dfdr4tmhlgyb7zau4a", Outcome("verified", "application secret")),
        ("z7ukmbrnxiskpz62zuyegppvfr" + "dcpmqt4gmfvbgwxxwhnja43mga", Outcome("verified", "personal access token")),
        ("deadbeef" * 6 + "dead", Outcome("mismatch")),
        ("deadbeef" * 6, Outcome("absent")),
        ("DEADBEEF" * 6 + "dead", Outcome("absent")),
        ("deadbee1" * 6 + "dead", Outcome("absent")),
    ],
)
def test_an_old_devops_token(token, found):
    assert verify(token, {"format": "devops-pat"}) == found


def test_a_wrong_specification_is_an_error():
    with pytest.raises(ValueError, match="crc99"):
        verify("x", {"format": "crc99"})
    with pytest.raises(TypeError, match="bytes"):
        verify("x", {"format": "his-v1", "signature": "+ASt", "bytes": "64", "seeds": {}})


@given(st.text(max_size=100), st.sampled_from(["his-v1", "his-v2", "entra", "devops-pat"]))
def test_no_text_makes_verify_fail(text, name):
    assert verify(text, {**his_v1("+ASt", 64, "Default0"), "format": name}).state in ("absent", "mismatch")


def test_an_outcome_does_not_show_the_key():
    key, signature, size, seed = KEYS[0]
    assert key[:10] not in repr(verify(key, his_v1(signature, size, seed)))


def test_importing_costs_no_heavy_module():
    code = "import sys, mi_lint.secrets.checksums; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"dataclasses", "enum", "typing", "re", "pathlib"} & set(loaded.split())
