"""How a strategy stands in the arena."""

from __future__ import annotations

from typing import NamedTuple


class Standing(NamedTuple):
    """One row of the ranking, over [since_ms, until_ms] (exchange time). Returns and drawdown are fractions.

    rank : from 1. net_return counts open positions. low, high : the interval in which it lies with 95 %; None while
    there is too little to resample, and ``basis`` says of what it is: 'days', 'trades' or ''. profit_factor : None
    while nothing was lost. sharpe : annualised, None below two days. alike : strategies whose interval overlaps with
    this one, so that their order may be luck. brackets : numbers of the groups in which everybody is like everybody.
    """

    rank: int
    strategy: str
    capital: float
    since_ms: int
    until_ms: int
    days: int
    trades: int
    net_return: float
    low: float | None
    high: float | None
    basis: str
    profit_factor: float | None
    max_drawdown: float
    sharpe: float | None
    alike: tuple[str, ...] = ()
    brackets: tuple[int, ...] = ()
