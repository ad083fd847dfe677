"""What the reports say of the git repository: read from its files, without a process and without credentials."""

from __future__ import annotations

import os
import re
from urllib.parse import quote, unquote, urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SCP_LIKE = re.compile(r"(?:[^@/\s]+@)?([A-Za-z0-9.-]+):(?!/)(\S+)")
_SECTION = re.compile(r'\[\s*([A-Za-z0-9.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]')
_AZURE_DEVOPS_SSH = re.compile(r"(?:ssh\.dev\.azure\.com|vs-ssh\.visualstudio\.com)/v3/([^/]+)/([^/]+)/([^/]+)")
_MAX_FILE = 1 << 20


class Repository:
    """What is known; anything may be empty. ``prefix`` leads from the root to the scanned folder, as in ``"a/b/"``."""

    __slots__ = ("branch", "prefix", "revision", "url")

    def __init__(self, prefix: str, url: str = "", revision: str = "", branch: str = "") -> None:
        self.prefix = prefix
        self.url = url
        self.revision = revision
        self.branch = branch


def find_repository(folder: str) -> Repository | None:
    """Describe the repository that holds ``folder``, or return None outside of one."""
    start = os.path.realpath(folder or ".")
    top = start
    while not os.path.exists(os.path.join(top, ".git")):
        parent = os.path.dirname(top)
        if parent == top:
            return None
        top = parent
    relative = os.path.relpath(start, top).replace(os.sep, "/")
    prefix = "" if relative == "." else f"{relative}/"
    git = _git_folder(os.path.join(top, ".git"))
    common = os.path.normpath(os.path.join(git, _read(os.path.join(git, "commondir")).strip() or "."))
    revision, branch = _head(git, common)
    return Repository(prefix, public_url(_remote(_read(os.path.join(common, "config")))), revision, branch)


def repository_prefix(folder: str) -> str:
    """Return what makes paths in ``folder`` relative to the root of its repository, as CI systems want them."""
    repository = find_repository(folder)
    return repository.prefix if repository is not None else ""


def public_url(remote: str) -> str:
    """Return the address of a remote as an absolute URI without user, password, query and fragment.

    The way git reaches a server often carries a token. Remotes in the local file system have no public address.
    """
    remote = remote.strip()
    if "://" not in remote:
        match = _SCP_LIKE.fullmatch(remote)
        # One letter before the colon is a drive of Windows.
        if not match or len(match[1]) < 2:
            return ""
        return _web_address(match[1], match[2])
    try:
        parts = urlsplit(remote)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https", "ssh", "git") or not host:
        return ""
    web = parts.scheme in ("http", "https")
    return _web_address(f"{host}:{port}" if port and web else host, parts.path, parts.scheme if web else "https")


def _web_address(host: str, path: str, scheme: str = "https") -> str:
    path = quote(unquote(path.strip("/")), safe="/:@!$&'()*+,;=~")
    if path.endswith(".git"):
        path = path[: -len(".git")]
    azure = _AZURE_DEVOPS_SSH.fullmatch(f"{host}/{path}")
    if azure:
        return f"https://dev.azure.com/{azure[1]}/{azure[2]}/_git/{azure[3]}"
    return f"{scheme}://{host}/{path}" if path else ""


def _git_folder(dot_git: str) -> str:
    """Follow the file that stands for the folder in a worktree or submodule."""
    if os.path.isdir(dot_git):
        return dot_git
    target = _read(dot_git).partition("gitdir:")[2].strip()
    return os.path.normpath(os.path.join(os.path.dirname(dot_git), target))


def _head(git: str, common: str) -> tuple[str, str]:
    """Return revision and branch; the branch is empty when HEAD is detached, the revision before the first commit."""
    head = _read(os.path.join(git, "HEAD")).strip()
    if not head.startswith("ref:"):
        return (head, "") if _REVISION.fullmatch(head) else ("", "")
    reference = head[len("ref:") :].strip()
    branch = reference[len("refs/heads/") :] if reference.startswith("refs/heads/") else ""
    if ".invalid" in reference or ".." in reference:
        # A repository with the reftable format; its references are not in plain files.
        return "", ""
    revision = _read(os.path.join(common, *reference.split("/"))).strip()
    if not _REVISION.fullmatch(revision):
        revision = _packed(_read(os.path.join(common, "packed-refs")), reference)
    return revision, branch


def _packed(references: str, wanted: str) -> str:
    for line in references.splitlines():
        revision, _, reference = line.partition(" ")
        if reference == wanted and _REVISION.fullmatch(revision):
            return revision
    return ""


def _remote(config: str) -> str:
    """Return the address of ``origin``, else of the first remote."""
    remotes: dict[str, str] = {}
    for name, url in _remotes(config):
        remotes.setdefault(name, url)
    return remotes.get("origin") or next(iter(remotes.values()), "")


def _remotes(config: str) -> Iterator[tuple[str, str]]:
    remote = ""
    for line in config.splitlines():
        text = line.strip()
        section = _SECTION.match(text)
        if section:
            remote = (section[2] or "") if section[1].lower() == "remote" else ""
        elif remote:
            key, _, value = text.partition("=")
            if key.strip().lower() == "url":
                yield remote, value.strip().strip('"')


def _read(path: str) -> str:
    try:
        if not os.path.isfile(path):
            # A named pipe would keep us waiting for ever.
            return ""
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(_MAX_FILE)
    except (OSError, ValueError):
        return ""
