"""One candle through one book: the function that sweep, backtest, paper and live decisions share.

`advance` is exact and complete; whoever skips candles must prove that it would have changed nothing. It is one
loop over the points of the candle's path with one place that exits and one that enters: it compiles to straight code.
"""

from __future__ import annotations

import math

from numba import float64, int64, njit

from engine.branch import apart
from engine.chance import uniform_inline
from engine.costs import Path
from engine.prices import (
    improve_best,
    latch,
    limit_price,
    liquidation_price,
    stop_in_force,
    take_moving,
)
from engine.records import ACCOUNT_T, BOOK_T, COST_T, EVENTS_T, PLAN_T, ROW_T
from engine.rounding import inline
from engine.rules import (
    AGE,
    ENTRY,
    EXIT,
    LIQUIDATION,
    POST_ONLY,
    STOP,
    TARGET,
    TRAIL,
    entries_allowed,
    exit_at,
    fill_entry,
    leave,
    refuse,
)

PESSIMISTIC, OPTIMISTIC = int(Path.PESSIMISTIC), int(Path.OPTIMISTIC)
OPEN, LEGS = 0, 3
NOTHING, FILLS, FORBIDDEN, MISSED = 0, 1, 2, 3


@inline
def exit_at_the_open(account, book, plan, cost, row, row_number, first, o, funding):
    """Rule 2 for a carried position: pay funding, then the first exit that applies; ENTRY for none."""
    d = book.direction
    if funding != 0.0:
        book.funding += (d * funding) * book.quantity * o
        if cost.crossed != 0:
            book.liquidation = liquidation_price(account, book, cost)
    if d * (o - book.liquidation) <= 0.0:
        return LIQUIDATION
    if first != 0 and (row.exit & (1 if d > 0 else 2)) != 0:
        return EXIT
    stop = stop_in_force(book)
    if d * (o - stop) <= 0.0:
        return STOP if stop == book.stop else TRAIL
    if first != 0 and plan.max_hold > 0 and row_number - book.first_row >= plan.max_hold:
        return AGE
    if d * (o - book.target) > 0.0:
        return TARGET
    improve_best(book, plan, cost, o)
    return ENTRY


@inline
def entry_at_the_open(cost, d, o, limit):
    """Rule 3: whether the next entry, a limit, fills at the open; never when its level is NaN."""
    if d * (o - limit) < 0.0:
        return FORBIDDEN if cost.post_only != 0 else FILLS
    return NOTHING


@inline
def market_entry(book, row_number, first):
    """Rule 3: whether the next entry, a market order, fills at the open; it is tried once a row."""
    if first == 0 or book.market_row == row_number:
        return NOTHING
    book.market_row = row_number
    return FILLS


@inline
def chance(cost, ts, k):
    """Whether a limit that the path has reached fills."""
    if cost.fill_probability < 1.0 and not uniform_inline(cost.seed, cost.symbol_id, ts, k) < cost.fill_probability:
        return MISSED
    return FILLS


@inline
def orders_inside(book, trigger, low, high):
    """Orders of an open position that lie inside the candle: 1 for the target, 2 for anything against it."""
    against = ends_inside(book, low, high) | ((low <= trigger) & (trigger <= high))
    return int((low <= book.target) & (book.target <= high)) | (int(against) << 1)


@inline
def ends_inside(book, low, high):
    """Whether a stop or a liquidation lies inside the candle."""
    stop = stop_in_force(book)
    return ((low <= stop) & (stop <= high)) | ((low <= book.liquidation) & (book.liquidation <= high))


@inline
def note_ambiguity(book, limit, low, high):
    """Mark the candle when orders of both sides that are in force lie inside it."""
    book.ambiguous |= int(orders_inside(book, limit, low, high) == 3)


@inline
def nearest_against(book, trigger, d, b):
    """The nearest of liquidation, stop in force and next limit's trigger on the way to ``b``; NaN for none."""
    nearest = math.nan
    if d * (trigger - b) >= 0.0:
        nearest = trigger
    stop = stop_in_force(book)
    if d * (stop - b) >= 0.0 and not d * stop <= d * nearest:
        nearest = stop
    if d * (book.liquidation - b) >= 0.0 and not d * book.liquidation <= d * nearest:
        nearest = book.liquidation
    return nearest


@inline
def low_comes_first(book, row, cost, o, high, low):
    """Which extreme the path reaches first."""
    if cost.path == PESSIMISTIC or cost.path == OPTIMISTIC:
        d = book.direction if book.direction != 0 else -row.direction
        if d != 0:
            return (d > 0) == (cost.path == PESSIMISTIC)
    return o - low <= high - o


@inline
def first_leg_to(price, o, high, low, d, low_first):
    """(phase, end) of the leg on which the path first meets a price against direction ``d``."""
    phase = 1 if price == o or (d > 0) == low_first else 2
    return phase, low if (phase == 1) == low_first else high


@njit(
    (
        ACCOUNT_T, BOOK_T, EVENTS_T, PLAN_T, ROW_T, COST_T, int64, int64, int64, float64, float64, float64, float64,
        float64, float64,
    ),
    error_model="numpy", nogil=True, cache=True,
)
def advance(  # noqa: C901  # the path's one loop, see above
    account, book, events, plan, row, cost, ts, row_number, first, o, high, low, c, volume, funding
):
    """One execution candle for one book, by docs/execution.md; its fills and trades stand in ``events``.

    row : values of the plan row in force, its number ``row_number``; ``first``: 1 on its first execution candle.
    """
    apart()
    events.fills = 0
    events.refusals = 0
    events.trades = 0
    book.missed = 0
    book.ambiguous = 0
    book.nearest_stop = book.stop
    if first != 0:
        if book.direction == 0:
            latch(book, plan, row)
        else:
            take_moving(book, plan, row, cost)
    low_first = low_comes_first(book, row, cost, o, high, low)
    due = ENTRY
    if book.direction != 0:
        due = exit_at_the_open(account, book, plan, cost, row, row_number, first, o, funding)
    phase = OPEN
    p = o
    b = o  # end of the leg
    maker = 0
    just_filled = False
    allowed = False
    limit = math.nan  # price of the next limit entry, NaN when none may fill
    trigger = math.nan
    stale = True  # whether what may be entered next has to be looked at again
    if book.direction == 0 and due == ENTRY:
        if not entries_allowed(account, book, plan, row, row_number):
            return
        if not math.isnan(plan.coefficient[0]):
            d = row.direction
            limit = limit_price(book, plan, cost, d, 0)
            if not d * (o - limit) < 0.0:  # not at the open: only this limit can happen first
                trigger = limit * (1.0 - d * cost.trade_through)
                if not low <= trigger <= high:
                    return
                phase, b = first_leg_to(trigger, o, high, low, d, low_first)
                p = trigger
                allowed = True
                stale = False
    while True:
        if due != ENTRY:
            leave(account, book, plan, cost, row, events, ts, row_number, due, p, maker)
            due = ENTRY
            stale = True
        if stale:
            stale = False
            allowed = entries_allowed(account, book, plan, row, row_number)
            limit = math.nan
            if allowed:
                limit = limit_price(book, plan, cost, row.direction, book.used)  # NaN for a market entry
            trigger = limit * (1.0 - row.direction * cost.trade_through)
            if just_filled and phase != OPEN and book.direction != 0:
                note_ambiguity(book, limit, low, high)
        if allowed:
            d = row.direction
            k = book.used
            what = NOTHING
            q = limit
            f = limit
            if phase == OPEN:
                if math.isnan(plan.coefficient[k]):
                    what = market_entry(book, row_number, first)
                    q = o
                    f = o * (1.0 + d * cost.slippage)
                else:
                    what = entry_at_the_open(cost, d, o, limit)
                    f = o
            elif d * (p - trigger) <= 0.0:
                what = chance(cost, ts, k)
            if what != NOTHING:
                stale = True
                just_filled = False
                if what == FILLS:
                    fee = cost.taker_fee if phase == OPEN else cost.maker_fee
                    fill_entry(
                        account, book, plan, cost, row, events, ts, row_number, k, q, f, p, fee, int(phase != OPEN),
                        volume,
                    )
                    just_filled = book.used > k
                    if just_filled:
                        due = exit_at(book, p)
                        maker = 0
                        if due == ENTRY and phase != OPEN and plan.trail_distance == 0.0:
                            stale = False
                            just_filled = False
                            allowed = entries_allowed(account, book, plan, row, row_number)
                            limit = limit_price(book, plan, cost, d, book.used) if allowed else math.nan
                            trigger = limit * (1.0 - d * cost.trade_through)
                            note_ambiguity(book, limit, low, high)
                            if orders_inside(book, trigger, low, high) == 0:
                                return  # the rest of the path meets nothing
                            ahead = (d * (p - trigger) >= 0.0) & (d * (trigger - b) >= 0.0)
                            if ahead and not ends_inside(book, low, high):
                                p = trigger  # the next limit is what the leg meets first
                elif what == FORBIDDEN:
                    refuse(book, row, events, ts, row_number, POST_ONLY, k, q)
                else:
                    book.missed = 1
                continue
        elif book.direction == 0:
            return  # nothing more can happen in this candle
        if book.direction == 0:  # only the first limit can happen: go where the path first meets it
            if phase != OPEN or not low <= trigger <= high:
                return
            phase, b = first_leg_to(trigger, o, high, low, row.direction, low_first)
            p = trigger
            continue
        if phase == OPEN:
            note_ambiguity(book, limit, low, high)
        if plan.trail_distance == 0.0 and (phase == OPEN or just_filled):
            inside = orders_inside(book, trigger, low, high)
            if inside == 0:
                return  # the rest of the path meets nothing
            if inside == 1 and phase == OPEN:  # the path meets the target and nothing else
                p = book.target
                due = TARGET
                maker = 1
                continue
        just_filled = False
        d = book.direction
        if phase != OPEN and p != b:
            if d * (b - p) < 0.0:
                nearest = nearest_against(book, trigger, d, b)
                if not math.isnan(nearest):
                    p = nearest
                    due = exit_at(book, p)
                    maker = int(p == book.target)
                    continue
            elif d * (b - book.target) >= 0.0:
                p = book.target
                improve_best(book, plan, cost, p)
                due = exit_at(book, p)
                maker = int(p == book.target)
                continue
            else:
                improve_best(book, plan, cost, b)
        if phase == LEGS:
            return
        p = b
        phase += 1
        b = c if phase == LEGS else (low if (phase == 1) == low_first else high)
        due = exit_at(book, p)
        maker = int(p == book.target)
