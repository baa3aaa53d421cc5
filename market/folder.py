"""Folders of dumps, read where they lie.

``<SYMBOL>/<timeframe>.parquet``, ``funding.parquet``, ``oi.parquet``, and at most one ``book*.parquet`` and one
``trades*.parquet``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from core.candle import Candles
from core.errors import DataError
from core.recordings import BookSnapshots, PublicTrades
from market import files
from market.port import (
    BEGINNING_MS,
    END_MS,
    Series,
    finest_first,
    is_timeframe,
    moment,
    nothing_there,
    read_or_aggregate,
)
from market.reach import reach
from market.recordings import RECORDING_FILE, RecordingKind, table_to_book, table_to_trades
from market.tables import SeriesKind, cut, empty_series, table_to_candles, table_to_series

SYMBOL: Final = re.compile(r"[A-Z0-9]{1,20}-[A-Z0-9]{2,10}")
SERIES_FILE: Final[Mapping[SeriesKind, str]] = {"funding": "funding.parquet", "open_interest": "oi.parquet"}


class FolderSource:
    """One exchange's dumps, as a `CandleSource`.

    Parameters
    ----------
    path : the folder that holds the symbols' folders, or its parent with one folder per exchange.
    exchange : which of them, where there are several.

    Every read takes the whole file and checks it, so a damaged file is never half used. Raises DataError when
    there is nothing to read under ``path`` or the exchange must be named.
    """

    def __init__(self, path: str | Path, exchange: str | None = None) -> None:
        self.folder = _exchange_folder(Path(path), exchange)
        self.exchange = self.folder.name

    def symbols(self) -> tuple[str, ...]:
        """Symbols that have a folder here, sorted."""
        return tuple(sorted(f.name for f in self.folder.iterdir() if SYMBOL.fullmatch(f.name) and f.is_dir()))

    def timeframes(self, symbol: str) -> tuple[str, ...]:
        """Timeframes that have a file, finest first. Raises DataError for an unknown symbol."""
        self._known(symbol)
        return finest_first([f.stem for f in (self.folder / symbol).glob("*.parquet") if is_timeframe(f.stem)])

    def span(self, symbol: str, timeframe: str) -> tuple[int, int]:
        """Opening times of the first and last candle in a file. Raises DataError when there is none."""
        if timeframe not in self.timeframes(symbol):
            raise DataError(f"{self.folder}: {symbol} has no {timeframe} file; there are {self._there(symbol)}")
        found = self._reach(symbol, timeframe)
        if found is None:
            raise DataError(f"{self._path(symbol, timeframe)}: holds no candles")
        return found

    def read(self, symbol: str, timeframe: str, from_ms: int = BEGINNING_MS, to_ms: int = END_MS) -> Candles:
        """Candles of the span; see `market.port.CandleSource.read`."""
        found = read_or_aggregate(
            self.timeframes(symbol), timeframe, from_ms, to_ms, lambda t, a, b: self._file(symbol, t).between(a, b),
            lambda t: self._reach(symbol, t),
        )
        if not len(found):
            raise nothing_there(str(self.folder), symbol, timeframe, from_ms, to_ms, self._there(symbol))
        return found

    def read_funding(self, symbol: str, from_ms: int = BEGINNING_MS, to_ms: int = END_MS) -> Series:
        """Settlement times and rates of the span; empty when there is no file."""
        return self.read_series(symbol, "funding", from_ms, to_ms)

    def read_open_interest(self, symbol: str, from_ms: int = BEGINNING_MS, to_ms: int = END_MS) -> Series:
        """Times and open interest (US dollars) of the span; empty when there is no file."""
        return self.read_series(symbol, "open_interest", from_ms, to_ms)

    def read_book(
        self, symbol: str, from_ms: int = BEGINNING_MS, to_ms: int = END_MS
    ) -> Iterator[BookSnapshots]:
        """The book's file, cut to the span; nothing when there is none."""
        for path in self._recording(symbol, "book"):
            yield table_to_book(files.read_parquet(files.LOCAL, path), path).between(from_ms, to_ms)

    def read_trades(
        self, symbol: str, from_ms: int = BEGINNING_MS, to_ms: int = END_MS
    ) -> Iterator[PublicTrades]:
        """The trades' file, cut to the span; nothing when there is none."""
        for path in self._recording(symbol, "trades"):
            yield table_to_trades(files.read_parquet(files.LOCAL, path), path).between(from_ms, to_ms)

    def read_series(
        self, symbol: str, kind: SeriesKind, from_ms: int = BEGINNING_MS, to_ms: int = END_MS
    ) -> Series:
        """Times and values of the span; empty when there is no file."""
        self._known(symbol)
        path = self.folder / symbol / SERIES_FILE[kind]
        if not path.exists():
            return empty_series()
        return cut(table_to_series(files.read_parquet(files.LOCAL, str(path)), kind, str(path)), from_ms, to_ms)

    def _recording(self, symbol: str, kind: RecordingKind) -> list[str]:
        """Path of the file of a kind, if there is one."""
        self._known(symbol)
        found = sorted(map(str, (self.folder / symbol).glob(RECORDING_FILE[kind])))
        if len(found) > 1:
            # In which order they belong, and which wins where they overlap, is what an import decides.
            what = f"{found[1]}: a second file of {kind} beside {Path(found[0]).name}"
            raise DataError(f"{what}: `scalp-radar data import` joins them")
        return found

    def _path(self, symbol: str, timeframe: str) -> str:
        return str(self.folder / symbol / f"{timeframe}.parquet")

    def _reach(self, symbol: str, timeframe: str) -> tuple[int, int] | None:
        return reach(files.LOCAL, self._path(symbol, timeframe))

    def _file(self, symbol: str, timeframe: str) -> Candles:
        path = self._path(symbol, timeframe)
        return table_to_candles(files.read_parquet(files.LOCAL, path), timeframe, path)

    def _known(self, symbol: str) -> None:
        if symbol not in self.symbols():
            raise DataError(f"{self.folder}: no symbol {symbol!r}; there are {', '.join(self.symbols())}")

    def _there(self, symbol: str) -> str:
        """What is stored of a symbol, in words."""
        spans = [(t, self.span(symbol, t)) for t in self.timeframes(symbol)]
        return ", ".join(f"{t} {moment(a)} to {moment(b)}" for t, (a, b) in spans) or "none"


def _exchange_folder(path: Path, exchange: str | None) -> Path:
    """The folder that holds the symbols."""
    if not path.is_dir():
        raise DataError(f"{path}: no such folder of market data")
    inside = sorted(f for f in path.iterdir() if f.is_dir() and not f.name.startswith("."))
    if any(SYMBOL.fullmatch(f.name) for f in inside):
        if exchange not in (None, path.name):
            raise DataError(f"{path}: holds {path.name}, not {exchange}")
        return path
    exchanges = {f.name: f for f in inside if any(SYMBOL.fullmatch(g.name) for g in f.iterdir() if g.is_dir())}
    if not exchanges:
        raise DataError(f"{path}: holds no market data (expected SYMBOL/TIMEFRAME.parquet, as BTC-USDT/1h.parquet)")
    if exchange is None and len(exchanges) > 1:
        raise DataError(f"{path}: several exchanges: name one of {', '.join(exchanges)}")
    name = exchange or next(iter(exchanges))
    if name not in exchanges:
        raise DataError(f"{path}: no exchange {name!r}; there are {', '.join(exchanges)}")
    return exchanges[name]
