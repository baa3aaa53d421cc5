"""Cycles that plans share: what one walked, others repeat that differ in nothing that mattered in it.

Plans differ so when their stop is wider than one that was never met, or their ladder is shorter or longer by levels
that were never reached. A plan also repeats what it did itself in another window that overlaps. Where a tighter stop
was met, a wider one goes on from the book as it stood before that candle.

Law: a repeated cycle is the walked one to the last bit. It holds because a book by unit keeps everything but money
apart from wallet and weights, money being ``scale x amount``, because a wider stop lies behind a tighter one that the
candles did not reach, and because of two ladders one begins as the other. What could tell the two apart otherwise (a
refusal, a cap, a second trade) is not shared.
"""

from __future__ import annotations

from engine.cycle import mark_closes
from engine.prices import renew_stop
from engine.rounding import borrowing, inline
from engine.settle import mark_day
from engine.stats import fold_trade

SLACK = 5e-10
"""Half of the margin guard's tolerance: nearer to the guard than this a cycle is walked."""


@inline
def repeatable(account, book, row):
    """Whether a cycle that begins in this row begins as every other one would."""
    return (
        book.direction == 0
        and book.blocked_row < row
        and book.refused_row != row
        and book.market_row != row
        and account.halted == 0
        and account.reserved == 0.0
    )


@inline
def scale_of(account, plan, cost):
    """The scale of a cycle that begins now (`engine.rules.take_capital`), where sizes are proportional."""
    return (account.wallet if cost.compounding != 0 else account.initial) * plan.weight[0]


@inline
def affordable(account, cost, scale, spent):
    """Whether guard and maintenance tier treat a cycle of this cost and scale as they treated the walked one."""
    notional = scale * spent
    return (
        scale > 0.0
        and notional <= cost.leverage * cost.guard * account.wallet * (1.0 + SLACK)
        and (cost.tiers == 1 or notional < cost.tier_notional[0] * (1.0 - SLACK))
    )


@inline
def may_repeat(cycle, plan, number, end):
    """Whether plan ``number`` would do this cycle if it walked from its begin, in a window that ends at ``end``."""
    return (
        cycle.end <= end
        and (
            cycle.plan == number
            or (
                cycle.alone == 0
                and cycle.stop_coefficient >= plan.stop_coefficient
                and cycle.reached <= plan.entries
                and (cycle.reached < cycle.entries or plan.entries <= cycle.entries)  # else a level may come after it
            )
        )
    )


@inline
def may_resume(cycle, plan, end):
    """Whether this plan would do this cycle up to the candle in which that one's stop was reached."""
    return (
        0 <= cycle.parting < end
        and cycle.stop_coefficient >= plan.stop_coefficient
        and cycle.parting_reached <= plan.entries
        and (cycle.parting_reached < cycle.entries or plan.entries <= cycle.entries)
    )


@inline
def resume(account, book, plan, cost, snapshot):
    """Bring a flat book to where another plan's stood; returns False, having done nothing, when it must be walked.

    What depends on the plan that differs, the stop, is made anew; what the book knows of earlier cycles stays.
    """
    scale = scale_of(account, plan, cost)
    if not affordable(account, cost, scale, snapshot.cost):
        return False
    book.scale = scale
    book.by_unit = 1
    book.capital = 1.0
    book.quantity = snapshot.quantity
    book.cost = snapshot.cost
    book.fees = snapshot.fees
    book.funding = snapshot.funding
    book.margin = snapshot.margin
    book.reserved = scale * snapshot.margin
    account.reserved = book.reserved
    book.average = snapshot.average
    book.first_price = snapshot.first_price
    book.best = snapshot.best
    book.base = snapshot.base
    book.unit = snapshot.unit
    book.target_reference = snapshot.target_reference
    book.target_unit = snapshot.target_unit
    book.stop_reference = snapshot.stop_reference
    book.stop_unit = snapshot.stop_unit
    book.target = snapshot.target
    book.liquidation = snapshot.liquidation
    book.direction = snapshot.direction
    book.used = snapshot.used
    book.first_row = snapshot.first_row
    book.first_ms = snapshot.first_ms
    book.market_row = max(book.market_row, snapshot.market_row)
    renew_stop(book, plan, cost)
    return True


@borrowing
def repeat(account, book, plan, cost, stats, cycle, candles, marks, equity_out, daily_out, first_day):
    """Do a shared cycle with this account; returns False, having done nothing, when it must be walked."""
    scale = scale_of(account, plan, cost)
    if not affordable(account, cost, scale, cycle.cost):
        return False
    mark_closes(stats, account.wallet, scale, cycle, candles, marks, equity_out, daily_out, first_day)
    net = scale * cycle.net
    account.wallet += net
    fold_trade(stats, net, scale * cycle.gross, scale * cycle.fees, scale * cycle.funding, cycle.held_ms)
    mark_day(stats, account.wallet, cycle.last_day, daily_out, first_day)
    book.cycle += 1
    book.blocked_row = max(book.blocked_row, cycle.blocked_row)
    book.market_row = max(book.market_row, cycle.market_row)
    stats.exposure += cycle.end - 1 - cycle.begin
    stats.ambiguous += cycle.ambiguous
    return True
