"""How resampled equity is spread day by day: the picture beside `optimization.statistics.bootstrap`.

Law: day by day these are the very resamples that `bootstrap.resampled` judges, so its last day is their net return.
"""

from __future__ import annotations

import numpy as np
from numba import float64, int64, njit, types
from numpy.typing import NDArray

from core.candle import Floats, Ints
from engine.chance import mix
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
    paths = _paths(growth, shown, block_days, resamples, seed % 2**63, LARGEST_EQUITY)
    return shown, np.quantile(paths, SHARES, axis=1)


@njit(
    float64[:, ::1](
        types.Array(float64, 1, "C", readonly=True), types.Array(int64, 1, "C", readonly=True), float64, int64, int64,
        float64,
    ),
    cache=True, nogil=True, error_model="numpy",
)
def _paths(growth: Floats, shown: Ints, block_days: float, resamples: int, seed: int, most: float) -> Floats:
    """float64[days shown, resamples]: equity after those days, drawn as `bootstrap._resample` draws."""
    n = growth.size
    out = np.empty((shown.size, resamples))
    rows = np.uint64(n)
    jumps = np.uint64(4294967296.0 / block_days)
    begin = mix(np.uint64(seed))
    for b in range(resamples):
        state = mix(begin ^ np.uint64(b))
        at = np.int64((mix(state) >> _S32) * rows >> _S32)
        equity, column = 1.0, 0
        for day in range(1, n + 1):
            equity = min(equity * growth[at], most)
            if day == shown[column]:
                out[column, b] = equity
                column += 1
            state += _GOLDEN
            draw = mix(state)
            following = np.int64(at + 1 if at + 1 < n else 0)
            at = np.int64((draw >> _S32) * rows >> _S32) if draw & _LOW_32 < jumps else following
    return out
