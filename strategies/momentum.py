"""Momentum: follow a break of the recent range on high volume, with the trend of 15m, while the trend grows.

Idea: a close beyond the range of the candles before, on volume and in a trend that gains strength, tends to run on for
a few candles. Regime: beginning and middle of trends; it loses in ranges, where breaks come back at once.
Source: range breakouts as Donchian's (1960s), filtered by ADX (Wilder, 1978) and a higher timeframe, as Elder's triple
screen has it (Trading for a Living, 1993).
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
from core.plan import AT_MARKET, AVERAGE, EXIT_LONG, EXIT_SHORT, Flags, Plan
from core.strategy import Condition, Parameters, Strategy
from indicators.directional import adx
from indicators.donchian import breakouts, highest, lowest
from indicators.trend import fast_over_slow
from indicators.volume import volume_ratio
from indicators.wilder import atr

TREND: Final = "15m"
TREND_ROWS: Final = 3
"""Rows of 5m in a candle of 15m."""

Bools = NDArray[np.bool_]


class MomentumParams(Parameters):
    """What a break on volume in a growing trend is, and where a position ends, in multiples of the ATR."""

    range_period: int = Field(20, ge=2, le=400, description="candles of the range before the candle that breaks it")
    volume_period: int = Field(20, ge=2, le=500, description="candles of the average volume")
    volume_factor: float = Field(2.0, ge=0, le=20, description="volume must be above this multiple of its average")
    adx_period: int = Field(14, ge=2, le=100, description="candles of the ADX")
    adx_min: float = Field(20.0, ge=0, lt=100, description="the ADX must be above it and rising; below it, leave")
    trend_fast: int = Field(20, ge=2, le=200, description="15m candles of the fast EMA")
    trend_slow: int = Field(50, ge=2, le=200, description="15m candles of the slow EMA")
    atr_period: int = Field(14, ge=2, le=100, description="candles of the average true range")
    target_atr: float = Field(2.0, gt=0, le=50, description="take profit beyond the entry price, in ATR at the fill")
    stop_atr: float = Field(1.0, gt=0, le=20, description="stop loss beyond the entry price, in ATR at the fill")
    trail_atr: float = Field(0.0, ge=0, le=20, description="trailing stop behind the best price, in ATR; 0 for none")


class Momentum(Strategy[MomentumParams]):
    """Follows a range break on high volume with the 15m trend while ADX rises; leaves at ATR multiples."""

    name: ClassVar[str] = "momentum"
    timeframe: ClassVar[str] = "5m"
    Params: ClassVar[type[Parameters]] = MomentumParams

    def warmup(self, params: MomentumParams) -> int:
        """Until ADX, ATR and the 15m averages have forgotten their starts; the first 15m candle may be a part."""
        trend = TREND_ROWS * (10 * max(params.trend_fast, params.trend_slow) + 2)
        smoothed = max(25 * params.adx_period + 1, 21 * params.atr_period)
        return max(params.range_period + 1, params.volume_period, smoothed, trend)

    def plan(self, market: Market, params: MomentumParams) -> Plan:
        """Market entry with the break; target, stop and trail as far as the ATR of the signal's row says."""
        direction, leave, ranges = market.remember((_signals, _READ(params)), lambda: _signals(market, params))
        behind = params.trail_atr
        return Plan(
            direction, AT_MARKET, (1.0,), market.level(AVERAGE, -params.stop_atr, ranges),
            target=market.level(AVERAGE, params.target_atr, ranges),
            trail=market.trail(behind, ranges) if behind else None, exit=leave,
        )

    def conditions(self, market: Market, params: MomentumParams) -> list[Condition]:
        """The close against the range before it, volume, ADX and its rise, and the 15m averages."""
        if len(market) < 2:
            return []
        top, bottom = (float(side[-2]) for side in _range(market, params.range_period))
        half = (top - bottom) / 2.0 or top  # a range without height: near only at once
        strength, before = float(_adx(market, params.adx_period)[-1]), float(_adx(market, params.adx_period)[-2])
        ratio = float(market.column(volume_ratio, "volume", params.volume_period)[-1])
        trend = float(_trend(market, (params.trend_fast, params.trend_slow))[-1])
        said: list[Condition] = []
        for d, sign, edge in ((1, ">", top), (-1, "<", bottom)):
            said += threshold("close", d, float(market.close[-1]), sign, edge, half)
            said += threshold("volume / average", d, ratio, ">", params.volume_factor, params.volume_factor or 1.0)
            said += threshold("ADX", d, strength, ">", params.adx_min, params.adx_min or 1.0)
            said += threshold("ADX against the row before", d, strength, ">", before, 5.0)
            said += threshold("15m trend", d, trend, sign, 0.0, 2.0)
        return said


_READ: Final = attrgetter(
    "range_period", "volume_period", "volume_factor", "adx_period", "adx_min", "trend_fast", "trend_slow", "atr_period"
)
"""What the signals depend on: a sweep that varies the rest shares them."""


def _signals(market: Market, params: MomentumParams) -> tuple[Flags, Flags, Floats]:
    """Direction, exit flags and ATR; each of their parts is remembered by what it reads itself."""
    spike, growth = (params.volume_period, params.volume_factor), (params.adx_period, params.adx_min)
    breaks = _with_trend(market, params.range_period, (params.trend_fast, params.trend_slow))
    leave = market.remember((_leaves, *growth), lambda: _leaves(_adx(market, growth[0]), growth[1]))
    direction = breaks * _growing_spike(market, spike, growth).view(np.int8)
    return direction, leave, market.column(atr, "high", "low", "close", params.atr_period)


def _with_trend(market: Market, period: int, trend: tuple[int, int]) -> Flags:
    """int8[n]: +1, -1 where a close breaks the range of the candles before in the direction of the 15m trend."""

    def compute() -> Flags:
        breaks: Flags = breakouts(market.close, *_range(market, period))
        along: Bools = breaks == _trend(market, trend)
        return breaks * along.view(np.int8)

    signs: Flags = market.remember((_with_trend, period, trend), compute)
    return signs


def _growing_spike(market: Market, spike: tuple[int, float], growth: tuple[int, float]) -> Bools:
    """bool[n]: high volume while the ADX is above its threshold and above the row before."""

    def compute() -> Bools:
        strength = _adx(market, growth[0])
        both: Bools = (market.column(volume_ratio, "volume", spike[0]) > spike[1]) & (strength > growth[1])
        both[:1] = False
        both[1:] &= strength[1:] > strength[:-1]
        return both

    both: Bools = market.remember((_growing_spike, spike, growth), compute)
    return both


def _range(market: Market, period: int) -> tuple[Floats, Floats]:
    """Highest high and lowest low of ``period`` candles, each row's own included."""
    return market.column(highest, "high", period), market.column(lowest, "low", period)


def _adx(market: Market, period: int) -> Floats:
    column: Floats = market.column(adx, "high", "low", "close", period)
    return column


def _trend(market: Market, periods: tuple[int, int]) -> Floats:
    """float64[n]: whether the fast EMA of 15m is above the slow one."""
    return market.on(TREND).column(fast_over_slow, "close", *periods)


def _leaves(strength: Floats, least: float) -> Flags:
    """int8[n]: both exit flags where the ADX is below its threshold."""
    return (strength < least) * np.int8(EXIT_LONG | EXIT_SHORT)
