from __future__ import annotations

import pytest

from mi_lint.report.sarif_encoding import Suppression, encode, om


def test_defaults_are_dropped_but_levels_are_not():
    result = om.Result(message=om.Message(text="x"))
    assert encode(result) == {"message": {"text": "x"}, "level": "warning"}
    assert encode(om.ReportingConfiguration()) == {"level": "warning"}


def test_values_that_differ_from_the_default_are_kept():
    assert encode(om.Location(id=0)) == {"id": 0}
    assert encode(om.Invocation(execution_successful=False)) == {"executionSuccessful": False}


def test_a_misspelt_attribute_is_refused():
    result = om.Result(message=om.Message(text="x"))
    result.rul_id = "MI101"
    with pytest.raises(TypeError, match="Result has no attribute rul_id"):
        encode(result)


def test_what_is_no_sarif_is_refused():
    with pytest.raises(TypeError, match="set cannot be written"):
        encode({"a": {1}})


def test_a_suppression_has_the_status_of_the_final_standard():
    assert encode(Suppression(kind="external", status="accepted")) == {"kind": "external", "status": "accepted"}
