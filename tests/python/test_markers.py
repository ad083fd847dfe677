"""Which families are asked does not depend on the way their words are looked for."""

from __future__ import annotations

import pytest

from mi_lint.python.markers import MANY, Markers
from mi_lint.python.registry import all_families

WORDS = sorted({marker for family in all_families() for marker in family.markers})
TEXTS = [b"", b"import os\n", *WORDS, b"x = '" + b"\n".join(WORDS) + b"'", *(word[:-1] for word in WORDS)]


def test_both_ways_find_the_same_words():
    pytest.importorskip("hyperscan")
    fast, slow = Markers(WORDS, MANY), Markers(WORDS, 1)
    assert [fast.present(text) for text in TEXTS] == [slow.present(text) for text in TEXTS]
    assert slow.present(b"") == {b""}
    assert slow.present(b"\n".join(WORDS)) == set(WORDS)
