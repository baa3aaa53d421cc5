"""Where a flat book must look next: one index per distinct first entry, so that a walk skips what cannot fill."""

from __future__ import annotations

import math

import numpy as np
from numba import float64, int32, njit, types

from engine.distinct import distinct
from engine.hold import SLACK
from engine.records import NO_COLUMN, PLAN, read_only
from engine.rounding import borrowing
from engine.span import Span

_BLOCK = 1024
"""Rows looked at for every first entry before others are: as many as stay in the nearest cache. Whole words."""
_WORD = 8
_WHOLE_KEY = np.arange(4)


def first_entries(
    plans: np.ndarray, span: Span, columns: np.ndarray, flags: np.ndarray, tick: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where a flat book must look next: key int32[n_plans] into nxt int32[n_keys, T + 1].

    ``nxt[key[i], t]`` is the next candle from t on where the first entry of plan i might fill; T for none.
    """
    which, nxt = _first_entries(plans, span.candles.high, span.candles.low, span.rows, flags, columns, tick)
    return which, nxt


@njit(error_model="numpy", nogil=True)
def _rows(high, low, row):
    """(first_row, starts, highest, lowest): the rows in force at these candles, from the first one on.

    starts : int64[rows + 1], where each row's candles begin. highest, lowest : float64[rows], extremes of its candles;
    without any it cannot be reached.
    """
    first_row = row[0]
    count = row[-1] + 1 - first_row
    rowwise = count == row.size
    for t in range(1, row.size):
        rowwise &= row[t] == row[t - 1] + 1
    if rowwise:
        return first_row, np.arange(count + 1), high, low
    starts = np.empty(count + 1, np.int64)
    highest = np.full(count, -math.inf)
    lowest = np.full(count, math.inf)
    begun = 0
    for t in range(row.size):
        r = row[t] - first_row
        while begun <= r:
            starts[begun] = t
            begun += 1
        highest[r] = max(highest[r], high[t])
        lowest[r] = min(lowest[r], low[t])
    starts[begun] = row.size
    return first_row, starts, highest, lowest


@borrowing
def _reaches(high, low, way, base, unit, coefficient, tick):
    """Whether prices between these may fill a limit. Without branches, so that several are computed at once."""
    d = float(way)
    q = base + (d * coefficient) * unit
    slack = tick + SLACK * abs(q)
    return ((d > 0.0) & (low <= q + slack)) | ((d < 0.0) & (high >= q - slack))


@borrowing
def _reached(hit, highest, lowest, ways, base, unit, coefficient, tick):
    """Into ``hit``: whether the first entry of a row, a limit, may fill between the extremes of its candles."""
    longs = shorts = True
    for way in ways:
        longs &= way > 0
        shorts &= way < 0
    if longs:  # a direction that is known is not computed with
        for r in range(ways.size):
            hit[r] = _reaches(highest[r], lowest[r], 1, base[r], unit[r], coefficient, tick)
    elif shorts:
        for r in range(ways.size):
            hit[r] = _reaches(highest[r], lowest[r], -1, base[r], unit[r], coefficient, tick)
    else:
        for r in range(ways.size):
            hit[r] = _reaches(highest[r], lowest[r], ways[r], base[r], unit[r], coefficient, tick)


@borrowing
def _fill(out, high, low, starts, hit, words, market, ways, base, unit, coefficient, tick):
    """Into ``out``: the next candle from each of these rows' on that may fill the first entry.

    hit : bool[_BLOCK], rows that may be filled at all, False beyond these. words : the same as uint64, since most are
    0. A market entry fills at the first candle of its row. What is next behind these rows is in ``out`` already.
    """
    upto = starts[-1]
    nearest = out[upto]
    for k in range((ways.size - 1) // _WORD, -1, -1):
        if words[k] != 0:
            last = min((k + 1) * _WORD, ways.size)
            out[starts[last] : upto] = nearest
            upto = starts[last]
            for r in range(last - 1, k * _WORD - 1, -1):
                begin = starts[r]
                if upto - begin == 1:
                    nearest = begin if hit[r] else nearest
                    out[begin] = nearest
                elif hit[r] and not market:
                    for t in range(upto - 1, begin - 1, -1):
                        if _reaches(high[t], low[t], ways[r], base[r], unit[r], coefficient, tick):
                            nearest = t
                        out[t] = nearest
                elif upto > begin:
                    out[begin:upto] = nearest
                    nearest = begin if hit[r] else nearest
                    out[begin] = nearest
                upto = begin
    out[starts[0] : upto] = nearest


@njit(
    types.Tuple((int32[::1], int32[:, ::1]))(
        read_only(PLAN, 1), read_only(np.float64, 1), read_only(np.float64, 1), read_only(np.int32, 1),
        read_only(np.int8, 2), read_only(np.float64, 2), float64,
    ),
    error_model="numpy", nogil=True, cache=True,
)
def _first_entries(plans, high, low, row, flags, columns, tick):
    """`first_entries` of a span's arrays."""
    keys = np.empty((plans.size, _WHOLE_KEY.size))
    for i in range(plans.size):
        plan = plans[i]
        market = math.isnan(plan.coefficient[0])
        keys[i, 0] = plan.coefficient[0]
        keys[i, 1] = plan.direction
        keys[i, 2] = NO_COLUMN if market else plan.base
        keys[i, 3] = NO_COLUMN if market else plan.unit
    first, which = distinct(keys.view(np.uint64), _WHOLE_KEY)
    n = row.size
    nxt = np.empty((first.size, n + 1), np.int32)
    nxt[:, n] = n
    known = 0  # the first candle that has a row
    while known < n and row[known] < 0:
        known += 1
    if known == n:
        nxt[:] = n
        return which, nxt
    first_row, starts, highest, lowest = _rows(high[known:], low[known:], row[known:])
    starts += known
    hit = np.empty(_BLOCK, np.bool_)
    words = hit.view(np.uint64)
    for begin in range((highest.size - 1) // _BLOCK * _BLOCK, -1, -_BLOCK):
        end = min(begin + _BLOCK, highest.size)
        rows = slice(first_row + begin, first_row + end)
        hit[end - begin :] = False
        for k in range(first.size):
            plan = plans[first[k]]
            coefficient = plan.coefficient[0]
            market = math.isnan(coefficient)
            ways = flags[plan.direction, rows]
            base = columns[max(plan.base, 0), rows]
            unit = columns[plan.unit, rows] if plan.unit >= 0 else base
            if market:
                for r in range(ways.size):
                    hit[r] = ways[r] != 0
            elif plan.base >= 0:
                _reached(hit, highest[begin:end], lowest[begin:end], ways, base, unit, coefficient, tick)
            else:  # levels from the first fill: no first entry can be one
                hit[:] = False
            _fill(
                nxt[k], high, low, starts[begin : end + 1], hit, words, market, ways, base, unit, coefficient, tick
            )
    for k in range(first.size):
        nxt[k, :known] = nxt[k, known]
    return which, nxt
