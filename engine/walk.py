"""One candle through one book: the function that sweep, backtest, paper and live decisions share.

`advance` is exact and complete; whoever skips candles must prove that it would have changed nothing. It is one
loop over the points of the candle's path with one place that exits and one that enters: it compiles to straight code.
"""

from __future__ import annotations

import math

from numba import float64, int64, njit

from engine.chance import uniform_inline
from engine.costs import Path
from engine.prices import (
    improve_best,
    inline,
    latch,
    limit_price,
    liquidation_price,
    stop_in_force,
    take_moving,
)
from engine.records import ACCOUNT_T, BOOK_T, COST_T, EVENTS_T, PLAN_T, ROW_T
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
def entry_at_the_open(book, plan, cost, row, row_number, first, o):
    """Rule 3: whether the next entry fills at the open."""
    k = book.used
    if math.isnan(plan.coefficient[k]):
        if first == 0 or book.market_row == row_number:
            return NOTHING
        book.market_row = row_number
        return FILLS
    q = limit_price(book, plan, cost, row.direction, k)
    if row.direction * (o - q) < 0.0:
        return FORBIDDEN if cost.post_only != 0 else FILLS
    return NOTHING


@inline
def entry_on_the_path(book, plan, cost, row, ts, p):
    """Rule 5: whether the next entry, a limit, fills where the path stands."""
    k = book.used
    d = row.direction
    trigger = limit_price(book, plan, cost, d, k) * (1.0 - d * cost.trade_through)
    if not d * (p - trigger) <= 0.0:
        return NOTHING
    if cost.fill_probability < 1.0 and not uniform_inline(cost.seed, cost.symbol_id, ts, k) < cost.fill_probability:
        return MISSED
    return FILLS


@inline
def note_ambiguity(account, book, plan, cost, row, row_number, low, high):
    """Mark the candle when orders of both sides that are in force lie inside it."""
    if book.direction == 0 or not low <= book.target <= high:
        return
    stop = stop_in_force(book)
    adverse = low <= stop <= high or low <= book.liquidation <= high
    if not adverse and entries_allowed(account, book, plan, row, row_number):
        q = limit_price(book, plan, cost, book.direction, book.used)  # NaN for a market entry
        adverse = low <= q <= high
    if adverse:
        book.ambiguous = 1


@inline
def next_against(account, book, plan, cost, row, row_number, d, b):
    """The nearest of liquidation, stop in force and next limit's trigger on the way to ``b``; NaN for none."""
    nearest = math.nan
    if entries_allowed(account, book, plan, row, row_number):
        trigger = limit_price(book, plan, cost, d, book.used) * (1.0 - d * cost.trade_through)
        if d * (trigger - b) >= 0.0:
            nearest = trigger
    if book.direction != 0:
        stop = stop_in_force(book)
        if d * (stop - b) >= 0.0 and not d * stop <= d * nearest:
            nearest = stop
        if d * (book.liquidation - b) >= 0.0 and not d * book.liquidation <= d * nearest:
            nearest = book.liquidation
    return nearest


@inline
def orders_inside(account, book, plan, cost, row, row_number, low, high):
    """Orders of an open position that lie inside the candle: 1 for the target, 2 for anything against it."""
    stop = stop_in_force(book)
    against = ((low <= stop) & (stop <= high)) | ((low <= book.liquidation) & (book.liquidation <= high))
    if entries_allowed(account, book, plan, row, row_number):
        d = book.direction
        trigger = limit_price(book, plan, cost, d, book.used) * (1.0 - d * cost.trade_through)
        against |= (low <= trigger) & (trigger <= high)
    return int((low <= book.target) & (book.target <= high)) | (int(against) << 1)


@inline
def low_comes_first(book, row, cost, o, high, low):
    """Which extreme the path reaches first."""
    if cost.path == PESSIMISTIC or cost.path == OPTIMISTIC:
        d = book.direction if book.direction != 0 else -row.direction
        if d != 0:
            return (d > 0) == (cost.path == PESSIMISTIC)
    return o - low <= high - o


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
    events.fills = 0
    events.trades = 0
    book.missed = 0
    book.ambiguous = 0
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
    after_fill = False
    while True:
        if due != ENTRY:
            leave(account, book, plan, cost, row, events, ts, row_number, due, p, maker)
            due = ENTRY
        if just_filled and phase != OPEN:
            note_ambiguity(account, book, plan, cost, row, row_number, low, high)
            after_fill = True
        just_filled = False
        allowed = entries_allowed(account, book, plan, row, row_number)
        if allowed:
            if phase == OPEN:
                what = entry_at_the_open(book, plan, cost, row, row_number, first, o)
            else:
                what = entry_on_the_path(book, plan, cost, row, ts, p)
            if what != NOTHING:
                k = book.used
                q = o if math.isnan(plan.coefficient[k]) else limit_price(book, plan, cost, row.direction, k)
                if what == FILLS:
                    f = q
                    if phase == OPEN:
                        f = o * (1.0 + row.direction * cost.slippage) if math.isnan(plan.coefficient[k]) else o
                    fee = cost.taker_fee if phase == OPEN else cost.maker_fee
                    fill_entry(
                        account, book, plan, cost, row, events, ts, row_number, k, q, f, p, fee, int(phase != OPEN),
                        volume,
                    )
                    just_filled = book.used > k
                    if just_filled:
                        due = exit_at(book, p)
                        maker = 0
                elif what == FORBIDDEN:
                    refuse(book, row, events, ts, row_number, POST_ONLY, k, q)
                else:
                    book.missed = 1
                continue
        elif book.direction == 0:
            return  # nothing more can happen in this candle
        if phase == OPEN:
            note_ambiguity(account, book, plan, cost, row, row_number, low, high)
        d = book.direction if book.direction != 0 else row.direction
        if book.direction == 0:  # only the first limit can happen: go where the path first meets it
            trigger = limit_price(book, plan, cost, d, book.used) * (1.0 - d * cost.trade_through)
            if phase != OPEN or not low <= trigger <= high:
                return
            phase = 1 if trigger == o or (d > 0) == low_first else 2
            b = low if (phase == 1) == low_first else high
            p = trigger
            continue
        if plan.trail_distance == 0.0 and (phase == OPEN or after_fill):
            inside = orders_inside(account, book, plan, cost, row, row_number, low, high)
            if inside == 0:
                return  # the rest of the path meets nothing
            if inside == 1 and phase == OPEN:  # the path meets the target and nothing else
                p = book.target
                due = TARGET
                maker = 1
                continue
        after_fill = False
        if phase != OPEN and p != b:
            if d * (b - p) < 0.0:
                nearest = next_against(account, book, plan, cost, row, row_number, d, b)
                if not math.isnan(nearest):
                    p = nearest
                    if book.direction != 0:
                        due = exit_at(book, p)
                        maker = int(p == book.target)
                    continue
            elif book.direction != 0:
                if d * (b - book.target) >= 0.0:
                    p = book.target
                    improve_best(book, plan, cost, p)
                    due = exit_at(book, p)
                    maker = int(p == book.target)
                    continue
                improve_best(book, plan, cost, b)
        if phase == LEGS:
            return
        p = b
        phase += 1
        b = c if phase == LEGS else (low if (phase == 1) == low_first else high)
        if book.direction != 0:
            due = exit_at(book, p)
            maker = int(p == book.target)
