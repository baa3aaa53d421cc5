"""Cycles that plans share: what one walked, others repeat that differ in nothing that mattered in it.

Plans differ so when their stop is wider than one that was never met, or their ladder is shorter or longer by levels
that were never reached. A plan also repeats what it did itself in another window that overlaps.

Law: a repeated cycle is the walked one to the last bit. It holds because a book by unit keeps everything but money
apart from wallet and weights, money being ``scale x amount``, because a wider stop lies behind a tighter one that the
candles did not reach, and because of two ladders one begins as the other. What could tell the two apart otherwise (a
refusal, a cap, a second trade) is not shared.
"""

from __future__ import annotations

import numpy as np

from core.plan import MAX_ENTRIES
from engine.distinct import distinct
from engine.records import PLAN
from engine.rounding import borrowing, inline
from engine.settle import begin_day, mark_day, settle
from engine.stats import fold_trade

SLACK = 5e-10
"""Half of the margin guard's tolerance: nearer to the guard than this a cycle is walked."""


def _word(name: str) -> int:
    """Which 8 bytes of a plan's record a field begins with."""
    fields = PLAN.fields
    assert fields is not None  # PLAN is a record
    return int(fields[name][1]) // 8


_COEFFICIENT, _RELATIVE = _word("coefficient"), _word("relative")
_ALIKE = [
    *range(_COEFFICIENT, _COEFFICIENT + 2), *range(_word("target_coefficient"), _word("stop_coefficient")),
    *range(_word("stop_coefficient") + 1, _word("entries")),
]
"""Words that are equal in plans that share cycles: all but the stop's distance and the ladder behind its second."""


def sharing(
    plans: np.ndarray, columns: np.ndarray, by_unit: bool, by_risk: bool
) -> tuple[np.ndarray, np.ndarray]:
    """(order int64[n], group int32[n]): plans that differ only in how far their stop is and how long their ladder.

    Of a group the longest ladders come first, of those the tightest stops. ``group`` is that of the plan at the same
    place in ``order``: one of its own where cycles depend on the stop whether it is met or not, as they do when sizes
    are chosen by risk, and -1 for all when sizes are not proportional, so that nothing is ever repeated.
    """
    n = len(plans)
    if not by_unit:
        return np.arange(n), np.full(n, -1, np.int32)
    words = plans.view(np.uint64).reshape(n, -1)
    _, group = distinct(words[:, _ALIKE])
    units = plans["stop_unit"]
    alone = (plans["trail_distance"] > 0.0) | (plans["stop_moving"] != 0) | by_risk
    units = np.where(units >= 0, units, plans["stop"])  # a level without a unit is a multiple of its reference
    if (units >= 0).any():
        falls = np.array([bool((column < 0.0).any()) for column in columns])
        alone |= (units >= 0) & falls[np.maximum(units, 0)]
    order = np.lexsort((-plans["stop_coefficient"], -plans["entries"], group))
    longest = order[np.searchsorted(group[order], group)]
    alone |= ~_begins(words, words[longest], plans["entries"])
    single = np.bincount(group, minlength=1)[group] == 1
    among_others = bool((alone & ~single).any())
    alone |= single
    group[alone] = n + np.flatnonzero(alone)
    if among_others:
        order = np.lexsort((-plans["stop_coefficient"], -plans["entries"], group))
    return order, group[order]


def _begins(words: np.ndarray, longer: np.ndarray, entries: np.ndarray) -> np.ndarray:
    """bool[n]: whether each plan's ladder is how the other one begins."""
    beyond = np.arange(MAX_ENTRIES) >= entries[:, None]
    same = [words[:, k : k + MAX_ENTRIES] == longer[:, k : k + MAX_ENTRIES] for k in (_COEFFICIENT, _RELATIVE)]
    begins: np.ndarray = (beyond | (same[0] & same[1])).all(axis=1)
    return begins


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
