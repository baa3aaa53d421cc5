"""Cycles that plans share: what one walked, others repeat that differ in nothing that mattered in it.

Plans differ so when their stop is wider than one that was never met, or their ladder is shorter or longer by levels
that were never reached. A plan also repeats what it did itself in another window that overlaps.

Law: a repeated cycle is the walked one to the last bit. It holds because a book by unit keeps everything but money
apart from wallet and weights, money being ``scale x amount``, because a wider stop lies behind a tighter one that the
candles did not reach, and because of two ladders one begins as the other. What could tell the two apart otherwise (a
refusal, a cap, a second trade) is not shared.
"""

from __future__ import annotations

from engine.rounding import borrowing, inline
from engine.settle import begin_day, mark_day, settle
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
def affordable(account, cost, scale, spent):
    """Whether guard and maintenance tier treat a cycle of this cost and scale as they treated the walked one."""
    notional = scale * spent
    return (
        scale > 0.0
        and notional / cost.leverage <= cost.guard * account.wallet * (1.0 + SLACK)
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


@borrowing
def repeat(account, book, plan, cost, stats, cycle, candles, marks, equity_out, daily_out, first_day):
    """Do a shared cycle with this account; returns False, having done nothing, when it must be walked."""
    scale = (account.wallet if cost.compounding != 0 else account.initial) * plan.weight[0]
    if not affordable(account, cost, scale, cycle.cost):
        return False
    t, n = cycle.begin, cycle.end - 1 - cycle.begin
    if n > 0:
        within_a_day = cycle.first_day == cycle.last_day and equity_out.size == 0
        if within_a_day and account.wallet + scale * cycle.highest <= stats.peak:
            begin_day(stats, cycle.first_day, daily_out, first_day)  # no new peak, so the lowest close says it all
            stats.low = min(stats.low, account.wallet + scale * cycle.lowest)
        else:
            settle(stats, account.wallet, scale, marks, cycle.marks, n, candles, t, equity_out, daily_out, first_day)
    net = scale * cycle.net
    account.wallet += net
    fold_trade(stats, net, scale * cycle.gross, scale * cycle.fees, scale * cycle.funding, cycle.held_ms)
    mark_day(stats, account.wallet, cycle.last_day, daily_out, first_day)
    if equity_out.size > 0:
        equity_out[cycle.end - 1] = account.wallet
    book.cycle += 1
    book.blocked_row = max(book.blocked_row, cycle.blocked_row)
    book.market_row = max(book.market_row, cycle.market_row)
    stats.exposure += n
    stats.ambiguous += cycle.ambiguous
    return True
