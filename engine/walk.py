"""One candle through one book: the function that sweep, backtest, paper and live decisions share.

`advance` is exact and complete; whoever skips candles must prove that it would have changed nothing.
"""

from __future__ import annotations

import math

from numba import float64, int64, njit

from engine.chance import uniform
from engine.costs import Path
from engine.records import ACCOUNT_T, BOOK_T, COST_T, EVENTS_T, PLAN_T, ROW_T, Reason
from engine.rules import (
    check_point,
    entries_allowed,
    fill_entry,
    improve_best,
    inline,
    latch,
    limit_price,
    liquidate,
    liquidation_price,
    market_exit,
    refuse,
    stop_exit,
    stop_in_force,
    take_moving,
    target_exit,
)

EXIT, AGE, POST_ONLY = int(Reason.EXIT), int(Reason.AGE), int(Reason.POST_ONLY)
PESSIMISTIC, OPTIMISTIC = int(Path.PESSIMISTIC), int(Path.OPTIMISTIC)


@inline
def at_the_open(account, book, plan, cost, row, events, ts, row_number, first, o, funding):
    """Rule 2 for a carried position: funding, then the first exit that applies."""
    d = book.direction
    if funding != 0.0:
        book.funding += (d * funding) * book.quantity * o
        if cost.crossed != 0:
            book.liquidation = liquidation_price(account, book, cost)
    if d * (o - book.liquidation) <= 0.0:
        liquidate(account, book, plan, cost, row, events, ts, row_number)
    elif first != 0 and (row.exit & (1 if d > 0 else 2)) != 0:
        market_exit(account, book, plan, cost, row, events, ts, row_number, EXIT, o)
    elif d * (o - stop_in_force(book)) <= 0.0:
        stop_exit(account, book, plan, cost, row, events, ts, row_number, o)
    elif first != 0 and plan.max_hold > 0 and row_number - book.first_row >= plan.max_hold:
        market_exit(account, book, plan, cost, row, events, ts, row_number, AGE, o)
    elif d * (o - book.target) > 0.0:
        target_exit(account, book, plan, cost, row, events, ts, row_number, o, 0)
    else:
        improve_best(book, plan, cost, o)


@inline
def entries_at_the_open(account, book, plan, cost, row, events, ts, row_number, first, o, volume):
    """Rule 3: market entries of a new row, and limits that the open lies beyond."""
    while entries_allowed(account, book, plan, row, row_number):
        d = row.direction
        k = book.used
        if math.isnan(plan.coefficient[k]):
            if first == 0 or book.market_row == row_number:
                return
            book.market_row = row_number
            f = o * (1.0 + d * cost.slippage)
            fill_entry(
                account, book, plan, cost, row, events, ts, row_number, k, o, f, o, cost.taker_fee, 0, volume
            )
        else:
            q = limit_price(book, plan, cost, d, k)
            if not d * (o - q) < 0.0:
                return
            if cost.post_only != 0:
                refuse(book, events, ts, row_number, POST_ONLY, k, q)
                return
            fill_entry(
                account, book, plan, cost, row, events, ts, row_number, k, q, o, o, cost.taker_fee, 0, volume
            )


@inline
def note_ambiguity(account, book, plan, cost, row, row_number, low, high):
    """Mark the candle when orders of both sides that are in force lie inside it."""
    if book.direction == 0 or not (low <= book.target <= high):
        return
    stop = stop_in_force(book)
    adverse = low <= stop <= high or low <= book.liquidation <= high
    if not adverse and entries_allowed(account, book, plan, row, row_number):
        q = limit_price(book, plan, cost, book.direction, book.used)  # NaN for a market entry
        adverse = low <= q <= high
    if adverse:
        book.ambiguous = 1


@inline
def next_trigger(account, book, plan, cost, row, row_number):
    """Price at which the path would fill the next limit entry; NaN when there is none."""
    if not entries_allowed(account, book, plan, row, row_number):
        return math.nan
    d = row.direction
    return limit_price(book, plan, cost, d, book.used) * (1.0 - d * cost.trade_through)


@inline
def touch_entry(account, book, plan, cost, row, events, ts, row_number, p, volume, low, high):
    """The path is at the trigger of the next limit: it fills, is refused, or is missed."""
    k = book.used
    if cost.fill_probability < 1.0 and not uniform(cost.seed, cost.symbol_id, ts, k) < cost.fill_probability:
        book.missed = 1
        return
    q = limit_price(book, plan, cost, row.direction, k)
    before = book.used
    fill_entry(account, book, plan, cost, row, events, ts, row_number, k, q, q, p, cost.maker_fee, 1, volume)
    if book.used > before:
        note_ambiguity(account, book, plan, cost, row, row_number, low, high)


@inline
def against_leg(account, book, plan, cost, row, events, ts, row_number, a, b, volume, low, high):
    """A leg that runs against the position (or, flat, towards the row's entries)."""
    p = a
    while True:
        if book.direction != 0:
            check_point(account, book, plan, cost, row, events, ts, row_number, p, 1)
        d = book.direction if book.direction != 0 else row.direction
        trigger = next_trigger(account, book, plan, cost, row, row_number)
        if d * (p - trigger) <= 0.0:
            touch_entry(account, book, plan, cost, row, events, ts, row_number, p, volume, low, high)
            continue
        nearest = math.nan  # the first of liquidation, stop and trigger that lies between p and b
        if d * (trigger - b) >= 0.0:
            nearest = trigger
        if book.direction != 0:
            stop = stop_in_force(book)
            if d * (stop - b) >= 0.0 and not d * stop <= d * nearest:
                nearest = stop
            if d * (book.liquidation - b) >= 0.0 and not d * book.liquidation <= d * nearest:
                nearest = book.liquidation
        if math.isnan(nearest):
            return
        p = nearest


@inline
def favourable_leg(account, book, plan, cost, row, events, ts, row_number, a, b, volume, low, high):
    """A leg in favour of the position; entries may still fill at its starting point."""
    d = book.direction if book.direction != 0 else row.direction
    while True:
        if book.direction != 0:
            check_point(account, book, plan, cost, row, events, ts, row_number, a, 1)
        trigger = next_trigger(account, book, plan, cost, row, row_number)
        if not d * (a - trigger) <= 0.0:
            break
        touch_entry(account, book, plan, cost, row, events, ts, row_number, a, volume, low, high)
    if book.direction == 0:
        return
    if d * (b - book.target) >= 0.0:
        p = book.target
        improve_best(book, plan, cost, p)
        check_point(account, book, plan, cost, row, events, ts, row_number, p, 1)
    else:
        improve_best(book, plan, cost, b)


@inline
def leg(account, book, plan, cost, row, events, ts, row_number, a, b, volume, low, high):
    """Rule 5: the straight way from a to b."""
    d = book.direction if book.direction != 0 else row.direction
    if d == 0:
        return
    if d * (b - a) < 0.0:
        against_leg(account, book, plan, cost, row, events, ts, row_number, a, b, volume, low, high)
    else:
        favourable_leg(account, book, plan, cost, row, events, ts, row_number, a, b, volume, low, high)


@inline
def low_comes_first(book, row, cost, o, h, l):
    """Which extreme the path reaches first."""
    if cost.path == PESSIMISTIC or cost.path == OPTIMISTIC:
        d = book.carried if book.carried != 0 else -row.direction
        if d != 0:
            return (d > 0) == (cost.path == PESSIMISTIC)
    return o - l <= h - o


@njit(
    (ACCOUNT_T, BOOK_T, EVENTS_T, PLAN_T, ROW_T, COST_T, int64, int64, int64, float64, float64, float64,
     float64, float64, float64),
    error_model="numpy", nogil=True, cache=True,
)
def advance(account, book, events, plan, row, cost, ts, row_number, first, o, h, l, c, volume, funding):
    """One execution candle for one book, by docs/execution.md; its fills and trades stand in ``events``.

    row : values of the plan row in force, its number ``row_number``; ``first``: 1 on its first execution candle.
    """
    events.fills = 0
    events.trades = 0
    book.missed = 0
    book.ambiguous = 0
    book.carried = book.direction
    if first != 0:
        if book.direction == 0:
            latch(book, plan, row)
        else:
            take_moving(book, plan, row, cost)
    low_first = low_comes_first(book, row, cost, o, h, l)
    if book.direction != 0:
        at_the_open(account, book, plan, cost, row, events, ts, row_number, first, o, funding)
    entries_at_the_open(account, book, plan, cost, row, events, ts, row_number, first, o, volume)
    note_ambiguity(account, book, plan, cost, row, row_number, l, h)
    x = l if low_first else h
    y = h if low_first else l
    leg(account, book, plan, cost, row, events, ts, row_number, o, x, volume, l, h)
    leg(account, book, plan, cost, row, events, ts, row_number, x, y, volume, l, h)
    leg(account, book, plan, cost, row, events, ts, row_number, y, c, volume, l, h)
