"""Grid on RSI extremes: enter at market when RSI is extreme, average in while it stays so, leave when it is neutral.

Idea: an extreme RSI says that a move has run far; what comes back pays for entries made in growing steps. Regime:
ranges and the ends of overshooting moves; it loses in persistent trends, where RSI stays extreme, hence the pause after
a stop. Source: RSI by Wilder (New Concepts in Technical Trading Systems, 1978); averaging with growing sizes as the DCA
robots of the field have it.

Where the definition leaves freedom: rows give entries only while RSI is extreme. So a cycle always begins on an
extreme, never on the way back, and the limits rest while RSI stays extreme, as it nearly always does while price runs
on; when RSI has left the extreme they are withdrawn, and they are back at their old prices when it returns.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from core import conditions
from core.candle import Floats
from core.ladders import averaging
from core.market import Market
from core.plan import EXIT_LONG, EXIT_SHORT, FIRST, Flags, Plan, fraction_of_average
from core.strategy import Condition, Parameters, Strategy
from indicators.wilder import rsi

NEUTRAL = 50.0


class GridRsiParams(Parameters):
    """RSI and its extremes, the ladder from the first fill, and where it ends."""

    rsi_period: int = Field(14, ge=2, le=200, description="candles of the RSI")
    oversold: float = Field(25.0, gt=0, lt=50, description="longs are entered below this RSI")
    overbought: float = Field(75.0, gt=50, lt=100, description="shorts are entered above this RSI")
    num_levels: int = Field(4, ge=1, le=8, description="entries, the first one at market")
    step_fraction: float = Field(0.03, gt=0, le=0.10, description="distance between entries, of the first fill's price")
    weight_growth: float = Field(1.5, ge=1, le=4, description="each entry's size in multiples of the one before")
    target_fraction: float = Field(0.015, gt=0, lt=0.5, description="take profit beyond the average entry price")
    stop_fraction: float = Field(0.10, gt=0, lt=0.95, description="stop loss beyond the average entry price")
    cooldown: int = Field(12, ge=0, le=1000, description="candles without entries after a stop")

    @model_validator(mode="after")
    def _levels_before_the_stop(self) -> Self:
        if self.num_levels > 1 and self.step_fraction >= self.stop_fraction:
            raise ValueError("step_fraction must be below stop_fraction, or the second entry lies beyond the stop")
        return self


class GridRsi(Strategy[GridRsiParams]):
    """Enters at market on an extreme RSI, averages in by growing sizes, leaves at a profit or when RSI is at 50."""

    name: ClassVar[str] = "grid_rsi"
    timeframe: ClassVar[str] = "1h"
    Params: ClassVar[type[Parameters]] = GridRsiParams

    def warmup(self, params: GridRsiParams) -> int:
        """Until RSI has forgotten its start."""
        return 21 * params.rsi_period

    def plan(self, market: Market, params: GridRsiParams) -> Plan:
        """Market entry, then limits at ``first fill x (1 -/+ k x step_fraction)``."""
        direction = market.derived(_direction, params.rsi_period, params.oversold, params.overbought)
        coefficients, weights = averaging(params.num_levels, params.step_fraction, params.weight_growth)
        return Plan(
            direction, coefficients, weights, fraction_of_average(-params.stop_fraction), FIRST,
            fraction_of_average(params.target_fraction), cooldown=params.cooldown,
            exit=market.derived(_leaves, params.rsi_period),
        )

    def conditions(self, market: Market, params: GridRsiParams) -> list[Condition]:
        """RSI against both extremes, and the further levels as they would lie if the first were filled now."""
        strength, price = float(market.column(rsi, "close", params.rsi_period)[-1]), float(market.close[-1])
        said: list[Condition] = []
        for d, sign, limit in ((1, "<", params.oversold), (-1, ">", params.overbought)):
            said += conditions.threshold("RSI", d, strength, sign, limit, abs(NEUTRAL - limit))
            away = [k * params.step_fraction for k in range(1, params.num_levels)]
            said += conditions.levels(price, [price * (1.0 - d * x) for x in away], d, first=2)
        return said


def _direction(market: Market, period: int, oversold: float, overbought: float) -> Flags:
    """int8[n]: against the extreme that RSI is at."""
    return extremes(market.column(rsi, "close", period), oversold, overbought)


def _leaves(market: Market, period: int) -> Flags:
    """int8[n]: exit flags where RSI is back at neutral."""
    return back_at_neutral(market.column(rsi, "close", period))


def extremes(strength: Floats, oversold: float, overbought: float) -> Flags:
    """int8[n]: +1 where RSI is below ``oversold``, -1 above ``overbought``, else 0, also where it is unknown."""
    low: Flags = (strength < oversold).astype(np.int8)
    return low - (strength > overbought)


def back_at_neutral(strength: Floats) -> Flags:
    """int8[n]: EXIT_LONG where RSI is at 50 or above, EXIT_SHORT at 50 or below; 0 where it is unknown."""
    up, down = strength >= NEUTRAL, strength <= NEUTRAL
    return up * np.int8(EXIT_LONG) | down * np.int8(EXIT_SHORT)
