"""Sharpe ratios of every symmetric split of many columns, from the sums of blocks.

A split takes half of the blocks in sample and the others out of sample. The sums of each subset of the first and of
the second half of the blocks are tabled, so that a split's sum is one addition a column, not a pass over days. Every
column is added in the same order, so that equal columns have equal ratios to the last bit.

Ratios are compared as keys, s |s| / (m q - s^2) with the sum s and the sum of squares q over m days: they order
columns as the Sharpe ratio does and need no root. A key is 0 where there is no deviation.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numba import float64, int64, njit, types

from core.candle import Floats, Ints
from engine.metrics import DAYS_A_YEAR
from optimization.statistics.returns import LARGEST_RETURN

_COLUMNS_AT_ONCE = 32  # four tables of 256 rows fit the second cache
_TABLE = types.Array(float64, 2, "C", readonly=True)
_INTS = types.Array(int64, 1, "C", readonly=True)


@cache
def split_masks(blocks: int) -> Ints:
    """int64[n_splits], ascending, read-only: each way to take half of ``blocks`` (even) in sample; bit i is block i."""
    masks = np.arange(1 << blocks, dtype=np.int64)
    ones = sum((masks >> i) & 1 for i in range(blocks))
    found = masks[ones == blocks // 2]
    found.flags.writeable = False
    return found


def chosen(daily: Floats, blocks: int) -> tuple[Floats, Floats, Floats]:
    """What is chosen in sample, how it did, and how many did worse, for every split of `split_masks`.

    ``daily`` is finite float64[n_columns, n_days]; days that do not fill a block are left out at the beginning.
    In-sample and out-of-sample annualised Sharpe ratio of the chosen column, float64[n_splits] each, and its rank out
    of sample, 1 for the worst; columns that are equal there share the middle of their ranks. Of columns that are
    equal in sample, the one that is worst out of sample counts as chosen.
    """
    block_days = daily.shape[1] // blocks
    sums, squares = block_sums(daily, blocks, block_days, LARGEST_RETURN)
    likely = np.argsort(-_over_all(sums, squares))  # the best early: it is looked for less often
    sums, squares = np.ascontiguousarray(sums[:, likely]), np.ascontiguousarray(squares[:, likely])
    masks = split_masks(blocks)
    days = float(block_days * blocks // 2)
    inside, outside = np.full(len(masks), -np.inf), np.empty(len(masks))
    for first in range(0, len(daily), _COLUMNS_AT_ONCE):
        tables = _tables(sums, squares, first)
        _choose(*tables, masks, blocks // 2, days, inside, outside)
    worse, equal = np.zeros(len(masks), np.int64), np.zeros(len(masks), np.int64)
    for first in range(0, len(daily), _COLUMNS_AT_ONCE):
        tables = _tables(sums, squares, first)
        _rank(*tables, masks, blocks // 2, days, outside, worse, equal)
    return _annualised(inside, days), _annualised(outside, days), worse + (equal + 1) / 2.0


def _over_all(sums: Floats, squares: Floats) -> Floats:
    """float64[n_columns]: orders columns as their Sharpe ratios over all blocks together do."""
    lengths = np.sqrt(squares.sum(axis=0))
    return sums.sum(axis=0) / np.where(lengths > 0.0, lengths, 1.0)


def _annualised(keys: Floats, days: float) -> Floats:
    """Sharpe ratios (ddof 1) of keys over ``days``."""
    return np.sign(keys) * np.sqrt(np.abs(keys) * (days - 1.0) / days * DAYS_A_YEAR)


def _tables(sums: Floats, squares: Floats, first: int) -> list[Floats]:
    """Sums, then sums of squares, of the subsets of the first and second half of the blocks; some columns of them."""
    half, cut = len(sums) // 2, slice(first, first + _COLUMNS_AT_ONCE)
    return [_subsets(part) for of in (sums[:, cut], squares[:, cut]) for part in (of[:half], of[half:])]


def _subsets(values: Floats) -> Floats:
    """float64[2^n, columns]: the sum of each subset of the rows; bit i of the index is row i."""
    table = np.empty((1 << len(values), values.shape[1]))
    table[0] = 0.0
    for i, row in enumerate(values):
        np.add(table[: 1 << i], row, out=table[1 << i : 2 << i])
    return table


@njit(
    types.UniTuple(float64[:, ::1], 2)(types.Array(float64, 2, "A", readonly=True), int64, int64, float64),
    cache=True, nogil=True, error_model="numpy",
)
def block_sums(daily: Floats, blocks: int, block_days: int, most: float) -> tuple[Floats, Floats]:
    """Sums and sums of squares over the last ``blocks`` x ``block_days`` days, float64[blocks, n_columns] each.

    Returns beyond +-``most`` count as that.
    """
    columns = daily.shape[0]
    sums, squares = np.empty((blocks, columns)), np.empty((blocks, columns))
    begin = daily.shape[1] - blocks * block_days
    for column in range(columns):
        for block in range(blocks):
            total, square = 0.0, 0.0
            first = begin + block * block_days
            for day in range(first, first + block_days):
                r = min(max(daily[column, day], -most), most)
                total += r
                square += r * r
            sums[block, column], squares[block, column] = total, square
    return sums, squares


@njit(nogil=True, error_model="numpy", forceinline=True)
def _key(s: float, q: float, m: float) -> float:
    """The key of a sum and a sum of squares over ``m`` days; what rounding leaves of a constant is no deviation."""
    spread = m * q - s * s
    some = (spread > 1e-10 * m * q) & (spread > 1e-24 * m * (m - 1.0))
    return s * abs(s) / (spread if some else math.inf)


@njit(
    (_TABLE, _TABLE, _TABLE, _TABLE, _INTS, int64, float64, float64[::1], float64[::1]),
    cache=True, nogil=True, error_model="numpy",
)
def _choose(
    s_low: Floats, s_high: Floats, q_low: Floats, q_high: Floats, masks: Ints, half: int, days: float,
    inside: Floats, outside: Floats,
) -> None:
    """Update each split's best key in sample, and the key out of sample of the column that has it."""
    full = (1 << half) - 1
    columns = s_low.shape[1]
    keys = np.empty(columns)
    for c in range(masks.size):
        low, high = masks[c] & full, masks[c] >> half
        s1, s2, q1, q2 = s_low[low], s_high[high], q_low[low], q_high[high]
        best, out, as_good = inside[c], outside[c], 0
        for j in range(columns):  # counting is several at once, and most blocks of columns have none
            as_good += _key(s1[j] + s2[j], q1[j] + q2[j], days) >= best
        if as_good == 0:
            continue
        for j in range(columns):
            keys[j] = _key(s1[j] + s2[j], q1[j] + q2[j], days)
        low, high = full ^ low, full ^ high
        for j in range(columns):
            if keys[j] >= best:
                other = _key(s_low[low, j] + s_high[high, j], q_low[low, j] + q_high[high, j], days)
                out = other if keys[j] > best else min(out, other)
                best = keys[j]
        inside[c], outside[c] = best, out


@njit(
    (_TABLE, _TABLE, _TABLE, _TABLE, _INTS, int64, float64, _TABLE.copy(ndim=1), int64[::1], int64[::1]),
    cache=True, nogil=True, error_model="numpy",
)
def _rank(
    s_low: Floats, s_high: Floats, q_low: Floats, q_high: Floats, masks: Ints, half: int, days: float,
    outside: Floats, worse: Ints, equal: Ints,
) -> None:
    """Count, for each split, the columns whose key out of sample is below, and those at, the chosen one's."""
    full = (1 << half) - 1
    for c in range(masks.size):
        low, high = full ^ (masks[c] & full), full ^ (masks[c] >> half)
        s1, s2, q1, q2 = s_low[low], s_high[high], q_low[low], q_high[high]
        mine = outside[c]
        below, same = 0, 0
        for j in range(s1.size):
            key = _key(s1[j] + s2[j], q1[j] + q2[j], days)
            below += key < mine
            same += key == mine
        worse[c] += below
        equal[c] += same
