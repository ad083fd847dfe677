"""Context lines show code and hide values, also those that no rule has found."""

from __future__ import annotations

import pytest

from mi_lint.secrets.redact import MARK, MAX_LINE, merged, redact


def shown(text, *spans):
    data = text.encode()
    return redact(data, 0, len(data), merged(spans))


@pytest.mark.parametrize(
    "code",
    [
        'credential=os.environ["LOG_STORAGE_KEY"],',
        "client_secret=settings.client_secret,",
        "token=get_token()",
        "api_key = config.api_key",
        'key=os.getenv("A")',
        "password=self._password, x=1",
        "connect(password=db_password)",
        "password: ${{ secrets.X }}",
        "secret_name = 'a'",
        "tenant = '0f8fad5b-d9cb-469f-a165-70867728950e'",
        '"azure-messaging-webpubsubservice>=1.2.0",',
        "https://learn.microsoft.com/azure/app-service/overview-managed-identity/tutorial1",
    ],
)
def test_code_and_public_values_stay(code):
    assert shown(code) == code


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ('password = "hunter2abc"', "hunter2abc"),
        ("PASSWORD=Sup3r.secret", "Sup3r.secret"),
        ("password: super.secret", "super.secret"),
        ('{"apiKey": "ab#1xyz"}', "ab#1xyz"),
        ("Pwd=a1b2c3d4;Server=x", "a1b2c3d4"),
        ("value = " + "aB3" * 15, "aB3aB3"),
        ("value = " + "abcd" * 10 + "1", "abcdabcd"),
        ("value = " + "aBc" * 15 + ".1", "aBcaBc"),
    ],
)
def test_values_behind_telling_names_are_hidden(text, hidden):
    assert hidden not in shown(text)
    assert MARK in shown(text)


def test_the_spans_of_secrets_are_hidden_whatever_they_are():
    assert shown("a=xyz; b=uvw", (2, 5), (9, 12)) == f"a={MARK}; b={MARK}"
    assert shown("abcdef", (1, 3), (2, 5)) == f"a{MARK}f"


def test_a_line_too_long_to_read_is_not_shown():
    assert shown("x" * (MAX_LINE + 1)) is None
    assert shown("x y\n" * MAX_LINE) is not None


def test_many_spans_cost_little():
    text = "k=v;" * 20_000
    spans = [(at + 2, at + 3) for at in range(0, len(text), 4)]
    data = text.encode()
    assert redact(data, 40_000, 40_040, merged(spans)) == f"k={MARK};" * 10


def test_the_password_in_a_url_is_hidden():
    password = "hun" + "ter22"
    text = shown(f"RUN pip install -i https://build:{password}@pkgs.example.com/simple azure-storage-blob")
    assert password not in text
    assert text.endswith(f"https://build:{MARK}@pkgs.example.com/simple azure-storage-blob")


@pytest.mark.parametrize("url", ["redis://:{password}@h", "https://u:%s@h", "https://u:${PW}@h", "http://h/b:c@d"])
def test_what_is_filled_into_a_url_is_shown(url):
    assert shown(url) == url
