"""Stationary block bootstrap of daily returns: how much of a result is luck.

Politis, D. and Romano, J. (1994), The stationary bootstrap, JASA 89(428): blocks that begin anywhere, of geometric
length, wrapped around the end, so that a resample is stationary and keeps the dependence of neighbouring days.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import float64, int64, njit, types

from core.candle import Floats
from core.errors import InputError
from engine.chance import mix
from engine.metrics import DAYS_A_YEAR
from optimization.statistics.block_length import block_length
from optimization.statistics.returns import LARGEST_EQUITY, sharpe, sound

FEWEST_TRADES = 30  # below it a result is underpowered
RESAMPLES = 1000

_S32, _LOW_32 = np.uint64(32), np.uint64(0xFFFFFFFF)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_VALUES = types.Array(float64, 1, "C", readonly=True)


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """What resampling says; intervals are (low, high), returns and drawdown fractions over the whole span.

    p_value : of "the Sharpe ratio is not above 0", (1 + resamples that say so) / (1 + resamples) (Davison and
    Hinkley, 1997). sharpe : annualised. worst_drawdown : exceeded by 5 % of the resamples. block_days : expected
    length of a block. underpowered : fewer than `FEWEST_TRADES` trades. defined : there is a deviation; otherwise
    p_value is 1 and the Sharpe interval (0, 0).
    """

    p_value: float
    sharpe: tuple[float, float]
    net_return: tuple[float, float]
    worst_drawdown: float
    block_days: float
    resamples: int
    underpowered: bool
    defined: bool


def bootstrap(
    daily: Floats, trades: int, *, resamples: int = RESAMPLES, seed: int = 0, block_days: float | None = None,
    confidence: float = 0.95,
) -> Bootstrap:
    """Resample float64[n] ``daily``; the same arguments give the same answer anywhere.

    ``block_days`` (1 or more) is chosen by `block_length` unless given. Raises InputError when nothing is to be
    resampled or an argument is out of its bounds.
    """
    if not 0.0 < confidence < 1.0:
        raise InputError(f"confidence = {confidence}: allowed is above 0 and below 1")
    length = block_length(daily).value if block_days is None else block_days
    drawn = resampled(daily, length, resamples, seed)
    edges = ((1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0)
    return Bootstrap(
        p_value=(1.0 + int((drawn[:, 0] <= 0.0).sum())) / (1.0 + resamples),
        sharpe=_interval(drawn[:, 0], edges),
        net_return=_interval(drawn[:, 1], edges),
        worst_drawdown=float(np.quantile(drawn[:, 2], 0.95)),
        block_days=length,
        resamples=resamples,
        underpowered=trades < FEWEST_TRADES,
        defined=sharpe(daily).defined,
    )


def resampled(daily: Floats, block_days: float, resamples: int, seed: int) -> Floats:
    """float64[resamples, 3]: annualised Sharpe ratio (0 without a deviation), net return, deepest drawdown of each."""
    values = sound(daily)
    if len(values) == 0:
        raise InputError("daily returns: none to resample: allowed is one or more")
    if resamples < 1:
        raise InputError(f"resamples = {resamples}: allowed is 1 or more")
    if not 1.0 <= block_days < math.inf:
        raise InputError(f"block_days = {block_days}: allowed is 1 or more")
    mean = float(values.mean())
    growth = np.maximum(1.0 + values, 0.0)
    return _resample(values - mean, growth, mean, block_days, resamples, seed % 2**63, LARGEST_EQUITY)


def _interval(values: Floats, edges: tuple[float, float]) -> tuple[float, float]:
    low, high = np.quantile(values, edges)
    return float(low), float(high)


@njit(
    float64[:, ::1](_VALUES, _VALUES, float64, float64, int64, int64, float64), cache=True, nogil=True,
    error_model="numpy",
)
def _resample(
    centred: Floats, growth: Floats, mean: float, block_days: float, resamples: int, seed: int, most: float
) -> Floats:
    """The resamples of `resampled`, from returns less their mean and from 1 + return, not below 0.

    Equity stays at ``most`` at most.

    Each resample has its own generator (splitmix64), so that it depends on seed and number alone.
    """
    n = centred.size
    out = np.empty((resamples, 3))
    rows = np.uint64(n)
    jumps = np.uint64(4294967296.0 / block_days)  # of 2^32: how often a day begins a block
    begin = mix(np.uint64(seed))
    for b in range(resamples):
        state = mix(begin ^ np.uint64(b))
        at = np.int64((mix(state) >> _S32) * rows >> _S32)
        total, squares, equity, peak, lowest = 0.0, 0.0, 1.0, 1.0, 1.0
        for _ in range(n):
            r = centred[at]
            total += r
            squares += r * r
            equity = min(equity * growth[at], most)
            peak = max(peak, equity)
            lowest = min(lowest, equity / peak)
            # one draw a day says whether and where a block begins: without a branch, which could not be foretold
            state += _GOLDEN
            draw = mix(state)
            following = np.int64(at + 1 if at + 1 < n else 0)
            at = np.int64((draw >> _S32) * rows >> _S32) if draw & _LOW_32 < jumps else following
        spread = squares - total * total / n
        # what rounding leaves of a day drawn again and again is no deviation
        if n > 1 and spread > 1e-10 * squares and spread > 1e-24 * (n - 1):
            out[b, 0] = (mean + total / n) / math.sqrt(spread / (n - 1)) * math.sqrt(DAYS_A_YEAR)
        else:
            out[b, 0] = 0.0
        out[b, 1] = equity - 1.0
        out[b, 2] = 1.0 - lowest
    return out
