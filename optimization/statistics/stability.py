"""Stability: does the result survive when the chosen parameters are moved a little."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.candle import Floats
from core.errors import InputError
from optimization.statistics.axes import Axis
from optimization.statistics.estimate import Estimate
from optimization.statistics.returns import sound

SHIFTS = (-0.20, -0.10, 0.10, 0.20)
MOST_INSTABILITY = 1000.0


def neighbours(params: Mapping[str, Any], axes: Sequence[Axis]) -> list[dict[str, Any]]:
    """``params`` with one of ``axes`` moved by each of `SHIFTS`, as fractions of its value; all others unchanged.

    A moved value stays within the axis' bounds; integers stay integers. What would repeat a neighbour, or move
    nothing, is left out, so that there may be fewer than four an axis. Rules between parameters are not known here.
    """
    return [{**params, axis.name: value} for axis in axes for value in dict.fromkeys(_moved(params[axis.name], axis))]


def instability(sharpes: Floats, chosen: float) -> Estimate:
    """Variance (ddof 1) of the neighbours' out-of-sample Sharpe ratios over the square of the chosen one's.

    ``sharpes`` is float64[n_neighbours], both as annualised. At most `MOST_INSTABILITY`, which it is, undefined, with
    fewer than two neighbours or a chosen ratio of 0.
    """
    values = sound(sharpes, "Sharpe ratios of neighbours")
    if not math.isfinite(chosen):
        raise InputError(f"chosen Sharpe ratio = {chosen}: allowed are finite numbers")
    if len(values) < 2 or abs(chosen) <= 1e-12:
        return Estimate(MOST_INSTABILITY, defined=False)
    deviation = float(values.std(ddof=1)) / abs(chosen)  # squared last, since a square may underflow
    return Estimate(min(deviation, math.sqrt(MOST_INSTABILITY)) ** 2)


def moved(value: float, axis: Axis, shift: float) -> float:
    """``value`` moved by ``shift`` of itself, by one whole step at least, within the axis' bounds; its type kept."""
    change = abs(value) * shift
    if axis.step:
        steps = max(round(abs(change) / axis.step), 1)
        change = math.copysign(steps * axis.step, change)
    return type(value)(min(max(value + change, axis.low), axis.high))


def _moved(value: float, axis: Axis) -> Iterator[float]:
    """Where the shifts lead, without what does not move."""
    for shift in SHIFTS:
        found = moved(value, axis, shift)
        if found != value:
            yield found
