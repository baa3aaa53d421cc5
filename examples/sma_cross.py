"""A strategy of your own in one file: long while a fast average is above a slow one."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from core.market import Market
from core.plan import AVERAGE, EXIT_LONG, MARKET, Level, Plan
from core.strategy import Parameters, Strategy
from indicators.moving_average import sma


class SmaCrossParams(Parameters):
    """Two periods and a stop."""

    fast: int = Field(20, ge=2, le=100, description="candles of the fast average")
    slow: int = Field(50, ge=3, le=400, description="candles of the slow average")
    stop_fraction: float = Field(0.05, gt=0, lt=0.5, description="stop loss below the entry price")


class SmaCross(Strategy[SmaCrossParams]):
    """Buys at market when the fast average crosses above the slow one, leaves when it crosses back."""

    name: ClassVar[str] = "sma_cross"
    timeframe: ClassVar[str] = "1h"
    Params: ClassVar[type[Parameters]] = SmaCrossParams

    def warmup(self, params: SmaCrossParams) -> int:
        """Candles before a row is what it always would be."""
        return max(params.fast, params.slow) + 1  # one more for the row before, which a cross needs

    def plan(self, market: Market, params: SmaCrossParams) -> Plan:
        """Enter and leave at the open after a cross."""
        above = market.column(sma, "close", params.fast) > market.column(sma, "close", params.slow)
        crossed = np.diff(above, prepend=above[:1])
        enter = (crossed & above).astype(np.int8)
        leave = (crossed & ~above).astype(np.int8) * np.int8(EXIT_LONG)
        return Plan(enter, (MARKET,), (1.0,), Level(AVERAGE, -params.stop_fraction), exit=leave)
