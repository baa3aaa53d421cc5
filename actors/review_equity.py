"""Equity over time for the API: marks are read from the ledger once and kept, later ones are added.

Law: scopes are never added up; sums follow `engine.curve`. Computing happens off the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from actors.read_model import ReadModel
from api import models
from api import review_models as shown
from api.review import CurveQuestion
from core.candle import Candle, Floats, Ints
from core.timeframe import DAY_MS
from engine import curve as curves_
from engine.curve import Curve
from indicators.labels import Label, labels
from storage.records import MOST_CLOSINGS, MOST_MARKS, Closings, Marks

_KEPT: Final = 400_000
"""Marks of one strategy; beyond it they are read anew, since the ledger thins old ones out."""
_CLOSED: Final = 200_000
"""Closed trades of one scope that are kept, the newest."""
_FALLS: Final = 3
_SHORT: Final = "figures over days need two days of marks"
_NOTHING: Final = "nothing was marked in this scope yet"

Ask = Callable[..., Awaitable[Any]]


class _Costs(NamedTuple):
    """Closed trades in columns, oldest first; ``strategy`` and ``symbol`` are arrays of words."""

    ts_ms: Ints
    strategy: Any
    symbol: Any
    net: Floats
    costs: Floats
    fees: Floats
    funding: Floats


class _Read(NamedTuple):
    """What was read so far, and the number of the last one."""

    last: int
    costs: _Costs


class EquityReader:
    """``ask`` calls the ledger."""

    def __init__(self, state: ReadModel, ask: Ask) -> None:
        self._state, self._ask = state, ask
        self._known: dict[tuple[str, str], Curve] = {}
        self._closed: dict[str, _Read] = {}
        self._reading = asyncio.Lock()

    async def curves(self, question: CurveQuestion) -> shown.EquityCurves:
        """Equity of a scope: together, by strategy, or what trades brought by symbol."""
        own = await self._own(question.scope, question.strategy)
        closed = await self._closings(question.scope)
        return await asyncio.to_thread(_answer, question, own, closed)

    async def monthly(self, scope: models.Scope, strategy: str | None) -> shown.Monthly:
        """Returns by month and regime."""
        own = await self._own(scope, strategy)
        reference = next((s for s in self._state.facts.symbols if s in self._state.market.series), "")
        candles = self._state.market.series[reference].rows("1d") if reference else []
        return await asyncio.to_thread(_monthly, scope, strategy or "", list(own.values()), reference, candles)

    async def _own(self, scope: str, strategy: str | None) -> dict[str, Curve]:
        """Curves by strategy, up to now."""
        names = sorted({name for of, name in self._state.equity if of == scope and strategy in (None, name)})
        ranked = self._state.arena.get(scope)
        capitals = {standing.strategy: standing.capital for standing in ranked.standings} if ranked else {}
        async with self._reading:
            found = {name: curves_.finite(await self._curve(scope, name)) for name in names}
        return {name: curves_.begun(curve, capitals.get(name, 0.0)) for name, curve in found.items()}

    async def _closings(self, scope: str) -> _Costs:
        """Closed trades of a scope, up to now."""
        async with self._reading:
            while True:
                known = self._closed.get(scope)
                after = known.last if known else 0
                more: Closings = await self._ask("closings", scope, after)
                if more.number or known is None:
                    self._closed[scope] = known = _joined(known, more)
                if len(more.number) < MOST_CLOSINGS:
                    return known.costs

    async def _curve(self, scope: str, strategy: str) -> Curve:
        known = self._known.get((scope, strategy), curves_.EMPTY)
        if len(known.ts_ms) > _KEPT:
            known = curves_.EMPTY
        while True:
            after = int(known.ts_ms[-1]) + 1 if len(known.ts_ms) else 0
            marks: Marks = await self._ask("marks", scope, strategy, after)
            if len(marks.ts_ms):
                parts = zip(known, (np.array(column) for column in marks), strict=True)
                known = Curve(*(np.concatenate(both) for both in parts))
            if len(marks.ts_ms) < MOST_MARKS:
                break
        self._known[scope, strategy] = known
        return known


def _joined(known: _Read | None, more: Closings) -> _Read:
    fees, funding = np.array(more.fees, np.float64), np.array(more.funding, np.float64)
    found = _Costs(
        np.array(more.ts_ms, np.int64), np.array(more.strategy, np.str_), np.array(more.symbol, np.str_),
        np.array(more.net, np.float64), fees + funding, fees, funding,
    )
    if known is not None:
        found = _Costs._make(np.concatenate(both) for both in zip(known.costs, found, strict=True))
    order = np.argsort(found.ts_ms, kind="stable")[-_CLOSED:]
    return _Read(more.number[-1] if more.number else 0, _Costs._make(column[order] for column in found))


def _answer(question: CurveQuestion, own: dict[str, Curve], closed: _Costs) -> shown.EquityCurves:
    if question.strategy:
        closed = _of(closed, question.strategy)
    total = curves_.since(curves_.together(list(own.values())), question.from_ms)
    begin = int(total.ts_ms[0]) if len(total.ts_ms) else question.from_ms or 0
    within = _Costs._make(column[closed.ts_ms >= begin] for column in closed)
    if question.by == "symbol":
        found = _by_symbol(question, within, begin)
    elif question.by == "strategy":
        cut = {name: curves_.since(curve, question.from_ms) for name, curve in own.items()}
        found = [_points(question, name, curve, _of(within, name)) for name, curve in cut.items() if len(curve.ts_ms)]
    else:
        found = [_points(question, "", total, within)] if len(total.ts_ms) else []
    return shown.EquityCurves(
        scope=question.scope, by=question.by, measure=question.measure, from_ms=begin,
        to_ms=int(total.ts_ms[-1]) if len(total.ts_ms) else begin, curves=tuple(found), falls=_falls(total),
        figures=_figures(total, within),
    )


def _of(closed: _Costs, strategy: str) -> _Costs:
    return _Costs._make(column[closed.strategy == strategy] for column in closed)


def _points(question: CurveQuestion, name: str, curve: Curve, closed: _Costs) -> shown.Points:
    values = _measured(question.measure, curve, closed)
    rows = curves_.fewer(values, question.points)
    return shown.Points(
        name=name, begin=float(values[0]), t=tuple(curve.ts_ms[rows].tolist()),
        value=tuple(np.round(values[rows], 6).tolist()),
        below=tuple(np.round(curves_.below(values)[rows], 8).tolist()),
    )


def _measured(measure: shown.Measure, curve: Curve, closed: _Costs) -> Floats:
    if measure == "realised":
        return curve.wallet
    if measure == "net":
        return curve.equity
    paid = np.concatenate(([0.0], np.cumsum(closed.costs)))
    return curve.equity + paid[np.searchsorted(closed.ts_ms, curve.ts_ms, side="right")]


def _by_symbol(question: CurveQuestion, closed: _Costs, begin: int) -> list[shown.Points]:
    found = []
    for symbol in sorted(set(closed.symbol.tolist())):
        own = closed.symbol == symbol
        brought = closed.net[own] + (closed.costs[own] if question.measure == "gross" else 0.0)
        values = np.concatenate(([0.0], np.cumsum(brought)))
        times = np.concatenate(([begin], closed.ts_ms[own]))
        rows = curves_.fewer(values, question.points)
        found.append(shown.Points(
            name=symbol, begin=0.0, t=tuple(times[rows].tolist()), value=tuple(np.round(values[rows], 6).tolist()),
            below=(),
        ))
    return found


def _falls(curve: Curve) -> tuple[shown.FallSeen, ...]:
    return tuple(
        shown.FallSeen(
            number=number, from_ms=fall.from_ms, deepest_ms=fall.deepest_ms, to_ms=fall.to_ms, depth=-fall.depth,
            days=((fall.to_ms or int(curve.ts_ms[-1])) - fall.from_ms) / DAY_MS,
        )
        for number, fall in enumerate(curves_.falls(curve, _FALLS), 1)
    )


def _figures(curve: Curve, closed: _Costs) -> shown.EquityFigures:
    gross = closed.net + closed.costs
    won = float(gross[gross > 0].sum())
    costs = float(closed.costs.sum())
    paid = {
        "fees": float(closed.fees.sum()), "funding": float(closed.funding.sum()),
        "fee_share": costs / won if won > 0 else None,
    }
    if not len(curve.ts_ms):
        return shown.EquityFigures.model_validate({
            "days": 0, "net": None, "net_return": None, "sharpe": None, "max_drawdown": None, "drawdown_days": None,
            "drawdown_now": None, "exposure": None, **paid, "why": _NOTHING,
        })
    first, last = float(curve.equity[0]), float(curve.equity[-1])
    below, daily = curves_.below(curve.equity), curves_.days(curve)
    ratio = curves_.sharpe(daily)
    return shown.EquityFigures.model_validate({
        "days": len(daily), "net": last - first, "net_return": last / first - 1 if first > 0 else None,
        "sharpe": ratio, "max_drawdown": float(below.min()),
        "drawdown_days": curves_.longest_below_ms(curve) / DAY_MS, "drawdown_now": float(below[-1]),
        "exposure": curves_.exposed(curve), **paid, "why": _SHORT if len(daily) < 2 else "",
    })


def _monthly(
    scope: models.Scope, strategy: str, own: Sequence[Curve], reference: str, candles: Sequence[Candle]
) -> shown.Monthly:
    total = curves_.together(own)
    by_year: dict[int, list[float | None]] = {}
    for month in curves_.months(total):
        by_year.setdefault(month.year, [None] * 12)[month.month - 1] = month.net_return
    years = tuple(
        shown.YearReturns(
            year=year, months=tuple(months), total=float(np.prod([1 + r for r in months if r is not None])) - 1
        )
        for year, months in sorted(by_year.items(), reverse=True)
    )
    return shown.Monthly(
        scope=scope, strategy=strategy, since_ms=int(total.ts_ms[0]) if len(total.ts_ms) else 0, years=years,
        regimes=_regimes(total, candles), reference=reference if candles else "",
    )


def _regimes(total: Curve, candles: Sequence[Candle]) -> tuple[shown.RegimeReturns, ...]:
    """Days by their label, as in a backtest's report."""
    if not candles or not len(total.ts_ms):
        return ()
    first = candles[0].ts_ms // DAY_MS
    closes = np.full(candles[-1].ts_ms // DAY_MS - first + 1, np.nan)
    for candle in candles:
        closes[candle.ts_ms // DAY_MS - first] = candle.close
    found = curves_.by_label(total, first, labels(closes))
    return tuple(
        shown.RegimeReturns.model_validate({
            "regime": Label(part.label).name.lower(), "days": part.days, "net": part.change,
            "net_return": part.net_return,
        })
        for part in found
    )
