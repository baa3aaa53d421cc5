"""SuperTrend: at market with every flip, so in the market most of the time, on one side or the other.

Idea: a close beyond a band of a few ATR that trails the price says that the trend has turned. Regime: long trends;
it loses in ranges, where each flip is followed by the next. Source: the rule that Olivier Seban gave his indicator
(2008).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from core.candle import Floats
from core.conditions import threshold
from core.market import Market
from core.plan import AT_MARKET, EXIT_LONG, EXIT_SHORT, Flags, Plan, fraction_of_average
from core.strategy import Condition, Parameters, Strategy
from indicators.supertrend import flips, supertrend_of
from indicators.wilder import atr


class SupertrendParams(Parameters):
    """The bands, and the fractions at which a position ends before the next flip."""

    atr_period: int = Field(10, ge=2, le=100, description="candles of the average true range")
    multiplier: float = Field(3.0, gt=0, le=10, description="distance of the bands from the candle's middle, in ATR")
    target_fraction: float = Field(0.0, ge=0, lt=5, description="take profit beyond the entry price; 0 for none")
    stop_fraction: float = Field(0.06, gt=0, lt=0.95, description="stop loss beyond the entry price")


class Supertrend(Strategy[SupertrendParams]):
    """Goes long when SuperTrend flips up and short when it flips down; leaves with the opposite flip."""

    name: ClassVar[str] = "supertrend"
    timeframe: ClassVar[str] = "1h"
    Params: ClassVar[type[Parameters]] = SupertrendParams

    def warmup(self, params: SupertrendParams) -> int:
        """Until the ATR has forgotten its start, and then a band that was wrong has flipped."""
        return 21 * params.atr_period + int(30 * params.multiplier)

    def plan(self, market: Market, params: SupertrendParams) -> Plan:
        """Market entry with the flip, which leaves the other side in the same row."""
        period, multiplier, aim = params.atr_period, params.multiplier, params.target_fraction
        turned, leave = market.derived(_signals, period, multiplier)
        return Plan(
            turned, AT_MARKET, (1.0,), fraction_of_average(-params.stop_fraction),
            target=fraction_of_average(aim) if aim > 0.0 else None, exit=leave,
        )

    def conditions(self, market: Market, params: SupertrendParams) -> list[Condition]:
        """The last close against the band whose break flips; the side on which the trend is waits for another one."""
        line, direction = _trend(market, params.atr_period, params.multiplier)
        if len(market) < 2 or not direction[-2]:
            return []
        before, now = int(direction[-2]), int(direction[-1])
        ranges = market.column(atr, "high", "low", "close", params.atr_period)
        last, reach = float(market.close[-1]), params.multiplier * float(ranges[-1])
        band = float(line[-1])
        if now != before:  # the line is on the other side already
            middle = 0.5 * float(market.high[-1] + market.low[-1])
            band = before * max(before * float(line[-2]), before * (middle - before * reach))
        sign = "<" if before > 0 else ">"
        said = threshold("close", -before, last, sign, band, 2.0 * reach or last)
        return said + threshold("trend before", before, float(before), "==", -float(before), 1.0)


def _trend(market: Market, period: int, multiplier: float) -> tuple[Floats, Flags]:
    """Line and direction; the average true range is shared by all multipliers."""
    ranges = market.column(atr, "high", "low", "close", period)
    both: tuple[Floats, Flags] = supertrend_of(market.high, market.low, market.close, ranges, multiplier)
    return both


def _signals(market: Market, period: int, multiplier: float) -> tuple[Flags, Flags]:
    """Flips, int8[n], and what they leave: EXIT_LONG where the trend turns down, EXIT_SHORT where it turns up."""
    turned = flips(_trend(market, period, multiplier)[1])
    return turned, (turned < 0) * np.int8(EXIT_LONG) | (turned > 0) * np.int8(EXIT_SHORT)
