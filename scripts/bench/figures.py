"""A measured figure with what it is to be compared with."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

PER_CANDLE: Final = "ns/cc"
"""Nanoseconds of CPU for one candle of one combination of parameters."""


class Figure(NamedTuple):
    """One line of the report. ``goal`` is '' where there is none; ``met`` None without a goal."""

    subject: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None
    beside: str = ""


def at_most(subject: str, value: float, unit: str, goal: float, beside: str = "") -> Figure:
    """A figure that is better when smaller."""
    return Figure(subject, value, unit, f"<= {goal:g}", value <= goal, beside)


def at_least(subject: str, value: float, unit: str, goal: float, beside: str = "") -> Figure:
    """A figure that is better when larger."""
    return Figure(subject, value, unit, f">= {goal:g}", value >= goal, beside)


TURN_S: Final = 0.02


def _turn(function: Callable[[], object]) -> float:
    """CPU seconds of one call, over as many as fill a turn."""
    began, calls = time.process_time(), 0
    while True:
        function()
        calls += 1
        spent = time.process_time() - began
        if spent >= TURN_S:
            return spent / calls


def interleaved(functions: Mapping[str, Callable[[], object]], repetitions: int = 9) -> dict[str, float]:
    """Median CPU seconds of each function, run in turns so that noise hits all alike.

    A turn lasts at least `TURN_S`: a function of a millisecond is repeated, or it would be measured refilling the
    caches that the others emptied. Without garbage collection meanwhile, as `timeit` does: what it finds was left by
    others.
    """
    spent: dict[str, list[float]] = {name: [] for name in functions}
    collecting = gc.isenabled()
    gc.disable()
    try:
        for _ in range(repetitions):
            for name, function in functions.items():
                spent[name].append(_turn(function))
    finally:
        if collecting:
            gc.enable()
    return {name: statistics.median(times) for name, times in spent.items()}
