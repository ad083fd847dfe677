"""One file is read whole, or there is one clear note of why not."""

from __future__ import annotations

import os
import socket

import pytest

from mi_lint.sources import files
from mi_lint.sources.files import DEFAULT_LIMIT, read

posix = pytest.mark.skipif(os.name == "nt", reason="has no such files")


@pytest.mark.parametrize("size", [0, 1, 5000, 120 * 1024 - 1, 120 * 1024, 120 * 1024 + 1, 1_000_000])
def test_a_file_is_read_whole(tmp_path, size):
    content = os.urandom(size)
    path = tmp_path / "a"
    path.write_bytes(content)
    assert read(str(path)) == content


def test_a_file_that_vanished_is_noted_under_the_path_to_report(tmp_path):
    kind, text, path = read(str(tmp_path / "gone"), "sub/gone")
    assert (kind, path) == ("file-vanished", "sub/gone")
    assert "no longer there" in text


def test_a_file_whose_folder_became_a_file_has_vanished(tmp_path):
    (tmp_path / "a").write_text("x")
    assert read(str(tmp_path / "a" / "b"))[0] == "file-vanished"


def test_a_folder_with_the_name_of_a_file_is_noted(tmp_path):
    (tmp_path / "x.py").mkdir()
    assert read(str(tmp_path / "x.py"))[0] == "not-a-regular-file"


def test_a_file_over_the_limit_is_noted_with_both_sizes(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(3_000_000))
    kind, text, _ = read(str(path), limit=2_000_000)
    assert kind == "file-too-large"
    assert "3 MB" in text
    assert "2 MB" in text


def test_a_small_limit_is_a_limit(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(300))
    assert read(str(path), limit=200)[0] == "file-too-large"
    assert read(str(path), limit=300) == bytes(300)


def test_a_file_that_grows_while_it_is_read_stops_at_the_limit(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(bytes(200_000))
    real = os.read

    def growing(descriptor, size):
        with path.open("ab") as more:
            more.write(bytes(200_000))
        return real(descriptor, size)

    monkeypatch.setattr(files.os, "read", growing)
    assert read(str(path), limit=1_000_000)[0] == "file-too-large"


@posix
def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "a").write_text("x")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "loop").symlink_to("loop")
    assert read(str(tmp_path / "link"))[0] == "not-a-regular-file"
    assert read(str(tmp_path / "loop"))[0] == "not-a-regular-file"


@posix
def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert read(str(tmp_path / "pipe"))[0] == "not-a-regular-file"


@posix
def test_a_socket_is_noted(tmp_path, monkeypatch):
    # A relative name: the path of a socket is short.
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        assert read("s")[0] == "not-a-regular-file"


@posix
def test_an_endless_device_is_noted():
    assert read("/dev/zero")[0] == "not-a-regular-file"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_without_permission_is_noted(tmp_path):
    path = tmp_path / "a"
    path.write_text("x")
    path.chmod(0)
    assert read(str(path))[:2] == ("unreadable-file", "not scanned, permission denied")


def test_other_errors_are_noted_with_their_reason(tmp_path, monkeypatch):
    def failing(descriptor, size):
        raise OSError(5, "Input/output error")

    (tmp_path / "a").write_text("x")
    monkeypatch.setattr(files.os, "read", failing)
    assert read(str(tmp_path / "a"), "a") == ("unreadable-file", "not scanned, input/output error", "a")


def test_an_impossible_path_is_noted():
    assert read("a\0b", "a") == ("unreadable-file", "not scanned, the path is not valid", "a")


def test_the_default_limit_is_256_mebibytes():
    assert DEFAULT_LIMIT == 256 * 2**20
