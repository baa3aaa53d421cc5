"""The walk over a span: many plans over one market, skipping what cannot matter, metrics folded in.

Law: skipping is exact. A candle is passed over only when `advance` would change nothing but the mark at its close;
every pre-test repeats the tolerances of rounding as slack and errs on the side of calling `advance`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import float64, from_dtype, int32, int64, njit, types

from engine.records import (
    ACCOUNT_T,
    BOOK_T,
    COST_T,
    EVENTS_T,
    FILL,
    NO_COLUMN,
    PLAN_T,
    ROW_T,
    STATS_T,
    TRADE,
    Reason,
)
from engine.rules import equity, inline, latch, leave, level, reference, take_moving
from engine.walk import advance

END = int(Reason.END)
ENTRY, AFTER_EXITS = int(Reason.ENTRY), int(Reason.NO_CAPITAL)
SLACK = 1e-9

_fills = types.Array(from_dtype(FILL), 1, "C")
_trades = types.Array(from_dtype(TRADE), 1, "C")


def read_only(dtype, dimensions):
    """Numba's type of a read-only C array of a NumPy dtype: what Ray's object store hands out."""
    return types.Array(from_dtype(np.dtype(dtype)), dimensions, "C", readonly=True)


@inline
def load_row(row, plan, columns, flags, r):
    """Fill ROW from the columns at plan row ``r``; -1 is the row before any plan."""
    if r < 0:
        row.direction = 0
        row.exit = 0
        row.weight = 0.0
        return
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


@njit(
    int32[::1](
        read_only(np.float64, 1), read_only(np.float64, 1), read_only(np.int32, 1), read_only(np.int8, 2), read_only(np.float64, 2), int32, int32, int32,
        float64, float64,
    ),
    error_model="numpy", nogil=True, cache=True,
)
def next_entry(high, low, row, flags, columns, direction, base, unit, coefficient, tick):
    """int32[T + 1]: the next candle at or after t where a flat book's first entry might fill; T for none."""
    n = row.size
    out = np.empty(n + 1, np.int32)
    out[n] = n
    market = math.isnan(coefficient)
    for t in range(n - 1, -1, -1):
        r = row[t]
        out[t] = out[t + 1]
        if r < 0:
            continue
        d = flags[direction, r]
        if d == 0:
            continue
        if market:
            if t == 0 or row[t - 1] != r:
                out[t] = t
            continue
        if base < 0:  # levels from the first fill: no first entry can be one
            continue
        ref = columns[base, r]
        q = ref + (d * coefficient) * (ref if unit == NO_COLUMN else columns[unit, r])
        slack = tick + SLACK * abs(q)
        if (d > 0 and low[t] <= q + slack) or (d < 0 and high[t] >= q - slack):
            out[t] = t
    return out


@inline
def mark(stats, e, day):
    """Fold one marked equity into drawdown and daily returns."""
    if day != stats.day:
        end_day(stats)
        stats.day = day
    stats.last_equity = e
    if e > stats.peak:
        end_peak(stats)
        stats.peak = e
        stats.low = e
    elif e < stats.low:
        stats.low = e


@inline
def end_peak(stats):
    """The deepest fall since the last peak joins the drawdown."""
    d = 1.0 - stats.low / stats.peak
    if d > stats.drawdown:
        stats.drawdown = d


@inline
def end_day(stats):
    """Yesterday's return joins the sums."""
    if stats.last_equity != stats.day_equity:
        r = stats.last_equity / stats.day_equity - 1.0
        stats.sum_r += r
        stats.sum_r2 += r * r
        if r < 0.0:
            stats.sum_down2 += r * r
        if r < stats.worst_day:
            stats.worst_day = r
        stats.day_equity = stats.last_equity


@inline
def begin_stats(stats, wallet, first_day, last_day):
    """Statistics of a walk that has not begun."""
    stats.peak = wallet
    stats.low = wallet
    stats.last_equity = wallet
    stats.day_equity = wallet
    stats.day = first_day
    stats.days = last_day - first_day + 1


@inline
def fold_events(stats, events):
    """Fold a candle's closed trades and refusals into the statistics."""
    for i in range(events.trades):
        trade = events.trade[i]
        stats.trades += 1
        stats.fees += trade.fees
        stats.funding += trade.funding
        if trade.net > 0.0:
            stats.wins += 1
            stats.net_profit += trade.net
        else:
            stats.net_loss -= trade.net
        if trade.gross > 0.0:
            stats.gross_profit += trade.gross
        else:
            stats.gross_loss -= trade.gross
        stats.longest_hold_ms = max(stats.longest_hold_ms, trade.closed_ms - trade.opened_ms)
    for i in range(events.fills):
        if events.fill[i].reason >= AFTER_EXITS:
            stats.refusals += 1


@inline
def adverse_in_force(book):
    """The nearest price at which an open position ends against us, between fills (no trail, no moving stop)."""
    d = book.direction
    return book.liquidation if d * book.liquidation > d * book.stop else book.stop


@inline
def steps_always(plan):
    """Whether a held position needs `advance` at every candle."""
    return plan.trail_distance > 0.0 or plan.stop_moving != 0


@njit(
    int64(
        read_only(np.int64, 1), read_only(np.float64, 1), read_only(np.float64, 1), read_only(np.float64, 1), read_only(np.float64, 1), read_only(np.float64, 1),
        read_only(np.float64, 1), read_only(np.int32, 1), read_only(np.int32, 1), read_only(np.float64, 2), read_only(np.int8, 2), PLAN_T, COST_T,
        read_only(np.int32, 1), int64, int64, ACCOUNT_T, BOOK_T, EVENTS_T, ROW_T, STATS_T, _fills, _trades, float64[::1],
        float64[::1], int64[::1],
    ),
    error_model="numpy", nogil=True, cache=True,
)
def fold(
    ts, o, h, l, c, volume, funding, row, day, columns, flags, plan, cost, nxt, start, end, account, book, events,
    values, stats, fills_out, trades_out, equity_out, daily_out, counts,
):
    """Walk candles [start, end) with one plan; returns the number of candles given to `advance`.

    Shapes: candle columns and ``row`` (int32), ``day`` (int32, UTC day number) [T]; ``nxt`` from `next_entry`.
    Outputs of length 0 are not wanted: fills_out, trades_out (dropped beyond their length; ``counts`` int64[2] says how many there
    were), equity_out float64[T] (marks at closes), daily_out float64[n_days] (must come in as zeros).
    ``book`` and ``account`` carry on from where they stand; ``stats`` must have been begun.
    """
    record = fills_out.size > 0
    marks = equity_out.size > 0
    daily = daily_out.size > 0
    first_day = day[start] if start < end else 0
    called = 0
    slow = steps_always(plan) != 0
    t = start
    while t < end:
        r = row[t]
        first = 1 if (r >= 0 and (t == start or row[t - 1] != r)) else 0
        d = book.direction
        if d == 0:
            if t > start or first == 0:
                jump = nxt[t]
                if jump > t:
                    stop_at = jump if jump < end else end
                    if marks:
                        for i in range(t, stop_at):
                            equity_out[i] = account.wallet
                    t = stop_at
                    continue
                if r <= book.blocked_row:
                    if marks:
                        equity_out[t] = account.wallet
                    t += 1
                    continue
        elif not slow:
            # quiet candles of a held position: only the mark at the close
            adverse = adverse_in_force(book)
            has_entries_left = book.used < plan.entries and not math.isnan(plan.coefficient[book.used])
            has_market_left = book.used < plan.entries and not has_entries_left
            moved = 0
            while t < end:
                r = row[t]
                if r < 0:
                    break
                new = t == start or row[t - 1] != r
                if funding[t] != 0.0:
                    break
                if new:
                    if plan.exit >= 0 and (flags[plan.exit, r] & (1 if d > 0 else 2)) != 0:
                        break
                    if plan.max_hold > 0 and r - book.first_row >= plan.max_hold:
                        break
                    if has_market_left and flags[plan.direction, r] == d:
                        break
                if has_entries_left:
                    base = book.base
                    unit = book.unit
                    if plan.freeze == 0:
                        if plan.base >= 0:
                            base = columns[plan.base, r]
                        if plan.unit >= 0:
                            unit = columns[plan.unit, r]
                    ref = reference(plan.base, base, math.nan, book.first_price)
                    q = level(ref, d, plan.coefficient[book.used], plan.unit, unit)
                    near = q + d * (cost.tick + SLACK * abs(q))
                    if (l[t] <= near) if d > 0 else (h[t] >= near):
                        break
                if (l[t] <= adverse) if d > 0 else (h[t] >= adverse):
                    break
                if plan.has_target != 0:
                    if plan.target_moving != 0:
                        target = columns[plan.target, r] if plan.target >= 0 else 0.0
                        unit = columns[plan.target_unit, r] if plan.target_unit >= 0 else 0.0
                        ref = reference(plan.target, target, book.cost / book.quantity, book.first_price)
                        g = level(ref, d, plan.target_coefficient, plan.target_unit, unit)
                    else:
                        g = book.target
                    near = g - d * (cost.tick + SLACK * abs(g))
                    if (h[t] >= near) if d > 0 else (l[t] <= near):
                        break
                e = equity(account, book, c[t])
                if day[t] != stats.day and daily:
                    daily_out[stats.day - first_day] = stats.last_equity / stats.day_equity - 1.0
                mark(stats, e, day[t])
                if marks:
                    equity_out[t] = e
                moved += 1
                t += 1
            stats.exposure += moved
            if t >= end:
                break
            r = row[t]
            first = 1 if (t == start or row[t - 1] != r) else 0
        load_row(values, plan, columns, flags, r)
        if d == 0:  # the rows of skipped candles were not looked at
            latch(book, plan, values)
        elif first == 0:
            take_moving(book, plan, values, cost)
        advance(account, book, events, plan, values, cost, ts[t], r, first, o[t], h[t], l[t], c[t], volume[t], funding[t])
        called += 1
        if events.fills > 0:
            fold_events(stats, events)
            if record:
                for i in range(events.fills):
                    if counts[0] < fills_out.size:
                        fills_out[counts[0]] = events.fill[i]
                    counts[0] += 1
                for i in range(events.trades):
                    if counts[1] < trades_out.size:
                        trades_out[counts[1]] = events.trade[i]
                    counts[1] += 1
        stats.ambiguous += book.ambiguous
        if book.direction != 0:
            stats.exposure += 1
        e = equity(account, book, c[t])
        if day[t] != stats.day and daily:
            daily_out[stats.day - first_day] = stats.last_equity / stats.day_equity - 1.0
        mark(stats, e, day[t])
        if marks:
            equity_out[t] = e
        t += 1
    return called


@njit(
    types.void(
        int64, float64, int32, PLAN_T, COST_T, ACCOUNT_T, BOOK_T, EVENTS_T, ROW_T, STATS_T, float64[::1], int64, int64,
    ),
    error_model="numpy", nogil=True, cache=True,
)
def finish(ts, close, day, plan, cost, account, book, events, values, stats, daily_out, first_day, close_out):
    """End a walk: close what is open at the last close when ``close_out``, and end the last day and peak."""
    if close_out != 0 and book.direction != 0:
        events.fills = 0
        events.trades = 0
        leave(account, book, plan, cost, values, events, ts, 0, END, close, 0)
        fold_events(stats, events)
        mark(stats, account.wallet, day)
    if daily_out.size > 0:
        daily_out[stats.day - first_day] = stats.last_equity / stats.day_equity - 1.0
    end_day(stats)
    end_peak(stats)
    stats.wallet = account.wallet
