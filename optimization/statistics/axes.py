"""Which parameters of a strategy may be moved, and how far: read from the bounds that they declare."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Axis:
    """A number that may be moved: ``low`` and ``high`` are the least and the largest value that it may take.

    step : 0 for a continuous parameter; else it moves by whole steps, one at least (1 for an integer).
    """

    name: str
    low: float
    high: float
    step: float = 0.0


def axes(model: type[BaseModel], names: Iterable[str]) -> list[Axis]:
    """An axis for each of ``names`` whose field in ``model`` is an int or a float; a bool or a word has none."""
    fields = ((name, model.model_fields[name]) for name in names)
    return [_axis(name, field) for name, field in fields if field.annotation in (int, float)]


def _axis(name: str, field: FieldInfo) -> Axis:
    low, high = -math.inf, math.inf
    whole = field.annotation is int
    for bound in field.metadata:  # a value below a bound that it may not reach is the next one
        if isinstance(bound, Ge):
            low = max(low, float(bound.ge))  # type: ignore[arg-type]
        elif isinstance(bound, Gt):
            low = max(low, _next(float(bound.gt), math.inf, whole))  # type: ignore[arg-type]
        elif isinstance(bound, Le):
            high = min(high, float(bound.le))  # type: ignore[arg-type]
        elif isinstance(bound, Lt):
            high = min(high, _next(float(bound.lt), -math.inf, whole))  # type: ignore[arg-type]
    return Axis(name, low, high, 1.0 if whole else 0.0)


def _next(bound: float, towards: float, whole: bool) -> float:
    return bound + math.copysign(1.0, towards) if whole else math.nextafter(bound, towards)
