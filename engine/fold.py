"""The walk over a span: many plans over one market, skipping what cannot matter, metrics folded in.

Law: skipping is exact. A candle is passed over only when `advance` would change nothing but the mark at its close;
every pre-test repeats the tolerances of rounding as slack and errs on the side of calling `advance`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import float64, from_dtype, int32, int64, njit, types

from engine.bits import next_bit
from engine.branch import apart
from engine.cycle import CYCLE, LAST, keep_cycle, levels_reached, mark_closes, stop_was_near
from engine.hold import ANYTHING, TARGET_ALONE, hold
from engine.prices import equity, latch, open_result, renew_target, take_moving
from engine.records import (
    ACCOUNT_T,
    BOOK,
    BOOK_T,
    CANDLE,
    COST_T,
    EVENTS_T,
    FILL,
    PLAN_T,
    ROW_T,
    STATS_T,
    TRADE,
    Reason,
    read_only,
)
from engine.rounding import borrowing, inline
from engine.rules import leave
from engine.settle import mark_day, settle
from engine.shared import may_repeat, may_resume, repeat, repeatable, resume
from engine.stats import day_return, end_day, end_peak, fold_events
from engine.walk import advance

END = int(Reason.END)
TARGET = int(Reason.TARGET)

_FILLS = types.Array(from_dtype(FILL), 1, "C")
_TRADES = types.Array(from_dtype(TRADE), 1, "C")
_BOOKS = types.Array(from_dtype(BOOK), 1, "C")
_CYCLES = types.Array(from_dtype(CYCLE), 1, "C")


_CANDLES = read_only(CANDLE, 1)


@borrowing
def load_row(row, plan, columns, flags, r):
    """Fill ROW from the columns at plan row ``r``; -1 is the row before any plan."""
    if r < 0:
        row.direction = 0
        row.exit = 0
        row.weight = 0.0
        r = 0  # the values stand for nothing: without a direction nothing is entered
    else:
        row.direction = flags[plan.direction, r]
        row.exit = flags[plan.exit, r] if plan.exit >= 0 else 0
        row.weight = columns[plan.row_weight, r] if plan.row_weight >= 0 else 1.0
    row.base = columns[plan.base, r] if plan.base >= 0 else 0.0
    row.unit = columns[plan.unit, r] if plan.unit >= 0 else 0.0
    row.stop = columns[plan.stop, r] if plan.stop >= 0 else 0.0
    row.stop_unit = columns[plan.stop_unit, r] if plan.stop_unit >= 0 else 0.0
    row.target = columns[plan.target, r] if plan.target >= 0 else 0.0
    row.target_unit = columns[plan.target_unit, r] if plan.target_unit >= 0 else 0.0
    row.trail_unit = columns[plan.trail_unit, r] if plan.trail_unit >= 0 else 0.0


@inline
def steps_always(plan):
    """Whether a held position needs `advance` at every candle."""
    return plan.trail_distance > 0.0 or plan.stop_moving != 0


@borrowing
def keep(events, fills_out, trades_out, counts):
    """Copy a candle's events to the outputs."""
    for i in range(events.fills):
        if counts[0] < fills_out.size:
            fills_out[counts[0]] = events.fill[i]
        counts[0] += 1
    for i in range(events.trades):
        if counts[1] < trades_out.size:
            trades_out[counts[1]] = events.trade[i]
        counts[1] += 1


@borrowing
def skip_flat(candles, touched, book, t):
    """The next candle that could matter to a flat book: not before its next touch, nor in a blocked row."""
    t = next_bit(touched, t, candles.size)
    while t < candles.size and candles[t].row <= book.blocked_row:
        t = next_bit(touched, t + 1, candles.size)
    return t


@borrowing
def load_target(book, plan, columns, r):
    """Take the columns of a moving take profit from plan row ``r``."""
    book.target_reference = columns[plan.target, r] if plan.target >= 0 else 0.0
    book.target_unit = columns[plan.target_unit, r] if plan.target_unit >= 0 else 0.0


@inline
def take_profit(account, book, plan, cost, row, events, ts, row_number, o, best):
    """Leave at the target in a candle whose path meets nothing else: TARGET_ALONE, or ANYTHING if it does not."""
    d = book.direction
    if not d * (best - book.target) >= 0.0:
        return ANYTHING
    events.fills = 0
    events.refusals = 0
    events.trades = 0
    book.ambiguous = 0
    book.nearest_stop = math.nan
    opens_beyond = d * (o - book.target) > 0.0
    price = o if opens_beyond else book.target
    leave(account, book, plan, cost, row, events, ts, row_number, TARGET, price, 0 if opens_beyond else 1)
    return TARGET_ALONE


@njit(
    int64(
        _CANDLES, read_only(np.float64, 2), read_only(np.int8, 2), PLAN_T, COST_T, read_only(np.uint64, 1), int64,
        int64, ACCOUNT_T, BOOK_T, EVENTS_T, ROW_T, STATS_T, _FILLS, _TRADES, float64[::1], float64[::1], int64[::1],
        float64[::1], _CYCLES, int32[::1], _BOOKS, int64[::1], int64,
    ),
    error_model="numpy", nogil=True, cache=True, _nrt=False,
)
def fold(  # noqa: C901  # one loop over cycles; calls would have to pass its dozen locals
    candles, columns, flags, plan, cost, touched, start, end, account, book, events, values, stats, fills_out,
    trades_out, equity_out, daily_out, counts, marks, cycles, slots, snapshots, shared, number,
):
    """Walk candles [start, end) with one plan; returns the number of candles given to `advance`.

    candles : CANDLE[T]. touched : uint64[words], where a flat book must look (`engine.index.first_entries`). Outputs of
    length 0 are not wanted: fills_out and trades_out (what is beyond their length is dropped; ``counts`` int64[2] says
    how many there were), equity_out float64[T] (marks at closes), daily_out float64[n_days] (must come in as zeros).
    ``book`` and ``account`` carry on from where they stand; ``stats`` must have been begun.
    marks : float64[M], M > end - start, open results at closes. cycles CYCLE[C], slots int32[T], shared int64[2] (how
    many cycles and marks are kept): what may be repeated; C = 0 when nothing is, as where ``equity_out`` is wanted.
    snapshots : BOOK[S], the book before the stop of the cycle of this number was reached. ``number`` : of the plan.
    """
    apart()
    first_day = np.int64(candles[start].day) if start < end else 0
    called = 0
    slow = steps_always(plan)
    sharing = cycles.size > 0
    limits = not math.isnan(plan.coefficient[0])  # met where the index says; a market order also at ``start``
    t = start
    repeated = -1  # where a repeated cycle has led to: the next candle that may matter
    while t < end:
        if t == repeated:
            alike = book.market_row < 0 or book.market_row != candles[t].row
        else:
            if book.direction == 0 and (t > start or limits):
                upto = min(skip_flat(candles, touched, book, t), end)
                if equity_out.size > 0:
                    for i in range(t, upto):
                        equity_out[i] = account.wallet
                t = upto
                if t >= end:
                    break
            alike = sharing and (t > start or candles[t].begins != 0) and repeatable(account, book, candles[t].row)
        found, parting = -1, -1
        if alike:
            slot, after = slots[t], -1
            while after < 0 and slot < shared[0] and cycles[slot].begin == t:
                if may_repeat(cycles[slot], plan, number, end) and repeat(
                    account, book, plan, cost, stats, cycles[slot], candles, marks, equity_out, daily_out, first_day
                ):
                    after = cycles[slot].follow
                elif cycles[slot].parting > parting and may_resume(cycles[slot], plan, end):
                    found = slot
                    parting = cycles[slot].parting
                slot = cycles[slot].before
            if after >= 0:
                t = after
                repeated = after
                continue
        if sharing and (marks.size - shared[1] < end - t or shared[0] == cycles.size):
            shared[0] = 0
            shared[1] = 0
            found = -1
        begin = t
        at = shared[1]  # marks of this cycle that are not settled yet: [at, n)
        n = at
        ambiguous = 0
        reached = 0
        alone = 0
        if alike:
            cycles[shared[0]].parting = -1
            if found >= 0 and resume(account, book, plan, cost, snapshots[found]):
                for i in range(parting - t):
                    marks[at + i] = marks[cycles[found].marks + i]
                n = at + parting - t
                t = parting
                reached = cycles[found].parting_reached
                ambiguous = cycles[found].parting_ambiguous
                stats.ambiguous += ambiguous
        wallet = account.wallet
        scale = book.scale
        while t < end:
            what = ANYTHING
            if book.direction != 0 and not slow:
                quiet, what = hold(candles, columns, flags, plan, cost, book, t, start, end, marks, n)
                n += quiet - t
                t = quiet
                if t >= end:
                    break
            x = candles[t]
            r = x.row
            d = book.direction
            if what == TARGET_ALONE:
                if plan.target_moving != 0:
                    load_target(book, plan, columns, r)
                    renew_target(book, plan, cost)
                best = x.high if d > 0 else x.low
                what = take_profit(account, book, plan, cost, values, events, x.ts_ms, r, x.open, best)
            if what != TARGET_ALONE:
                adverse = x.low if d > 0 else x.high
                if alike and alone == 0 and d * (adverse - book.stop) <= 0.0 and shared[0] < snapshots.size and d != 0:
                    cycles[shared[0]].parting = t
                    cycles[shared[0]].parting_reached = reached
                    cycles[shared[0]].parting_ambiguous = ambiguous
                    snapshots[shared[0]] = book
                first = 1 if r >= 0 and (x.begins != 0 or t == start) else 0
                load_row(values, plan, columns, flags, r)
                if first == 0:  # the rows of skipped candles were not looked at
                    if book.direction == 0:
                        latch(book, plan, values)
                    else:
                        take_moving(book, plan, values, cost)
                if d == 0:
                    d = values.direction
                advance(
                    account, book, events, plan, values, cost, x.ts_ms, r, first, x.open, x.high, x.low, x.close,
                    x.volume, x.funding,
                )
            called += 1
            t += 1
            ambiguous += book.ambiguous
            stats.ambiguous += book.ambiguous
            if events.fills > 0 and fills_out.size > 0:
                keep(events, fills_out, trades_out, counts)
            if events.refusals > 0:
                alike = False
            if alike:
                if stop_was_near(book, d, x.low, x.high):
                    alone = 1
                k = book.used if events.trades == 0 else events.trade[0].levels
                if what != TARGET_ALONE:
                    k = levels_reached(book, plan, cost, d, k, x.low, x.high)
                reached = max(reached, k)
            if events.trades == 0 and book.direction != 0:
                marks[n] = open_result(book, x.close)
                n += 1
                scale = book.scale
                fold_events(stats, events)
                continue
            kept = alike and book.direction == 0 and events.trades == 1 and n - at == t - 1 - begin
            if kept:
                cycle = cycles[shared[0]]
                keep_cycle(cycle, events, book, candles, begin, t, candles[begin].day, x.day, at, marks, ambiguous)
                mark_closes(stats, wallet, scale, cycle, candles, marks, equity_out, daily_out, first_day)
            else:
                settle(
                    stats, wallet, scale, marks, at, n - at, candles, t - 1 - (n - at), equity_out, daily_out, first_day
                )
            stats.exposure += n - at
            fold_events(stats, events)
            e = equity(account, book, x.close)
            mark_day(stats, e, x.day, daily_out, first_day)
            if equity_out.size > 0:
                equity_out[t - 1] = e
            if book.direction == 0:
                if kept:
                    cycle = cycles[shared[0]]
                    cycle.plan = number
                    cycle.alone = alone
                    cycle.stop_coefficient = plan.stop_coefficient
                    cycle.reached = reached
                    cycle.entries = plan.entries
                    before = slots[begin]
                    known = before < shared[0] and cycles[before].begin == begin
                    cycle.before = before if known else LAST
                    cycle.follow = skip_flat(candles, touched, book, t)
                    t = cycle.follow
                    repeated = t
                    slots[begin] = shared[0]
                    shared[0] += 1
                    shared[1] = n
                n = at
                break
            stats.exposure += 1
            alike = False
            n = at
            wallet = account.wallet
            scale = book.scale
        settle(stats, wallet, scale, marks, at, n - at, candles, t - (n - at), equity_out, daily_out, first_day)
        stats.exposure += n - at
    return called


@njit(
    types.void(
        from_dtype(CANDLE), PLAN_T, COST_T, ACCOUNT_T, BOOK_T, EVENTS_T, ROW_T, STATS_T, float64[::1], int64, int64,
    ),
    error_model="numpy", nogil=True, cache=True,
)
def finish(candle, plan, cost, account, book, events, values, stats, daily_out, first_day, close_out):
    """End a walk at its last candle: close what is open when ``close_out``, and end the last day and peak."""
    if close_out != 0 and book.direction != 0:
        events.fills = 0
        events.refusals = 0
        events.trades = 0
        leave(account, book, plan, cost, values, events, candle.ts_ms, 0, END, candle.close, 0)
        fold_events(stats, events)
        mark_day(stats, account.wallet, candle.day, daily_out, first_day)
    if daily_out.size > 0:
        daily_out[stats.day - first_day] = day_return(stats.last_equity, stats.day_equity)
    end_day(stats)
    end_peak(stats)
    stats.wallet = account.wallet
