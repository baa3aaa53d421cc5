"""Grid at ATR multiples: levels whose distance from the average follows the market's own range.

Idea: as the envelopes, a ladder beyond a moving average that is sold where price is back; but what counts as far is
measured in average true ranges, so that the same parameters fit calm and wild times and every asset. Regime: ranges and
slow trends; it loses when a move runs through the whole ladder, and then what was known at the first fill.
Source: ATR channels after Keltner (How to Make Money in Commodities, 1960), in Linda Raschke's form of the 1980s (EMA,
ATR), as resting limits.

Where the definition leaves freedom: the ladder is frozen at its first fill, and so is a stop in ATRs, which therefore
stays beyond the ladder's last level; only the target moves on with the average. Weights are equal. After a stop nothing
is entered for a while, since price is then still beyond the ladder, which would be bought at once and in full.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from core import conditions
from core.candle import Floats
from core.ladders import distances, limits
from core.market import Market
from core.plan import Flags, Plan, fraction_of_average
from core.strategy import Condition, Parameters, Strategy
from indicators.moving_average import ema
from indicators.wilder import atr


class AtrLadderParams(Parameters):
    """Parameters of a ladder at ATR multiples around an EMA."""

    ema_period: int = Field(20, ge=2, le=500, description="candles of the exponential moving average")
    atr_period: int = Field(14, ge=2, le=200, description="candles of the average true range")
    num_levels: int = Field(3, ge=1, le=8, description="how many limits rest beyond the average")
    atr_start: float = Field(6.0, gt=0, le=30, description="ATRs from the average to the first level")
    atr_step: float = Field(1.0, gt=0, le=10, description="ATRs between levels")
    stop: Literal["atr", "fraction"] = Field("atr", description="which of the two stops is used")
    stop_atr: float = Field(3.0, gt=0, le=30, description="stop loss beyond the last level, in ATRs of the first fill")
    stop_fraction: float = Field(0.10, gt=0, lt=0.95, description="stop loss beyond the average entry price")
    cooldown: int = Field(12, ge=0, le=1000, description="candles without entries after a stop")


class GridAtrParams(AtrLadderParams):
    """The ladder and its side."""

    side: Literal["long", "short", "both"] = Field(
        "both", description="both: long while the close is at or below the average, short while it is above"
    )


class GridAtr(Strategy[GridAtrParams]):
    """Enters in steps at ATR multiples from an EMA, takes profit at the EMA; long, short or whichever side price is."""

    name: ClassVar[str] = "grid_atr"
    timeframe: ClassVar[str] = "1h"
    Params: ClassVar[type[Parameters]] = GridAtrParams

    def warmup(self, params: GridAtrParams) -> int:
        """Until both averages have forgotten their start."""
        return atr_ladder_warmup(params)

    def plan(self, market: Market, params: GridAtrParams) -> Plan:
        """Limits at ``EMA -/+ (atr_start + k x atr_step) x ATR``, target at the moving EMA."""
        if params.side != "both":
            return atr_ladder(market, params, 1 if params.side == "long" else -1)
        return atr_ladder(market, params, market.derived(_towards, params.ema_period))

    def conditions(self, market: Market, params: GridAtrParams) -> list[Condition]:
        """With both sides, on which side of the average the close is; and the distance from each level."""
        price, average = float(market.close[-1]), float(market.column(ema, "close", params.ema_period)[-1])
        reach = conditions.LEVEL_REACH * price
        said: list[Condition] = []
        if params.side != "short":
            if params.side == "both":
                said += conditions.threshold("below average", 1, price, "<=", average, reach)
            said += atr_level_conditions(market, params, 1)
        if params.side != "long":
            if params.side == "both":
                said += conditions.threshold("above average", -1, price, ">", average, reach)
            said += atr_level_conditions(market, params, -1)
        return said


def atr_ladder(market: Market, params: AtrLadderParams, direction: Flags | int, leave: Flags | None = None) -> Plan:
    """The plan of a ladder at ATR multiples for the rows' directions; ``leave`` are its exit flags."""
    average = market.column(ema, "close", params.ema_period)
    unit = market.column(atr, "high", "low", "close", params.atr_period)
    coefficients, weights = limits(params.num_levels, params.atr_start, params.atr_step)
    if params.stop == "atr":
        stop = market.level(average, coefficients[-1] - params.stop_atr, unit)
    else:
        stop = fraction_of_average(-params.stop_fraction)
    return Plan(
        direction, coefficients, weights, stop, average, market.level(average, 0.0, None, True), unit=unit, freeze=True,
        cooldown=params.cooldown, exit=leave,
    )


def atr_ladder_warmup(params: AtrLadderParams) -> int:
    """Candles until EMA and ATR are what all of history would give, to 1e-9 even when the window begins in a crash."""
    return max(11 * params.ema_period, 24 * params.atr_period)


def atr_level_conditions(market: Market, params: AtrLadderParams, direction: int) -> list[Condition]:
    """Distance of the last price from each level that a flat book would rest in this direction."""
    average = float(market.column(ema, "close", params.ema_period)[-1])
    unit = float(market.column(atr, "high", "low", "close", params.atr_period)[-1])
    away = distances(params.num_levels, params.atr_start, params.atr_step)
    return conditions.levels(float(market.close[-1]), [average - direction * x * unit for x in away], direction)


def _towards(market: Market, period: int) -> Flags:
    """int8[n]: from the close to the average."""
    return side_of_average(market.close, market.column(ema, "close", period))


def side_of_average(close: Floats, average: Floats) -> Flags:
    """int8[n]: +1 where the close is at or below the average, -1 where it is above, 0 where that is unknown."""
    below: Flags = (close <= average).astype(np.int8)
    return below - (close > average)
