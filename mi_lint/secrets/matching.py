"""From anchors to candidates: run the patterns of the rules where an anchor stands, also through disguises."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

    from mi_lint.rulebook.compiled import Form, MatchTable
    from mi_lint.secrets.anchors import FallbackEngine, HyperscanEngine
    from mi_lint.secrets.views import View

    Engine = FallbackEngine | HyperscanEngine
    Translate = Callable[[int, int], tuple[int, int]]
    Places = dict[int, list[tuple[int, int]]]  # form -> spans

# Bytes that a pattern's closing guard may look at behind the longest match.
GUARD = 64
# Escapes make text longer than what a pattern can match: the window in which they are undone is wider on both sides.
SLACK = 200
MAX_SLACK = 600
# A secret inside base64 inside base64 is seen; deeper nesting is a quine, not a configuration.
MAX_DEPTH = 3


class Candidate:
    """A match of one form. ``text`` is where it was found (the file, or what a disguise hid); offsets with ``source_``
    are those of the secret in the file's text. ``around`` is the text that the disguise stands in, with the secret's
    offsets there: evidence may stand outside of what was undone.
    """

    __slots__ = ("around", "form", "layer", "match", "secret", "source_end", "source_start", "text")

    def __init__(
        self,
        form: Form,
        match: re.Match[bytes],
        text: bytes,
        source: tuple[int, int],
        layer: str,
        around: tuple[bytes, int, int] | None = None,
    ) -> None:
        self.form = form
        self.match = match
        self.text = text
        self.source_start, self.source_end = source
        self.layer = layer
        self.secret: bytes = match["secret"]
        self.around = around


def find(
    data: bytes,
    table: MatchTable,
    engine: Engine,
    hits: list[tuple[int, int]] | None = None,
    focus: tuple[int, int] | None = None,
) -> list[Candidate]:
    """Return every candidate in a text, disguised ones included, each place once per form.

    ``hits`` are the anchors in the text where the caller has looked for them already. With ``focus``, a span of the
    text, candidates that lie outside of it may be missing.
    """
    if hits is None:
        hits = engine.hits(data)
    if not hits:
        return []
    found: dict[tuple[int, int, int], Candidate] = {}
    for candidate in _search(data, hits, table, engine, None, "", 0, focus):
        found.setdefault((candidate.form.index, candidate.source_start, candidate.source_end), candidate)
    return list(found.values())


def _search(
    data: bytes,
    hits: list[tuple[int, int]],
    table: MatchTable,
    engine: Engine,
    translate: Translate | None,
    layer: str,
    depth: int,
    focus: tuple[int, int] | None = None,
) -> Iterator[Candidate]:
    first_needle = len(table.anchors)
    first_mark = first_needle + len(table.needles)
    places: Places = {}
    needles: list[int] = []
    kubernetes = False
    for number, end in hits:
        if number < first_needle:
            anchor = table.anchors[number]
            for index in anchor.forms:
                reach = table.forms[index].reach
                if focus is not None and _misses(focus, end, reach):
                    continue
                _add(places.setdefault(index, []), max(0, end - reach), end - anchor.width + reach + GUARD)
        elif number < first_mark:
            needles.append(end)
        else:
            kubernetes = True
    if places:
        yield from _in_plain(data, places, table, translate, layer)
        yield from _in_undone(data, places, table, translate, layer)
    if depth < MAX_DEPTH and (needles or kubernetes):
        for view, name in _hidden(data, needles, kubernetes):
            inner = _through(view, translate)
            yield from _search(view.data, engine.hits(view.data), table, engine, inner, name, depth + 1)


def _misses(focus: tuple[int, int], anchor_end: int, reach: int) -> bool:
    """Tell whether a match around an anchor cannot touch a span, even where escapes make it longer."""
    far = reach + min(reach, MAX_SLACK) + SLACK + GUARD
    return anchor_end + far < focus[0] or anchor_end - far > focus[1]


def _add(spans: list[tuple[int, int]], start: int, end: int) -> None:
    """Add a span that starts no earlier than the last one, and join the two where they touch.

    Joined at once, because a hostile file has millions of anchors.
    """
    if spans and start <= spans[-1][1]:
        if end > spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
    else:
        spans.append((start, end))


def _in_plain(
    data: bytes, places: Places, table: MatchTable, translate: Translate | None, layer: str
) -> Iterator[Candidate]:
    for index, spans in places.items():
        form = table.forms[index]
        for start, end in spans:
            for match in form.expression.finditer(data, start, end):
                span = match.span("secret")
                yield Candidate(form, match, data, translate(*span) if translate else span, layer)


def _in_undone(
    data: bytes, places: Places, table: MatchTable, translate: Translate | None, layer: str
) -> Iterator[Candidate]:
    """Look again where escapes and split strings were undone; what forms look at together is undone once."""
    from bisect import bisect_right

    from mi_lint.secrets.views import normalise

    size = len(data)
    # (start, end, form, end of the first anchor, start of the last one)
    wider: list[tuple[int, int, int, int, int]] = []
    for index, spans in places.items():
        reach = table.forms[index].reach
        slack = min(reach, MAX_SLACK) + SLACK
        wider += [
            (max(0, start - slack), min(size, end + slack), index, start + reach, end - reach - GUARD)
            for start, end in spans
        ]
    wider.sort()
    together: list[tuple[int, int]] = []
    for entry in wider:
        _add(together, entry[0], entry[1])
    at = 0
    for begin, stop in together:
        view = normalise(data, begin, stop)
        first, at = at, bisect_right(wider, (stop, size, 0, 0, 0), at)
        if view is None:
            continue
        inner = _through(view, translate)
        for _, _, index, anchor_end, anchor_start in wider[first:at]:
            form = table.forms[index]
            # What is undone is shorter: the anchor's place in the view decides how far a match can reach.
            low = max(0, view.position(anchor_end) - form.reach)
            high = view.position(max(0, anchor_start)) + form.reach + GUARD
            seams = view.seams(low, high)
            if seams is None:
                continue
            # Only a match over a seam is news: the others were found in the text as it is.
            low = max(low, seams[0] - form.reach)
            high = min(high, seams[1] + form.reach + GUARD)
            for match in form.expression.finditer(view.data, low, high):
                if view.altered(*match.span()):
                    span = match.span("secret")
                    around = (data, *view.source_span(*span))
                    yield Candidate(form, match, view.data, inner(*span), layer or "escapes", around)


def _through(view: View, outer: Translate | None) -> Translate:
    if outer is None:
        return view.source_span
    translate = outer

    def both(start: int, end: int) -> tuple[int, int]:
        return translate(*view.source_span(start, end))

    return both


def _hidden(data: bytes, needles: list[int], kubernetes: bool) -> Iterator[tuple[View, str]]:
    from mi_lint.secrets import views

    covered = 0
    for position in needles:
        if position <= covered:
            continue
        view = views.base64_views(data, position - 1)
        if view is None:
            # Unreadable from here on is unreadable from its next needle on.
            covered = views.run_end(data, position)
            continue
        covered = max(position, view.source_span(0, len(view.data))[1])
        yield view, "base64"
    if kubernetes:
        for view in views.kubernetes_secret_values(data):
            yield view, "Kubernetes Secret"
