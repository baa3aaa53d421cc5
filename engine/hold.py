"""The quiet part of a held position: candles that change nothing but its mark are passed over, exactly.

Law: every pre-test repeats the tolerances of rounding as slack and errs on the side of stopping.
"""

from __future__ import annotations

import math

from engine.prices import level, reference
from engine.rounding import borrowing, inline

SLACK = 1e-9
ANYTHING, TARGET_ALONE = 0, 1


@inline
def adverse_in_force(book):
    """The nearest price at which an open position ends against us, between fills (no trail, no moving stop)."""
    d = book.direction
    return book.liquidation if d * book.liquidation > d * book.stop else book.stop


@borrowing
def row_acts(plan, book, flags, r, markets_left):
    """Whether a row that begins asks for an exit, ends the position by age, or enters at the market."""
    d = book.direction
    leaves = plan.exit >= 0 and (flags[plan.exit, r] & (1 if d > 0 else 2)) != 0
    ages = plan.max_hold > 0 and r - book.first_row >= plan.max_hold
    return leaves or ages or (markets_left and flags[plan.direction, r] == d)


@borrowing
def hold(  # one loop over quiet candles: calls would have to pass its dozen locals
    candles, columns, flags, plan, cost, book, start, walk_start, end, marks, at
):
    """Pass over quiet candles of a held position; returns the first one that may matter, and what may matter in it.

    That is TARGET_ALONE when the candle may meet the take profit and meets nothing else, else ANYTHING.

    The open results at their closes, per unit of the book's scale, are written to ``marks`` from ``at`` on.

    Quiet: no funding, exit flag, age or market entry is due, and no limit, stop, liquidation or target is touched.
    """
    d = book.direction
    up = d > 0
    k = min(book.used, 7)
    some_left = book.used < plan.entries
    limits_left = some_left and not math.isnan(plan.coefficient[k])
    markets_left = some_left and not limits_left
    adverse = adverse_in_force(book)
    slack = d * (SLACK * abs(book.first_price) + cost.tick)
    entry_near, near = math.nan, math.nan
    if limits_left:
        ref = reference(plan.base, book.base, math.nan, book.first_price)
        entry_near = level(ref, d, plan.coefficient[k], plan.unit, book.unit) + slack
    if plan.has_target != 0:
        near = book.target - slack
    base, aim = plan.base, plan.target  # columns that move what is near, where they do
    unit = plan.unit if plan.unit >= 0 else base
    aim_unit = plan.target_unit if plan.target_unit >= 0 else aim
    steps, aim_steps = d * plan.coefficient[k], d * plan.target_coefficient
    limits_move = limits_left and plan.freeze == 0 and (base >= 0 or unit >= 0)
    target_moves = plan.has_target != 0 and plan.target_moving != 0 and (aim >= 0 or aim_unit >= 0)
    watched = plan.exit >= 0 or plan.max_hold > 0 or markets_left
    quantity, spent, costs = book.quantity, book.cost, book.fees
    paid = book.funding
    last_row = -2
    t = start
    while t < end:
        x = candles[t]
        r = x.row
        if (r < 0) | (x.funding != 0.0):
            break
        if r != last_row:
            last_row = r
            if watched and (x.begins != 0 or t == walk_start) and row_acts(plan, book, flags, r, markets_left):
                break
            if limits_move:
                ref = columns[base, r] if base >= 0 else book.first_price
                entry_near = ref + steps * (columns[unit, r] if unit >= 0 else ref) + slack
            if target_moves:
                ref = columns[aim, r] if aim >= 0 else reference(aim, math.nan, book.average, book.first_price)
                near = ref + aim_steps * (columns[aim_unit, r] if aim_unit >= 0 else ref) - slack
        if up:
            against, favour = (x.low <= entry_near) | (x.low <= adverse), x.high >= near
        else:
            against, favour = (x.high >= entry_near) | (x.high >= adverse), x.low <= near
        if against | favour:
            return t, ANYTHING if against else TARGET_ALONE
        marks[at + t - start] = d * (quantity * x.close - spent) - costs - paid
        t += 1
    return t, ANYTHING
