"""VWAP and RSI: against a short exhaustion near the day's average price, while the market ranges.

Idea: near the volume-weighted average price of a day buyers and sellers agree; a short burst away that ends in an
extreme RSI on high volume is met by those who wait there. Regime: ranges (low ADX); it loses when a burst is the
beginning of a trend, so it leaves as soon as the ADX says so and never trades against the trend of 15m.
Source: VWAP as an execution benchmark (Berkowitz, Logue and Noser, 1988); RSI and ADX by Wilder (1978).

Where the definition leaves freedom: a trend of 15m that is neither up nor down stands against nobody.
"""

from __future__ import annotations

from operator import attrgetter
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.candle import Floats
from core.conditions import threshold
from core.market import Market
from core.plan import AT_MARKET, EXIT_LONG, EXIT_SHORT, Flags, Plan, fraction_of_average
from core.strategy import Condition, Parameters, Strategy
from indicators.directional import adx
from indicators.trend import SLOPE_CANDLES, slope_and_side
from indicators.volume import volume_ratio
from indicators.vwap import vwap
from indicators.wilder import rsi

TREND: Final = "15m"
TREND_ROWS: Final = 3
"""Rows of 5m in a candle of 15m."""
NEUTRAL: Final = 50.0

Bools = NDArray[np.bool_]


class VwapRsiParams(Parameters):
    """What near, extreme, high and ranging mean, and where a position ends."""

    vwap_period: int = Field(288, ge=2, le=2016, description="candles of the rolling VWAP; 288 of 5m are 24 hours")
    vwap_deviation: float = Field(0.003, gt=0, le=0.1, description="farthest from the VWAP, as a fraction of it")
    rsi_period: int = Field(14, ge=2, le=100, description="candles of the RSI")
    rsi_extreme: float = Field(25.0, gt=0, lt=50, description="longs enter below it, shorts above 100 minus it")
    volume_period: int = Field(20, ge=2, le=500, description="candles of the average volume")
    volume_factor: float = Field(1.5, ge=0, le=20, description="volume must be above this multiple of its average")
    adx_period: int = Field(14, ge=2, le=100, description="candles of the ADX")
    adx_trending: float = Field(25.0, gt=0, le=100, description="below it the market ranges; from it on, leave")
    trend_period: int = Field(50, ge=2, le=200, description="15m candles of the trend's EMA")
    target_fraction: float = Field(0.008, gt=0, lt=0.5, description="take profit beyond the entry price")
    stop_fraction: float = Field(0.003, gt=0, lt=0.5, description="stop loss beyond the entry price")


class VwapRsi(Strategy[VwapRsiParams]):
    """Fades an extreme RSI on high volume near the 24-hour VWAP, in ranges, never against the 15m trend."""

    name: ClassVar[str] = "vwap_rsi"
    timeframe: ClassVar[str] = "5m"
    Params: ClassVar[type[Parameters]] = VwapRsiParams

    def warmup(self, params: VwapRsiParams) -> int:
        """Until RSI, ADX and the 15m average have forgotten their starts; the first 15m candle may be a part."""
        trend = TREND_ROWS * (10 * params.trend_period + SLOPE_CANDLES + 2)
        return max(
            params.vwap_period, 21 * params.rsi_period, params.volume_period, 25 * params.adx_period + 1, trend
        )

    def plan(self, market: Market, params: VwapRsiParams) -> Plan:
        """Market entry on the row of the signal; every row that trends says to leave."""
        direction, leave = market.remember((_signals, _READ(params)), lambda: _signals(market, params))
        return Plan(
            direction, AT_MARKET, (1.0,), fraction_of_average(-params.stop_fraction),
            target=fraction_of_average(params.target_fraction), exit=leave,
        )

    def conditions(self, market: Market, params: VwapRsiParams) -> list[Condition]:
        """Distance from the VWAP, RSI, volume, ADX and the 15m trend, for each direction."""
        away, strength = _away(market, params.vwap_period)[-1], market.column(rsi, "close", params.rsi_period)[-1]
        ratio = market.column(volume_ratio, "volume", params.volume_period)[-1]
        trend = _trend(market, params.trend_period)[-1]
        said: list[Condition] = []
        for d in (1, -1):
            sign, limit = ("<", params.rsi_extreme) if d > 0 else (">", 100.0 - params.rsi_extreme)
            deviation, factor = params.vwap_deviation, params.volume_factor
            said += threshold("distance from VWAP", d, float(away), "<=", deviation, 4.0 * deviation)
            said += threshold("RSI", d, float(strength), sign, limit, NEUTRAL - params.rsi_extreme)
            said += threshold("volume / average", d, float(ratio), ">", factor, factor or 1.0)
            said += threshold("ADX", d, float(_adx(market, params.adx_period)[-1]), "<", params.adx_trending, 25.0)
            said += threshold("15m trend", d, float(trend), ">=" if d > 0 else "<=", 0.0, 1.0)
        return said


_READ: Final = attrgetter(
    "vwap_period", "vwap_deviation", "rsi_period", "rsi_extreme", "volume_period", "volume_factor", "adx_period",
    "adx_trending", "trend_period",
)
"""What the signals depend on: a sweep that varies the rest shares them."""


def _signals(market: Market, params: VwapRsiParams) -> tuple[Flags, Flags]:
    """Direction and exit flags; each of their parts is remembered by what it reads itself."""
    calm, spike = (params.adx_period, params.adx_trending), (params.volume_period, params.volume_factor)
    period, deviation = params.vwap_period, params.vwap_deviation
    near: Bools = market.remember((_away, period, deviation), lambda: _away(market, period) <= deviation)
    gate = near & _quiet_spike(market, spike, calm)
    strength, trend = market.column(rsi, "close", params.rsi_period), _trend(market, params.trend_period)
    long: Bools = gate & (strength < params.rsi_extreme) & (trend >= 0.0)
    short: Bools = gate & (strength > 100.0 - params.rsi_extreme) & (trend <= 0.0)
    leave: Flags = market.remember((_leaves, *calm), lambda: _leaves(_adx(market, calm[0]), calm[1]))
    return long.view(np.int8) - short.view(np.int8), leave


def _quiet_spike(market: Market, spike: tuple[int, float], calm: tuple[int, float]) -> Bools:
    """bool[n]: high volume while the market ranges."""
    both: Bools = market.remember(
        (_quiet_spike, spike, calm),
        lambda: (market.column(volume_ratio, "volume", spike[0]) > spike[1]) & (_adx(market, calm[0]) < calm[1]),
    )
    return both


def _away(market: Market, period: int) -> Floats:
    """float64[n]: distance of the close from the VWAP, as a fraction of it."""
    away: Floats = market.remember(
        (_away, period),
        lambda: np.abs(market.close / market.column(vwap, "high", "low", "close", "volume", period) - 1.0),
    )
    return away


def _adx(market: Market, period: int) -> Floats:
    column: Floats = market.column(adx, "high", "low", "close", period)
    return column


def _trend(market: Market, period: int) -> Floats:
    """float64[n]: the trend of the last closed 15m candle."""
    return market.on(TREND).column(slope_and_side, "close", period)


def _leaves(strength: Floats, trending: float) -> Flags:
    """int8[n]: both exit flags where the ADX says that the market trends."""
    return (strength >= trending) * np.int8(EXIT_LONG | EXIT_SHORT)
