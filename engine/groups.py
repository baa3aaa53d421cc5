"""Which plans of a sweep may share cycles (`engine.shared`), and the order to walk them in."""

from __future__ import annotations

import numpy as np
from numba import boolean, int32, int64, njit, types, uint64
from numpy.typing import NDArray

from engine.distinct import distinct
from engine.records import PLAN, read_only
from engine.rounding import borrowing


def _word(name: str) -> int:
    """Which 8 bytes of a plan's record a field begins with."""
    fields = PLAN.fields
    assert fields is not None  # PLAN is a record
    return int(fields[name][1]) // 8


_COEFFICIENT, _RELATIVE = _word("coefficient"), _word("relative")
_ALIKE = np.array([
    *range(_COEFFICIENT, _COEFFICIENT + 2), *range(_word("target_coefficient"), _word("stop_coefficient")),
    *range(_word("stop_coefficient") + 1, _word("entries")),
])
"""Words that are equal in plans that share cycles: all but the stop's distance and the ladder behind its second."""


@borrowing
def _before(one, other):
    """Whether a plan is walked before another of its group: its ladder is longer, or as long and its stop tighter."""
    longer = one.entries > other.entries
    return longer or (one.entries == other.entries and one.stop_coefficient > other.stop_coefficient)


@borrowing
def _depends(plan, columns, falls):
    """Whether the plan's cycles depend on its stop whether it is met or not: it trails, moves, or may change sides.

    falls : int8[n_columns], 1 where a column has values below 0, -1 where that is not known yet.
    """
    unit = plan.stop_unit if plan.stop_unit >= 0 else plan.stop  # without a unit: a multiple of its reference
    if unit >= 0 and falls[unit] < 0:
        below = False
        for value in columns[unit]:
            below |= value < 0.0
        falls[unit] = below
    return plan.trail_distance > 0.0 or plan.stop_moving != 0 or (unit >= 0 and falls[unit] != 0)


@borrowing
def _begins(words, i, longer, entries):
    """Whether the ladder of plan i, of so many entries, is how that of plan ``longer`` begins."""
    same = True
    for k in range(entries):
        same &= words[i, _COEFFICIENT + k] == words[longer, _COEFFICIENT + k]
        same &= words[i, _RELATIVE + k] == words[longer, _RELATIVE + k]
    return same


@njit(
    types.Tuple((int64[::1], int32[::1]))(
        read_only(PLAN, 1), types.Array(uint64, 2, "C", readonly=True), read_only(np.float64, 2), boolean
    ),
    error_model="numpy", nogil=True, cache=True,
)
def _sharing(plans, words, columns, by_risk):
    """`sharing` of plans whose sizes are proportional; words : uint64[n, w], the same records."""
    n = plans.size
    first, which = distinct(words, _ALIKE)
    longest = first.copy()
    for i in range(n):
        if _before(plans[i], plans[longest[which[i]]]):
            longest[which[i]] = i
    falls = np.full(columns.shape[0], -1, np.int8)
    begin = np.zeros(first.size + 1, np.int64)  # of each group's plans that may share, counted one place behind
    alone = np.empty(n, np.bool_)
    for i in range(n):
        g = which[i]
        alone[i] = by_risk or _depends(plans[i], columns, falls) or not _begins(words, i, longest[g], plans[i].entries)
        begin[g + 1] += not alone[i]
    for g in range(first.size):
        begin[g + 1] += begin[g]
    order = np.empty(n, np.int64)
    group = np.empty(n, np.int32)
    end = begin[:-1].copy()
    single = begin[-1]
    for i in range(n):
        g = which[i]
        if alone[i] or begin[g + 1] - begin[g] == 1:
            place = single if alone[i] else begin[g]
            single += alone[i]
            group[place] = n + i
        else:
            place = end[g]
            while place > begin[g] and _before(plans[i], plans[order[place - 1]]):
                order[place] = order[place - 1]
                place -= 1
            group[end[g]] = g
            end[g] += 1
        order[place] = i
    return order, group


def sharing(
    plans: np.ndarray, columns: np.ndarray, by_unit: bool, by_risk: bool
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """(order int64[n], group int32[n]): plans that differ only in how far their stop is and how long their ladder.

    Of a group the longest ladders come first, of those the tightest stops. ``group`` is that of the plan at the same
    place in ``order``: n or above, one of its own, where cycles depend on the stop whether it is met or not, as they
    do when sizes are chosen by risk, and -1 for all when sizes are not proportional, so that nothing is ever repeated.
    """
    n = len(plans)
    if not by_unit:
        return np.arange(n), np.full(n, -1, np.int32)
    order, group = _sharing(plans, plans.view(np.uint64).reshape(n, -1), columns, by_risk)
    return order, group
