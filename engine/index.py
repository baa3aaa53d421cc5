"""Where a flat book must look next: one index per distinct first entry, so that a walk skips what cannot fill."""

from __future__ import annotations

import math

import numpy as np
from numba import float64, int32, njit, types, uint64

from engine.bits import WORD, pack, words
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
    """Where a flat book must look: key int32[n_plans] into bits uint64[n_keys, words] (`engine.bits`).

    The bits of ``bits[key[i]]`` are the candles at which the first entry of plan i might fill.
    """
    which, bits = _first_entries(plans, span.candles.high, span.candles.low, span.rows, flags, columns, tick)
    return which, bits


@njit(error_model="numpy", nogil=True)
def _rows(high, low, row):
    """(first_row, starts, highest, lowest, rowwise): the rows in force at these candles, from the first one on.

    starts : int64[rows + 1], where each row's candles begin. highest, lowest : float64[rows], extremes of its candles;
    without any it cannot be reached. rowwise : whether each row has one candle.
    """
    first_row = row[0]
    count = row[-1] + 1 - first_row
    rowwise = count == row.size
    for t in range(1, row.size):
        rowwise &= row[t] == row[t - 1] + 1
    if rowwise:
        return first_row, np.arange(count + 1), high, low, True
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
    return first_row, starts, highest, lowest, False


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


@njit(error_model="numpy", nogil=True)
def _keys(plans):
    """float64[n, 4]: what plans that wait for the same first entry have in common; of a market order its direction."""
    keys = np.empty((plans.size, _WHOLE_KEY.size))
    for i in range(plans.size):
        plan = plans[i]
        market = math.isnan(plan.coefficient[0])
        keys[i, 0] = plan.coefficient[0]
        keys[i, 1] = plan.direction
        keys[i, 2] = NO_COLUMN if market else plan.base
        keys[i, 3] = NO_COLUMN if market else plan.unit
    return keys


@borrowing
def _touch(touched, high, low, starts, hit, eights, market, ways, base, unit, coefficient, tick):
    """Into ``touched``, bool[T], False before: which candles of these rows may fill the first entry.

    hit : bool[_BLOCK], rows that may be filled at all, False beyond these. eights : the same as uint64, since most are
    0. A market entry fills at the first candle of its row.
    """
    for k in range((ways.size + _WORD - 1) // _WORD):
        if eights[k] == 0:
            continue
        for r in range(k * _WORD, min((k + 1) * _WORD, ways.size)):
            if not hit[r]:
                continue
            begin, end = starts[r], starts[r + 1]
            if market or end - begin == 1:
                touched[begin] |= end > begin
            else:
                for t in range(begin, end):
                    touched[t] = _reaches(high[t], low[t], ways[r], base[r], unit[r], coefficient, tick)


@njit(
    types.Tuple((int32[::1], uint64[:, ::1]))(
        read_only(PLAN, 1), read_only(np.float64, 1), read_only(np.float64, 1), read_only(np.int32, 1),
        read_only(np.int8, 2), read_only(np.float64, 2), float64,
    ),
    error_model="numpy", nogil=True, cache=True,
)
def _first_entries(plans, high, low, row, flags, columns, tick):
    """`first_entries` of a span's arrays."""
    first, which = distinct(_keys(plans).view(np.uint64), _WHOLE_KEY)
    n = row.size
    bits = np.zeros((first.size, words(n)), np.uint64)
    known = 0  # the first candle that has a row
    while known < n and row[known] < 0:
        known += 1
    if known == n:
        return which, bits
    first_row, starts, highest, lowest, rowwise = _rows(high[known:], low[known:], row[known:])
    starts += known
    touched = np.zeros((first.size, bits.shape[1] * WORD), np.bool_)
    hit = np.empty(_BLOCK, np.bool_)
    for begin in range(0, highest.size, _BLOCK):
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
            into = touched[k, known + begin : known + end] if rowwise else hit
            if market:
                for r in range(ways.size):
                    into[r] = ways[r] != 0
            elif plan.base >= 0:
                _reached(into, highest[begin:end], lowest[begin:end], ways, base, unit, coefficient, tick)
            else:  # levels from the first fill: no first entry can be one
                into[:] = False
            if not rowwise:
                _touch(
                    touched[k], high, low, starts[begin : end + 1], hit, hit.view(np.uint64), market, ways, base, unit,
                    coefficient, tick,
                )
    for k in range(first.size):
        pack(bits[k], touched[k])
    return which, bits
