"""The execution rules as compiled functions over records: sizes, fills, refusals, exits (docs/execution.md)."""

from __future__ import annotations

import math

from engine.prices import (
    at_risk,
    improve_best,
    latch,
    liquidation_price,
    renew_stop,
    renew_target,
    renew_trail,
    stop_in_force,
    stop_level,
)
from engine.records import MAX_FILLS, Reason
from engine.rounding import floor_to_step, inline, stop_price

ENTRY, TARGET, STOP, TRAIL, LIQUIDATION = (
    int(Reason.ENTRY), int(Reason.TARGET), int(Reason.STOP), int(Reason.TRAIL), int(Reason.LIQUIDATION),
)
EXIT, AGE, END = int(Reason.EXIT), int(Reason.AGE), int(Reason.END)
NO_CAPITAL, NO_STOP, STOP_PASSED = int(Reason.NO_CAPITAL), int(Reason.NO_STOP), int(Reason.STOP_PASSED)
BELOW_MINIMUM, MARGIN_GUARD = int(Reason.BELOW_MINIMUM), int(Reason.MARGIN_GUARD)
LIQUIDATION_PASSED, POST_ONLY = int(Reason.LIQUIDATION_PASSED), int(Reason.POST_ONLY)


@inline
def record_fill(events, book, ts, reason, k, price, quantity, fee, maker, d):
    """Append a fill or a refusal to the candle's events; ``d`` is the position's direction, or the one refused."""
    n = events.fills
    if events.wanted != 0 and n < MAX_FILLS:
        f = events.fill[n]
        f.ts_ms = ts
        f.price = price
        f.quantity = quantity
        f.fee = fee
        f.reason = reason
        f.level = k
        f.maker = maker
        f.direction = d
        f.cycle = book.cycle
    events.fills = n + 1


@inline
def close(account, book, events, ts, reason, price, gross, fee_rate, maker):
    """End the cycle: the wallet changes by the trade's net result, the book is flat."""
    fee = book.quantity * price * fee_rate
    s = book.scale
    record_fill(events, book, ts, reason, -1, price, s * book.quantity, s * fee, maker, book.direction)
    book.fees += fee
    events.fees = book.fees
    events.funding = book.funding
    events.gross = gross
    events.net = gross - book.fees - book.funding
    events.cost = book.cost
    net = s * events.net
    n = events.trades
    t = events.trade[n]
    t.opened_ms = book.first_ms
    t.closed_ms = ts
    t.cycle = book.cycle
    t.quantity = s * book.quantity
    t.average = book.average
    t.exit_price = price
    t.fees = s * book.fees
    t.funding = s * book.funding
    t.gross = s * gross
    t.net = net
    t.direction = book.direction
    t.levels = book.used
    t.reason = reason
    t.first_row = book.first_row
    events.trades = n + 1
    account.wallet += net
    account.reserved -= book.reserved
    book.reserved = 0.0
    book.quantity = 0.0
    book.cost = 0.0
    book.fees = 0.0
    book.funding = 0.0
    book.margin = 0.0
    book.direction = 0
    book.used = 0
    book.cycle += 1
    book.first_price = math.nan
    book.target = math.nan
    book.stop = math.nan
    book.trail = math.nan
    book.liquidation = math.nan


@inline
def block(book, plan, row_number, reason):
    """No entry in the rest of this row, and longer after a stop-out."""
    until = row_number
    if reason in (STOP, TRAIL, LIQUIDATION):
        until += plan.cooldown
    book.blocked_row = max(book.blocked_row, until)


@inline
def leave(account, book, plan, cost, row, events, ts, row_number, reason, p, maker):
    """End the cycle for ``reason`` where price stands at ``p``."""
    d = book.direction
    price = p
    rate = cost.taker_fee
    if reason == LIQUIDATION:
        lost = at_risk(account, book, cost)
        price = (book.cost - d * lost) / book.quantity
        gross = -lost
        rate = 0.0
    else:
        if reason != TARGET:
            price = p * (1.0 - d * cost.slippage)
        elif maker != 0:
            rate = cost.maker_fee
        gross = d * (book.quantity * price - book.cost)
    close(account, book, events, ts, reason, price, gross, rate, maker if reason == TARGET else 0)
    if reason != EXIT:
        block(book, plan, row_number, reason)
    else:
        latch(book, plan, row)  # its row may enter again at this open; after the others a new row comes first


@inline
def exit_at(book, p):
    """Which exit is due at price ``p`` on the path; ENTRY for none. An open position is assumed."""
    d = book.direction
    if d * (p - book.liquidation) <= 0.0:
        return LIQUIDATION
    stop = stop_in_force(book)
    if d * (p - stop) <= 0.0:
        return STOP if stop == book.stop else TRAIL
    if d * (p - book.target) >= 0.0:
        return TARGET
    return ENTRY


@inline
def entries_allowed(account, book, plan, row, row_number):
    """Whether the next level may fill in this row."""
    d = row.direction
    return (
        d != 0
        and (book.direction == 0 or book.direction == d)
        and row_number > book.blocked_row
        and row_number != book.refused_row
        and book.used < plan.entries
        and row.weight > 0.0
        and account.halted == 0
        and book.missed == 0
    )


@inline
def refuse(book, row, events, ts, row_number, reason, k, q):
    """Record why an entry at order price ``q`` was not taken; its row takes no more."""
    book.refused_row = row_number
    events.refusals += 1
    record_fill(events, book, ts, reason, k, q, 0.0, 0.0, 0, row.direction)


@inline
def entry_notional(book, plan, cost, row, d, k, q):
    """Quote value of entry ``k`` at order price ``q``; NaN when its stop has been passed already."""
    share = plan.relative[k] if book.by_unit != 0 else plan.weight[k]
    notional = book.capital * cost.capital_fraction * share * row.weight * cost.leverage
    if cost.risk > 0.0:
        first = q if book.direction == 0 else book.first_price
        distance = d * (q - stop_level(book, plan, d, q, first)) / q
        if not distance > 0.0:
            return math.nan
        entry_fee = cost.taker_fee if math.isnan(plan.coefficient[k]) else cost.maker_fee
        at_most = book.capital * cost.risk * share * row.weight / (
            distance + entry_fee + cost.taker_fee + cost.slippage
        )
        notional = min(notional, at_most)
    return notional


@inline
def refusal_by_size(account, book, cost, quantity, q, margin):
    """The reason why this size cannot be taken, or ENTRY when it can."""
    if not quantity > 0.0 or quantity < cost.min_quantity or quantity * q < cost.min_notional:
        return BELOW_MINIMUM
    if account.reserved + book.scale * margin > cost.guard * account.wallet * (1.0 + 1e-9):
        return MARGIN_GUARD
    return ENTRY


@inline
def add_quantity(account, book, quantity, f, fee_rate, margin):
    """A fill's effect on the book's sums."""
    book.cost += quantity * f
    book.fees += quantity * f * fee_rate
    book.margin += margin
    book.reserved += book.scale * margin
    account.reserved += book.scale * margin
    book.quantity += quantity
    book.average = f if book.used == 0 else book.cost / book.quantity


@inline
def take_capital(account, book, plan, cost):
    """What a cycle that begins now is sized by; its amounts are kept per unit of it where sizes are proportional."""
    capital = account.wallet if cost.compounding != 0 else account.initial
    by_unit = cost.by_unit != 0 and capital > 0.0
    book.by_unit = 1 if by_unit else 0
    book.scale = capital * plan.weight[0] if by_unit else 1.0
    book.capital = 1.0 if by_unit else capital


@inline
def begin_cycle(book, plan, cost, d, f, p):
    """State of a book at its first fill."""
    book.direction = d
    book.first_price = f
    book.best = p


@inline
def abandon_cycle(account, book):
    """Take back a first entry that turned out to be refused."""
    account.reserved -= book.reserved
    book.reserved = 0.0
    book.quantity = 0.0
    book.cost = 0.0
    book.fees = 0.0
    book.margin = 0.0
    book.direction = 0
    book.first_price = math.nan
    book.stop = math.nan
    book.liquidation = math.nan


@inline
def fill_entry(account, book, plan, cost, row, events, ts, row_number, k, q, f, p, fee_rate, maker, volume):
    """Fill entry ``k`` (order price q, fill price f, market at p) or refuse it, with a reason."""
    d = row.direction
    flat = book.direction == 0
    if flat:
        take_capital(account, book, plan, cost)
        if not book.capital > 0.0:
            refuse(book, row, events, ts, row_number, NO_CAPITAL, k, q)
            return
        stop = stop_price(stop_level(book, plan, d, f, f), d, cost.tick)
        if math.isnan(stop):
            refuse(book, row, events, ts, row_number, NO_STOP, k, q)
            return
        if d * (p - stop) <= 0.0:
            refuse(book, row, events, ts, row_number, STOP_PASSED, k, q)
            return
    notional = entry_notional(book, plan, cost, row, d, k, q)
    if math.isnan(notional):
        refuse(book, row, events, ts, row_number, STOP_PASSED, k, q)
        return
    quantity = floor_to_step(notional / q, cost.step)
    if cost.participation > 0.0:
        quantity = min(quantity, floor_to_step(cost.participation * volume, cost.step))
    margin = quantity * f / cost.leverage
    reason = refusal_by_size(account, book, cost, quantity, q, margin)
    if reason != ENTRY:
        refuse(book, row, events, ts, row_number, reason, k, q)
        return
    if flat:
        begin_cycle(book, plan, cost, d, f, p)
    add_quantity(account, book, quantity, f, fee_rate, margin)
    book.liquidation = liquidation_price(account, book, cost)
    if flat:
        if d * (p - book.liquidation) <= 0.0:
            abandon_cycle(account, book)
            refuse(book, row, events, ts, row_number, LIQUIDATION_PASSED, k, q)
            return
        book.first_row = row_number
        book.first_ms = ts
    book.used = k + 1
    s = book.scale
    record_fill(events, book, ts, ENTRY, k, f, s * quantity, s * (quantity * f * fee_rate), maker, d)
    if flat:
        renew_trail(book, plan, cost)
    else:
        improve_best(book, plan, cost, p)
    renew_stop(book, plan, cost)
    renew_target(book, plan, cost)
