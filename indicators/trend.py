"""Which way a market goes, by exponential moving averages: +1 up, -1 down, 0 neither, NaN unknown."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import float64, int64, njit, types
from numpy.typing import NDArray

from indicators.moving_average import ema

Floats = NDArray[np.float64]
_VALUES = types.Array(float64, 1, "C", readonly=True)

SLOPE_CANDLES: Final = 4
"""How far back a slope looks. Over one candle it would say the same as the side of the price, since an average
rises exactly when the new price is above it."""


@njit(float64[::1](_VALUES, int64), cache=True, nogil=True, error_model="numpy")
def slope_and_side(close: Floats, period: int) -> Floats:
    """Up when the EMA is above where it was `SLOPE_CANDLES` ago and the close above the EMA; down when both below.

    float64[n]; the first ``period + SLOPE_CANDLES - 1`` rows are NaN. Warm-up: 10 ``period + SLOPE_CANDLES``.
    """
    average = ema(close, period)
    out = np.full(close.size, np.nan)
    for t in range(SLOPE_CANDLES, close.size):
        now, before = average[t], average[t - SLOPE_CANDLES]
        if np.isnan(now) or np.isnan(before):
            continue
        out[t] = int((now > before) & (close[t] > now)) - int((now < before) & (close[t] < now))
    return out


@njit(float64[::1](_VALUES, int64, int64), cache=True, nogil=True, error_model="numpy")
def fast_over_slow(close: Floats, fast: int, slow: int) -> Floats:
    """Up while the EMA of ``fast`` candles is above that of ``slow``, down while it is below.

    float64[n]; the first ``max(fast, slow) - 1`` rows are NaN. Warm-up: 10 ``max(fast, slow)``.
    """
    return np.sign(ema(close, fast) - ema(close, slow))
