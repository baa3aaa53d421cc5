"""The arena: strategies ranked against one another on the same feed, and how much of their order may be luck.

Laws
- Figures are those of a backtest (`engine.metrics`): nothing is computed a second way.
- Two strategies are alike when their 95 % intervals overlap. One with too little to resample is like everybody.
- Brackets are the largest groups in which everybody is alike: every pair that is alike stands in one together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.candle import Floats, Ints
from core.standing import Standing
from core.timeframe import DAY_MS
from engine.metrics import drawdown, ratio, sharpe

FEWEST_DAYS: Final = 10
"""Fewer daily returns are not resampled; then it is trades."""
FEWEST_TRADES: Final = 5
RESAMPLES: Final = 1000
_SHARPE_DAYS: Final = 2


@dataclass(frozen=True, slots=True)
class Record:
    """What a strategy did with ``capital`` (USDT) since ``since_ms``.

    nets : float64[n_trades], of closed trades, in order. times, equity : int64 and float64[n_marks], growing times
    (UTC ms) and equity then, open positions included.
    """

    strategy: str
    capital: float
    since_ms: int
    nets: Floats
    times: Ints
    equity: Floats


def ranked(records: Sequence[Record], *, resamples: int = RESAMPLES, seed: int = 0) -> tuple[Standing, ...]:
    """Standings, best first: by net return, then profit factor, smaller drawdown, Sharpe ratio, name."""
    found = [standing(record, resamples=resamples, seed=seed) for record in records]
    found.sort(key=lambda s: (
        -s.net_return, -_factor(s), s.max_drawdown, -(0.0 if s.sharpe is None else s.sharpe), s.strategy
    ))
    groups = brackets([(s.low, s.high) for s in found])
    return tuple(
        s._replace(
            rank=i + 1, brackets=tuple(n for n, group in enumerate(groups) if i in group),
            alike=tuple(other.strategy for j, other in enumerate(found) if j != i and _overlap(s, other)),
        )
        for i, s in enumerate(found)
    )


def standing(record: Record, *, resamples: int = RESAMPLES, seed: int = 0) -> Standing:
    """The figures of one strategy, rank 0 and nobody beside it."""
    capital, nets = record.capital, record.nets
    daily = daily_returns(record)
    last = float(record.equity[-1]) if len(record.equity) else capital
    won, lost = float(nets[nets > 0].sum()), float(-nets[nets <= 0].sum())
    low, high, basis = _interval(record, daily, last, resamples, seed)
    return Standing(
        0, record.strategy, capital, record.since_ms,
        int(record.times[-1]) if len(record.times) else record.since_ms, len(daily), len(nets), last / capital - 1.0,
        low, high, basis, ratio(won, lost) if lost > 0 else None,
        drawdown(np.concatenate(([capital], record.equity)))[0],
        sharpe(daily) if len(daily) >= _SHARPE_DAYS else None,
    )


def daily_returns(record: Record) -> Floats:
    """float64[n_days]: returns by UTC day, from the first mark's day to the last one's; 0 on days without a mark."""
    if not len(record.times):
        return np.zeros(0)
    days = record.times // DAY_MS
    closes = np.append(np.flatnonzero(np.diff(days)), len(days) - 1)
    ends = np.full(int(days[-1] - days[0]) + 1, np.nan)
    ends[days[closes] - days[0]] = record.equity[closes]
    known = np.maximum.accumulate(np.where(np.isnan(ends), 0, np.arange(len(ends))))
    levels = np.concatenate(([record.capital], ends[known]))
    before = np.maximum(levels[:-1], 1e-12)
    return np.asarray(levels[1:] / before - 1.0)


def brackets(intervals: Sequence[tuple[float | None, float | None]]) -> tuple[frozenset[int], ...]:
    """The largest groups (two or more) of places whose closed intervals all overlap, the one of the first place first.

    An interval that is not known overlaps with every other.
    """
    ends = [_ends(low, high) for low, high in intervals]
    # intervals that overlap pairwise have a point in common (Helly), and the largest lower end is one
    groups = {frozenset(i for i, (low, high) in enumerate(ends) if low <= point <= high) for point, _ in ends}
    largest = [g for g in groups if len(g) > 1 and not any(g < other for other in groups)]
    return tuple(sorted(largest, key=sorted))


def _interval(
    record: Record, daily: Floats, last: float, resamples: int, seed: int
) -> tuple[float | None, float | None, str]:
    """95 % of the resamples' net returns lie between the two; of days where there are enough, else of trades."""
    if len(daily) < FEWEST_DAYS and len(record.nets) < FEWEST_TRADES:
        return None, None, ""
    # Here, since compiled code takes 50 MB of whoever ranks, and the first days need none of it.
    from optimization.statistics.bootstrap import bootstrap

    if len(daily) >= FEWEST_DAYS:
        found = bootstrap(daily, len(record.nets), resamples=resamples, seed=seed)
        return (*found.net_return, "days")
    wallets = record.capital + np.concatenate(([0.0], np.cumsum(record.nets)))
    returns = record.nets / np.maximum(wallets[:-1], 1e-12)
    still_open = (last - float(wallets[-1])) / record.capital  # of what is not closed nobody knows the end
    low, high = bootstrap(returns, len(returns), resamples=resamples, seed=seed, block_days=1.0).net_return
    return low + still_open, high + still_open, "trades"


def _overlap(a: Standing, b: Standing) -> bool:
    (low, high), (other_low, other_high) = _ends(a.low, a.high), _ends(b.low, b.high)
    return low <= other_high and other_low <= high


def _ends(low: float | None, high: float | None) -> tuple[float, float]:
    return -np.inf if low is None else low, np.inf if high is None else high


def _factor(s: Standing) -> float:
    """Without losses: infinite where something was won, else 0, since profit factors of nothing say nothing."""
    if s.profit_factor is not None:
        return s.profit_factor
    return np.inf if s.trades and s.net_return > 0 else 0.0
