"""Whatever a value is, it is taken or refused with a sentence; nothing else happens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mi_lint.configuration import ConfigError
from mi_lint.configuration.options import OPTIONS
from mi_lint.configuration.values import checked

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(st.sampled_from(OPTIONS), VALUES)
def test_any_value_is_taken_or_refused_with_a_sentence(option, value):
    message = ""
    try:
        checked(option, value, "pyproject.toml:1: 'key'", "base")
    except ConfigError as error:
        message = str(error)
    assert not message or message.startswith("pyproject.toml:1: 'key'")
    assert not message or " must " in message
    assert message.isprintable()


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_default_is_a_valid_value(option):
    assert checked(option, option.default, "x", "") == option.default


def test_long_values_are_cut_in_messages():
    with pytest.raises(ConfigError) as caught:
        checked(OPTIONS[3], "x" * 500, "x", "")
    assert len(str(caught.value)) < 200
