"""The walk over a span: many plans over one market, skipping what cannot matter, metrics folded in.

Law: skipping is exact. A candle is passed over only when `advance` would change nothing but the mark at its close;
every pre-test repeats the tolerances of rounding as slack and errs on the side of calling `advance`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import float64, from_dtype, int64, njit, types

from engine.prices import (
    equity,
    latch,
    level,
    reference,
    take_moving,
)
from engine.records import (
    ACCOUNT_T,
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
)
from engine.rounding import inline
from engine.rules import (
    leave,
)
from engine.stats import day_return, end_day, end_peak, fold_events, mark
from engine.walk import advance

END = int(Reason.END)
SLACK = 1e-9

_FILLS = types.Array(from_dtype(FILL), 1, "C")
_TRADES = types.Array(from_dtype(TRADE), 1, "C")


def read_only(dtype, dimensions):
    """Numba's type of a read-only C array of a NumPy dtype: what Ray's object store hands out."""
    return types.Array(from_dtype(np.dtype(dtype)), dimensions, "C", readonly=True)


_CANDLES = read_only(CANDLE, 1)


borrowing = njit(error_model="numpy", nogil=True, forceinline=True, _nrt=False)
"""For functions of arrays that allocate nothing: no reference counts, whose atomics would double the walk's time."""


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
def adverse_in_force(book):
    """The nearest price at which an open position ends against us, between fills (no trail, no moving stop)."""
    d = book.direction
    return book.liquidation if d * book.liquidation > d * book.stop else book.stop


@inline
def steps_always(plan):
    """Whether a held position needs `advance` at every candle."""
    return plan.trail_distance > 0.0 or plan.stop_moving != 0


@borrowing
def mark_day(stats, e, day, daily_out, first_day):
    """`mark`, writing the return of a day that has ended where daily returns are wanted."""
    if day != stats.day and daily_out.size > 0:
        daily_out[stats.day - first_day] = day_return(stats.last_equity, stats.day_equity)
    mark(stats, e, day)


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
def skip_flat(candles, nxt, book, t):
    """The next candle that could matter to a flat book: not before its next touch, nor in a blocked row."""
    t = nxt[t]
    while t < candles.size and candles[t].row <= book.blocked_row:
        t = nxt[t + 1]
    return t


@borrowing
def hold(  # noqa: C901  # one loop over quiet candles; calls would have to pass its dozen locals
    candles, columns, flags, plan, cost, account, book, stats, start, walk_start, end, equity_out, daily_out, first_day
):
    """Pass over quiet candles of a held position, marking its equity; returns the first one that may matter.

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
    quantity, spent, fees, paid, wallet = book.quantity, book.cost, book.fees, book.funding, account.wallet
    last_row = -2
    day, peak, low, last = stats.day, stats.peak, stats.low, stats.last_equity
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
                ref = reference(base_column, base, math.nan, 1.0, book.first_price)
                entry_near = level(ref, d, coefficient, unit_column, unit) + d * slack
            if target_moves:
                moved = columns[target_column, r] if target_column >= 0 else 0.0
                unit = columns[target_unit, r] if target_unit >= 0 else 0.0
                ref = reference(target_column, moved, spent, quantity, book.first_price)
                near = level(ref, d, plan.target_coefficient, target_unit, unit) - d * slack
        if up:
            if x.low <= entry_near or x.low <= adverse or x.high >= near:
                break
        elif x.high >= entry_near or x.high >= adverse or x.low <= near:
            break
        e = wallet + d * (quantity * x.close - spent) - fees - paid
        if x.day != day:
            if daily_out.size > 0:
                daily_out[day - first_day] = day_return(last, stats.day_equity)
            stats.last_equity = last
            end_day(stats)
            day = x.day
        last = e
        if e > peak:
            stats.peak = peak
            stats.low = low
            end_peak(stats)
            peak = e
            low = e
        elif e < low:
            low = e
        if equity_out.size > 0:
            equity_out[t] = e
        t += 1
    stats.day, stats.peak, stats.low, stats.last_equity = day, peak, low, last
    return t


@njit(
    int64(
        _CANDLES, read_only(np.float64, 2), read_only(np.int8, 2), PLAN_T, COST_T, read_only(np.int32, 1), int64, int64,
        ACCOUNT_T, BOOK_T, EVENTS_T, ROW_T, STATS_T, _FILLS, _TRADES, float64[::1], float64[::1], int64[::1],
    ),
    error_model="numpy", nogil=True, cache=True, _nrt=False,
)
def fold(
    candles, columns, flags, plan, cost, nxt, start, end, account, book, events, values, stats, fills_out, trades_out,
    equity_out, daily_out, counts,
):
    """Walk candles [start, end) with one plan; returns the number of candles given to `advance`.

    candles : CANDLE[T]. nxt : from `engine.index.next_entry`. Outputs of length 0 are not wanted: fills_out and
    trades_out (what is beyond their length is dropped; ``counts`` int64[2] says how many there were), equity_out
    float64[T] (marks at closes), daily_out float64[n_days] (must come in as zeros). ``book`` and ``account`` carry
    on from where they stand; ``stats`` must have been begun.
    """
    first_day = candles[start].day if start < end else 0
    called = 0
    slow = steps_always(plan)
    t = start
    while t < end:
        if book.direction == 0:
            if t > start:
                upto = min(skip_flat(candles, nxt, book, t), end)
                if equity_out.size > 0:
                    for i in range(t, upto):
                        equity_out[i] = account.wallet
                t = upto
        elif not slow:
            upto = hold(candles, columns, flags, plan, cost, account, book, stats, t, start, end, equity_out,
                        daily_out, first_day)
            stats.exposure += upto - t
            t = upto
        if t >= end:
            break
        r = candles[t].row
        first = 1 if (r >= 0 and (t == start or candles[t - 1].row != r)) else 0
        load_row(values, plan, columns, flags, r)
        if first == 0:  # the rows of skipped candles were not looked at
            if book.direction == 0:
                latch(book, plan, values)
            else:
                take_moving(book, plan, values, cost)
        x = candles[t]
        advance(
            account, book, events, plan, values, cost, x.ts_ms, r, first, x.open, x.high, x.low, x.close, x.volume,
            x.funding,
        )
        called += 1
        if events.fills > 0:
            fold_events(stats, events)
            if fills_out.size > 0:
                keep(events, fills_out, trades_out, counts)
        stats.ambiguous += book.ambiguous
        if book.direction != 0:
            stats.exposure += 1
        e = equity(account, book, x.close)
        mark_day(stats, e, x.day, daily_out, first_day)
        if equity_out.size > 0:
            equity_out[t] = e
        t += 1
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
