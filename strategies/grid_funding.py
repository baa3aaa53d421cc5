"""Funding grid: an envelope on the side that is paid by funding, the larger the more extreme the rate.

Idea: an extreme funding rate says that one side is crowded; the other is paid for waiting, and is the one that a
shake-out favours. Limits beyond a moving average wait for it. Regime: overheated rallies (shorts are paid) and panics
(longs are paid); it loses when the crowd is right for long. Source: the envelopes of `envelope_dca`; funding as a sign
of crowding in Schmeling, Schrimpf and Todorov (Crypto Carry, 2023).

Where the definition leaves freedom: entries rest while ``|rate| >= funding_extreme``; between that and
``funding_normal`` a position is kept and nothing is added; it is left when the rate is normal or pays the other side.
An entry has the share ``|rate| / funding_full``, at most 1, of its size, by the rate of the row in which it fills.
Levels lie the same fraction above the average for shorts as below it for longs.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from core import conditions
from core.candle import Floats
from core.ladders import distances, limits
from core.market import Market
from core.plan import EXIT_LONG, EXIT_SHORT, Flags, Plan, fraction_of_average
from core.strategy import Condition, Need, Parameters, Strategy
from indicators.moving_average import sma
from strategies.envelope_dca import EnvelopeParams


class GridFundingParams(EnvelopeParams):
    """An envelope, and the rates (per settlement, 0.0001 is 0.01 %) that open, size and close it."""

    ma_period: int = Field(14, ge=2, le=200, description="candles of the simple moving average")
    envelope_start: float = Field(0.02, gt=0, lt=0.9, description="distance of the first level from the average")
    envelope_step: float = Field(0.015, gt=0, lt=0.5, description="distance between levels")
    stop_fraction: float = Field(0.10, gt=0, lt=0.95, description="stop loss beyond the average entry price")
    funding_extreme: float = Field(0.0003, gt=0, le=0.05, description="entries rest from this rate on, either sign")
    funding_full: float = Field(0.0010, gt=0, le=0.05, description="rate at which entries have their full size")
    funding_normal: float = Field(0.0001, ge=0, le=0.05, description="positions are left at this rate or below")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.funding_normal < self.funding_extreme <= self.funding_full:
            raise ValueError("funding_normal must be below funding_extreme, and that at most funding_full")
        return self


class GridFunding(Strategy[GridFundingParams]):
    """An envelope on the side that extreme funding pays, sized by how extreme it is; left when funding is normal."""

    name: ClassVar[str] = "grid_funding"
    timeframe: ClassVar[str] = "1h"
    needs: ClassVar[tuple[Need, ...]] = ("funding",)
    Params: ClassVar[type[Parameters]] = GridFundingParams

    def warmup(self, params: GridFundingParams) -> int:
        """The window of the average."""
        return params.ma_period

    def plan(self, market: Market, params: GridFundingParams) -> Plan:
        """Limits at ``SMA x (1 -/+ offset)``, target at the moving SMA."""
        average = market.column(sma, "close", params.ma_period)
        coefficients, weights = limits(params.num_levels, params.envelope_start, params.envelope_step)
        return Plan(
            market.column(paid_side, "funding", params.funding_extreme), coefficients, weights,
            fraction_of_average(-params.stop_fraction), average, market.level(average, moving=True),
            exit=market.column(no_longer_paid, "funding", params.funding_normal),
            row_weight=market.column(share_of_full, "funding", params.funding_full),
        )

    def conditions(self, market: Market, params: GridFundingParams) -> list[Condition]:
        """The rate against both extremes, and the distance of the last price from each level."""
        rate, price = float(market.funding[-1]), float(market.close[-1])
        average = float(market.column(sma, "close", params.ma_period)[-1])
        away = distances(params.num_levels, params.envelope_start, params.envelope_step)
        said: list[Condition] = []
        for d, sign in ((1, "<="), (-1, ">=")):
            limit = -d * params.funding_extreme
            said += conditions.threshold("funding", d, rate, sign, limit, params.funding_extreme)
            said += conditions.levels(price, [average * (1.0 - d * x) for x in away], d)
        return said


def paid_side(rate: Floats, extreme: float) -> Flags:
    """int8[n]: -1 where the rate is ``extreme`` or above, +1 at ``-extreme`` or below, else 0, also where unknown."""
    negative: Flags = (rate <= -extreme).astype(np.int8)
    return negative - (rate >= extreme)


def no_longer_paid(rate: Floats, normal: float) -> Flags:
    """int8[n]: EXIT_SHORT where the rate is at most ``normal``, EXIT_LONG where it is at least ``-normal``."""
    return (rate >= -normal) * np.int8(EXIT_LONG) | (rate <= normal) * np.int8(EXIT_SHORT)


def share_of_full(rate: Floats, full: float) -> Floats:
    """float64[n]: ``|rate| / full``, at most 1; NaN where the rate is unknown."""
    return np.minimum(np.abs(rate) / full, 1.0)
