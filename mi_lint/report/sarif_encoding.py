"""From sarif-om objects to plain JSON values, fast and without the traps of a general serializer.

A value that equals the default of its class is dropped, except ``level``: a reader takes an absent level from the
rule, so a dropped "warning" would be read as the rule's "error". Attributes that a class does not have are refused.
"""

from __future__ import annotations

from typing import Any

import attr
import sarif_om

om: Any = sarif_om

# sarif-om was made before https://github.com/oasis-tcs/sarif-spec/issues/449: it writes `state` for `status`.
Suppression: Any = attr.make_class(
    "Suppression",
    {"status": attr.ib(default=None, metadata={"schema_property_name": "status"})},
    bases=(om.Suppression,),
)

_SCALARS = frozenset({str, int, float, bool, type(None)})
_ALWAYS = frozenset({"level"})
_NO_DEFAULT = object()
_PLANS: dict[Any, tuple[tuple[str, str, Any], ...]] = {}


def encode(value: Any) -> Any:
    """Return the JSON value of a sarif-om object, or of a plain value that may hold some."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is dict:
        return {key: encode(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [encode(item) for item in value]
    plan = _plan(kind)
    attributes = vars(value)
    if len(attributes) != len(plan):
        unknown = sorted(attributes.keys() - {name for name, _, _ in plan})
        raise TypeError(f"{kind.__name__} has no attribute {', '.join(unknown)}")
    result = {}
    for name, key, default in plan:
        item = attributes[name]
        if item is not None and (default is _NO_DEFAULT or item != default):
            result[key] = item if type(item) in _SCALARS else encode(item)
    return result


def _plan(kind: Any) -> tuple[tuple[str, str, Any], ...]:
    """Return Python name, JSON key and default of each attribute of a class."""
    plan = _PLANS.get(kind)
    if plan is None:
        if not attr.has(kind):
            raise TypeError(f"{kind.__name__} cannot be written as SARIF")
        plan = tuple(
            (field.name, field.metadata["schema_property_name"], _default(field)) for field in attr.fields(kind)
        )
        _PLANS[kind] = plan
    return plan


def _default(field: Any) -> Any:
    if field.name in _ALWAYS or field.default is attr.NOTHING:
        return _NO_DEFAULT
    return field.default.factory() if isinstance(field.default, attr.Factory) else field.default  # type: ignore[arg-type]
