"""From open results at closes to marked equity: where amounts of a cycle meet the wallet."""

from __future__ import annotations

from engine.rounding import borrowing
from engine.stats import day_return, end_day, end_peak, mark


@borrowing
def begin_day(stats, day, daily_out, first_day):
    """End the day before, if ``day`` is a new one, writing its return where daily returns are wanted."""
    if day != stats.day:
        if daily_out.size > 0:
            daily_out[stats.day - first_day] = day_return(stats.last_equity, stats.day_equity)
        end_day(stats)
        stats.day = day


@borrowing
def mark_day(stats, e, day, daily_out, first_day):
    """Fold one equity, marked on ``day``, into drawdown and daily returns."""
    begin_day(stats, day, daily_out, first_day)
    stats.last_equity = e
    mark(stats, e)


@borrowing
def settle(stats, wallet, scale, marks, at, n, candles, t, equity_out, daily_out, first_day):
    """Mark equity at the closes of candles [t, t + n): the wallet plus ``scale`` times the open results there.

    marks : float64[...], whose [at, at + n) are meant.
    """
    if n == 0:
        return
    day, peak, low, last = stats.day, stats.peak, stats.low, stats.last_equity
    for i in range(n):
        e = wallet + scale * marks[at + i]
        today = candles[t + i].day
        if today != day:
            if daily_out.size > 0:
                daily_out[day - first_day] = day_return(last, stats.day_equity)
            stats.last_equity = last
            end_day(stats)
            day = today
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
            equity_out[t + i] = e
    stats.day, stats.peak, stats.low, stats.last_equity = day, peak, low, last
