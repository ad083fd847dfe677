"""Read the comments that say which findings not to show.

``mi-lint: ignore[MI101] reason`` and its forms ``ignore-next-line`` and ``ignore-file`` stand in the comment style of
any language, or in a JSON string. The marks of detect-secrets (``pragma: allowlist secret``) and gitleaks
(``gitleaks:allow``) are read as those tools read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mi_lint.suppress.rows import Rows

LINE: Final = "ignore"
NEXT: Final = "ignore-next-line"
FILE: Final = "ignore-file"
VERBS: Final = (LINE, NEXT, FILE)
# What a row may hold before a directive is looked at no further back than this.
MAX_BEFORE: Final = 1024
MAX_TEXT: Final = 2000

_ANCHOR: Final = re.compile(
    rb"""(?x)
    mi-lint:[ \t]{0,8}(?P<verb>[A-Za-z][A-Za-z-]{0,30})
    | (?P<next>pragma:[ ]?allowlist[ -]nextline[ -]secret)
    | (?P<pragma>pragma:[ ]?(?:allow|white)list[ -]secret)
    | (?P<gitleaks>gitleaks:allow)
    """
)

# How a comment begins, longer marks first. The star is that of a block comment's inner line; a quote opens a JSON
# string, or a comment of Visual Basic or Vim, and no quote that closes a string is meant.
_MARK: Final = rb"""(?:
    \{\{-?[ ]?/\* | \{\{!-{0,2} | \{\#-? | <%[\#-]-? | <!--+ | <\# | \{- | \(\* | @\* | /\*+!? | //+[/!]? | \#+[!|]?
    | --+(?:\[=*\[)? | ;+ | %+ | ::+ | \.\. | \b(?i:rem|dnl) | ! | \*
    | (?:\A|(?<=[\s:,(\[{]))["']
)"""
_MARK_RIGHT_BEFORE: Final = re.compile(rb"(?x)" + _MARK + rb"\Z")
# Something else may stand in the comment first: `# pylint: disable=… mi-lint: ignore`.
_COMMENT_EARLIER: Final = re.compile(rb"(?x)(?:^|[\s\"',;(){}\[\]])(?:\#|//|/\*|<!--|--|;|%|\{\#|::|(?i:rem)\b)")
_LONGEST_MARK: Final = 32
_RULES: Final = re.compile(r"\s*\[([^\]\n]*)(\]?)")
_BARE_IDS: Final = re.compile(r"[ \t]*[:=(]?[ \t]*([A-Z]{2,8}[0-9]{3,6}\b(?:[ \t]*,?[ \t]*[A-Z]{2,8}[0-9]{3,6}\b)*)")
# How a comment, or the JSON string around it, ends.
_COMMENT_END: Final = re.compile(
    r"""(?x) \*/ | --+!?> | -{0,2}%> | -?\#\} | -{0,2}\}\} | \#> | -\} | \]=*\] | \*\) | \*@ | \\[nr] | "[\s,\]}:]*$ """
)
_STRING_END: Final = re.compile(r"""(?<!\\)"(?=\s*[,}\]\n]|\s*$)""")
# What people write who know another tool's word.
_OTHER_WORDS: Final = ("allow", "allowlist", "disable", "noqa", "nosec", "off", "skip", "suppress")
PROSE: Final = (".md", ".markdown", ".mdx", ".rst", ".adoc", ".txt")


class Directive:
    """One suppression. ``rules`` are as written, empty for all; ``start`` and ``end`` enclose the comment's words."""

    __slots__ = ("end", "foreign", "kind", "prose", "reason", "rules", "start", "used")

    def __init__(self, kind: str, rules: tuple[str, ...], start: int, end: int, reason: str, *, foreign: bool) -> None:
        self.kind = kind
        self.rules = rules
        self.start = start
        self.end = end
        self.reason = reason
        self.foreign = foreign
        self.prose = False
        self.used: set[str] = set()


class Problem:
    """A comment that looks like a suppression and cannot be one, or not as it was meant."""

    __slots__ = ("offset", "text")

    def __init__(self, offset: int, text: str) -> None:
        self.offset = offset
        self.text = text


def read(rows: Rows, *, foreign: bool) -> Iterator[Directive | Problem]:
    """Yield the suppressions of a text in the order in which they stand."""
    for match in _ANCHOR.finditer(rows.data):
        row_start, row_end = rows.row(match.start())
        before = rows.data[max(row_start, match.start() - MAX_BEFORE) : match.start()]
        if match["verb"] is not None:
            text = rows.data[match.end() : min(row_end, match.end() + MAX_TEXT)].decode("utf-8", "replace")
            if _in_comment(before):
                found = _own(match, _until_quote(text) if before.endswith(b'"') else text)
                if isinstance(found, Directive):
                    found.prose = rows.path.lower().endswith(PROSE) and b"<!--" not in before
                if found is not None:
                    yield found
        elif foreign and _foreign_applies(match, before):
            kind = NEXT if match["next"] is not None else LINE
            reason = match[0].decode("ascii")
            yield Directive(kind, (), match.start(), match.end(), reason, foreign=True)


def _in_comment(before: bytes) -> bool:
    text = before.rstrip(b" \t")
    if not text or _mark_at_end(text) is not None:
        return True
    return len(text) < len(before) and _COMMENT_EARLIER.search(before) is not None


def _mark_at_end(text: bytes) -> re.Match[bytes] | None:
    """Return the comment mark with which a text ends; only its last characters are searched."""
    return _MARK_RIGHT_BEFORE.search(text, max(0, len(text) - _LONGEST_MARK))


def _foreign_applies(match: re.Match[bytes], before: bytes) -> bool:
    if match["gitleaks"] is not None:
        return True
    if match["next"] is not None:
        # As in detect-secrets, nothing else may stand on the line: it could hide what is allowed.
        text = before.rstrip(b" \t")
        mark = _mark_at_end(text)
        return mark is not None and not text[: mark.start()].strip()
    return _in_comment(before)


def _until_quote(text: str) -> str:
    """Cut off what follows the JSON string in which a directive stands; in Vim's comments a quote ends nothing."""
    end = _STRING_END.search(text)
    return text[: end.start() + 1] if end else text


def _own(match: re.Match[bytes], text: str) -> Directive | Problem | None:
    verb = match["verb"].decode("ascii").rstrip("-")
    if verb not in VERBS:
        return _unknown_verb(match.start(), verb)
    listed = _RULES.match(text)
    if listed is not None and not listed[2]:
        return Problem(match.start(), f"'{verb}[' has no closing ']'")
    rules: tuple[str, ...] = ()
    rest = text
    if listed is not None:
        rules = tuple(word.strip() for word in listed[1].split(",") if word.strip())
        rest = text[listed.end() :]
        if not rules:
            return Problem(match.start(), f"'{verb}[]' names no rule; write '{verb}[MI101]'")
    else:
        bare = _BARE_IDS.match(text)
        if bare is not None:
            # Taken for all rules it would hide more than its author thinks of.
            return Problem(
                match.start(), f"rules go into brackets: '{verb}[{', '.join(re.findall('[A-Z]+[0-9]+', bare[1]))}]'"
            )
    ending = _COMMENT_END.search(rest)
    reason = rest[: ending.start()] if ending else rest
    end = match.end() + len(text[: len(text) - len(rest)].encode("utf-8")) + len(reason.rstrip().encode("utf-8"))
    return Directive(verb, rules, match.start(), end, reason.strip(" \t:,.-–—"), foreign=False)


def _unknown_verb(offset: int, verb: str) -> Problem | None:
    """Complain only about what was meant as a suppression; other words after our name are prose."""
    import difflib

    close = difflib.get_close_matches(verb.lower(), [*VERBS, *_OTHER_WORDS], n=1, cutoff=0.75)
    if not close:
        return None
    meant = close[0] if close[0] in VERBS else LINE
    return Problem(offset, f"'mi-lint: {verb}' is unknown; did you mean 'mi-lint: {meant}'?")
