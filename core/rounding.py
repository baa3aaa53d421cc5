"""Rounding of prices and quantities: the one implementation for engine, risk and executor.

A tick or step of 0 means: no rounding. Values within 1e-9 of a multiple count as that multiple, since 0.3 / 0.1 is
not 3 in binary. NaN stays NaN.

Each rule stands once, as a function that compiled code copies into itself (``*_inline``: a function from Numba's disk
cache can only be called, which costs more than rounding does), and is offered to Python compiled and cached.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_NEAR = 1e-9
_inline = njit(error_model="numpy", nogil=True, forceinline=True)
# np.floor and np.ceil, because math's give integers in compiled code, which turn NaN into a number


@_inline
def floor_inline(value: float, step: float) -> float:
    """Largest multiple of ``step`` not above ``value``."""
    if step <= 0.0:
        return value
    return np.floor(value / step + _NEAR) * step


@_inline
def ceil_inline(value: float, step: float) -> float:
    """Smallest multiple of ``step`` not below ``value``."""
    if step <= 0.0:
        return value
    return np.ceil(value / step - _NEAR) * step


@_inline
def entry_inline(price: float, direction: int, tick: float) -> float:
    """A limit entry rounded away from the market: a buy (direction +1) down, a sell up."""
    return floor_inline(price, tick) if direction > 0 else ceil_inline(price, tick)


@_inline
def exit_inline(price: float, direction: int, tick: float) -> float:
    """A target or stop: of a long (direction +1) up, of a short down."""
    return ceil_inline(price, tick) if direction > 0 else floor_inline(price, tick)


@njit("float64(float64, float64)", cache=True, nogil=True, error_model="numpy")
def floor_to_step(value: float, step: float) -> float:
    """Largest multiple of ``step`` not above ``value``; NaN stays NaN."""
    return floor_inline(value, step)


@njit("float64(float64, float64)", cache=True, nogil=True, error_model="numpy")
def ceil_to_step(value: float, step: float) -> float:
    """Smallest multiple of ``step`` not below ``value``; NaN stays NaN."""
    return ceil_inline(value, step)


@njit("float64(float64, int64, float64)", cache=True, nogil=True, error_model="numpy")
def entry_price(price: float, direction: int, tick: float) -> float:
    """A limit entry rounded away from the market: a buy (direction +1) down, a sell up."""
    return entry_inline(price, direction, tick)


@njit("float64(float64, int64, float64)", cache=True, nogil=True, error_model="numpy")
def target_price(price: float, direction: int, tick: float) -> float:
    """A take profit rounded away from the market: of a long (direction +1) up, of a short down."""
    return exit_inline(price, direction, tick)


@njit("float64(float64, int64, float64)", cache=True, nogil=True, error_model="numpy")
def stop_price(price: float, direction: int, tick: float) -> float:
    """A stop loss rounded towards the entry: of a long (direction +1) up, of a short down."""
    return exit_inline(price, direction, tick)
