"""Statistics folded in while walking: drawdown as (peak, low since), daily returns as sums, trades as totals."""

from __future__ import annotations

from engine.rounding import inline


@inline
def end_peak(stats):
    """The deepest fall since the last peak joins the drawdown."""
    if stats.low < stats.peak * (1.0 - stats.drawdown) * (1.0 + 1e-12):  # cheaper than a division at every peak
        d = 1.0 - stats.low / stats.peak
        if d > stats.drawdown:
            stats.drawdown = d


@inline
def mark(stats, e):
    """Fold one equity into the drawdown; without branches that cannot be predicted."""
    peak, low = stats.peak, stats.low
    higher = e > peak
    if higher & (low < peak * (1.0 - stats.drawdown) * (1.0 + 1e-12)):
        end_peak(stats)
    stats.peak = e if higher else peak
    stats.low = e if higher | (e < low) else low


@inline
def day_return(last, begin):
    """Return of a day that began and ended with these equities; 0 once nothing is left to earn on."""
    return last / begin - 1.0 if begin > 0.0 else 0.0


@inline
def end_day(stats):
    """Yesterday's return joins the sums."""
    if stats.last_equity != stats.day_equity:
        r = day_return(stats.last_equity, stats.day_equity)
        stats.sum_r += r
        stats.sum_r2 += r * r
        down = min(r, 0.0)  # without a branch: whether a day gains cannot be predicted
        stats.sum_down2 += down * down
        stats.worst_day = min(stats.worst_day, r)
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
def fold_trade(stats, net, gross, fees, funding, held_ms):
    """Fold one closed trade into the totals."""
    stats.trades += 1
    stats.fees += fees
    stats.funding += funding
    stats.wins += int(net > 0.0)  # without branches: whether a trade wins cannot be predicted
    stats.net_profit += max(net, 0.0)
    stats.net_loss += max(-net, 0.0)
    stats.gross_profit += max(gross, 0.0)
    stats.gross_loss += max(-gross, 0.0)
    stats.longest_hold_ms = max(stats.longest_hold_ms, held_ms)


@inline
def fold_events(stats, events):
    """Fold a candle's closed trades and refusals into the statistics."""
    for i in range(events.trades):
        trade = events.trade[i]
        fold_trade(stats, trade.net, trade.gross, trade.fees, trade.funding, trade.closed_ms - trade.opened_ms)
    stats.refusals += events.refusals
