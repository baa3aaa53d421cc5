"""Where a flat book must look next: one index per distinct first entry, so that a walk skips what cannot fill."""

from __future__ import annotations

import math

import numpy as np
from numba import float64, int32, int64, njit

from engine.hold import SLACK
from engine.records import read_only


@njit(error_model="numpy", nogil=True)
def reach(ways, base, unit, coefficient, tick):
    """(below, above), float64[n_rows]: a low at or below, or a high at or above, may fill the row's first entry.

    A market entry may fill at any price, a row without direction at none (NaN).
    """
    n = ways.size
    below = np.full(n, np.nan)
    above = np.full(n, np.nan)
    for r in range(n):
        d = ways[r]
        q = base[r] + (d * coefficient) * unit[r]
        slack = tick + SLACK * abs(q)
        if math.isnan(coefficient):
            below[r] = math.inf if d != 0 else math.nan
        elif d > 0:
            below[r] = q + slack
        elif d < 0:
            above[r] = q - slack
    return below, above


@njit(
    int32[::1](
        read_only(np.float64, 1), read_only(np.float64, 1), read_only(np.int32, 1), read_only(np.int8, 2),
        read_only(np.float64, 2), int64, int64, int64, float64, float64,
    ),
    error_model="numpy", nogil=True, cache=True,
)
def next_entry(high, low, row, flags, columns, direction, base, unit, coefficient, tick):
    """int32[T + 1]: the next candle at or after t where a flat book's first entry might fill; T for none."""
    n = row.size
    out = np.empty(n + 1, np.int32)
    market = math.isnan(coefficient)
    if base < 0 and not market:  # levels from the first fill: no first entry can be one
        out[:] = n
        return out
    of_unit = columns[max(unit if unit >= 0 else base, 0)]
    below, above = reach(flags[direction], columns[max(base, 0)], of_unit, coefficient, tick)
    nearest = n
    out[n] = n
    for t in range(n - 1, -1, -1):
        r = row[t]
        if r >= 0 and ((low[t] <= below[r]) | (high[t] >= above[r])) and (not market or t == 0 or row[t - 1] != r):
            nearest = t
        out[t] = nearest
    return out
