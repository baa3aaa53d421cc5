"""What a strategy wants: a plan, as columns over the rows of its decision timeframe.

Row t of a plan is known when candle t has closed and acts on the candles after it. Every price of a plan is a
`Level`: ``reference + direction * coefficient * unit``, with the direction of the position (+1 long, -1 short).

>>> stop = Level(AVERAGE, -0.25)                  # a quarter below the average price of a long, above a short's
"""

from __future__ import annotations

import math
from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Flags = NDArray[np.int8]

MARKET: Final = math.nan
"""As a coefficient: this entry is a market order, at the first execution candle of its row."""

AT_MARKET: Final = (MARKET,)
"""The coefficients of one market entry: one tuple for all plans, so that a sweep knows it again."""

MAX_ENTRIES: Final = 8

EXIT_LONG: Final = 1
EXIT_SHORT: Final = 2


class Price(IntEnum):
    """References that only exist once a cycle has begun."""

    AVERAGE = -1
    """The average entry price, always the current one."""
    FIRST = -2
    """The price of the cycle's first fill."""


AVERAGE: Final = Price.AVERAGE
FIRST: Final = Price.FIRST


class Level(NamedTuple):
    """A price: ``reference + direction * coefficient * unit``.

    reference : a column, AVERAGE or FIRST.
    coefficient : positive is in the position's favour, negative against it.
    unit : a column; None means the reference itself, which makes the coefficient a fraction.
    moving : False latches the columns at the cycle's first fill, True takes them from each new row.
    """

    reference: Column | Price
    coefficient: float = 0.0
    unit: Column | None = None
    moving: bool = False


@lru_cache(maxsize=4096)
def fraction_of_average(coefficient: float) -> Level:
    """The level a fraction away from the average entry price: -0.25 is a quarter against the position.

    Remembered, since a sweep asks for the same few thousands of times.
    """
    return Level(AVERAGE, coefficient)


class Trail(NamedTuple):
    """A trailing stop, ``distance`` behind the best price since the first fill; it only tightens.

    distance : in units, above zero. unit : a column; None makes it a fraction of the best price.
    moving : as in `Level`.
    """

    distance: float
    unit: Column | None = None
    moving: bool = False


class Plan:
    """What to do from the close of candle t until the next row, for every row t.

    Parameters
    ----------
    direction : int8[n_rows], or one int for all rows: +1 long, -1 short, 0 no new entries (resting ones withdrawn).
    coefficients : one per entry, at most 8, in the order of filling: MARKET, or the multiple of ``unit`` from
        ``base``, so negative for a limit below the market of a long; strictly decreasing.
    weights : one per entry, each above 0, their sum at most 1.
    stop : every plan has one.
    base : where limits are counted from: a column, or FIRST.
    target : the take profit, if any.
    unit : a column; None means the base itself. This and what follows is best given by name.
    freeze : latch the levels of the ladder at the first fill.
    max_hold, cooldown : in plan rows, 0 for none; cooldown counts after a stop-out.
    exit : int8[n_rows]; bit EXIT_LONG leaves longs at the next open, EXIT_SHORT shorts.
    row_weight, score : float64[n_rows] in [0, 1], or None for 1 everywhere.

    Columns are float64[n_rows]; NaN in a column means "unknown" (execution rule 7).
    """

    __slots__ = (
        "base", "coefficients", "cooldown", "direction", "exit", "freeze", "max_hold", "row_weight", "score",
        "stop", "target", "trail", "unit", "weights",
    )

    def __init__(
        self,
        direction: Flags | int,
        coefficients: tuple[float, ...],
        weights: tuple[float, ...],
        stop: Level,
        base: Column | Price | None = None,
        target: Level | None = None,
        unit: Column | None = None,
        trail: Trail | None = None,
        freeze: bool = False,
        max_hold: int = 0,
        cooldown: int = 0,
        exit: Flags | None = None,
        row_weight: Column | None = None,
        score: Column | None = None,
    ) -> None:
        self.direction = direction
        self.coefficients = coefficients
        self.weights = weights
        self.stop = stop
        self.base = base
        self.target = target
        self.unit = unit
        self.trail = trail
        self.freeze = freeze
        self.max_hold = max_hold
        self.cooldown = cooldown
        self.exit = exit
        self.row_weight = row_weight
        self.score = score
