"""The quiet part of a held position: candles that change nothing but its mark are passed over, exactly.

Law: every pre-test repeats the tolerances of rounding as slack and errs on the side of stopping.
"""

from __future__ import annotations

import math

from engine.prices import level, reference
from engine.rounding import borrowing, inline

SLACK = 1e-9


@inline
def adverse_in_force(book):
    """The nearest price at which an open position ends against us, between fills (no trail, no moving stop)."""
    d = book.direction
    return book.liquidation if d * book.liquidation > d * book.stop else book.stop


@borrowing
def hold(  # one loop over quiet candles: calls would have to pass its dozen locals
    candles, columns, flags, plan, cost, book, start, walk_start, end, marks, at
):
    """Pass over quiet candles of a held position; returns the first one that may matter.

    The open results at their closes, per unit of the book's scale, are written to ``marks`` from ``at`` on.

    Quiet: no funding, exit flag, age or market entry is due, and no limit, stop, liquidation or target is touched.
    """
    d = book.direction
    up = d > 0
    k = min(book.used, 7)
    limits_left = book.used < plan.entries and not math.isnan(plan.coefficient[k])
    markets_left = book.used < plan.entries and not limits_left
    coefficient = plan.coefficient[k]
    frozen = plan.freeze != 0
    adverse = adverse_in_force(book)
    slack = SLACK * abs(book.first_price) + cost.tick
    has_target = plan.has_target != 0
    target_moves = has_target and plan.target_moving != 0
    target = book.target
    near = target - d * slack
    entry_near = math.nan
    base_column, unit_column, exit_flags = plan.base, plan.unit, plan.exit
    target_column, target_unit, age = plan.target, plan.target_unit, plan.max_hold
    quantity, spent, fees, paid = book.quantity, book.cost, book.fees, book.funding
    last_row = -2
    t = start
    while t < end:
        x = candles[t]
        r = x.row
        if r < 0 or x.funding != 0.0:
            break
        if r != last_row:
            if t == walk_start or candles[t - 1].row != r:
                if exit_flags >= 0 and (flags[exit_flags, r] & (1 if up else 2)) != 0:
                    break
                if age > 0 and r - book.first_row >= age:
                    break
                if markets_left and flags[plan.direction, r] == d:
                    break
            last_row = r
            if limits_left:
                base = columns[base_column, r] if base_column >= 0 and not frozen else book.base
                unit = columns[unit_column, r] if unit_column >= 0 and not frozen else book.unit
                ref = reference(base_column, base, math.nan, book.first_price)
                entry_near = level(ref, d, coefficient, unit_column, unit) + d * slack
            if target_moves:
                moved = columns[target_column, r] if target_column >= 0 else 0.0
                unit = columns[target_unit, r] if target_unit >= 0 else 0.0
                ref = reference(target_column, moved, book.average, book.first_price)
                near = level(ref, d, plan.target_coefficient, target_unit, unit) - d * slack
        if up:
            if x.low <= entry_near or x.low <= adverse or x.high >= near:
                break
        elif x.high >= entry_near or x.high >= adverse or x.low <= near:
            break
        marks[at + t - start] = d * (quantity * x.close - spent) - fees - paid
        t += 1
    return t
