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
_PLANS: dict[Any, dict[str, tuple[str, Any]]] = {}


def encode(value: Any) -> Any:
    """Return the JSON value of a sarif-om object, or of a plain value that may hold some."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is dict:
        return {key: encode(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [encode(item) for item in value]
    plan = _PLANS.get(kind) or _plan(kind)
    result = {}
    for name, item in vars(value).items():
        if item is None:
            continue
        if name not in plan:
            raise TypeError(f"{kind.__name__} has no attribute {name}")
        key, default = plan[name]
        if default is _NO_DEFAULT or item != default:
            result[key] = item if type(item) in _SCALARS else encode(item)
    return result


def _plan(kind: Any) -> dict[str, tuple[str, Any]]:
    """Return JSON key and default of each attribute of a class."""
    if not attr.has(kind):
        raise TypeError(f"{kind.__name__} cannot be written as SARIF")
    plan = {field.name: (field.metadata["schema_property_name"], _default(field)) for field in attr.fields(kind)}
    _PLANS[kind] = plan
    return plan


def _default(field: Any) -> Any:
    # A value of None is never written, so that a default of None needs no comparison.
    if field.name in _ALWAYS or field.default is attr.NOTHING or field.default is None:
        return _NO_DEFAULT
    return field.default.factory() if isinstance(field.default, attr.Factory) else field.default  # type: ignore[arg-type]
