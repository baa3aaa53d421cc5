"""Where a flat book must look next: one index per distinct first entry, so that a walk skips what cannot fill."""

from __future__ import annotations

import math

import numpy as np
from numba import float64, int32, int64, njit, types

from engine.hold import SLACK
from engine.records import read_only


@njit(error_model="numpy", nogil=True)
def reach(ways, base, unit, coefficient, tick):
    """(below, above), float64[n_rows]: a low at or below, or a high at or above, may fill the row's first entry.

    A market entry may fill at any price, a row without direction at none (NaN). Without branches, so that several
    rows are computed at once.
    """
    n = ways.size
    below = np.empty(n)
    above = np.empty(n)
    if math.isnan(coefficient):
        for r in range(n):
            below[r] = math.inf if ways[r] != 0 else math.nan
            above[r] = math.nan
        return below, above
    for r in range(n):
        d = float(ways[r])
        q = base[r] + (d * coefficient) * unit[r]
        slack = tick + SLACK * abs(q)
        below[r] = q + slack if d > 0.0 else math.nan
        above[r] = q - slack if d < 0.0 else math.nan
    return below, above


@njit(error_model="numpy", nogil=True)
def touches(high, low, row, below, above):
    """bool[T]: whether a candle reaches what its row's first entry waits for."""
    n = row.size
    hit = np.zeros(n, np.bool_)
    if n > 0 and row[n - 1] - row[0] == n - 1:  # a row for each candle: several candles are compared at once
        begin = max(0, -row[0])
        rows = slice(begin + row[0], n + row[0])
        b, a, lows, highs, out = below[rows], above[rows], low[begin:], high[begin:], hit[begin:]
        for t in range(out.size):
            out[t] = (lows[t] <= b[t]) | (highs[t] >= a[t])
    else:
        for t in range(n):
            r = row[t]
            hit[t] = r >= 0 and ((low[t] <= below[r]) | (high[t] >= above[r]))
    return hit


@njit(
    types.void(
        read_only(np.float64, 1), read_only(np.float64, 1), read_only(np.int32, 1), read_only(np.int8, 2),
        read_only(np.float64, 2), int64, int64, int64, float64, float64, int32[::1],
    ),
    error_model="numpy", nogil=True, cache=True,
)
def next_entry(high, low, row, flags, columns, direction, base, unit, coefficient, tick, out):
    """Into ``out``, int32[T + 1]: the next candle from t on where a flat book's first entry might fill; T for none."""
    n = row.size
    market = math.isnan(coefficient)
    if base < 0 and not market:  # levels from the first fill: no first entry can be one
        out[:] = n
        return
    of_unit = columns[max(unit if unit >= 0 else base, 0)]
    below, above = reach(flags[direction], columns[max(base, 0)], of_unit, coefficient, tick)
    hit = touches(high, low, row, below, above)
    nearest = n
    out[n] = n
    for t in range(n - 1, -1, -1):
        if hit[t] and (not market or t == 0 or row[t - 1] != row[t]):
            nearest = t
        out[t] = nearest
