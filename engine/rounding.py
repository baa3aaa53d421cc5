"""The functions of `core.rounding`, compiled for the engine from the same source."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from numba import njit

from core import rounding
from engine.branch import rarely

inline = njit(error_model="numpy", nogil=True, forceinline=True)
"""For functions that are copied into their few callers: a call with a dozen records costs more than most of them do."""

borrowing = njit(error_model="numpy", nogil=True, forceinline=True, _nrt=False)
"""For functions of arrays that allocate nothing: no reference counts, whose atomics would double the walk's time."""


def _compiled(function: Callable[..., float], **callees: Any) -> Any:
    """``function`` compiled, with the functions that it calls replaced by compiled ones."""
    assert isinstance(function, FunctionType)
    return inline(FunctionType(function.__code__, {**function.__globals__, **callees}, function.__name__))


_CALLEES = {
    "floor_to_step": _compiled(rounding.floor_to_step),
    "ceil_to_step": _compiled(rounding.ceil_to_step),
}

_entry, _target, _stop = (
    _compiled(function, **_CALLEES) for function in (rounding.entry_price, rounding.target_price, rounding.stop_price)
)
_floor = _CALLEES["floor_to_step"]


@inline
def floor_to_step(value, step):
    """`core.rounding.floor_to_step`."""
    if rarely(step > 0.0):
        return _floor(value, step)
    return value


@inline
def entry_price(price, direction, tick):
    """`core.rounding.entry_price`."""
    if rarely(tick > 0.0):
        return _entry(price, direction, tick)
    return price


@inline
def target_price(price, direction, tick):
    """`core.rounding.target_price`."""
    if rarely(tick > 0.0):
        return _target(price, direction, tick)
    return price


@inline
def stop_price(price, direction, tick):
    """`core.rounding.stop_price`."""
    if rarely(tick > 0.0):
        return _stop(price, direction, tick)
    return price
