"""The market of a local exchange, as options describe it: stored candles or a seeded synthetic market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from core.candle import Candles
from core.errors import DataError
from core.instrument import Instrument
from core.timeframe import DAY_MS, floor_to
from market.port import END_MS, CandleSource, known_timeframe, moment
from sandbox.source import StoredSource
from sandbox.synthetic import SyntheticSource

SYNTHETIC_START_MS: Final = 1_735_689_600_000  # 2025-01-01: a fixed day, so that a seed always means the same market


class Span(NamedTuple):
    """When the market opens (UTC ms) and how many days before that clients may ask for."""

    start_ms: int
    history_days: int = 30


def stored_market(source: CandleSource, symbols: Sequence[str], span: Span, timeframe: str = "1h") -> StoredSource:
    """Stored candles that go live at the span's start, minutes being walked out of ``timeframe`` candles.

    Raises DataError, saying what is there, when a symbol has no candles from the start on, or none right before it.
    """
    known_timeframe(timeframe)
    start_ms = floor_to(span.start_ms, timeframe)
    candles: dict[str, Candles] = {}
    funding: dict[str, list[tuple[int, float]]] = {}
    for symbol in symbols:
        first_ms, last_ms = source.span(symbol, timeframe) if timeframe in source.timeframes(symbol) else (None, None)
        if first_ms is not None and last_ms is not None and not first_ms <= start_ms <= last_ms:
            there = f"{moment(first_ms)} to {moment(last_ms)}"
            raise DataError(f"{symbol}: no {timeframe} candles at {moment(start_ms)}; there are {there}")
        candles[symbol] = source.read(symbol, timeframe, start_ms - span.history_days * DAY_MS, END_MS)
        ts_ms, rates = source.read_funding(symbol, start_ms, END_MS)
        funding[symbol] = list(zip(ts_ms.tolist(), rates.tolist(), strict=True))
    return StoredSource(candles, start_ms, funding)


def synthetic_market(
    symbols: Sequence[str], seed: int, span: Span, instruments: Mapping[str, Instrument]
) -> SyntheticSource:
    """A market drawn from a seed; the same seed, symbols and span give the same candles everywhere."""
    return SyntheticSource(symbols, seed, span.history_days, span.start_ms, instruments=instruments)
