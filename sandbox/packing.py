"""Our records as text and back: JSON, in which dataclasses, named tuples and enumerations keep their type."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

from core.order import Side
from sandbox.account import Account, ClosedPosition, Position
from sandbox.faults.kinds import FaultKind
from sandbox.faults.plan import Injection
from sandbox.orders import Fill, Force, Hold, Order, PlanType, Status, Trigger, TriggerStatus
from sandbox.protection import Guarded, Naked

_TYPE: Final = "!"
_RECORDS: Final[dict[str, Callable[..., Any]]] = {
    kind.__name__: kind for kind in (ClosedPosition, Fill, Guarded, Injection, Naked, Order, Position, Trigger)
}
_ENUMERATIONS: Final[dict[str, type[Enum]]] = {
    kind.__name__: kind for kind in (FaultKind, Force, Hold, PlanType, Side, Status, TriggerStatus)
}


def pack(value: Any) -> str:
    """The text of a value. Raises TypeError for a type that it does not know."""
    return json.dumps(_shown(value), separators=(",", ":"))


def unpack(text: str) -> Any:
    """The value of a text. Raises ValueError, KeyError or TypeError when it is none that `pack` wrote."""
    return json.loads(text, object_hook=_read)


def _shown(value: Any) -> Any:
    if isinstance(value, Enum):
        return {_TYPE: type(value).__name__, "value": value.value}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, Account | type):
        names = [field.name for field in dataclasses.fields(value)]
        return {_TYPE: type(value).__name__, **{name: _shown(getattr(value, name)) for name in names}}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {_TYPE: type(value).__name__, **{n: _shown(getattr(value, n)) for n in value._fields}}
    if isinstance(value, tuple):
        return {_TYPE: "tuple", "value": [_shown(item) for item in value]}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    raise TypeError(f"cannot be saved: {type(value).__name__}")


def _read(values: dict[str, Any]) -> Any:
    name = values.pop(_TYPE, None)
    if name is None:
        return values
    if name == "tuple":
        return tuple(values["value"])
    if name in _ENUMERATIONS:
        return _ENUMERATIONS[name](values["value"])
    return _RECORDS[name](**values)
