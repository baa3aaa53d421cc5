"""Grid with the trend of a higher timeframe: the ladder of `grid_atr`, only in the direction of the 4h SuperTrend.

Idea: a pullback within a trend tends to come back to its average; a fall against one does not. Regime: trends with
pullbacks; it loses when a trend ends in a move that runs through the ladder, and pays fees while the trend keeps
flipping. Source: `grid_atr` for the ladder, SuperTrend (Seban, 2008) for the trend; the higher timeframe as a filter is
the first screen of Elder (Trading for a Living, 1993).

A row sees the last 4h candle that had closed when its own closed. Rows of an up-trend rest longs below the average,
those of a down-trend shorts above it; a position against the trend is left at the next open, whenever that is seen.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

import numpy as np
from pydantic import Field

from core import conditions
from core.candle import Floats
from core.market import Market
from core.plan import EXIT_LONG, EXIT_SHORT, Flags, Plan
from core.strategy import Condition, Parameters, Strategy
from core.timeframe import timeframe_ms
from indicators.supertrend import supertrend_of
from indicators.wilder import atr
from strategies.grid_atr import AtrLadderParams, atr_ladder, atr_ladder_warmup, atr_level_conditions

SIGNAL: Final = "4h"


class GridMultiTfParams(AtrLadderParams):
    """The ladder, nearer than that of `grid_atr` as pullbacks are shallower, and the SuperTrend of the 4h candles."""

    atr_start: float = Field(3.0, gt=0, le=30, description="ATRs from the average to the first level")
    trend_period: int = Field(10, ge=2, le=100, description="4h candles of the SuperTrend's average true range")
    trend_multiplier: float = Field(3.0, gt=0, le=10, description="ATRs from the middle of a 4h candle to its band")


class GridMultiTf(Strategy[GridMultiTfParams]):
    """Enters in steps at ATR multiples from an EMA with the 4h SuperTrend only, leaves at the EMA or when it flips."""

    name: ClassVar[str] = "grid_multi_tf"
    timeframe: ClassVar[str] = "1h"
    Params: ClassVar[type[Parameters]] = GridMultiTfParams

    def warmup(self, params: GridMultiTfParams) -> int:
        """The ladder's, or the 4h trend's in rows.

        The trend needs its ATR, and enough candles to have flipped, which takes the square of its distance. A window
        may begin and end inside a 4h candle: the one cut off at its beginning is not counted, nor is the open one.
        """
        rows = timeframe_ms(SIGNAL) // timeframe_ms(self.timeframe)
        candles = 21 * params.trend_period + math.ceil(10 * params.trend_multiplier**2)
        return max(atr_ladder_warmup(params), rows * candles + 2 * (rows - 1))

    def plan(self, market: Market, params: GridMultiTfParams) -> Plan:
        """The ladder of `grid_atr` where the trend allows it."""
        period, multiplier = params.trend_period, params.trend_multiplier
        sides = market.derived(_sides, period, multiplier)
        return atr_ladder(market, params, *sides)

    def conditions(self, market: Market, params: GridMultiTfParams) -> list[Condition]:
        """The last 4h close against the line of the SuperTrend, and the distance from each level, both ways."""
        higher = market.on(SIGNAL)
        line = float(higher.align(trend(market, params.trend_period, params.trend_multiplier)[0])[-1])
        close = float(higher.align(higher.market.close)[-1])
        said: list[Condition] = []
        for d, sign in ((1, ">"), (-1, "<")):
            said += conditions.threshold("4h close", d, close, sign, line, conditions.LEVEL_REACH * close)
            said += atr_level_conditions(market, params, d)
        return said


def trend(market: Market, period: int, multiplier: float) -> tuple[Floats, Flags]:
    """SuperTrend of the 4h candles that have closed: line float64[n_4h] and direction int8[n_4h]."""
    higher = market.on(SIGNAL).market
    ranges = higher.column(atr, "high", "low", "close", period)
    found: tuple[Floats, Flags] = higher.remember(
        (supertrend_of, period, multiplier),
        lambda: supertrend_of(higher.high, higher.low, higher.close, ranges, multiplier),
    )
    return found


def allowed_side(market: Market, period: int, multiplier: float) -> Flags:
    """int8[n]: the direction of the last closed 4h candle's SuperTrend, 0 where it is unknown."""
    aligned = market.on(SIGNAL).align(trend(market, period, multiplier)[1].astype(np.float64))
    aligned[np.isnan(aligned)] = 0.0
    side: Flags = aligned.astype(np.int8)
    return side


def _sides(market: Market, period: int, multiplier: float) -> tuple[Flags, Flags]:
    """Direction and exit flags of every row, remembered together."""
    side = allowed_side(market, period, multiplier)
    return side, against(side)


def against(side: Flags) -> Flags:
    """int8[n]: EXIT_LONG where only shorts are allowed, EXIT_SHORT where only longs are."""
    return (side < 0) * np.int8(EXIT_LONG) | (side > 0) * np.int8(EXIT_SHORT)
