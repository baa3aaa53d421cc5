"""How resampled equity is spread day by day: the picture beside `optimization.statistics.bootstrap`.

Law: day by day these are the very resamples that `bootstrap.resampled` judges, so its last day is their net return.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.candle import Floats
from optimization.statistics.returns import LARGEST_EQUITY, sound

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
_MOST_POINTS = 150
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_LOW_32, _S32 = np.uint64(0xFFFFFFFF), np.uint64(32)


def fan(daily: Floats, block_days: float, resamples: int, seed: int) -> tuple[NDArray[np.int64], Floats]:
    """Days (counted from 1, 150 at most, the last among them), and float64[len(SHARES), days]: equity, 1 at the start.

    The arguments are those of `bootstrap.resampled`, which refuses what cannot be resampled.
    """
    growth = np.maximum(1.0 + sound(daily), 0.0)
    n = len(growth)
    shown = np.unique(np.linspace(1, n, min(n, _MOST_POINTS)).round().astype(np.int64))
    spread = np.empty((len(SHARES), len(shown)))
    rows, jumps = np.uint64(n), np.uint64(4294967296.0 / block_days)
    with np.errstate(over="ignore"):  # splitmix64 wraps around
        state = _mix(_mix(np.array([seed % 2**63], np.uint64)) ^ np.arange(resamples, dtype=np.uint64))
        at = (_mix(state) >> _S32) * rows >> _S32
        equity, column = np.ones(resamples), 0
        for day in range(1, n + 1):
            equity = np.minimum(equity * growth[at], LARGEST_EQUITY)
            if day == shown[column]:
                spread[:, column] = np.quantile(equity, SHARES)
                column += 1
            state += _GOLDEN
            draw = _mix(state)
            following = np.where(at + np.uint64(1) < rows, at + np.uint64(1), np.uint64(0))
            at = np.where((draw & _LOW_32) < jumps, (draw >> _S32) * rows >> _S32, following)
    return shown, spread


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """`engine.chance.mix` of many at once."""
    mixed = state + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
