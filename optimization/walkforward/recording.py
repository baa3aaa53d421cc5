"""One combination over one window, with everything recorded that a verdict needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.candle import Floats, Ints
from core.market import Market
from core.plan import Plan
from core.timeframe import DAY_MS
from engine import metrics
from engine.backtest import Backtest
from engine.backtest import run as backtest
from engine.records import TRADE, Reason
from engine.span import Span
from optimization.evaluation import planned
from optimization.statistics.returns import equity
from optimization.walkforward.bench import part, whole_span
from optimization.walkforward.chunks import Task
from optimization.walkforward.outcome import Figures

NOTHING = Figures(0.0, 0.0, 0.0, 0.0, 0, 0)


@dataclass(frozen=True, eq=False, slots=True)
class Recorded:
    """A window of n whole days. daily float64[n], returns; exposure float64[n], a day's largest notional over equity.

    trades : TRADE[k], what was open at the end closed there.
    """

    daily: Floats
    exposure: Floats
    trades: np.ndarray
    figures: Figures


class Recorder:
    """Records windows of one task; what its strategy computes is remembered."""

    def __init__(self, task: Task) -> None:
        material = task.material
        self._task = task
        self._span = whole_span(material)
        self.market = Market(task.job.symbol, material.decision, material.extra)

    def record(self, params: Mapping[str, Any], from_ms: int, to_ms: int) -> Recorded:
        """The combination over [from_ms, to_ms), flat at its beginning, closed at its end; {} stays flat."""
        daily, done, span = self._walk(params, from_ms, to_ms)
        exposure = np.zeros(len(daily))
        if done is None:
            return Recorded(daily, exposure, np.zeros(0, TRADE), NOTHING)
        at = int(span.packed["day"][0]) - from_ms // DAY_MS
        exposure[at : at + len(done.daily)] = exposures(done, span, self._task.job.capital)
        return Recorded(daily, exposure, done.trades, self._figures(daily, done))

    def figures(self, params: Mapping[str, Any], from_ms: int, to_ms: int) -> Figures:
        """Those of `record` alone."""
        daily, done, _ = self._walk(params, from_ms, to_ms)
        return NOTHING if done is None else self._figures(daily, done)

    def _walk(self, params: Mapping[str, Any], from_ms: int, to_ms: int) -> tuple[Floats, Backtest | None, Span]:
        """Daily returns of the whole days, the walk, None when there is nothing to walk, and what was walked."""
        daily, span = np.zeros((to_ms - from_ms) // DAY_MS), self.span(from_ms, to_ms)
        if not params or not len(span):
            return daily, None, span
        job = self._task.job
        done = backtest(job.symbol, span, self.plan(params), len(self.market), job.costs, job.capital, closing=True)
        at = int(span.packed["day"][0]) - from_ms // DAY_MS
        daily[at : at + len(done.daily)] = done.daily
        return daily, done, span

    def _figures(self, daily: Floats, done: Backtest) -> Figures:
        return figures(daily, done.equity, self._task.job.capital, done.trades)

    def plan(self, params: Mapping[str, Any]) -> Plan:
        """The strategy's plan with these parameters, all of them, over all rows."""
        strategy = self._task.material.strategy
        return planned(strategy, self.market, strategy.Params.model_construct(**params))

    def span(self, from_ms: int, to_ms: int) -> Span:
        """The task's walked candles in [from_ms, to_ms)."""
        return part(self._span, from_ms, to_ms)


def figures(daily: Floats, marked: Floats, capital: float, trades: np.ndarray) -> Figures:
    """Of daily returns, equity at every close, and trades."""
    return Figures(
        sharpe=metrics.sharpe(daily),
        sortino=metrics.sortino(daily),
        net_return=float(marked[-1]) / capital - 1.0,
        max_drawdown=metrics.max_drawdown(np.concatenate(([capital], marked))),
        trades=len(trades),
        wins=int((trades["net"] > 0.0).sum()),
    )


def stitched_figures(daily: Floats, trades: np.ndarray) -> Figures:
    """Of a curve that is known at the ends of days."""
    curve = equity(daily)
    return figures(daily, curve[1:], 1.0, trades) if len(daily) else NOTHING


def exposures(done: Backtest, span: Span, capital: float) -> Floats:
    """float64[n_days]: each day's largest position, as notional over equity, at fills and at closes."""
    candles = span.packed
    first_day = int(candles["day"][0])
    most = np.zeros(len(done.daily))
    fills = done.fills[done.fills["quantity"] > 0.0]
    if not len(fills):
        return most
    change = np.where(fills["reason"] == Reason.ENTRY, fills["quantity"], -fills["quantity"])
    held = np.maximum(np.cumsum(change), 0.0)
    held[fills["reason"] != Reason.ENTRY] = 0.0  # an exit leaves nothing, whatever rounding says
    before = np.concatenate(([capital], done.equity[:-1]))
    at: Ints = np.searchsorted(candles["ts_ms"], fills["ts_ms"])
    around = np.maximum(held, np.concatenate(([0.0], held[:-1])))  # what an exit ends was at stake until then
    np.maximum.at(most, candles["day"][at] - first_day, around * fills["price"] / _alive(before[at]))
    last = np.searchsorted(fills["ts_ms"], candles["ts_ms"], side="right") - 1
    closing = np.where(last >= 0, held[np.maximum(last, 0)], 0.0) * candles["close"] / _alive(done.equity)
    np.maximum.at(most, candles["day"] - first_day, closing)
    return most


def _alive(marked: Floats) -> Floats:
    """Equity, infinite where nothing is left, since then nothing is at stake."""
    return np.where(marked > 0.0, marked, np.inf)
