"""Prices of a book as compiled functions over records: levels, latched columns, stop, trail, liquidation, equity.

Inner functions take records and scalars only; an array argument would cost reference counts at every call.
"""

from __future__ import annotations

import math

from engine.branch import rarely
from engine.records import FROM_AVERAGE, FROM_FIRST, NO_COLUMN
from engine.rounding import entry_price, inline, stop_price, target_price


@inline
def reference(kind, column, average, first):
    """The value a level starts from: the average, the first fill, or its column's value."""
    if kind == FROM_AVERAGE:
        return average
    if kind == FROM_FIRST:
        return first
    return column


@inline
def level(ref, d, coefficient, unit_kind, unit):
    """``reference + (d * coefficient) * unit``; without a unit, the reference is it."""
    return ref + (d * coefficient) * (ref if unit_kind == NO_COLUMN else unit)


@inline
def limit_price(book, plan, cost, d, k):
    """Price of limit entry ``k`` in direction ``d``, rounded; NaN when unknown."""
    ref = reference(plan.base, book.base, math.nan, book.first_price)
    return entry_price(level(ref, d, plan.coefficient[k], plan.unit, book.unit), d, cost.tick)


@inline
def stop_level(book, plan, d, average, first):
    """The stop before rounding, for a position of this average and first price."""
    ref = reference(plan.stop, book.stop_reference, average, first)
    return level(ref, d, plan.stop_coefficient, plan.stop_unit, book.stop_unit)


@inline
def latch(book, plan, row):
    """Take all columns from the row: what a flat book does at each row, so the first fill finds them latched."""
    book.base = row.base
    book.unit = row.unit
    book.target_reference = row.target
    book.target_unit = row.target_unit
    book.stop_reference = row.stop
    book.stop_unit = row.stop_unit
    book.trail_unit = row.trail_unit


@inline
def take_moving(book, plan, row, cost):
    """A new row for an open position: moving columns change, protection never ends because of a NaN."""
    if plan.freeze == 0:
        book.base = row.base
        book.unit = row.unit
    if plan.target_moving != 0:
        book.target_reference = row.target
        book.target_unit = row.target_unit
        renew_target(book, plan, cost)
    if plan.stop_moving != 0 and not math.isnan(row.stop) and not math.isnan(row.stop_unit):
        book.stop_reference = row.stop
        book.stop_unit = row.stop_unit
        renew_stop(book, plan, cost)
    if plan.trail_moving != 0 and plan.trail_distance > 0.0 and not math.isnan(row.trail_unit):
        book.trail_unit = row.trail_unit
        renew_trail(book, plan, cost)


@inline
def renew_target(book, plan, cost):
    """Bring the take profit up to date with the average."""
    if plan.has_target != 0:
        ref = reference(plan.target, book.target_reference, book.average, book.first_price)
        book.target = target_price(
            level(ref, book.direction, plan.target_coefficient, plan.target_unit, book.target_unit),
            book.direction, cost.tick,
        )


@inline
def renew_stop(book, plan, cost):
    """Bring the stop up to date with the average; a NaN never replaces a good one."""
    price = stop_price(
        stop_level(book, plan, book.direction, book.average, book.first_price), book.direction, cost.tick
    )
    if not math.isnan(price):
        book.stop = price
        if not book.direction * price <= book.direction * book.nearest_stop:
            book.nearest_stop = price


@inline
def renew_trail(book, plan, cost):
    """Tighten the trail behind the best price."""
    if plan.trail_distance > 0.0:
        unit = book.best if plan.trail_unit == NO_COLUMN else book.trail_unit
        price = stop_price(book.best - (book.direction * plan.trail_distance) * unit, book.direction, cost.tick)
        if not math.isnan(price) and (math.isnan(book.trail) or book.direction * price > book.direction * book.trail):
            book.trail = price


@inline
def improve_best(book, plan, cost, p):
    """Remember the best price since the first fill."""
    if book.direction * p > book.direction * book.best:
        book.best = p
        renew_trail(book, plan, cost)


@inline
def liquidation_price(account, book, cost):
    """Where the venue takes the position over (isolated: from its margin; crossed: from the account's)."""
    i = 0
    while i < cost.tiers - 1 and book.scale * book.cost > cost.tier_notional[i]:
        i += 1
    d = book.direction
    part = book.average / cost.leverage
    if rarely(cost.crossed != 0):
        part = at_risk(account, book, cost) / book.quantity
    if rarely(cost.tier_deduction[i] != 0.0):
        part += cost.tier_deduction[i] / (book.scale * book.quantity)
    return (book.average - d * part) / (1.0 - d * cost.tier_rate[i])


@inline
def at_risk(account, book, cost):
    """Money lost in a liquidation, per unit of the book's scale (1 where margin is crossed)."""
    if cost.crossed != 0:
        return account.wallet - (account.reserved - book.reserved) - book.fees - book.funding
    return book.margin


@inline
def stop_in_force(book):
    """The nearer of stop and trail."""
    if not math.isnan(book.trail) and book.direction * book.trail > book.direction * book.stop:
        return book.trail
    return book.stop


@inline
def equity(account, book, price):
    """Wallet plus what the open position is worth at ``price``, before exit costs."""
    return account.wallet + book.scale * open_result(book, price)


@inline
def open_result(book, price):
    """What an open position would leave at ``price``, before exit costs, per unit of the book's scale."""
    return book.direction * (book.quantity * price - book.cost) - book.fees - book.funding
