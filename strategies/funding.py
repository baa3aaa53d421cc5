"""Funding: against the crowded side, after the payment that follows an extreme funding rate.

Idea: an extreme rate says that one side is crowded and pays dearly; many hold on until the payment is made and close
after it. Regime: overheated markets; it loses when a trend is strong enough for the crowd to go on paying.
Source: funding as the anchor of perpetual futures (BitMEX, 2016; He, Manela, Ross and von Wachter, 2022).

Where the definition leaves freedom: a rate is known when it is settled, so the payment that follows an extreme rate is
its own, and the entry is the first row that closes ``wait_minutes`` or more after it. A payment is entered once.
"""

from __future__ import annotations

from typing import ClassVar, Final, Self

import numpy as np
from pydantic import Field, model_validator

from core.candle import Floats
from core.conditions import threshold
from core.market import Market
from core.plan import AT_MARKET, EXIT_LONG, EXIT_SHORT, Flags, Plan, fraction_of_average
from core.strategy import Condition, Need, Parameters, Strategy
from core.timeframe import MINUTE_MS, timeframe_ms

WAIT_REACH_MIN: Final = 480.0
"""Minutes at which the nearness of the wait is 0: the usual time between two payments."""


class FundingParams(Parameters):
    """Which rates are extreme and normal, how long to wait, and where a position ends."""

    rate_extreme: float = Field(0.0005, gt=0, le=0.05, description="rate beyond which one side is crowded")
    rate_neutral: float = Field(0.0001, ge=0, le=0.05, description="positions are left at this rate or below")
    wait_minutes: int = Field(5, ge=0, le=480, description="least time between the payment and the entry")
    target_fraction: float = Field(0.01, gt=0, lt=0.5, description="take profit beyond the entry price")
    stop_fraction: float = Field(0.008, gt=0, lt=0.5, description="stop loss beyond the entry price")
    max_hold: int = Field(32, ge=1, le=2000, description="candles after which to leave; 32 of 15m are 8 hours")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.rate_neutral < self.rate_extreme:
            raise ValueError("rate_neutral must be below rate_extreme")
        return self


class Funding(Strategy[FundingParams]):
    """Trades against the side that pays extreme funding, once it has paid; leaves when the rate is normal again."""

    name: ClassVar[str] = "funding"
    timeframe: ClassVar[str] = "15m"
    needs: ClassVar[tuple[Need, ...]] = ("funding",)
    Params: ClassVar[type[Parameters]] = FundingParams

    def warmup(self, params: FundingParams) -> int:
        """The row, and the row before it, which says whether the payment was entered already."""
        return 2

    def plan(self, market: Market, params: FundingParams) -> Plan:
        """Market entry on the first row after the wait."""
        extreme, neutral, wait = params.rate_extreme, params.rate_neutral, params.wait_minutes
        return Plan(
            market.derived(_direction, extreme, wait),
            AT_MARKET, (1.0,), fraction_of_average(-params.stop_fraction),
            target=fraction_of_average(params.target_fraction), max_hold=params.max_hold,
            exit=market.column(_leaves, "funding", neutral),
        )

    def conditions(self, market: Market, params: FundingParams) -> list[Condition]:
        """The rate against both extremes, and the minutes since its payment against the wait."""
        rate, age = float(market.funding[-1]), float(_age_ms(market)[-1]) / MINUTE_MS
        said: list[Condition] = []
        for d, sign in ((1, "<="), (-1, ">=")):
            said += threshold("funding", d, rate, sign, -d * params.rate_extreme, params.rate_extreme)
            said += threshold("minutes since payment", d, age, ">=", float(params.wait_minutes), WAIT_REACH_MIN)
        return said


def _age_ms(market: Market) -> Floats:
    """float64[n]: time from the last payment to the close of the row, ms; NaN where none is known."""
    age: Floats = market.ts_ms + timeframe_ms(market.timeframe) - market.funding_ms
    return age


def _direction(market: Market, extreme: float, wait_minutes: int) -> Flags:
    """int8[n]: against the rate on the first row of each payment that has waited; 0 where nothing is known."""
    settled, waited = market.funding_ms, _age_ms(market) >= wait_minutes * MINUTE_MS
    first = waited.copy()
    first[1:] &= ~(waited[:-1] & (settled[1:] == settled[:-1]))
    first[:1] = False  # whether it is the first cannot be known
    crowded_short: Flags = (first & (market.funding <= -extreme)).view(np.int8)
    return crowded_short - (first & (market.funding >= extreme)).view(np.int8)


def _leaves(rate: Floats, neutral: float) -> Flags:
    """int8[n]: both exit flags where the rate is inside the neutral band."""
    return (np.abs(rate) <= neutral) * np.int8(EXIT_LONG | EXIT_SHORT)
