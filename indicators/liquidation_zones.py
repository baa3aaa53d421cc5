"""Where leveraged positions would be liquidated, estimated from open interest: zones that price may be drawn to.

The book. A rise of open interest (in contracts: USD at the close of the row that first shows a new reading) is taken as
positions opened at that candle's typical price, half long, half short, spread over `LEVERAGES` by `SHARES`. A position
is liquidated at ``price x (1 -/+ (1 / leverage - MAINTENANCE))``. Positions leave with falls of open interest, oldest
first (those of one row together, when all of them have left), when price touches where they are liquidated, and at the
latest after ``window`` rows: so the book of a row is a function of the last ``window`` rows, however long the series.

The zones. Liquidation prices are counted in buckets of 0.25 %. A zone is a bucket that is as full as the fullest tenth
of all buckets that the book, which holds a window's positions (a week by convention), filled at the last UTC midnight.
A bucket that price touches is spent. Buckets are measured from the first close of a day, which makes them the same
for every scale of prices; at midnight they are filled anew from the positions themselves.

Source: the idea of public "liquidation heat maps" (from 2021 on); none publishes its estimator, so the shares of
leverages are an assumption and the book is an estimate of where liquidations lie, not of how large they are.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import float64, int64, njit, types
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_VALUES = types.Array(float64, 1, "C", readonly=True)
_TIMES = types.Array(int64, 1, "C", readonly=True)

LEVERAGES: Final = (5.0, 10.0, 20.0, 50.0)
SHARES: Final = (0.3, 0.4, 0.2, 0.1)
"""Of a rise of open interest, by leverage; the higher, the smaller the accounts."""
MAINTENANCE: Final = 0.005
"""Maintenance margin as a fraction of notional."""

BUCKET: Final = 0.0025
HORIZON: Final = 0.05
"""How far from the close zones are looked for, as a fraction of it."""
FULLEST: Final = 0.1

DAY_ROWS_5M: Final = 288
"""Rows of 5m between two midnights."""
SETTLE_ROWS_5M: Final = 48
"""Two readings of open interest must have been seen before a rise counts: within 4 h, at hourly readings."""

_DAY_MS: Final = 86_400_000
_LOTS: Final = 1e4
"""Contracts are counted in whole ten-thousandths, so that what is added and taken away leaves exactly nothing."""
_WIDTH: Final = math.log1p(BUCKET)
_BUCKETS: Final = 1024
_CENTRE: Final = 512
_REACH: Final = int(math.log1p(HORIZON) / _WIDTH)
_LIQUIDATED: Final = np.array([1.0 + d * (1.0 / x - MAINTENANCE) for d in (-1, 1) for x in LEVERAGES])
"""Where each kind of position, longs first, is liquidated, as a multiple of its entry price."""
_PLACES: Final = np.log(_LIQUIDATED) / _WIDTH
"""The same in buckets."""
_PARTS: Final = np.array(2 * SHARES) / 2.0
_KINDS: Final = len(_PARTS)
_EDGES: Final = np.exp(_WIDTH * (np.arange(_BUCKETS + 1) - _CENTRE - 0.5))
"""Lower edge of each bucket, in multiples of the day's first close, which lies in the middle of its own."""
_MIDDLES: Final = np.exp(_WIDTH * (np.arange(_BUCKETS) - _CENTRE))


@njit(nogil=True, error_model="numpy", inline="always")
def _walk(bucket: int, multiple: float) -> int:
    """The bucket that holds this multiple of the day's first close, looked for from ``bucket`` on."""
    while bucket > 0 and multiple < _EDGES[bucket]:
        bucket -= 1
    while bucket < _BUCKETS - 1 and multiple >= _EDGES[bucket + 1]:
        bucket += 1
    return bucket


@njit(nogil=True, error_model="numpy")
def _nearest(book: Ints, full: int, start: int, step: int) -> float:
    """Middle of the nearest zone from ``start`` on within `_REACH` buckets, NaN for none."""
    for away in range(1, _REACH + 1):
        b = start + step * away
        if not 0 <= b < _BUCKETS:
            break
        if book[b] >= full:
            return _MIDDLES[b]
    return np.nan


@njit(nogil=True, error_model="numpy")
def _opened(close: Floats, open_interest: Floats) -> tuple[Ints, Ints]:
    """What each row opened, in lots, and how much had been opened in all when the oldest that still stands was.

    The second: a position stands while the sum up to and with it is above it, which is "falls take the oldest".
    """
    n = close.size
    rise, gone = np.zeros(n, np.int64), np.zeros(n, np.int64)
    level, opened, left = int64(-1), int64(0), int64(0)
    for t in range(n):
        reading = open_interest[t]
        if np.isnan(reading):
            level = -1
        elif t > 0 and reading != open_interest[t - 1] and not np.isnan(open_interest[t - 1]):
            lots = int64(round(reading / close[t] * _LOTS))
            if level >= 0 and lots > level:
                rise[t] = lots - level
                opened += rise[t]
            level = lots
            left = opened - lots
        gone[t] = left
    return rise, gone


@njit(nogil=True, error_model="numpy")
def _change(book: Ints, cleared: Ints, t: int, opened: int, place: float, standing: int, sign: int) -> None:
    """Add the positions of row ``t`` to the book, or take from it those of them that are still in it."""
    for k in range(_KINDS):
        if not standing >> k & 1:
            continue
        b = math.floor(place + _PLACES[k])
        if 0 <= b < _BUCKETS and cleared[b] <= t:
            book[b] += sign * int64(round(opened * _PARTS[k]))


@njit(nogil=True, error_model="numpy")
def _standing(price: float, low: float, high: float) -> int:
    """Bit k: position k of those opened at ``price`` is not liquidated within low and high."""
    standing = 0
    for k in range(_KINDS):
        at = price * _LIQUIDATED[k]
        if at < low or at > high:
            standing |= 1 << k
    return standing


@njit(nogil=True, error_model="numpy")
def _full(book: Ints) -> int:
    """What the fullest tenth of the filled buckets hold at least; more than any can when none is filled."""
    filled = np.sort(book[book > 0])
    if filled.size == 0:
        return np.iinfo(np.int64).max
    return filled[min(int(filled.size * (1.0 - FULLEST)), filled.size - 1)]


@njit(
    types.UniTuple(float64[::1], 2)(_TIMES, _VALUES, _VALUES, _VALUES, _VALUES, int64),
    cache=True, nogil=True, error_model="numpy",
)
def liquidation_zones(
    ts_ms: Ints, high: Floats, low: Floats, close: Floats, open_interest: Floats, window: int
) -> tuple[Floats, Floats]:
    """Prices of the nearest zones above and below the close, as the middle of their buckets.

    Parameters
    ----------
    ts_ms : int64[n], opening times, UTC.
    high, low, close : float64[n], in price.
    open_interest : float64[n] in USD, the last reading known at each close; NaN where unknown.
    window : rows after which a position is forgotten; a week by convention, at least a day.

    Returns
    -------
    above, below : float64[n] each; NaN where there is no zone within `HORIZON`, where the book is empty, and where open
    interest is unknown. Row t uses rows up to t. Warm-up: ``window`` and a day and a few hours
    (`DAY_ROWS_5M`, `SETTLE_ROWS_5M`).
    """
    n = close.size
    above, below = np.full(n, np.nan), np.full(n, np.nan)
    rise, gone = _opened(close, open_interest)
    opened = np.cumsum(rise)
    place, standing = np.empty(n), np.zeros(n, np.int64)
    book, cleared = np.zeros(_BUCKETS, np.int64), np.full(_BUCKETS, -1, np.int64)
    first, since, full, day = 0, 0, int64(0), int64(-1)  # oldest row in the book; row of the last midnight
    b_low = b_high = b_close = looked_from = _CENTRE
    zone_above = zone_below = np.nan
    stale = True  # whether zones have to be looked for again
    for t in range(n):
        midnight = ts_ms[t] // _DAY_MS != day
        price = (high[t] + low[t] + close[t]) / 3.0
        while first < t and (first <= t - window or opened[first] <= gone[t]):
            if rise[first] > 0 and not midnight:
                _change(book, cleared, first, rise[first], place[first], standing[first], -1)
                stale = True
            first += 1
        if rise[t] > 0:
            standing[t] = _standing(price, low[t], high[t])
        if midnight:
            day, since = ts_ms[t] // _DAY_MS, t
            book[:] = 0
            cleared[:] = -1
            least, most = np.inf, -np.inf  # of the rows after the one looked at
            for i in range(t, first - 1, -1):
                if rise[i] > 0:
                    typical = (high[i] + low[i] + close[i]) / 3.0
                    place[i] = math.log(typical / close[t]) / _WIDTH + _CENTRE + 0.5
                    standing[i] &= _standing(typical, min(least, close[i]), max(most, close[i]))
                    _change(book, cleared, i, rise[i], place[i], standing[i], 1)
                least, most = min(least, low[i]), max(most, high[i])
            full, stale = _full(book), True
            b_low = b_high = b_close = _CENTRE
        unit = 1.0 / close[since]
        if not midnight:
            b_low = _walk(b_low, min(low[t], close[t - 1]) * unit)  # a jump touches what it passes over
            b_high = _walk(b_high, max(high[t], close[t - 1]) * unit)
            for b in range(b_low, b_high + 1):
                stale |= book[b] > 0
                book[b] = 0
                cleared[b] = t
            if rise[t] > 0:
                place[t] = math.log(price * unit) / _WIDTH + _CENTRE + 0.5
                _change(book, cleared, t, rise[t], place[t], standing[t], 1)
                stale = True
        b_close = _walk(b_close, close[t] * unit)
        if stale or b_close != looked_from:
            zone_above, zone_below = _nearest(book, full, b_close, 1), _nearest(book, full, b_close, -1)
            stale, looked_from = False, b_close
        if not np.isnan(open_interest[t]):
            above[t], below[t] = zone_above * close[since], zone_below * close[since]
    return above, below
