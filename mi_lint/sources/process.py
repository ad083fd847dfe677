"""Run git and read what it says, without `subprocess`, whose import costs more than git itself needs."""

from __future__ import annotations

import os

from mi_lint.sources.files import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence
    from typing import Final

# What a hook inherits from git: right for the repository the hook runs in, wrong for any other.
REPOSITORY_VARIABLES: Final = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
)
# What a user's environment may hold that would change the meaning of our commands.
_DISTURBING: Final = (
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
)
_OPTIONS: Final = (
    "--literal-pathspecs",
    "--no-pager",
    # A repository that was unpacked from an archive may bring a configuration that names a program to run here.
    "-c",
    "core.fsmonitor=false",
)


class GitError(SourceError):
    """Git is missing, or refused what was asked for."""


def environment(own_repository: bool) -> dict[str, str]:
    """Return the environment for git: with the hook's repository, or for the one that a folder belongs to."""
    dropped = _DISTURBING if own_repository else (*_DISTURBING, *REPOSITORY_VARIABLES)
    variables = {name: value for name, value in os.environ.items() if name not in dropped}
    variables["LC_ALL"] = "C"
    variables["GIT_OPTIONAL_LOCKS"] = "0"
    variables["GIT_TERMINAL_PROMPT"] = "0"
    return variables


class Git:
    """A running git command. Output that is not read to its end is thrown away on closing."""

    def __init__(
        self, folder: str, arguments: Sequence[str], variables: Mapping[str, str], *, with_input: bool = False
    ) -> None:
        self._command = ["git", *(("-C", folder) if folder else ()), *_OPTIONS, *arguments]
        self._variables = variables
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self._input = -1
        if hasattr(os, "posix_spawnp"):
            self._spawn(with_input)
        else:
            self._open(with_input)

    def _spawn(self, with_input: bool) -> None:
        output, write_end = os.pipe()
        actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
            (os.POSIX_SPAWN_DUP2, write_end, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        read_end = -1
        if with_input:
            read_end, self._input = os.pipe()
            actions.append((os.POSIX_SPAWN_DUP2, read_end, 0))
        else:
            actions.append((os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0))
        self._output = output
        try:
            self._pid = os.posix_spawnp("git", self._command, self._variables, file_actions=actions)
        except OSError as error:
            os.close(output)
            if with_input:
                os.close(self._input)
            raise _missing(error) from None
        finally:
            os.close(write_end)
            if with_input:
                os.close(read_end)

    def _open(self, with_input: bool) -> None:
        import subprocess

        try:
            self._process = subprocess.Popen(
                [_executable(), *self._command[1:]],
                env=dict(self._variables),
                stdin=subprocess.PIPE if with_input else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        except OSError as error:
            raise _missing(error) from None
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        if self._process.stdin is not None:
            self._input = self._process.stdin.fileno()

    def write(self, content: bytes) -> None:
        """Send input; a command that has ended already is noticed when its output is read."""
        view = memoryview(content)
        try:
            while view:
                view = view[os.write(self._input, view) :]
        except OSError:
            return

    def read(self, size: int = 1 << 18) -> bytes:
        """Return some output, nothing at its end."""
        return os.read(self._output, size)

    def read_all(self) -> bytes:
        """Return all output and end the command; raise `GitError` with what git said when it failed."""
        pieces = []
        while piece := self.read():
            pieces.append(piece)
        if self.close() == 0:
            return b"".join(pieces)
        return self._again()

    def close(self) -> int:
        """Wait for the command and return its exit code."""
        if self._process is not None:
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
            return self._process.wait()
        if self._pid:
            if self._input >= 0:
                os.close(self._input)
            os.close(self._output)
            pid, self._pid = self._pid, 0
            self._code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return self._code

    def _again(self) -> bytes:
        """Repeat a command that failed, to learn why; all our commands only read."""
        import subprocess

        done = subprocess.run(
            [_executable(), *self._command[1:]],
            env=dict(self._variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            return done.stdout
        words = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {done.returncode}"]
        raise GitError(f"git failed: {words[0].removeprefix('fatal: ')}")


def _executable() -> str:
    """Find git in PATH, on Windows not in the current folder: it may hold a git.exe of the scanned tree."""
    if os.name != "nt":
        return "git"
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        candidate = os.path.join(folder, "git.exe")
        if os.path.isabs(folder) and os.path.isfile(candidate):
            return candidate
    raise FileNotFoundError("git.exe")


def _missing(error: OSError) -> GitError:
    if isinstance(error, FileNotFoundError):
        return GitError("git is not installed or not in PATH")
    return GitError(f"git cannot be started: {error.strerror or error}")
