"""Rounding of prices and quantities: the one implementation for engine, risk and executor.

A tick or step of 0 means: no rounding. Values within 1e-9 of a multiple count as that multiple, since 0.3 / 0.1 is
not 3 in binary. NaN stays NaN.

Plain Python, so that processes which only place orders need not load a compiler; `engine.rounding` compiles these very
functions for the engine. NumPy's floor and ceil, because math's give integers, which NaN cannot become.
"""

from __future__ import annotations

import numpy as np

_NEAR = 1e-9


def floor_to_step(value: float, step: float) -> float:
    """Largest multiple of ``step`` not above ``value``."""
    if step <= 0.0:
        return value
    return float(np.floor(value / step + _NEAR)) * step


def ceil_to_step(value: float, step: float) -> float:
    """Smallest multiple of ``step`` not below ``value``."""
    if step <= 0.0:
        return value
    return float(np.ceil(value / step - _NEAR)) * step


def entry_price(price: float, direction: int, tick: float) -> float:
    """A limit entry rounded away from the market: a buy (direction +1) down, a sell up."""
    return floor_to_step(price, tick) if direction > 0 else ceil_to_step(price, tick)


def target_price(price: float, direction: int, tick: float) -> float:
    """A take profit rounded away from the market: of a long (direction +1) up, of a short down."""
    return ceil_to_step(price, tick) if direction > 0 else floor_to_step(price, tick)


def stop_price(price: float, direction: int, tick: float) -> float:
    """A stop loss rounded towards the entry: of a long (direction +1) up, of a short down."""
    return ceil_to_step(price, tick) if direction > 0 else floor_to_step(price, tick)
