"""A walked cycle, written down for others to repeat (`engine.shared`), and how its closes are marked."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from engine.prices import limit_price
from engine.records import FROM_FIRST
from engine.rounding import borrowing, inline
from engine.settle import begin_day, settle

LAST: Final = 2**31 - 1
"""No cycle: beyond all that are kept."""

CYCLE = np.dtype(
    [
        ("plan", "i8"),  # who walked it
        ("alone", "i8"),  # 1 when no other plan may repeat it: its stop was near
        ("before", "i8"),  # the one walked before it that begins at the same candle
        ("begin", "i8"),  # candle of the first fill
        ("end", "i8"),  # the first candle after the exit's
        ("marks", "i8"),  # where its open results at closes begin
        ("blocked_row", "i8"),
        ("market_row", "i8"),
        ("ambiguous", "i8"),
        ("reached", "i8"),  # levels that it may have come to: no shorter ladder may repeat it
        ("entries", "i8"),  # of the ladder that was walked
        ("held_ms", "i8"),
        ("fees", "f8"),  # this and the rest per unit of the scale
        ("funding", "f8"),
        ("gross", "f8"),
        ("net", "f8"),
        ("cost", "f8"),
        ("stop_coefficient", "f8"),  # no tighter stop may repeat it
        ("lowest", "f8"),  # of the open results at its closes, 0 without any
        ("highest", "f8"),
        ("first_day", "i4"),
        ("last_day", "i4"),  # of the exit's candle
        ("overnight", "f8"),  # the last open result of its first day
        ("follow", "i8"),  # the first candle from its end on that may matter
        ("parting", "i8"),  # the first candle that reached its stop while it was held, -1 for none
        ("parting_reached", "i8"),  # as `reached`, before that candle
        ("parting_ambiguous", "i8"),
    ],
    align=True,
)
"""A cycle that is repeated by the same plan, or by others that differ in nothing that mattered (`engine.shared`)."""


@inline
def stop_was_near(book, d, low, high):
    """Whether the candle reached a stop that was in force in it, or might have for all that is known."""
    adverse = low if d > 0 else high
    return not (book.nearest_stop != book.nearest_stop or d * (adverse - book.nearest_stop) > 0.0)


@inline
def levels_reached(book, plan, cost, d, k, low, high):
    """How many levels a candle that used ``k`` of them may have come to: one more, if it may have reached the next."""
    if k >= plan.entries:
        return k
    if math.isnan(plan.coefficient[k]) or plan.base == FROM_FIRST:
        return k + 1
    limit = limit_price(book, plan, cost, d, k)
    return k + 1 if d * ((low if d > 0 else high) - limit) <= 0.0 else k


@borrowing
def keep_cycle(cycle, events, book, candles, begin, end, first_day, last_day, at, marks, ambiguous):
    """Write down a walked cycle for others to repeat."""
    cycle.begin = begin
    cycle.end = end
    cycle.marks = at
    cycle.blocked_row = book.blocked_row
    cycle.market_row = book.market_row
    cycle.ambiguous = ambiguous
    cycle.held_ms = events.trade[0].closed_ms - events.trade[0].opened_ms
    cycle.fees = events.fees
    cycle.funding = events.funding
    cycle.gross = events.gross
    cycle.net = events.net
    cycle.cost = events.cost
    cycle.first_day = first_day
    cycle.last_day = last_day
    if first_day != last_day:
        for i in range(end - 1 - begin):
            if candles[begin + i].day == first_day:
                cycle.overnight = marks[at + i]
    lowest = marks[at] if begin + 1 < end else 0.0
    highest = lowest
    for i in range(at + 1, at + end - 1 - begin):
        lowest = min(lowest, marks[i])
        highest = max(highest, marks[i])
    cycle.lowest = lowest
    cycle.highest = highest


@borrowing
def mark_closes(stats, wallet, scale, cycle, candles, marks, equity_out, daily_out, first_day):
    """Mark equity at the closes of a cycle, at all at once where the lowest says enough."""
    n = cycle.end - 1 - cycle.begin
    if n == 0:
        return
    if cycle.last_day - cycle.first_day <= 1 and wallet + scale * cycle.highest <= stats.peak:
        begin_day(stats, cycle.first_day, daily_out, first_day)
        if cycle.last_day != cycle.first_day:
            stats.last_equity = wallet + scale * cycle.overnight
            begin_day(stats, cycle.last_day, daily_out, first_day)
        stats.low = min(stats.low, wallet + scale * cycle.lowest)
    else:
        settle(stats, wallet, scale, marks, cycle.marks, n, candles, cycle.begin, equity_out, daily_out, first_day)
