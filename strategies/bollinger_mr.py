"""Bollinger mean reversion: enter against a close that leaves the bands, take profit at the middle band.

Idea: a close outside bands of two deviations is a stretch that tends to come back to the average; only when the bands
are far enough apart to pay for the fees. Regime: ranges; it loses when a close outside the bands begins a trend.
Source: John Bollinger, Bollinger on Bollinger Bands (2001), of whose methods it is the plain counter-trend one.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from core.conditions import threshold
from core.market import Market
from core.plan import AT_MARKET, Flags, Plan, fraction_of_average
from core.strategy import Condition, Parameters, Strategy
from indicators.bollinger import deviation, leavings
from indicators.moving_average import sma


class BollingerMrParams(Parameters):
    """The bands, how far apart they must be, and the stop."""

    period: int = Field(20, ge=2, le=200, description="candles of the middle band, a simple moving average")
    width: float = Field(2.0, gt=0, le=6, description="distance of the outer bands from it, in standard deviations")
    min_band_width: float = Field(0.02, ge=0, lt=1, description="least distance between the bands, of the middle")
    stop_fraction: float = Field(0.05, gt=0, lt=0.95, description="stop loss beyond the entry price")


class BollingerMr(Strategy[BollingerMrParams]):
    """Buys a close below the lower Bollinger band, sells one above the upper, takes profit at the middle band."""

    name: ClassVar[str] = "bollinger_mr"
    timeframe: ClassVar[str] = "1h"
    Params: ClassVar[type[Parameters]] = BollingerMrParams

    def warmup(self, params: BollingerMrParams) -> int:
        """The window of the bands, and the row before, which a crossing needs."""
        return params.period + 1

    def plan(self, market: Market, params: BollingerMrParams) -> Plan:
        """Market entry against the crossing, target at the middle band as it moves."""
        period, width, least = params.period, params.width, params.min_band_width
        middle = market.column(sma, "close", period)
        direction = market.remember((_against, period, width, least), lambda: _against(market, params))
        return Plan(
            direction, AT_MARKET, (1.0,), fraction_of_average(-params.stop_fraction),
            target=market.level(middle, moving=True),
        )

    def conditions(self, market: Market, params: BollingerMrParams) -> list[Condition]:
        """Bands wide enough, the close before inside them, the last close outside; all met is an entry."""
        if len(market) <= params.period:
            return []
        middle, spread = market.column(sma, "close", params.period), market.column(deviation, "close", params.period)
        (before, last), (was, now) = market.close[-2:].tolist(), middle[-2:].tolist()
        reach_before, reach = (params.width * spread[-2:]).tolist()
        least, apart = params.min_band_width, 2.0 * reach / now
        said: list[Condition] = []
        for d, inside, outside in ((1, ">=", "<"), (-1, "<=", ">")):
            said += threshold("band width", d, apart, ">", least, least or 1.0)
            said += threshold("close before", d, before, inside, was - d * reach_before, reach_before or was)
            said += threshold("close", d, last, outside, now - d * reach, reach or now)
        return said


def _against(market: Market, params: BollingerMrParams) -> Flags:
    """int8[n]: +1 where a close goes below the lower band, -1 where one goes above the upper."""
    middle, spread = market.column(sma, "close", params.period), market.column(deviation, "close", params.period)
    signs: Flags = np.negative(leavings(market.close, middle, spread, params.width, params.min_band_width))
    return signs
