"""One strategy with fixed parameters over stored candles: the engine walked over the store, everything recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.candle import Candles, Floats, Ints
from core.errors import DataError
from core.market import Market
from core.strategy import Parameters
from core.timeframe import timeframe_ms
from engine.backtest import Backtest, run
from engine.costs import Costs
from engine.metrics import Metrics, metrics
from engine.span import Span, span
from market.port import CandleSource
from strategies.discovery import AnyStrategy


@dataclass(frozen=True, slots=True)
class Asked:
    """What to evaluate: a half-open span of UTC ms; ``detail`` is a finer timeframe to walk fills on, or ''."""

    symbol: str
    timeframe: str
    from_ms: int
    to_ms: int
    detail: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Evaluated:
    """A backtest, its figures, and what it was walked on.

    detail_span : the part of the span (UTC ms) that was walked on the finer timeframe, None for none of it.
    """

    symbol: str
    candles: Candles
    result: Backtest
    figures: Metrics
    detail_span: tuple[int, int] | None


def evaluate(
    source: CandleSource, strategy: AnyStrategy, params: Parameters, asked: Asked, costs: Costs, capital: float
) -> Evaluated:
    """Walk ``strategy`` over what ``source`` has of the span, warmed up on candles before it.

    Raises DataError, saying what is there, when the span has no candles.
    """
    market, first = prepare(source, strategy, params, asked)
    walked, detail = execution(source, market, first, asked)
    result = run(asked.symbol, walked, strategy.plan(market, params), len(market), costs, capital)
    return Evaluated(asked.symbol, walked.candles, result, metrics(result, capital), detail)


def prepare(
    source: CandleSource, strategy: AnyStrategy, params: Parameters, asked: Asked
) -> tuple[Market, int]:
    """The market of decision candles from before the span on, and the row of the first one inside it."""
    ahead = strategy.warmup(params) * timeframe_ms(asked.timeframe)
    inside = source.read(asked.symbol, asked.timeframe, asked.from_ms, asked.to_ms)
    try:
        before = source.read(asked.symbol, asked.timeframe, int(inside.ts_ms[0]) - ahead, int(inside.ts_ms[0]))
    except DataError:  # the store begins with the span: its first rows are the warm-up
        return Market(asked.symbol, inside), 0
    candles = _joined(before, inside)
    return Market(asked.symbol, candles), len(before)


def execution(
    source: CandleSource, market: Market, first: int, asked: Asked
) -> tuple[Span, tuple[int, int] | None]:
    """Execution candles under the market's rows: finer ones when asked for and there, else the decision candles.

    Where finer candles are missing inside the span nothing can fill; a report says for which span they are there.
    """
    decision = market.candles
    funding = _funding(source, asked)
    if asked.detail:
        fine = source.read(asked.symbol, asked.detail, asked.from_ms, asked.to_ms)
        return span(fine, decision, funding), (int(fine.ts_ms[0]), int(fine.ts_ms[-1]) + timeframe_ms(asked.detail))
    return span(decision.slice(first, len(decision)), decision, funding), None


def _funding(source: CandleSource, asked: Asked) -> tuple[Ints, Floats]:
    """Settled rates inside the span; none where none are stored."""
    times, rates = source.read_funding(asked.symbol, asked.from_ms, asked.to_ms)
    return times, rates


def _joined(a: Candles, b: Candles) -> Candles:
    columns: list[Any] = [
        np.concatenate([getattr(a, name), getattr(b, name)])
        for name in ("ts_ms", "open", "high", "low", "close", "volume")
    ]
    return Candles(b.timeframe, *columns)
