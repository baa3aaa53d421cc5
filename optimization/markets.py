"""The market that a strategy sees on stored data: decision candles from before the span on, and what else it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core.candle import Candles, Floats
from core.errors import DataError
from core.extra import FUNDING_STALE_MS, OPEN_INTEREST_STALE_MS, funding_columns, open_interest_columns
from core.market import Market
from core.recordings import BookSnapshots, PublicTrades
from core.strategy import Need, Parameters
from core.timeframe import DAY_MS, timeframe_ms
from indicators.order_flow import book_imbalance, large_share, trade_delta, trade_volume
from market.port import CandleSource, moment
from strategies.discovery import AnyFilter, AnyStrategy

Columns = dict[str, Floats]

_FILE: Final[Mapping[Need, str]] = {
    "funding": "funding.parquet", "open_interest": "oi.parquet", "book": "book*.parquet", "trades": "trades*.parquet",
}
_WORDS: Final[Mapping[Need, str]] = {
    "funding": "funding", "open_interest": "open interest", "book": "order book", "trades": "trades",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What to evaluate: a half-open span of UTC ms; ``detail`` is a finer timeframe to walk fills on, or ''."""

    symbol: str
    timeframe: str
    from_ms: int
    to_ms: int
    detail: str = ""


def prepare(
    source: CandleSource, strategy: AnyStrategy | AnyFilter, params: Parameters, asked: Asked
) -> tuple[Market, int]:
    """The market of decision candles from before the span on, and the row of the first one inside it.

    It has the extra columns that the strategy needs, and only those. Raises DataError, saying what is there, when the
    span has no candles, and when nothing of what the strategy needs is known inside the span.
    """
    candles, first = _candles(source, strategy.warmup(params), asked)
    return Market(asked.symbol, candles, extra_columns(source, strategy, asked.symbol, candles, first)), first


def extra_columns(
    source: CandleSource, strategy: AnyStrategy | AnyFilter, symbol: str, candles: Candles, first: int = 0
) -> Columns:
    """Every column of `strategy.needs` over ``candles``, by name, float64[n].

    funding : ``funding``, ``funding_ms``. open_interest : ``open_interest``. book : ``book_imbalance``.
    trades : ``trade_delta``, ``trade_volume``, ``large_share``. See `core.extra` and `indicators.order_flow`.
    Raises DataError when a need has no value at all from row ``first`` on, naming it and the command that brings it.
    """
    columns: Columns = {}
    for need in dict.fromkeys(strategy.needs):
        found = _COLUMNS[need](source, symbol, candles)
        if not any(np.isfinite(column[first:]).any() for column in found.values()):
            raise _lacking(strategy.name, need, symbol, candles.slice(first, len(candles)))
        columns |= found
    return columns


def known_share(market: Market, first: int = 0) -> dict[str, float]:
    """For each extra column the share of rows, from ``first`` on, that have a value: 1 when nothing is missing."""
    return {name: float(np.isfinite(column[first:]).mean()) for name, column in market.extra.items()}


def _candles(source: CandleSource, warmup: int, asked: Asked) -> tuple[Candles, int]:
    """Candles of the span with ``warmup`` before it where there are any, and the row of the first inside."""
    inside = source.read(asked.symbol, asked.timeframe, asked.from_ms, asked.to_ms)
    start = int(inside.ts_ms[0])
    ahead = start - warmup * timeframe_ms(asked.timeframe)
    if ahead >= start:
        return inside, 0
    try:
        before = source.read(asked.symbol, asked.timeframe, ahead, start)
    except DataError:
        source.read(asked.symbol, asked.timeframe, ahead, asked.to_ms)  # raises again when something is damaged
        return inside, 0  # the store begins with the span: its first rows are the warm-up
    return _joined(before, inside), len(before)


def _funding(source: CandleSource, symbol: str, candles: Candles) -> Columns:
    begin, end = _span(candles)
    return funding_columns(candles, *source.read_funding(symbol, begin - FUNDING_STALE_MS, end + 1))


def _open_interest(source: CandleSource, symbol: str, candles: Candles) -> Columns:
    begin, end = _span(candles)
    return open_interest_columns(candles, *source.read_open_interest(symbol, begin - OPEN_INTEREST_STALE_MS, end + 1))


def _book(source: CandleSource, symbol: str, candles: Candles) -> Columns:
    functions: dict[str, Callable[..., Floats]] = {"book_imbalance": book_imbalance}
    return _by_parts(source.read_book(symbol, *_span(candles)), candles, functions)


def _trades(source: CandleSource, symbol: str, candles: Candles) -> Columns:
    functions: dict[str, Callable[..., Floats]] = {
        "trade_delta": trade_delta, "trade_volume": trade_volume, "large_share": large_share,
    }
    return _by_parts(source.read_trades(symbol, *_span(candles)), candles, functions)


_COLUMNS: Final[Mapping[Need, Callable[[CandleSource, str, Candles], Columns]]] = {
    "funding": _funding, "open_interest": _open_interest, "book": _book, "trades": _trades,
}


def _by_parts(
    parts: Iterator[BookSnapshots] | Iterator[PublicTrades], candles: Candles,
    functions: Mapping[str, Callable[..., Floats]],
) -> Columns:
    """Columns computed a part at a time, since a month of snapshots need not fit into memory."""
    if timeframe_ms(candles.timeframe) > DAY_MS:
        raise DataError(f"timeframe {candles.timeframe!r}: order flow is known for candles of at most a day")
    columns = {name: np.full(len(candles), np.nan) for name in functions}
    for part in parts:
        if not len(part):
            continue
        start = max(0, int(np.searchsorted(candles.ts_ms, part.ts_ms[0], side="right")) - 1)
        stop = int(np.searchsorted(candles.ts_ms, part.ts_ms[-1], side="right"))
        touched = candles.slice(start, stop)
        for name, function in functions.items():
            found = function(touched, part)
            known = np.isfinite(found)  # the first may be a candle of the part before, which this one does not reach
            columns[name][start:stop][known] = found[known]
    return columns


def _span(candles: Candles) -> tuple[int, int]:
    """From the first opening to the last close, UTC ms."""
    return int(candles.ts_ms[0]), int(candles.ts_ms[-1]) + timeframe_ms(candles.timeframe)


def _lacking(strategy: str, need: Need, symbol: str, inside: Candles) -> DataError:
    begin, end = _span(inside)
    day = str(np.datetime64(begin, "ms").astype("datetime64[D]"))
    ways = f"`scalp-radar data import PATH` ({symbol}/{_FILE[need]})"
    if need == "funding":
        ways += f" or `scalp-radar data fetch --symbol {symbol} --timeframe {inside.timeframe} --from {day}`"
    return DataError(
        f"{symbol}: no {_WORDS[need]} from {moment(begin)} to {moment(end)}, which {strategy} needs; {ways} brings it"
    )


def _joined(a: Candles, b: Candles) -> Candles:
    columns: list[Any] = [
        np.concatenate([getattr(a, name), getattr(b, name)])
        for name in ("ts_ms", "open", "high", "low", "close", "volume")
    ]
    return Candles(b.timeframe, *columns)
