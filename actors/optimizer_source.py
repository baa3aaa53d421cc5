"""Candles for the optimizer where no store holds any: the demo's generator, asked for two years."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from core.candle import Candles
from core.errors import DataError
from core.recordings import BookSnapshots, PublicTrades
from core.resample import aggregate
from core.timeframe import DAY_MS, HOUR_MS, floor_to
from market.port import CandleSource, Series, known_timeframe, moment
from sandbox.synthetic import Crashes, SyntheticSource

DAYS: Final = 730
CRASHES: Final = Crashes(depth=0.08, first=2880, every=17_280)
"""A fall with its recovery every twelve days: seldom enough that days without one are the rule."""
_FINEST: Final = "1h"


class SyntheticHistory:
    """A `CandleSource` of hours drawn from a seed, ``days`` before ``end_ms``, of the demo's kind but not its candles.

    The demo's crashes are in it, too, so an edge is planted for whoever buys falls.

    A symbol is drawn when it is asked for first, and kept.
    """

    def __init__(self, symbols: tuple[str, ...], seed: int, end_ms: int, days: int = DAYS) -> None:
        self._symbols, self._seed, self._days = symbols, seed, days
        self._end_ms = floor_to(end_ms, _FINEST)
        self._drawn: dict[str, Candles] = {}
        self._lock = threading.Lock()

    def symbols(self) -> tuple[str, ...]:
        """As `CandleSource.symbols`."""
        return tuple(sorted(self._symbols))

    def timeframes(self, symbol: str) -> tuple[str, ...]:
        """Hours."""
        self._known(symbol)
        return (_FINEST,)

    def span(self, symbol: str, timeframe: str) -> tuple[int, int]:
        """As `CandleSource.span`; nothing has to be drawn for it."""
        self._known(symbol)
        if timeframe != _FINEST:
            raise DataError(f"{symbol}: has no {timeframe} candles; there are {_FINEST} ones")
        return self._end_ms - self._days * DAY_MS, self._end_ms - HOUR_MS

    def read(self, symbol: str, timeframe: str, from_ms: int, to_ms: int) -> Candles:
        """As `CandleSource.read`."""
        known_timeframe(timeframe)
        hours = self._hours(symbol)
        try:
            candles = hours if timeframe == _FINEST else aggregate(hours, timeframe)
        except ValueError as error:
            raise DataError(f"{symbol}: {error}; the synthetic market has {_FINEST} candles") from error
        found = candles.between(from_ms, to_ms)
        if not len(found):
            first, last = (moment(int(candles.ts_ms[i])) for i in (0, -1))
            raise DataError(f"{symbol}: no {timeframe} candles from {moment(from_ms)} on; there are {first} to {last}")
        return found

    def read_funding(self, symbol: str, from_ms: int, to_ms: int) -> Series:
        """As `CandleSource.read_funding`."""
        self._known(symbol)
        first, last = self.span(symbol, _FINEST)
        rates = SyntheticSource((), self._seed, 0, self._end_ms).funding(symbol, max(first, from_ms), min(last, to_ms))
        return np.array([r[0] for r in rates], np.int64), np.array([r[1] for r in rates], np.float64)

    def read_open_interest(self, symbol: str, from_ms: int, to_ms: int) -> Series:
        """None."""
        return np.empty(0, np.int64), np.empty(0, np.float64)

    def read_book(self, symbol: str, from_ms: int, to_ms: int) -> Iterator[BookSnapshots]:
        """None."""
        return iter(())

    def read_trades(self, symbol: str, from_ms: int, to_ms: int) -> Iterator[PublicTrades]:
        """None."""
        return iter(())

    def _hours(self, symbol: str) -> Candles:
        self._known(symbol)
        with self._lock:
            if symbol not in self._drawn:
                self._drawn[symbol] = aggregate(self._minutes(symbol), _FINEST)
            return self._drawn[symbol]

    def _minutes(self, symbol: str) -> Candles:
        source = SyntheticSource((symbol,), self._seed, 0, self._end_ms - self._days * DAY_MS, crashes=CRASHES)
        days = [source.live(symbol, 0) for _ in range(self._days)]
        columns = ("ts_ms", "open", "high", "low", "close", "volume")
        return Candles("1m", *(np.concatenate([getattr(day, name) for day in days]) for name in columns))

    def _known(self, symbol: str) -> None:
        if symbol not in self._symbols:
            raise DataError(f"{symbol}: unknown symbol; known are {', '.join(self._symbols)}")


class LateSource:
    """A source that is opened when it is asked, and again until it could be: a store may be filled meanwhile."""

    def __init__(self, opening: Callable[[], CandleSource]) -> None:
        self._opening = opening
        self._source: CandleSource | None = None

    @property
    def source(self) -> CandleSource:
        """The source. Raises DataError when nothing is there."""
        if self._source is None:
            self._source = self._opening()
        return self._source

    def symbols(self) -> tuple[str, ...]:
        """As `CandleSource.symbols`."""
        return self.source.symbols()

    def timeframes(self, symbol: str) -> tuple[str, ...]:
        """As `CandleSource.timeframes`."""
        return self.source.timeframes(symbol)

    def span(self, symbol: str, timeframe: str) -> tuple[int, int]:
        """As `CandleSource.span`."""
        return self.source.span(symbol, timeframe)

    def read(self, symbol: str, timeframe: str, from_ms: int, to_ms: int) -> Candles:
        """As `CandleSource.read`."""
        return self.source.read(symbol, timeframe, from_ms, to_ms)

    def read_funding(self, symbol: str, from_ms: int, to_ms: int) -> Series:
        """As `CandleSource.read_funding`."""
        return self.source.read_funding(symbol, from_ms, to_ms)

    def read_open_interest(self, symbol: str, from_ms: int, to_ms: int) -> Series:
        """As `CandleSource.read_open_interest`."""
        return self.source.read_open_interest(symbol, from_ms, to_ms)

    def read_book(self, symbol: str, from_ms: int, to_ms: int) -> Iterator[BookSnapshots]:
        """As `CandleSource.read_book`."""
        return self.source.read_book(symbol, from_ms, to_ms)

    def read_trades(self, symbol: str, from_ms: int, to_ms: int) -> Iterator[PublicTrades]:
        """As `CandleSource.read_trades`."""
        return self.source.read_trades(symbol, from_ms, to_ms)
