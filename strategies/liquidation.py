"""Liquidation: towards an estimated zone of liquidations when price comes near it.

Idea: where many leveraged positions would be liquidated, their forced orders lie in one direction; price that comes
near is drawn on, since each liquidation pushes it further. Regime: crowded markets, much open interest opened lately;
it loses when price turns before the zone. Source: public liquidation heat maps (from 2021 on); how zones are estimated
stands in `indicators.liquidation_zones`.

Where the definition leaves freedom: "comes near" is the row on which the nearest zone of a side gets within reach,
so a zone that stays near, or that was stopped at, is not entered again. With zones near on both sides, the nearer one.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from core.candle import Floats
from core.conditions import threshold
from core.market import Market
from core.plan import AT_MARKET, Flags, Plan, fraction_of_average
from core.strategy import Condition, Need, Parameters, Strategy
from indicators.liquidation_zones import DAY_ROWS_5M, HORIZON, SETTLE_ROWS_5M, liquidation_zones

Bools = NDArray[np.bool_]


class LiquidationParams(Parameters):
    """How long positions count, how near is near, and where a position ends."""

    window: int = Field(2016, ge=288, le=8640, description="candles that positions stay in the book; 2016 are a week")
    reach: float = Field(0.015, gt=0, le=HORIZON, description="a zone within this fraction of the price is near")
    least: float = Field(0.0, ge=0, lt=HORIZON, description="zones nearer than this fraction are not worth the fees")
    stop_fraction: float = Field(0.006, gt=0, lt=0.5, description="stop loss beyond the entry price")
    max_hold: int = Field(24, ge=1, le=2000, description="candles after which to leave; 24 of 5m are 2 hours")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.least < self.reach:
            raise ValueError("least must be below reach")
        return self


class Liquidation(Strategy[LiquidationParams]):
    """Enters towards the nearest estimated liquidation zone when price comes near it; the zone is the target."""

    name: ClassVar[str] = "liquidation"
    timeframe: ClassVar[str] = "5m"
    needs: ClassVar[tuple[Need, ...]] = ("open_interest",)
    Params: ClassVar[type[Parameters]] = LiquidationParams

    def warmup(self, params: LiquidationParams) -> int:
        """The book's window from the midnight before the row before, and until open interest's rises are known."""
        return params.window + DAY_ROWS_5M + SETTLE_ROWS_5M + 1

    def plan(self, market: Market, params: LiquidationParams) -> Plan:
        """Market entry, target at the zone as it was when the entry was decided."""
        _, _, zone = market.derived(_nearest, params.window)
        return Plan(
            market.derived(_comes_near, params.window, params.reach, params.least), AT_MARKET, (1.0,),
            fraction_of_average(-params.stop_fraction), target=market.level(zone), max_hold=params.max_hold,
        )

    def conditions(self, market: Market, params: LiquidationParams) -> list[Condition]:
        """Distance of the nearest zone on each side against the reach; none where there is no zone."""
        price, zones = float(market.close[-1]), _zones(market, params.window)
        said: list[Condition] = []
        for d, zone in zip((1, -1), zones, strict=True):
            away = d * (float(zone[-1]) / price - 1.0)
            said += threshold("distance to zone", d, away, "<=", params.reach, HORIZON)
            said += threshold("distance to zone, least", d, away, ">=", params.least, params.reach)
        return said


def _zones(market: Market, window: int) -> tuple[Floats, Floats]:
    """Nearest zones above and below the close."""
    zones: tuple[Floats, Floats] = market.column(
        liquidation_zones, "ts_ms", "high", "low", "close", "open_interest", window
    )
    return zones


def _nearest(market: Market, window: int) -> tuple[Flags, Floats, Floats]:
    """The nearer zone of both sides: which side (int8, 0 for none), how far (fraction of the close), its price."""
    above, below = _zones(market, window)
    up, down = above / market.close - 1.0, 1.0 - below / market.close
    higher: Bools = (up < down) | (np.isnan(down) & ~np.isnan(up))
    lower: Bools = (down < up) | (np.isnan(up) & ~np.isnan(down))
    side: Flags = higher.view(np.int8) - lower.view(np.int8)
    return side, np.where(higher, up, down), np.where(higher, above, below)


def _comes_near(market: Market, window: int, reach: float, least: float) -> Flags:
    """int8[n]: the side whose zone got within reach on this row, unless it is nearer than ``least``."""
    side, away, _ = market.derived(_nearest, window)
    near: Flags = side * (away <= reach)
    came: Bools = away >= least
    came[:1] = False  # whether it was near before cannot be known
    came[1:] &= near[1:] != near[:-1]
    return near * came.view(np.int8)
