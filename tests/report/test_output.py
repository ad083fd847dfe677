from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
import sys

import pytest

from mi_lint.report.output import write_chunks

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


def test_a_file_is_utf8_with_plain_newlines(tmp_path):
    write_chunks(["ä\n", "b\n"], str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == "ä\nb\n".encode()


def test_text_that_is_no_unicode_is_replaced(tmp_path):
    write_chunks(["a\udcffb\ud83dc"], str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == "a\ufffdb\ufffdc".encode()


def test_many_chunks_arrive_in_order(tmp_path):
    chunks = [f"{number}\n" * 100 for number in range(1000)]
    write_chunks(iter(chunks), str(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "".join(chunks)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "out"
    target.write_text("old")

    def broken():
        yield "new" * 100_000
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_chunks(broken(), str(target))
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["out"]


@POSIX
def test_the_mode_of_a_replaced_file_is_kept(tmp_path):
    target = tmp_path / "out"
    target.write_text("old")
    target.chmod(0o640)
    write_chunks(["new"], str(target))
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@POSIX
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_chunks(["new"], str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_missing_folder_is_named_as_the_user_wrote_it(tmp_path):
    target = str(tmp_path / "missing" / "out")
    with pytest.raises(FileNotFoundError) as caught:
        write_chunks(["x"], target)
    assert caught.value.filename == target


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(OSError) as caught:
        write_chunks(["x"], str(tmp_path))
    assert caught.value.filename == str(tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_told(tmp_path):
    with pytest.raises(OSError) as caught:
        write_chunks(["x" * 10], "/dev/full")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, "/dev/full")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("size", [10, 1_000_000])
def test_a_full_disk_behind_standard_output_is_told(monkeypatch, size):
    stream = open("/dev/full", "w")  # noqa: SIM115
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(OSError) as caught:
        write_chunks(["x" * size], "-")
    monkeypatch.undo()
    with contextlib.suppress(OSError):
        stream.close()
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, "<stdout>")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "out"
    target.write_text("old")
    monkeypatch.setattr("mi_lint.report.output._write_all", _no_space)
    with pytest.raises(OSError) as caught:
        write_chunks(["new"], str(target))
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(target))
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["out"]


def _no_space(stream, content):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_standard_output_gets_bytes_after_what_was_printed_before(capfdbinary):
    print("before")
    write_chunks(["ä\r\n"], "-")
    assert capfdbinary.readouterr().out.endswith("ä\r\n".encode())


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


def test_a_terminal_gets_only_what_its_encoding_can_show(monkeypatch):
    raw = io.BytesIO()
    terminal = Terminal(raw, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    write_chunks(["ä\n"], "-", terminal=True)
    monkeypatch.undo()
    assert raw.getvalue().replace(b"\r\n", b"\n") == b"\\xe4\n"


def test_a_stream_without_bytes_gets_text(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    write_chunks(["ä"], "-")
    monkeypatch.undo()
    assert stream.getvalue() == "ä"
