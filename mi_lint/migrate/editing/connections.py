"""Take the user and the password out of connection strings and database URLs, where code puts them together."""

from __future__ import annotations

import re

from mi_lint.migrate.editing.changes import Change
from mi_lint.migrate.editing.spelled import SpelledEditor
from mi_lint.python import odbc
from mi_lint.python.database_urls import URL

AUTHENTICATION = "Authentication=ActiveDirectoryMsi"
_OLD_DRIVER = re.compile(r"(?i)FreeTDS|\{\{?SQL Server(?: Native Client [\d.]+)?\}|ODBC Driver 1[13] for")


def without_password(editor: SpelledEditor, authentication: str = AUTHENTICATION) -> tuple[Change, ...]:
    """Let a connection string of SQL Server sign in with a managed identity."""
    written = False
    for names in (frozenset({"authentication"}), odbc.PASSWORD):
        part = _part(editor, names)
        if part is not None and not written:
            editor.cut(part.start, part.end, part.space + authentication)
            written = True
        elif part is not None:
            _remove(editor, part)
    user = _part(editor, odbc.USER)
    if user is not None:
        _remove(editor, user)
    return editor.changes()


def old_driver(text: str) -> bool:
    """Whether a connection string names a driver that knows no managed identities."""
    return _OLD_DRIVER.search(text) is not None


def _part(editor: SpelledEditor, names: frozenset[str]) -> odbc.Segment | None:
    return next((part for part in odbc.segments(editor.text) if part.key in names), None)


def _remove(editor: SpelledEditor, part: odbc.Segment) -> None:
    """Take a part out with one of the semicolons beside it: the one that leaves more of the code as it is."""
    text = editor.text
    after = (part.start, part.end + 1) if text[part.end : part.end + 1] == ";" else None
    before = (part.start - 1, part.end) if part.start and text[part.start - 1] == ";" else None
    if after and (before is None or editor.pieces_in(*after) <= editor.pieces_in(*before)):
        editor.cut(*after)
    else:
        editor.cut(*(before or (part.start, part.end)))


def url_without_user(editor: SpelledEditor, query: str) -> tuple[Change, ...]:
    """Take the user information out of a URL and add to its query."""
    match = URL.match(editor.text)
    if match is not None and match["userinfo"] is not None:
        editor.cut(match.start("userinfo"), match.end("userinfo") + 1)
    if not query:
        return editor.changes()
    place = editor.text.find("?")
    if place < 0:
        editor.append("?" + query)
    else:
        editor.cut(place, place + 1, f"?{query}&" if editor.text[place + 1 :] else f"?{query}")
    return editor.changes()


def url_without_password(editor: SpelledEditor) -> tuple[Change, ...]:
    """Take the password out of a URL; the user's name stays."""
    match = URL.match(editor.text)
    colon = editor.text.find(":", match.start("userinfo")) if match is not None and match["userinfo"] else -1
    if match is not None and 0 <= colon < match.end("userinfo"):
        editor.cut(colon, match.end("userinfo"))
    return editor.changes()
