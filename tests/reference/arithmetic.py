"""Rounding, levels and chance in plain Python, each operation in the order of docs/execution.md."""

from __future__ import annotations

import math

from core.plan import Level, Price

_NEAR = 1e-9
_MASK = (1 << 64) - 1


def floor_to(value: float, step: float) -> float:
    """Largest multiple of ``step`` not above ``value``; a step of 0 and NaN leave the value."""
    if step <= 0.0 or math.isnan(value):
        return value
    return math.floor(value / step + _NEAR) * step


def ceil_to(value: float, step: float) -> float:
    """Smallest multiple of ``step`` not below ``value``; a step of 0 and NaN leave the value."""
    if step <= 0.0 or math.isnan(value):
        return value
    return math.ceil(value / step - _NEAR) * step


def round_entry(price: float, d: int, tick: float) -> float:
    """A buy down, a sell up."""
    return floor_to(price, tick) if d > 0 else ceil_to(price, tick)


def round_exit(price: float, d: int, tick: float) -> float:
    """A target or stop: of a long up, of a short down."""
    return ceil_to(price, tick) if d > 0 else floor_to(price, tick)


def price_of(reference: float, coefficient: float, unit: float, d: int) -> float:
    """``reference + (d * coefficient) * unit``."""
    return reference + (d * coefficient) * unit


def level_price(level: Level, values: tuple[float, float], d: int, average: float, first: float) -> float:
    """A level's price, not rounded; ``values`` are those of its reference and unit columns (NaN where it has none)."""
    if isinstance(level.reference, Price):
        reference = average if level.reference is Price.AVERAGE else first
    else:
        reference = values[0]
    return price_of(reference, level.coefficient, reference if level.unit is None else values[1], d)


def against(p: float, level: float, d: int) -> bool:
    """Whether the price is at the level or worse; never for a NaN."""
    return d * (p - level) <= 0


def draw(seed: int, symbol_id: int, ts_ms: int, k: int) -> float:
    """A number in [0, 1): splitmix64 chained over the arguments."""
    x = _mix(seed & _MASK)
    for argument in (symbol_id, ts_ms, k):
        x = _mix(x ^ (argument & _MASK))
    return (x >> 11) * 2.0**-53


def _mix(x: int) -> int:
    x = (x + 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)
