"""One exchange of a store as a source of candles, and finding it from a path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.candle import Candles
from core.errors import DataError
from core.recordings import BookSnapshots, PublicTrades
from market import files
from market.folder import SYMBOL
from market.port import BEGINNING_MS, END_MS, Series, moment, nothing_there, read_or_aggregate
from market.store import CandleStore


class StoreSource:
    """One exchange of a store, as a `market.port.CandleSource`."""

    def __init__(self, store: CandleStore, exchange: str) -> None:
        self.store, self.exchange = store, exchange

    def symbols(self) -> tuple[str, ...]:
        """Symbols that have anything stored, sorted."""
        return self.store.symbols(self.exchange)

    def timeframes(self, symbol: str) -> tuple[str, ...]:
        """Timeframes stored, finest first. Raises DataError for an unknown symbol."""
        if symbol not in self.symbols():
            raise DataError(f"{self._name()}: no symbol {symbol!r}; there are {', '.join(self.symbols())}")
        return self.store.timeframes(self.exchange, symbol)

    def span(self, symbol: str, timeframe: str) -> tuple[int, int]:
        """Opening times of the first and last stored candle. Raises DataError when there is none."""
        if timeframe not in self.timeframes(symbol):
            raise DataError(f"{self._name()}: {symbol} has no {timeframe} candles; there are {self._there(symbol)}")
        found = self.store.reach(self.exchange, symbol, timeframe)
        if found is None:
            raise DataError(f"{self._name()}: {symbol} has no {timeframe} candles")
        return found

    def read(self, symbol: str, timeframe: str, from_ms: int = BEGINNING_MS, to_ms: int = END_MS) -> Candles:
        """Candles of the span; see `market.port.CandleSource.read`."""
        found = read_or_aggregate(
            self.timeframes(symbol),
            timeframe,
            from_ms,
            to_ms,
            lambda t, a, b: self.store.read(self.exchange, symbol, t, a, b),
            lambda t: self.store.reach(self.exchange, symbol, t),
        )
        if not len(found):
            raise nothing_there(self._name(), symbol, timeframe, from_ms, to_ms, self._there(symbol))
        return found

    def read_funding(self, symbol: str, from_ms: int = BEGINNING_MS, to_ms: int = END_MS) -> Series:
        """Settlement times and rates of the span; empty where none is stored."""
        return self.store.read_series(self.exchange, symbol, "funding", from_ms, to_ms)

    def read_open_interest(self, symbol: str, from_ms: int = BEGINNING_MS, to_ms: int = END_MS) -> Series:
        """Times and open interest (US dollars) of the span; empty where none is stored."""
        return self.store.read_series(self.exchange, symbol, "open_interest", from_ms, to_ms)

    def read_book(
        self, symbol: str, from_ms: int = BEGINNING_MS, to_ms: int = END_MS
    ) -> Iterator[BookSnapshots]:
        """Book snapshots of the span, a day at a time; nothing where none is stored."""
        return self.store.read_book(self.exchange, symbol, from_ms, to_ms)

    def read_trades(
        self, symbol: str, from_ms: int = BEGINNING_MS, to_ms: int = END_MS
    ) -> Iterator[PublicTrades]:
        """Public trades of the span, a day at a time; nothing where none is stored."""
        return self.store.read_trades(self.exchange, symbol, from_ms, to_ms)

    def _name(self) -> str:
        return f"{self.store.root} {self.exchange}"

    def _there(self, symbol: str) -> str:
        spans = [(t, self.span(symbol, t)) for t in self.timeframes(symbol)]
        return ", ".join(f"{t} {moment(a)} to {moment(b)}" for t, (a, b) in spans) or "none"


def open_store(path: str | Path, exchange: str | None = None) -> StoreSource | None:
    """One exchange of the store at ``path``, or None when it holds no store.

    ``path`` is a store's root or the folder of one exchange in it. Raises DataError when the exchange is not there,
    or is not named and there are several.
    """
    filesystem, base = files.locate(path)
    if _holds_series(filesystem, base):
        root, _, name = base.rpartition("/")
        if exchange not in (None, name):
            raise DataError(f"{path}: holds {name}, not {exchange}")
        return StoreSource(CandleStore(root, filesystem), name)
    found = [e for e in files.folders(filesystem, base) if _holds_series(filesystem, f"{base}/{e}")]
    if not found:
        return None
    if exchange is None and len(found) > 1:
        raise DataError(f"{path}: several exchanges: name one of {', '.join(found)}")
    name = exchange or found[0]
    if name not in found:
        raise DataError(f"{path}: no exchange {name!r}; there are {', '.join(found)}")
    return StoreSource(CandleStore(base, filesystem), name)


def _holds_series(filesystem: Any, folder: str) -> bool:
    """A folder of symbols of which one has a folder per timeframe: the store's layout, not that of dumps."""
    return any(
        SYMBOL.fullmatch(symbol) and files.folders(filesystem, f"{folder}/{symbol}")
        for symbol in files.folders(filesystem, folder)
    )
