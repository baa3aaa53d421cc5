"""Compiled steps of a book outside a sweep: load a row, preview the ladder, take fills that a venue reports."""

from __future__ import annotations

import math

import numpy as np
from numba import float64, from_dtype, int64, njit, types

from engine.fold import load_row
from engine.prices import (
    improve_best,
    latch,
    limit_price,
    liquidation_price,
    renew_stop,
    renew_target,
    renew_trail,
    take_moving,
)
from engine.records import (
    ACCOUNT,
    ACCOUNT_T,
    BOOK,
    BOOK_T,
    COST_T,
    EVENTS,
    EVENTS_T,
    PLAN_T,
    ROW_T,
    Reason,
    read_only,
)
from engine.rounding import floor_to_step, inline
from engine.rules import (
    add_quantity,
    begin_cycle,
    block,
    close,
    entries_allowed,
    entry_notional,
    fill_entry,
)

EXIT = int(Reason.EXIT)
PLENTY = 1e300
"""A volume that limits nothing."""

RUNG = np.dtype([("level", "i8"), ("market", "i8"), ("price", "f8"), ("quantity", "f8"), ("stop", "f8")], align=True)

_accounts = types.Array(from_dtype(ACCOUNT), 1, "C")
_books = types.Array(from_dtype(BOOK), 1, "C")
_events = types.Array(from_dtype(EVENTS), 1, "C")
_rungs = types.Array(from_dtype(RUNG), 1, "C")


@njit(
    types.void(ROW_T, PLAN_T, read_only(np.float64, 2), read_only(np.int8, 2), int64),
    error_model="numpy", nogil=True, cache=True,
)
def take_row(row, plan, columns, flags, r):
    """Fill ROW with the values of plan row ``r``."""
    load_row(row, plan, columns, flags, r)


@njit(types.void(BOOK_T, PLAN_T, ROW_T, COST_T), error_model="numpy", nogil=True, cache=True)
def enter_row(book, plan, row, cost):
    """A new row comes into force for a book that a venue walks."""
    if book.direction == 0:
        latch(book, plan, row)
    else:
        take_moving(book, plan, row, cost)


@inline
def fill_rest(account, book, plan, cost, row, k, q, part):
    """Fill what is left of entry ``k`` after ``part`` of it; its quantity, 0 for nothing, NaN when it may not fill.

    The venue's minima were met by the whole; the margin of ``part`` is reserved already.
    """
    rest = floor_to_step(entry_notional(book, plan, cost, row, row.direction, k, q) / q, cost.step) - part
    if rest <= max(cost.step / 2.0, 1e-9 * part):
        book.used = k + 1
        return 0.0
    margin = rest * q / cost.leverage
    if not account.reserved + margin <= cost.guard * account.wallet * (1.0 + 1e-9):
        return math.nan
    add_quantity(account, book, rest, q, cost.maker_fee, margin)
    book.liquidation = liquidation_price(account, book, cost)
    book.used = k + 1
    improve_best(book, plan, cost, q)
    renew_stop(book, plan, cost)
    renew_target(book, plan, cost)
    return rest


@njit(
    int64(_accounts, _books, _accounts, _books, _events, PLAN_T, ROW_T, COST_T, int64, int64, float64, float64, _rungs),
    error_model="numpy", nogil=True, cache=True,
)
def preview(account, book, scratch, shadow, events, plan, row, cost, row_number, fresh, price, part, out):
    """Entries that would fill from here, in order; returns how many stand in ``out``.

    The engine's own filling on copies (``scratch``, ``shadow``) gives quantity and the stop after each fill.
    fresh : 1 while a market entry of this row may still be sent; ``price`` is what it would fill at.
    part : base that has filled already of the first of them.
    """
    scratch[0] = account[0]
    shadow[0] = book[0]
    b = shadow[0]
    n = 0
    while n < out.size and entries_allowed(scratch[0], b, plan, row, row_number):
        k = b.used
        market = math.isnan(plan.coefficient[k])
        if market and (fresh == 0 or b.market_row == row_number):
            break
        q = price if market else limit_price(b, plan, cost, row.direction, k)
        if math.isnan(q):
            break
        if market:
            b.market_row = row_number
        if part > 0.0:
            quantity = fill_rest(scratch[0], b, plan, cost, row, k, q, part)
            part = 0.0
            if quantity == 0.0:
                continue
        else:
            events[0].fills = 0
            events[0].refusals = 0
            events[0].trades = 0
            fill_entry(
                scratch[0], b, plan, cost, row, events[0], 0, row_number, k, q, q, q, cost.maker_fee, 1, PLENTY
            )
            quantity = events[0].fill[0].quantity
        if b.used != k + 1 or b.direction == 0:
            break
        out[n].level = k
        out[n].market = 1 if market else 0
        out[n].price = q
        out[n].quantity = quantity
        out[n].stop = b.stop
        n += 1
    return n


@njit(
    types.void(
        ACCOUNT_T, BOOK_T, PLAN_T, COST_T, int64, int64, int64, int64, int64, float64, float64, float64
    ),
    error_model="numpy", nogil=True, cache=True,
)
def take_entry(account, book, plan, cost, ts, row_number, d, k, complete, price, quantity, fee):
    """An entry fill as the venue reports it: a fact, so nothing is checked. ``complete``: level ``k`` is used up.

    d : direction of a position that it opens.
    """
    flat = book.direction == 0
    if flat:
        book.capital = account.wallet if cost.compounding != 0 else account.initial
        book.by_unit = 0
        book.scale = 1.0  # what a venue reports is not proportional to anything
        begin_cycle(book, plan, cost, d, price, price)
        book.first_row = row_number
        book.first_ms = ts
    margin = quantity * price / cost.leverage
    add_quantity(account, book, quantity, price, fee / (quantity * price), margin)
    book.liquidation = liquidation_price(account, book, cost)
    book.used = max(book.used, k + complete)  # reports of two levels may come in either order
    if math.isnan(plan.coefficient[k]):
        book.market_row = row_number
    if flat:
        renew_trail(book, plan, cost)
    else:
        improve_best(book, plan, cost, price)
    renew_stop(book, plan, cost)
    renew_target(book, plan, cost)


@njit(
    types.void(ACCOUNT_T, BOOK_T, EVENTS_T, PLAN_T, ROW_T, int64, int64, int64, float64, float64),
    error_model="numpy", nogil=True, cache=True,
)
def take_exit(account, book, events, plan, row, ts, row_number, reason, price, fee):
    """The whole position has left at this average price; ends the cycle."""
    events.fills = 0
    events.refusals = 0
    events.trades = 0
    gross = book.direction * (book.quantity * price - book.cost)
    close(account, book, events, ts, reason, price, gross, fee / (book.quantity * price), 0)
    if reason != EXIT:
        block(book, plan, row_number, reason)
    latch(book, plan, row)


