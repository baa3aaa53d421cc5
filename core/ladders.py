"""Shapes of ladders: distances, coefficients and weights as tuples, remembered, since a sweep asks for few of them."""

from __future__ import annotations

from functools import lru_cache

from core.plan import MARKET

Numbers = tuple[float, ...]


@lru_cache(maxsize=4096)
def distances(levels: int, start: float, step: float) -> Numbers:
    """``start + k x step`` for k = 0 .. levels - 1: how far each level lies from its base.

    >>> distances(3, 2.0, 0.5)
    (2.0, 2.5, 3.0)
    """
    return tuple(start + k * step for k in range(levels))


@lru_cache(maxsize=4096)
def resting(away: Numbers) -> tuple[Numbers, Numbers]:
    """Coefficients and equal weights of limits at these distances against the direction.

    >>> resting((2.0, 3.0))
    ((-2.0, -3.0), (0.5, 0.5))
    """
    return tuple(-x for x in away), (1.0 / len(away),) * len(away)


@lru_cache(maxsize=4096)
def limits(levels: int, start: float, step: float) -> tuple[Numbers, Numbers]:
    """Coefficients and equal weights of limits at `distances` of these.

    >>> limits(2, 2.0, 1.0)
    ((-2.0, -3.0), (0.5, 0.5))
    """
    return resting(distances(levels, start, step))


@lru_cache(maxsize=4096)
def averaging(levels: int, step: float, growth: float) -> tuple[Numbers, Numbers]:
    """Coefficients and weights of a market entry followed by limits, each ``step`` farther from it.

    Each weight is ``growth`` times the one before; their sum is 1.

    >>> averaging(3, 0.02, 2.0)[1] == (1 / 7, 2 / 7, 4 / 7)
    True
    """
    shares = [growth**k for k in range(levels)]
    total = sum(shares)
    return (MARKET, *(-k * step for k in range(1, levels))), tuple(share / total for share in shares)
