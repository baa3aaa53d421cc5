"""The candle store: one Parquet dataset for all exchanges, symbols and timeframes.

    <root>/<exchange>/<symbol>/<timeframe>/2025-03.parquet      below one hour: a file a month
    <root>/<exchange>/<symbol>/1h/2025.parquet                  from one hour on: a file a year
    <root>/<exchange>/<symbol>/funding/2025.parquet             funding and open interest likewise
    <root>/<exchange>/<symbol>/book/2025-03-01.parquet          book snapshots and trades: a file a day

Laws: a file is replaced whole or not at all (`market.files`), so a crash loses at most what was being appended, and
appending the same again repairs it. At one time the rows last written win. One writer per series at a time;
readers need no lock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from core.candle import Candles, Ints
from core.errors import DataError
from core.recordings import BookSnapshots, PublicTrades
from core.timeframe import HOUR_MS, MINUTE_MS, timeframe_ms
from market import files
from market.folder import SYMBOL
from market.port import BEGINNING_MS, END_MS, Series, finest_first, is_timeframe, known_timeframe
from market.reach import reach
from market.recordings import (
    RECORDING_FILE,
    Recording,
    kind_of,
    recording_to_table,
    table_to_book,
    table_to_trades,
)
from market.tables import (
    SERIES_COLUMN,
    TIME,
    SeriesKind,
    candles_to_table,
    checked_series,
    cut,
    empty_series,
    merge,
    series_to_table,
    table_to_candles,
    table_to_series,
    times,
)
from market.validation import Gap, find_gaps

_EXCHANGE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_LABEL: Final = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_COLUMNS: Final = ("ts_ms", "open", "high", "low", "close", "volume")

Period = Literal["D", "M", "Y"]
"""What one file holds: a day, a month or a year (UTC)."""


class Coverage(NamedTuple):
    """What is stored of one series: ``gaps`` is their number, ``missing`` and ``longest`` count rows.

    Trades come when they come: of them, minutes without one are counted.
    """

    exchange: str
    symbol: str
    timeframe: str
    first_ms: int
    last_ms: int
    rows: int
    gaps: int
    missing: int
    longest: int


class CandleStore:
    """Candles, funding, open interest, order books and public trades at rest.

    Parameters
    ----------
    root : a local folder, or any filesystem URI that pyarrow reads (``s3://bucket/candles``, ``file:///srv/data``).
    filesystem : a ready pyarrow filesystem on which ``root`` is a path; otherwise found from ``root``.

    Spans are half-open [from_ms, to_ms) of opening times (UTC ms). Damaged files raise DataError with their name.
    """

    def __init__(self, root: str | Path, filesystem: Any = None) -> None:
        self.root = str(root)
        self._fs, self._base = (filesystem, self.root) if filesystem is not None else files.locate(root)

    def append(self, exchange: str, symbol: str, candles: Candles) -> None:
        """Store candles; rows that are there already are replaced. Raises DataError for unsound candles."""
        candles.checked(f"{exchange} {symbol} {candles.timeframe}")
        folder = self._folder(exchange, symbol, candles.timeframe)
        self._append(folder, candles_to_table(candles), candles.ts_ms, _period(candles.timeframe))

    def append_series(self, exchange: str, symbol: str, kind: SeriesKind, series: Series) -> None:
        """Store funding rates or open interest; rows that are there already are replaced."""
        ts_ms, values = checked_series(*series, f"{exchange} {symbol} {kind}")
        folder = self._folder(exchange, symbol, kind)
        self._append(folder, series_to_table(kind, (ts_ms, values)), ts_ms, "Y")

    def append_recording(self, exchange: str, symbol: str, recording: Recording) -> None:
        """Store book snapshots or public trades; rows of times that are there already are replaced.

        A day keeps the levels that all its snapshots have.
        """
        kind = kind_of(recording)
        recording.checked(f"{exchange} {symbol} {kind}")
        self._append(self._folder(exchange, symbol, kind), recording_to_table(recording), recording.ts_ms, "D")

    def read(
        self, exchange: str, symbol: str, timeframe: str, from_ms: int = BEGINNING_MS, to_ms: int = END_MS
    ) -> Candles:
        """Stored candles of the span, checked; empty when there are none."""
        known_timeframe(timeframe)
        folder = self._folder(exchange, symbol, timeframe)
        parts = [
            table_to_candles(files.read_parquet(self._fs, path), timeframe, path)
            for path in self._partitions(folder, from_ms, to_ms)
        ]
        if not parts:
            return Candles.empty(timeframe)
        if len(parts) == 1:
            return parts[0].between(from_ms, to_ms)
        columns = (np.concatenate([getattr(part, c) for part in parts]) for c in _COLUMNS)
        return Candles(timeframe, *columns).checked(folder).between(from_ms, to_ms)

    def read_series(
        self, exchange: str, symbol: str, kind: SeriesKind, from_ms: int = BEGINNING_MS, to_ms: int = END_MS
    ) -> Series:
        """Stored times and values of the span, checked; empty when there are none."""
        folder = self._folder(exchange, symbol, kind)
        parts = [
            table_to_series(files.read_parquet(self._fs, path), kind, path)
            for path in self._partitions(folder, from_ms, to_ms)
        ]
        if not parts:
            return empty_series()
        return cut((np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])), from_ms, to_ms)

    def read_book(
        self, exchange: str, symbol: str, from_ms: int = BEGINNING_MS, to_ms: int = END_MS
    ) -> Iterator[BookSnapshots]:
        """Stored snapshots of the span, checked, a day at a time; nothing when there are none."""
        for path in self._partitions(self._folder(exchange, symbol, "book"), from_ms, to_ms):
            yield table_to_book(files.read_parquet(self._fs, path), path).between(from_ms, to_ms)

    def read_trades(
        self, exchange: str, symbol: str, from_ms: int = BEGINNING_MS, to_ms: int = END_MS
    ) -> Iterator[PublicTrades]:
        """Stored trades of the span, checked, a day at a time; nothing when there are none."""
        for path in self._partitions(self._folder(exchange, symbol, "trades"), from_ms, to_ms):
            yield table_to_trades(files.read_parquet(self._fs, path), path).between(from_ms, to_ms)

    def exchanges(self) -> tuple[str, ...]:
        """Exchanges that have symbols, sorted."""
        return tuple(e for e in files.folders(self._fs, self._base) if _EXCHANGE.fullmatch(e) and self.symbols(e))

    def symbols(self, exchange: str) -> tuple[str, ...]:
        """Symbols that have anything stored, sorted."""
        return tuple(s for s in files.folders(self._fs, f"{self._base}/{exchange}") if SYMBOL.fullmatch(s))

    def timeframes(self, exchange: str, symbol: str) -> tuple[str, ...]:
        """Timeframes stored of a symbol, finest first."""
        inside = files.folders(self._fs, f"{self._base}/{exchange}/{symbol}")
        return finest_first([t for t in inside if is_timeframe(t)])

    def opening_times(self, exchange: str, symbol: str, timeframe: str) -> Ints:
        """int64[n] stored times of candles, of a series (``funding``) or of a recording (``book``)."""
        paths = self._partitions(self._folder(exchange, symbol, timeframe), BEGINNING_MS, END_MS)
        parts = [times(files.read_parquet(self._fs, path, [TIME]), path) for path in paths]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def reach(self, exchange: str, symbol: str, timeframe: str) -> tuple[int, int] | None:
        """Opening times of the first and last stored candle; None when there is none."""
        paths = self._partitions(self._folder(exchange, symbol, timeframe), BEGINNING_MS, END_MS)
        ends = [found for path in paths[:1] + paths[1:][-1:] if (found := reach(self._fs, path)) is not None]
        return (ends[0][0], ends[-1][1]) if ends else None

    def gaps(self, exchange: str, symbol: str, timeframe: str) -> list[Gap]:
        """Where rows are missing, oldest first."""
        ts_ms = self.opening_times(exchange, symbol, timeframe)
        return find_gaps(ts_ms, _interval(timeframe, ts_ms))

    def coverage(self) -> list[Coverage]:
        """One row for each stored series, by exchange, symbol and timeframe."""
        return [
            self._coverage(exchange, symbol, name)
            for exchange in self.exchanges()
            for symbol in self.symbols(exchange)
            for name in (*self.timeframes(exchange, symbol), *self._series(exchange, symbol))
        ]

    def _coverage(self, exchange: str, symbol: str, name: str) -> Coverage:
        ts_ms = self.opening_times(exchange, symbol, name)
        missing = [g.missing for g in find_gaps(ts_ms, _interval(name, ts_ms))]
        first, last = (int(ts_ms[0]), int(ts_ms[-1])) if len(ts_ms) else (0, 0)
        return Coverage(
            exchange, symbol, name, first, last, len(ts_ms), len(missing), sum(missing), max(missing, default=0)
        )

    def _series(self, exchange: str, symbol: str) -> list[str]:
        inside = files.folders(self._fs, f"{self._base}/{exchange}/{symbol}")
        return [n for n in inside if n in (*SERIES_COLUMN, *RECORDING_FILE)]

    def _folder(self, exchange: str, symbol: str, name: str) -> str:
        # Names become paths, so nothing else than a name may pass.
        if not _EXCHANGE.fullmatch(exchange):
            raise DataError(f"exchange {exchange!r}: allowed are letters, digits, - and _")
        if not SYMBOL.fullmatch(symbol):
            raise DataError(f"symbol {symbol!r}: allowed is BASE-QUOTE, such as BTC-USDT")
        return f"{self._base}/{exchange}/{symbol}/{name}"

    def _append(self, folder: str, table: Any, ts_ms: Ints, period: Period) -> None:
        for label, start, stop in _runs(ts_ms, period):
            path = f"{folder}/{label}.parquet"
            part = table.slice(start, stop - start)
            if f"{label}.parquet" in files.parquet_files(self._fs, folder):
                part = merge(files.read_parquet(self._fs, path), part)
            files.write_parquet(self._fs, path, part)

    def _partitions(self, folder: str, from_ms: int, to_ms: int) -> list[str]:
        """Paths of the files that may hold rows of the span, oldest first."""
        names = files.parquet_files(self._fs, folder)
        return [f"{folder}/{n}" for n in names if _overlaps(n.removesuffix(".parquet"), from_ms, to_ms)]


def _period(timeframe: str) -> Period:
    return "M" if timeframe_ms(timeframe) < HOUR_MS else "Y"


def _interval(name: str, ts_ms: Ints) -> int:
    """Usual distance of rows: a timeframe's length, or what is most common in a series; of trades a minute."""
    if name == "trades":
        return MINUTE_MS
    if name not in (*SERIES_COLUMN, *RECORDING_FILE):
        return known_timeframe(name)
    return int(np.median(np.diff(ts_ms))) if len(ts_ms) > 1 else HOUR_MS


def _runs(ts_ms: Ints, period: Period) -> Iterator[tuple[str, int, int]]:
    """Label of each file and the rows [start, stop) that belong to it."""
    labels = ts_ms.astype("datetime64[ms]").astype(f"datetime64[{period}]")
    starts = np.flatnonzero(np.diff(labels.astype(np.int64), prepend=np.int64(-1)) != 0)
    for start, stop in zip(starts, [*starts[1:], len(ts_ms)], strict=True):
        yield str(labels[start]), int(start), int(stop)


def _overlaps(label: str, from_ms: int, to_ms: int) -> bool:
    """A file of this label may hold rows of the span; a name that is no label never does."""
    if not _LABEL.fullmatch(label):
        return False
    period = np.datetime64(label)
    begin, end = (int(p.astype("datetime64[ms]").astype(np.int64)) for p in (period, period + 1))
    return begin < to_ms and from_ms < end
