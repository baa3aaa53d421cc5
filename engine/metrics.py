"""What a walk earned, in the field's figures; every one is finite (an undefined ratio is 0, and says so by its input).

Returns are daily (UTC) returns of equity marked at candle closes; ratios are annualised by the square root of 365.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.candle import Floats, Ints
from core.timeframe import DAY_MS

if TYPE_CHECKING:  # the arena ranks without the compiled engine in its memory
    from engine.backtest import Backtest

DAYS_A_YEAR = 365.0


class Clock(NamedTuple):
    """Opening times of the walked candles (UTC ms) and their lengths (ms), both int64[T]."""

    ts_ms: Ints
    lengths_ms: Ints


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures of one backtest. Returns, drawdown, exposure and fee drag are fractions; money in quote currency.

    net_return counts open positions at the last close; trades are closed cycles. drawdown_days : longest time below
    a peak. gross_return : before fees and funding. fee_drag : their share of what winning trades earned before them,
    0 when nothing was won.
    """

    net_return: float
    gross_return: float
    sharpe: float
    sortino: float
    calmar: float
    max_drawdown: float
    drawdown_days: float
    profit_factor: float
    gross_profit_factor: float
    win_rate: float
    expectancy: float
    exposure: float
    trades: int
    wins: int
    fees: float
    funding: float
    fee_drag: float
    ambiguous: int
    refusals: int
    days: int


def metrics(result: Backtest, capital: float, clock: Clock | None = None) -> Metrics:
    """Figures of a recorded backtest that began with ``capital``.

    clock : where candles differ in length; without it each is as long as ``result.candle_ms``.
    """
    s, t = result.stats, result.trades
    net_return = float(result.equity[-1]) / capital - 1.0
    fees, funding = float(s["fees"]), float(s["funding"])
    net = t["net"]
    gross = t["gross"]
    won, lost = float(net[net > 0].sum()), float(-net[net <= 0].sum())
    gross_won, gross_lost = float(gross[gross > 0].sum()), float(-gross[gross <= 0].sum())
    fall, below_ms = drawdown(np.concatenate(([capital], result.equity)), _passed(result, clock))
    open_costs = float(result.book["fees"][0] + result.book["funding"][0])
    years = len(result.daily) / DAYS_A_YEAR
    yearly = _yearly(net_return, years)
    return Metrics(
        net_return=net_return,
        gross_return=net_return + (fees + funding + open_costs) / capital,
        sharpe=sharpe(result.daily),
        sortino=sortino(result.daily),
        calmar=yearly / fall if fall > 0 else 0.0,
        max_drawdown=fall,
        drawdown_days=below_ms / DAY_MS,
        profit_factor=ratio(won, lost),
        gross_profit_factor=ratio(gross_won, gross_lost),
        win_rate=float((net > 0).mean()) if len(t) else 0.0,
        expectancy=float(net.mean()) if len(t) else 0.0,
        exposure=float(s["exposure"]) / len(result.equity) if clock is None else exposure(result, clock),
        trades=len(t),
        wins=int((net > 0).sum()),
        fees=fees,
        funding=funding,
        fee_drag=(fees + funding) / gross_won if gross_won > 0 else 0.0,
        ambiguous=int(s["ambiguous"]),
        refusals=int(s["refusals"]),
        days=len(result.daily),
    )


def sharpe(daily: Floats) -> float:
    """Annualised mean over standard deviation (ddof 1) of daily returns; 0 when undefined (Sharpe, 1994)."""
    deviation = float(daily.std(ddof=1)) if len(daily) > 1 else 0.0
    return float(daily.mean()) / deviation * math.sqrt(DAYS_A_YEAR) if deviation > 1e-12 else 0.0


def sortino(daily: Floats) -> float:
    """Annualised mean over downside deviation (against 0, over all days); 0 when undefined (Sortino, 1994)."""
    downside = math.sqrt(float((np.minimum(daily, 0.0) ** 2).mean())) if len(daily) else 0.0
    return float(daily.mean()) / downside * math.sqrt(DAYS_A_YEAR) if downside > 1e-12 else 0.0


def drawdown(equity: Floats, passed: Ints | None = None) -> tuple[float, int]:
    """Deepest fall from a peak as a fraction of it, and the longest time below a peak; the first row is above 0.

    passed : int64[n], time gone by at each row; without it rows are counted.
    """
    peak = np.maximum.accumulate(equity)
    deepest = _deepest(equity, peak)
    below = np.flatnonzero(np.diff(np.concatenate(([0], (equity < peak).astype(np.int8), [0]))))
    if not len(below):
        return deepest, 0
    time = np.arange(len(equity)) if passed is None else passed
    return deepest, int((time[below[1::2] - 1] - time[below[::2] - 1]).max())


def max_drawdown(equity: Floats) -> float:
    """Deepest fall from a peak as a fraction of it, as `drawdown` has it."""
    return _deepest(equity, np.maximum.accumulate(equity))


def _deepest(equity: Floats, peak: Floats) -> float:
    return float((1.0 - equity / peak).max())


def exposure(result: Backtest, clock: Clock) -> float:
    """Share of the walked time whose candles closed with a position."""
    trades, book = result.trades, result.book
    still = book["first_ms"][book["direction"] != 0]
    begins = np.concatenate((trades["opened_ms"], still))
    ends = np.concatenate((trades["closed_ms"], np.full(len(still), np.iinfo(np.int64).max)))
    passed = np.concatenate(([0], np.cumsum(clock.lengths_ms)))
    held = passed[np.searchsorted(clock.ts_ms, ends)] - passed[np.searchsorted(clock.ts_ms, begins)]
    return float(held.sum()) / float(passed[-1])


def ratio(won: float, lost: float) -> float:
    """Profit factor; without losses it is 0 when nothing was won either, else capped at 1000."""
    if lost <= 0.0:
        return 1000.0 if won > 0.0 else 0.0
    return min(won / lost, 1000.0)


def _yearly(net_return: float, years: float) -> float:
    """Compound yearly return, -1 when everything is lost, capped at a million."""
    if net_return <= -1.0:
        return -1.0
    grown = math.log1p(net_return) / years  # as a logarithm, since a good day's power overflows
    return math.expm1(min(grown, math.log1p(1e6)))


def _passed(result: Backtest, clock: Clock | None) -> Ints:
    """int64[T + 1]: walked time (ms) before the first candle and at each close."""
    if clock is None:
        return np.arange(len(result.equity) + 1, dtype=np.int64) * result.candle_ms
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(clock.lengths_ms)))
