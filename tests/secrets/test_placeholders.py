"""Random keys are never taken for placeholders; placeholders of every documented form are."""

from __future__ import annotations

import hashlib
import random

import pytest

from mi_lint.rulebook import samples
from mi_lint.rulebook.samples import EMULATORS
from mi_lint.secrets import checksums
from mi_lint.secrets.placeholders import constructed, placeholder, reason_public, repetitive, sequential


@pytest.mark.parametrize("name", sorted(EMULATORS))
def test_public_keys_are_known(name):
    assert reason_public("".join(EMULATORS[name]))


def test_the_sample_password_is_known_with_a_capital_too():
    text = "".join(EMULATORS["sql"])
    assert reason_public(text[0].upper() + text[1:])
    assert not reason_public(text + "x")


ALPHABETS = {
    "base64": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "base62": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "base32": "abcdefghijklmnopqrstuvwxyz234567",
    "hex": "0123456789abcdef",
    "unreserved": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~",
}


@pytest.mark.parametrize(
    ("alphabet", "length"),
    [("base64", 86), ("base64", 43), ("base62", 52), ("base62", 84), ("base32", 52), ("hex", 32), ("unreserved", 34)],
)
def test_random_keys_are_no_placeholders(alphabet, length):
    draw = random.Random(f"{alphabet} {length}")
    taken = sum(placeholder("".join(draw.choices(ALPHABETS[alphabet], k=length)), alphabet) for _ in range(3000))
    assert taken <= 2


@pytest.mark.parametrize(
    ("text", "alphabet"),
    [
        ("x" * 88, "base64"),
        ("A" * 43 + "=", "base64"),
        ("abcdefghijklmnopqrstuvwxyz0123456789abcdefg=", "base64"),
        ("0123456789abcdef0123456789abcdef", "hex"),
        ("0" * 32, "hex"),
        ("00000000000000000000000000000001", "hex"),
        ("deadbeef" * 4, "hex"),
        ("1a2b3c4d" * 4, "hex"),
        # Written text, encoded: no service makes such keys.
        ("dGhpcyBpcyBub3QgYSByZWFsIGtleSBhdCBhbGwhISE=", "base64"),
        ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "base64"),
        ("YourStorageAccountKeyGoesHereAndIsLongEnough==", "base64"),
        ("exampleexamplekeyQ8fJ2kLm4Vb7Xz1Tn6Rw9Pc3Hd=", "base64"),
    ],
)
def test_made_up_keys_are_placeholders(text, alphabet):
    assert placeholder(text, alphabet)


@pytest.mark.parametrize(
    "text",
    [
        "<your-password>", "{password}", "{{ password }}", "${PASSWORD}", "$(PASSWORD)", "%PASSWORD%", "#{PASSWORD}#",
        "__PASSWORD__", "[password]", "$PASSWORD", "$env:PASSWORD", "@Microsoft.KeyVault(SecretUri=x)", "***", "****",
        "...", "xxxxxxxx", "DB_PASSWORD", "dbPassword", "settings.db_password", "get_password()", "os.environ['X']",
        "%s", "%(pw)s", "{0}", "?", ":password", "password", "Password123!", "P@ssw0rd", "YourStrong@Passw0rd",
        "yourpassword", "changeme", "ChangeMe123!", "my-secret-pw", "mysecretpassword", "example", "dummy", "secret",
        "test", "test123", "fakepassword", "none", "null", "undefined", "${{ secrets.DB }}", "!Ref Password",
        "<%= password %>", "redacted", "REDACTED", "insert-here", "replace_me", "s3cr3t", "hunter2", "1234567890",
        "aaaaaaaa",
    ],
)  # fmt: skip
def test_words_that_stand_for_a_password(text):
    assert placeholder(text, "password")


@pytest.mark.parametrize(
    "text",
    ["xK8!kdP_92mz", "Winter2024!", "Tr0ub4dor&3", "kD93jfa", "correcthorse", "Pa$$9xQm!", "Zx7#passage", "qp0#Lm_2w"],
)
def test_passwords_of_people_are_none(text):
    assert not placeholder(text, "password")


def test_the_reserved_letters_of_an_annotated_key_do_not_make_it_a_test_key():
    body = samples.Stream("reserved").text(checksums.BASE62, 52) + "JQQJ99BC" + "A" * 12 + "INFRAZML"
    key = body + checksums.annotated_checksums(checksums.decode_base64(body))[0][:4]
    assert checksums.verify(key, {"format": "his-v2"}).state == "verified"
    assert not constructed(key)
    assert not placeholder(key, "base62")
    assert constructed("A" * 52 + key[52:])


def test_constructed_keys_are_told_from_random_ones():
    assert constructed("a" * 76 + "+ASt" + "5mnCaw==")
    assert not constructed(hashlib.sha512(b"x").hexdigest())


def test_sequences_and_repetitions():
    assert sequential("zzabcdefghzz")
    assert sequential("x87654321x")
    assert not sequential("abcdabcdabcd")
    assert repetitive("abcabcabc")
    assert repetitive("xx......xx")
    assert not repetitive("abcabd")
