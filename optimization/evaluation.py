"""One strategy with fixed parameters over stored candles: the engine walked over the store, everything recorded."""

from __future__ import annotations

from dataclasses import dataclass

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
from optimization.markets import Asked, prepare
from strategies.discovery import AnyStrategy


@dataclass(frozen=True, eq=False, slots=True)
class Evaluated:
    """A backtest, its figures, and what it was walked on; spans are half-open, UTC ms.

    candles : what was walked. decision_span : what there are decisions for. detail_span : the part of the span that
    was walked on the finer timeframe, and nothing beside it; None when none was asked for. missing : candles that are
    not there between the first and the last one walked.
    """

    symbol: str
    timeframe: str
    candles: Candles
    result: Backtest
    figures: Metrics
    decision_span: tuple[int, int]
    detail_span: tuple[int, int] | None
    missing: int


def evaluate(
    source: CandleSource, strategy: AnyStrategy, params: Parameters, asked: Asked, costs: Costs, capital: float
) -> Evaluated:
    """Walk ``strategy`` over what ``source`` has of the span, warmed up on candles before it.

    Raises DataError, saying what is there, when the span has no candles or nothing of what else the strategy needs,
    and when ``detail`` does not divide.
    """
    _check_detail(asked)
    market, first = prepare(source, strategy, params, asked)
    walked = execution(source, market, first, asked)
    result = run(asked.symbol, walked, strategy.plan(market, params), len(market), costs, capital)
    c = walked.candles
    return Evaluated(
        asked.symbol, asked.timeframe, c, result, metrics(result, capital), covered(market.candles, first),
        covered(c) if asked.detail else None, missing(c),
    )


def covered(candles: Candles, first: int = 0) -> tuple[int, int]:
    """From the opening of row ``first`` to the close of the last candle, UTC ms."""
    return int(candles.ts_ms[first]), int(candles.ts_ms[-1]) + timeframe_ms(candles.timeframe)


def missing(candles: Candles) -> int:
    """How many candles are not there between the first and the last."""
    begin, end = covered(candles)
    return (end - begin) // timeframe_ms(candles.timeframe) - len(candles)


def execution(source: CandleSource, market: Market, first: int, asked: Asked) -> Span:
    """Execution candles under the market's rows: finer ones when asked for, else the decision candles.

    Where finer candles are missing inside the span nothing can fill.
    """
    decision = market.candles
    funding = _funding(source, asked)
    if asked.detail:
        return span(source.read(asked.symbol, asked.detail, asked.from_ms, asked.to_ms), decision, funding)
    return span(decision.slice(first, len(decision)), decision, funding)


def _check_detail(asked: Asked) -> None:
    """Raise DataError unless ``detail`` is '' or a timeframe that divides the decisions'."""
    if not asked.detail:
        return
    try:
        fits = timeframe_ms(asked.timeframe) % timeframe_ms(asked.detail) == 0
    except ValueError as error:
        raise DataError(f"detail: {error}") from error
    if not fits:
        raise DataError(f"detail {asked.detail!r}: allowed is a timeframe that divides {asked.timeframe}")


def _funding(source: CandleSource, asked: Asked) -> tuple[Ints, Floats]:
    """Settled rates inside the span; none where none are stored."""
    times, rates = source.read_funding(asked.symbol, asked.from_ms, asked.to_ms)
    return times, rates
