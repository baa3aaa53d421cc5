"""Our records as text and back: JSON, in which dataclasses, named tuples and enumerations keep their type."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

from core.order import Side
from sandbox.account import ClosedPosition, FundingPayment, Position
from sandbox.faults.kinds import FaultKind
from sandbox.faults.plan import Injection
from sandbox.orders import Fill, Force, Hold, Order, PlanType, Status, Trigger, TriggerStatus
from sandbox.protection import Guarded, Naked

_TYPE: Final = "!"
_TUPLES: Final = (ClosedPosition, Fill, FundingPayment, Injection)
_DATACLASSES: Final = (Guarded, Naked, Order, Position, Trigger)
_RECORDS: Final[dict[str, Callable[..., Any]]] = {kind.__name__: kind for kind in (*_TUPLES, *_DATACLASSES)}
_NAMES: Final[dict[type, tuple[str, ...]]] = {
    **{kind: kind._fields for kind in _TUPLES},
    **{kind: tuple(field.name for field in dataclasses.fields(kind)) for kind in _DATACLASSES},
}
_ENUMERATIONS: Final[dict[str, type[Enum]]] = {
    kind.__name__: kind for kind in (FaultKind, Force, Hold, PlanType, Side, Status, TriggerStatus)
}


_PLAIN: Final = frozenset({type(None), str, int, float, bool})
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def pack(value: Any) -> str:
    """The text of a value. Raises TypeError for a type that it does not know, ValueError for what is no number."""
    return _ENCODER.encode(_shown(value))


def unpack(text: str) -> Any:
    """The value of a text. Raises ValueError, KeyError or TypeError when it is none that `pack` wrote."""
    return json.loads(text, object_hook=_read)


def _shown(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        return {key: _shown(item) for key, item in value.items()}
    if kind is list:
        return [_shown(item) for item in value]
    if kind is tuple:
        return {_TYPE: "tuple", "value": [_shown(item) for item in value]}
    if kind in _NAMES:
        shown = {name: _shown(getattr(value, name)) for name in _NAMES[kind]}
        shown[_TYPE] = kind.__name__
        return shown
    if kind.__name__ in _ENUMERATIONS:
        return {_TYPE: kind.__name__, "value": value.value}
    raise TypeError(f"cannot be saved: {kind.__name__}")


def _read(values: dict[str, Any]) -> Any:
    name = values.pop(_TYPE, None)
    if name is None:
        return values
    if name == "tuple":
        return tuple(values["value"])
    if name in _ENUMERATIONS:
        return _ENUMERATIONS[name](values["value"])
    return _RECORDS[name](**values)
