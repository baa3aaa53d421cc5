"""One strategy with fixed parameters over stored candles: the engine walked over the store, everything recorded.

Beside the walk that was asked for there are three more, over the same candles: without costs, and with the path inside
a candle assumed at its worst and at its best.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.candle import Candles, Floats
from core.errors import DataError, InputError, ScalpRadarError
from core.market import Market
from core.plan import Plan
from core.strategy import Parameters
from core.timeframe import timeframe_ms
from engine.backtest import Backtest, run
from engine.breakdown import (
    Month,
    Part,
    RegimePart,
    Regimes,
    by_month,
    by_reason,
    by_regime,
    by_side,
    refusals,
)
from engine.costs import Costs
from engine.costs import Path as Within
from engine.metrics import Clock, Metrics, metrics
from engine.span import Span
from market.port import CandleSource
from optimization.execution import Execution, Stretch, execution
from optimization.markets import Asked, known_share, prepare
from strategies.discovery import AnyStrategy

NO_REGIMES = Regimes(0, np.empty(0, np.int8))


@dataclass(frozen=True, slots=True)
class Bounds:
    """Net return by what is assumed of the path inside each candle (execution rules, path).

    pessimistic is not always the lowest, since one trade's end changes the trades after it.
    """

    nearer: float
    pessimistic: float
    optimistic: float

    @property
    def low(self) -> float:
        """The lowest of the three."""
        return min(self.nearer, self.pessimistic, self.optimistic)

    @property
    def high(self) -> float:
        """The highest of the three."""
        return max(self.nearer, self.pessimistic, self.optimistic)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Where the result came from; parts add up to the whole (`engine.breakdown`)."""

    by_reason: tuple[Part, ...]
    by_side: tuple[Part, ...]
    by_regime: tuple[RegimePart, ...]
    by_month: tuple[Month, ...]
    refusals: dict[str, int]


@dataclass(frozen=True, eq=False, slots=True)
class Evaluated:
    """A backtest, its figures, and what it was walked on; spans are half-open, UTC ms.

    candles : what was walked; where finer ones were asked for they stand beside decision candles, ``clock`` says how
    long each is. decision_span : what there are decisions for. stretches : what was walked, by timeframe. missing :
    how many decision candles' worth of time is not there between the first and the last candle walked. known : of each
    column beside candles that the strategy needs, the share of decisions that have it. costs, capital, funded : what it
    was walked with. without_costs, free_equity : no fees, slippage or funding. market_return : of
    holding the asset from the first open to the last close, without costs.
    """

    symbol: str
    timeframe: str
    candles: Candles
    clock: Clock
    result: Backtest
    figures: Metrics
    decision_span: tuple[int, int]
    stretches: tuple[Stretch, ...]
    missing: int
    known: dict[str, float]
    costs: Costs
    capital: float
    funded: bool
    without_costs: Metrics
    free_equity: Floats
    bounds: Bounds
    breakdown: Breakdown
    market_return: float


def evaluate(
    source: CandleSource, strategy: AnyStrategy, params: Parameters, asked: Asked, costs: Costs, capital: float,
    *, funded: bool = True, regimes: Regimes = NO_REGIMES,
) -> Evaluated:
    """Walk ``strategy`` over what ``source`` has of the span, warmed up on candles before it.

    funded : whether funding is paid. regimes : the labels of the asset's days. Raises DataError, saying what is there,
    when the span has no candles or nothing of what else the strategy needs, and when ``detail`` does not divide.
    """
    check_detail(asked)
    market, first = prepare(source, strategy, params, asked)
    over = _execution(source, market.candles, first, asked)
    plan, rows = planned(strategy, market, params), len(market)
    span = over.span if funded else over.free
    result = run(asked.symbol, span, plan, rows, costs, capital)
    free = run(asked.symbol, over.free, plan, rows, costs.free(), capital)
    candles = span.candles
    bounds = _bounds(asked.symbol, span, plan, rows, costs, capital, result)
    return Evaluated(
        asked.symbol, asked.timeframe, candles, over.clock, result, metrics(result, capital, over.clock),
        covered(market.candles, first), over.stretches, over.missing, known_share(market, first), costs,
        capital, funded,
        metrics(free, capital, over.clock), free.equity, bounds,
        broken_down(result, over.clock, capital, regimes), float(candles.close[-1] / candles.open[0]) - 1.0,
    )


def planned(strategy: AnyStrategy, market: Market, params: Parameters) -> Plan:
    """The strategy's plan. Raises InputError naming strategy, symbol, file and line when it fails."""
    try:
        return strategy.plan(market, params)
    except ScalpRadarError:
        raise
    except Exception as error:  # whatever a user's file does wrong is the user's to see, in one line
        frame = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__}: {error} ({Path(frame.filename).name}, line {frame.lineno})"
        raise InputError(f"strategy {strategy.name} fails on {market.symbol}: {what}") from error


def broken_down(result: Backtest, clock: Clock, capital: float, regimes: Regimes) -> Breakdown:
    """The result of a walk by reason, side, regime and month."""
    return Breakdown(
        by_reason(result.trades), by_side(result.trades),
        by_regime(clock.ts_ms, result.equity, capital, result.trades, regimes),
        by_month(clock.ts_ms, result.equity, capital), refusals(result.fills),
    )


def covered(candles: Candles, first: int = 0) -> tuple[int, int]:
    """From the opening of row ``first`` to the close of the last candle, UTC ms."""
    return int(candles.ts_ms[first]), int(candles.ts_ms[-1]) + timeframe_ms(candles.timeframe)


def check_detail(asked: Asked) -> None:
    """Raise DataError unless ``detail`` is '' or a timeframe that divides the decisions'."""
    if not asked.detail:
        return
    try:
        fits = timeframe_ms(asked.timeframe) % timeframe_ms(asked.detail) == 0
    except ValueError as error:
        raise DataError(f"detail: {error}") from error
    if not fits:
        raise DataError(f"detail {asked.detail!r}: allowed is a timeframe that divides {asked.timeframe}")


def _execution(source: CandleSource, decision: Candles, first: int, asked: Asked) -> Execution:
    """The span's candles to walk, with the funding that is settled in it, if any is stored."""
    fine = source.read(asked.symbol, asked.detail, asked.from_ms, asked.to_ms) if asked.detail else None
    times, rates = source.read_funding(asked.symbol, asked.from_ms, asked.to_ms)
    return execution(decision, first, fine, (times, rates))




def _bounds(
    symbol: str, span: Span, plan: Plan, rows: int, costs: Costs, capital: float, result: Backtest
) -> Bounds:
    """Net returns under each path, that of ``result`` taken from it."""

    def net_return(path: Within) -> float:
        done = result if path == costs.path else run(symbol, span, plan, rows, replace(costs, path=path), capital)
        return float(done.equity[-1]) / capital - 1.0

    return Bounds(*map(net_return, (Within.NEARER, Within.PESSIMISTIC, Within.OPTIMISTIC)))
