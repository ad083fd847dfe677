"""What a disguise hides is read as plain text, and every character of it leads back to where it stands."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mi_lint.secrets.views import (
    View,
    base64_needles,
    base64_views,
    kubernetes_secret_values,
    normalise,
)


def undone(text: bytes) -> bytes:
    view = normalise(text, 0, len(text))
    return text if view is None else view.data


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        (b'"AccountKey=" "abc"', b'"AccountKey=abc"'),
        (b"'AccountKey='\n    'abc'", b"'AccountKey=abc'"),
        (b'"AccountKey=" + "abc"', b'"AccountKey=abc"'),
        (b'"AccountKey=" + \\\n  "abc"', b'"AccountKey=abc"'),
        (b'"AccountKey=" +\r\n  "abc"', b'"AccountKey=abc"'),
        (b'f"AccountKey=" f"abc"', b'f"AccountKey=abc"'),
        (b'("Account=x;"\n rb"Key=" R"abc")', b'("Account=x;Key=abc")'),
        (b'"AccountKey=" & _\r\n "abc"', b'"AccountKey=abc"'),
        (b"KEY=abc\\\n   def", b"KEY=abcdef"),
        (b"KEY=abc`\r\n   def", b"KEY=abcdef"),
        (b"A=x;\n   B=y", b"A=x;B=y"),
        (b"A=x;\\n   B=y", b"A=x;B=y"),
        (b"ab\\u002Bcd\\u003D", b"ab+cd="),
        (b"ab\\\\u002bcd", b"ab+cd"),
        (b"ab\\x2bcd\\/e", b"ab+cd/e"),
        (b"a&amp;b&quot;c&#43;d&#x2F;e", b'a&b"c+d/e'),
        (b"a%2Bb%2fc%3D%3d", b"a+b/c=="),
        (b"a%252Bb", b"a+b"),
        # A notebook keeps lines of code as strings of JSON: quotes are escaped, line ends are two characters.
        (b'"x = (\\"Account=x;\\"\\n",\n    "     \\"Key=abc\\")"', b'"x = (\\"Account=x;Key=abc\\")"'),
    ],
)
def test_a_disguise_is_undone(disguised, plain):
    assert undone(disguised) == plain


@pytest.mark.parametrize(
    "text",
    [
        b'["a", "b"]',
        b'{"a": "b"}',
        b"f('a', 'b')",
        b'a = "x"\nb = "y"',
        b"100% sure, 5 % of 7",
        b"C:\\users\\new",
        b"a && b",
        b"x = '' or 'y'",
    ],
)
def test_what_is_no_disguise_stays(text):
    assert undone(text) == text


def test_a_span_of_the_view_leads_back_to_the_source():
    text = b'k = "abc" "def\\u002Bghi"; other'
    view = normalise(text, 0, len(text))
    assert view is not None
    start = view.data.index(b"cdef+g")
    low, high = view.source_span(start, start + 6)
    assert text[low:high] == b'c" "def\\u002Bg'
    assert view.altered(start, start + 6)
    other = view.data.index(b"other")
    assert not view.altered(other, other + 5)
    assert text[slice(*view.source_span(other, other + 5))] == b"other"
    assert view.position(text.index(b"other")) == other
    assert view.position(len(text)) == len(view.data)


def test_a_view_that_ends_with_an_escape_has_that_as_its_end():
    text = b"key=abc%3D%3D"
    view = normalise(text, 0, len(text))
    assert view is not None
    assert view.position(len(text)) == len(view.data) == 9


@given(
    st.lists(st.sampled_from([b"a", b"Key=", b'" "', b"\\u002B", b"%2F", b"&amp;", b"\\\n", b";\n ", b'"', b"\xff"]))
)
def test_the_view_covers_the_source_in_order(parts):
    text = b"".join(parts)
    view = normalise(text, 0, len(text))
    if view is None:
        return
    spans = [view.source_span(at, at + 1) for at in range(len(view.data))]
    assert all(0 <= low < high <= len(text) for low, high in spans)
    assert spans == sorted(spans)
    for at, (low, high) in enumerate(spans):
        if not view.altered(at, at + 1):
            assert view.data[at : at + 1] == text[low:high]
            assert view.position(low) == at


def test_an_empty_view_has_no_spans():
    assert View([]).source_span(0, 0) == (0, 0)
    assert View([]).position(7) == 0


@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"xyz", "é".encode()])
def test_every_alignment_of_a_literal_has_a_needle(before):
    encoded = base64.b64encode(before + b"AccountKey=" + b"tail")
    assert any(needle in encoded for needle in base64_needles(b"AccountKey="))


def wrapped(encoded: bytes, width: int, end: bytes) -> bytes:
    return end.join(encoded[at : at + width] for at in range(0, len(encoded), width))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n    ", b"\\n"])
@pytest.mark.parametrize("width", [64, 76, 77, 1000])
def test_base64_text_is_opened_over_line_ends(width, end):
    plain = (
        b"DefaultEndpointsProtocol=https;AccountName=demo;AccountKey=" + b"k" * 88 + b";EndpointSuffix=x;" + b"t" * 80
    )
    text = b"value: " + wrapped(base64.b64encode(plain), width, end) + b"\nnext: 1\n"
    view = base64_views(text, text.index(base64.b64encode(plain)[40:50]) if width == 1000 else 30)
    assert view is not None
    assert view.data == plain
    if width % 4:
        return  # Lines that cut groups of four are mapped as a whole.
    start = plain.index(b"AccountKey")
    low, high = view.source_span(start, start + 99)
    encoded = base64.b64encode(plain)[start * 8 // 6 : ((start + 99) * 8 + 5) // 6]
    assert text[low:high].replace(end, b"") == encoded


def test_base64_behind_other_characters_is_aligned():
    encoded = base64.b64encode(b"AccountName=demo;AccountKey=abcdef")
    text = b"path/to/" + encoded
    view = base64_views(text, 20)
    assert view is not None
    assert b"AccountName=demo;AccountKey=abcdef" in view.data


def test_url_safe_base64_is_opened():
    encoded = base64.urlsafe_b64encode(b"AccountKey=\x3f\x3e~~~ and more readable text")
    view = base64_views(encoded, 5)
    assert view is not None
    assert view.data.startswith(b"AccountKey=")


def test_an_image_is_not_opened():
    assert base64_views(base64.b64encode(bytes(range(256)) * 40), 700) is None
    assert base64_views(b"\xff\xfe", 0) is None


def test_the_values_of_a_kubernetes_secret_are_opened_with_their_names():
    value, other = base64.b64encode(b"a-client-secret"), base64.b64encode(b"\x00\x01\x02\xff\xfe binary")
    text = (
        b"apiVersion: v1\nkind: ConfigMap\ndata:\n  a: " + value + b"\n---\n"
        b"apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ndata:\n"
        b"  AZURE_CLIENT_SECRET: " + value + b"\n  blob: " + other + b"\n"
    )
    (view,) = kubernetes_secret_values(text)
    assert view.data == b"AZURE_CLIENT_SECRET: a-client-secret\n"
    start = view.data.index(b"a-client")
    assert text[slice(*view.source_span(start, start + 15))] == value.rstrip(b"=")


def test_a_kubernetes_secret_in_json_is_opened():
    value = base64.b64encode(b"a-client-secret")
    text = b'{"kind": "Secret", "data": {"key": "' + value + b'"}}'
    (view,) = kubernetes_secret_values(text)
    assert view.data == b"key: a-client-secret\n"
