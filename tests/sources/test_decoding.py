"""Every encoding that text comes in is searched; what is no text is named as such."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import marshal
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mi_lint.sources.decoding import Document, decode

TEXT = "# Schlüssel für 漢字 😀\r\nAccountKey = value\n"
WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]


def decoded(raw):
    document = decode("settings.txt", raw)
    assert isinstance(document, Document), document
    return document


def test_plain_text_is_not_copied():
    raw = TEXT.encode()
    document = decoded(raw)
    assert document.data is raw
    assert document.raw is raw
    assert document.encoding == "utf-8"


def test_an_empty_file_is_text():
    assert decoded(b"").data == b""


def test_a_byte_order_mark_is_not_text():
    document = decoded(b"\xef\xbb\xbf" + TEXT.encode())
    assert document.data == TEXT.encode()
    assert document.encoding == "utf-8"


@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("encoding", WIDE)
def test_wide_encodings_become_utf_8(encoding, mark):
    text = TEXT * 3
    document = decoded((mark + text).encode(encoding))
    assert document.data.decode() == text
    assert document.encoding == encoding


@pytest.mark.parametrize("encoding", WIDE)
def test_a_wide_file_longer_than_the_head_is_decoded_whole(encoding):
    text = "password = geheim 😀\n" * 5000
    assert decoded(text.encode(encoding)).data.decode() == text


def test_a_cut_off_utf_16_file_is_still_text():
    document = decoded(b"\xff\xfe" + TEXT.encode("utf-16-le")[:-1])
    assert document.data.decode().startswith(TEXT[:-1])


def test_a_lone_surrogate_in_utf_16_hides_nothing():
    raw = b"\xff\xfe" + "a".encode("utf-16-le") + b"\x00\xd8" + "key".encode("utf-16-le")
    assert decoded(raw).data.decode() == "a\ufffdkey"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_single_byte_encodings_are_searched_as_they_are(encoding):
    raw = "# Schlüssel für Zürich\nkey = value\n".encode(encoding)
    document = decoded(raw)
    assert document.data is raw
    assert document.encoding == "latin-1"


@pytest.mark.parametrize(
    "raw",
    [
        b"key = value\n" * 1000 + b"\x00" * 5,
        b"\x00" + b"key = value\n" * 20,
        b"AZURE_KEY=value\x00PATH=/usr/bin\x00HOME=/home/somebody\x00LANG=de_DE.UTF-8\x00",
        "Zürich = value\n".encode() * 20 + b"\x00\x00end",
    ],
    ids=["behind the head", "first", "environment", "among UTF-8"],
)
def test_a_few_nulls_do_not_make_a_file_binary(raw):
    assert decoded(raw).data is raw


def archive(kind):
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as target:
            target.writestr("a.txt", TEXT)
    else:
        with tarfile.open(fileobj=buffer, mode="w") as target:
            member = tarfile.TarInfo("a.txt")
            member.size = len(TEXT.encode())
            target.addfile(member, io.BytesIO(TEXT.encode()))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "raw",
    [
        archive("zip"),
        archive("tar"),
        gzip.compress(TEXT.encode()),
        bz2.compress(TEXT.encode()),
        lzma.compress(TEXT.encode()),
        b"7z\xbc\xaf\x27\x1c\x00\x04",
        b"Rar!\x1a\x07\x01\x00",
    ],
    ids=["zip", "tar", "gzip", "bzip2", "xz", "7z", "rar"],
)
def test_archives_are_named(raw):
    assert decode("a", raw) == "archive"


@pytest.mark.parametrize(
    "raw",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"\xff\xd8\xff\xe0JFIF without any zero byte",
        b"GIF89a....",
        b"%PDF-1.7\n1 0 obj\n",
        b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00>\x00" * 40,
        b"\xca\xfe\xba\xbe\x00\x00\x00=",
        b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00",
        b"\xa7\r\r\n" + bytes(12) + marshal.dumps(compile("x = 1", "a", "exec")),
        b"SQLite format 3\x00\x10\x00\x01\x01",
        bytes(range(256)) * 8,
        # A PFX file: DER, a sequence with version 3.
        b"\x30\x82\x0a\x5a\x02\x01\x03\x30\x82\x0a\x20\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x00" * 3,
        bytes(100),
        b"\x01\x00\x02\x00\x03\x00\x04\x00" * 200,
    ],
    ids=["png", "jpeg", "gif", "pdf", "elf", "class", "exe", "pyc", "sqlite", "all", "pfx", "zeros", "16-bit numbers"],
)
def test_binary_files_are_named(raw):
    assert decode("a", raw) == "binary"


@given(st.binary(max_size=300))
def test_whatever_bytes_there_are_decoding_gives_text_or_a_reason(raw):
    result = decode("a", raw)
    if isinstance(result, Document):
        assert result.raw is raw
        assert result.data is raw or result.data.decode("utf-8", "replace") is not None
    else:
        assert result in ("binary", "archive")


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1), st.sampled_from(WIDE))
def test_marked_text_survives_in_every_encoding(text, encoding):
    result = decode("a", ("\ufeff" + text).encode(encoding))
    # A private-use or unassigned character may be rare, but a replacement character says that the file is damaged.
    if text.count("\ufffd") == 0:
        assert isinstance(result, Document)
        assert result.data.decode() == text
