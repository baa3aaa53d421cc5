"""Kinds of market: filters for strategies on their own candles, and labels for reports on daily ones."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
from numba import float64, int64, njit, types
from numpy.typing import NDArray

from indicators.labels import Label as Label
from indicators.labels import labels as labels

Floats = NDArray[np.float64]
Flags = NDArray[np.int8]
_VALUES = types.Array(float64, 1, "C", readonly=True)

TRENDING_ADX: Final = 25.0
"""From this ADX on a market trends (Wilder, New Concepts in Technical Trading Systems, 1978, and the field since)."""


class Movement(IntEnum):
    """What a filter says of a row."""

    FALLING = -1
    RANGING = 0
    RISING = 1
    UNKNOWN = 2


def movement(adx: Floats, plus_di: Floats, minus_di: Floats, threshold: float = TRENDING_ADX) -> Flags:
    """`Movement` of each row, int8[n]: ranging below the threshold, else the direction of the greater DI.

    Row t uses row t of its arguments alone (`indicators.directional`); UNKNOWN where one of them is NaN or where a
    trending row's two DI are equal.
    """
    turn = np.sign(plus_di - minus_di)
    out = np.where(adx < threshold, float(Movement.RANGING), turn)
    unknown = np.isnan(adx) | np.isnan(turn) | ((adx >= threshold) & (turn == 0.0))
    return np.where(unknown, float(Movement.UNKNOWN), out).astype(np.int8)


def high_volatility(atr: Floats, close: Floats, period: int, top: float = 0.2) -> NDArray[np.bool_]:
    """Whether ATR / close is among the ``top`` share of its last ``period`` rows; 30 days of rows by convention.

    bool[n]; False while fewer than ``period`` rows are known. Warm-up: that of the ATR and ``period`` more.
    """
    return rolling_rank(atr / close, period) > 1.0 - top


@njit(float64[::1](_VALUES, int64), cache=True, nogil=True, error_model="numpy")
def rolling_rank(values: Floats, period: int) -> Floats:
    """Share of the last ``period`` values that are not above this one, row t included.

    float64[n], above 0 to 1 (1: none is higher); NaN in the first ``period - 1`` rows and where the window holds a
    NaN. Ranks are exact: a binary indexed tree (Fenwick, 1994) over the order of all values counts those that are in
    the window. Warm-up: ``period``.
    """
    n = values.size
    out = np.full(n, np.nan)
    order = np.argsort(values)
    place = np.empty(n, np.int64)  # from 1, equal values share the last place among them
    last = n
    for i in range(n - 1, -1, -1):
        if i < n - 1 and values[order[i]] != values[order[i + 1]]:
            last = i + 1
        place[order[i]] = last
    tree = np.zeros(n + 1, np.int64)
    known = 0
    for t in range(n):
        for row, step in ((t, 1), (t - period, -1)):
            if row < 0 or np.isnan(values[row]):
                continue
            known += step
            i = place[row]
            while i <= n:
                tree[i] += step
                i += i & -i
        if t < period - 1 or known < period:
            continue
        below, i = 0, place[t]
        while i > 0:
            below += tree[i]
            i -= i & -i
        out[t] = below / period
    return out
