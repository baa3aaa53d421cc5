"""Donchian breakout: enter at market when a close leaves the channel of the candles before, protected in ATR.

Idea: a close beyond the extremes of many candles begins a trend often enough to pay for the times when it does not;
the opposite side of a shorter channel says that the trend is over. Regime: trends; it loses in ranges.
Source: Richard Donchian's channel rule (1960s), with the shorter exit channel of the Turtles (1983).
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from core.candle import Floats
from core.conditions import threshold
from core.market import Market
from core.plan import AT_MARKET, AVERAGE, EXIT_LONG, EXIT_SHORT, Flags, Plan
from core.strategy import Condition, Parameters, Strategy
from indicators.donchian import breakouts, highest, lowest
from indicators.wilder import atr


class DonchianBreakoutParams(Parameters):
    """Both channels, and target and stop in multiples of the ATR."""

    entry_period: int = Field(20, ge=2, le=400, description="candles of the channel whose break is entered")
    exit_period: int = Field(10, ge=1, le=400, description="candles of the channel whose opposite break leaves")
    atr_period: int = Field(14, ge=2, le=100, description="candles of the average true range")
    target_atr: float = Field(4.0, gt=0, le=50, description="take profit beyond the entry price, in ATR")
    stop_atr: float = Field(2.0, gt=0, le=20, description="stop loss beyond the entry price, in ATR")

    @model_validator(mode="after")
    def _exit_not_behind_the_entry(self) -> Self:
        if self.exit_period > self.entry_period:
            raise ValueError("exit_period must not be above entry_period")
        return self


class DonchianBreakout(Strategy[DonchianBreakoutParams]):
    """Follows a close beyond the channel of the candles before; leaves at ATR multiples or at the short channel."""

    name: ClassVar[str] = "donchian_breakout"
    timeframe: ClassVar[str] = "1h"
    Params: ClassVar[type[Parameters]] = DonchianBreakoutParams

    def warmup(self, params: DonchianBreakoutParams) -> int:
        """Until the ATR has forgotten its start; the channels with the row before them."""
        return max(params.entry_period + 1, 21 * params.atr_period)

    def plan(self, market: Market, params: DonchianBreakoutParams) -> Plan:
        """Market entry with the break; target and stop as far as the ATR of the signal's row says."""
        ranges = market.column(atr, "high", "low", "close", params.atr_period)
        return Plan(
            market.derived(_breaks, params.entry_period), AT_MARKET, (1.0,),
            market.level(AVERAGE, -params.stop_atr, ranges), target=market.level(AVERAGE, params.target_atr, ranges),
            exit=market.derived(_leaves, params.exit_period),
        )

    def conditions(self, market: Market, params: DonchianBreakoutParams) -> list[Condition]:
        """The last close against both sides of the channel before it; nearness is 0 at the channel's middle."""
        if len(market) < 2:
            return []
        top, bottom = (float(column[-2]) for column in _channel(market, params.entry_period))
        half = (top - bottom) / 2.0 or top  # a channel without height: near only at once
        last = float(market.close[-1])
        return threshold("close", 1, last, ">", top, half) + threshold("close", -1, last, "<", bottom, half)


def _channel(market: Market, period: int) -> tuple[Floats, Floats]:
    """Highest high and lowest low of ``period`` candles, each row's own included."""
    return market.column(highest, "high", period), market.column(lowest, "low", period)


def _breaks(market: Market, period: int) -> Flags:
    """int8[n]: +1 where a close is above the channel of the candles before, -1 below it."""
    signs: Flags = breakouts(market.close, *_channel(market, period))
    return signs


def _leaves(market: Market, period: int) -> Flags:
    """int8[n]: EXIT_LONG where the channel breaks downwards, EXIT_SHORT upwards."""
    breaks: Flags = market.derived(_breaks, period)
    return (breaks < 0) * np.int8(EXIT_LONG) | (breaks > 0) * np.int8(EXIT_SHORT)
