"""Import of files into the store: everything is read and checked first, then written; one bad file changes nothing.

Layouts: a folder of dumps (``<SYMBOL>/<timeframe>.parquet``, ``funding.parquet``, ``oi.parquet``, ``book*.parquet``,
``trades*.parquet``), its parent with a folder for each exchange, a single Parquet file of that kind, a plain CSV file,
or a folder of CSV files. What the path does not say (exchange, symbol, timeframe) must be said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from core.candle import Candles
from core.errors import DataError
from core.recordings import BookSnapshots, PublicTrades
from market import files
from market.csvfile import read_csv
from market.folder import SERIES_FILE, SYMBOL
from market.port import Series, is_timeframe, known_timeframe
from market.recordings import RECORDING_FILE, Recording, RecordingKind, recording_kind, table_to_recording
from market.store import CandleStore
from market.tables import SeriesKind, table_to_candles, table_to_series
from market.validation import candle_gaps, find_spikes

DEFAULT_EXCHANGE: Final = "imported"
_NAMED: Final = re.compile(
    r"(?P<base>[A-Za-z0-9]{1,20}?)[-_]?(?P<quote>(?i:USDT|USDC|USD))(?:[-_](?P<timeframe>[1-9]\d*[mhd]))?"
)
"""``BTC-USDT_1h``, ``BTCUSDT-1h``, ``btc_usdt-5m``, ``BTCUSDT``."""


class Wanted(NamedTuple):
    """What the user said of the files; None is taken from the path."""

    exchange: str | None = None
    symbol: str | None = None
    timeframe: str | None = None


EVERYTHING: Final = Wanted()


@dataclass(frozen=True, slots=True)
class Found:
    """One file to import; ``content`` is a timeframe, or the kind of a series or a recording."""

    path: Path
    exchange: str
    symbol: str
    content: str


class Imported(NamedTuple):
    """What came of one file."""

    path: str
    exchange: str
    symbol: str
    timeframe: str
    rows: int
    first_ms: int
    last_ms: int
    gaps: int
    spikes: int


def import_path(
    path: Path,
    store: CandleStore,
    wanted: Wanted = EVERYTHING,
    progress: Callable[[str, int, int], None] = lambda _text, _done, _total: None,
) -> list[Imported]:
    """Everything importable under ``path``, stored; one record for each file.

    ``progress(text, done, total)`` is told of each step. Raises DataError naming the file (and the row or line)
    before anything has been written.
    """
    found = survey(path, wanted)
    reports = []
    for number, item in enumerate(found):
        progress(f"checking {item.path.name} of {item.symbol}", number, 2 * len(found))
        reports.append(_report(item, _load(item)))
    for number, item in enumerate(found):
        progress(f"storing {item.path.name} of {item.symbol}", len(found) + number, 2 * len(found))
        _store(store, item, _load(item))
    return reports


def survey(path: Path, wanted: Wanted = EVERYTHING) -> list[Found]:
    """The files under ``path`` with what each holds. Raises DataError when there is none or something is unsaid."""
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    if wanted.symbol is not None and not SYMBOL.fullmatch(wanted.symbol):
        raise DataError(f"symbol {wanted.symbol!r}: allowed is BASE-QUOTE, such as BTC-USDT")
    if wanted.timeframe is not None:
        known_timeframe(wanted.timeframe)
    found = [_file(path, wanted)] if path.is_file() else list(_folder(path, wanted))
    if not found:
        raise DataError(f"{path}: nothing to import (expected SYMBOL/TIMEFRAME.parquet or CSV files)")
    return found


def _folder(path: Path, wanted: Wanted) -> Iterator[Found]:
    inside = sorted(p for p in path.iterdir() if not p.name.startswith("."))
    for entry in inside:
        if entry.is_file() and entry.suffix == ".csv":
            yield _file(entry, wanted)
        elif entry.is_dir() and SYMBOL.fullmatch(entry.name):
            yield from _symbol_folder(entry, wanted, path.name)
        elif entry.is_dir():
            for symbol in sorted(p for p in entry.iterdir() if p.is_dir() and SYMBOL.fullmatch(p.name)):
                yield from _symbol_folder(symbol, wanted, entry.name)
    if SYMBOL.fullmatch(path.name):
        yield from _symbol_folder(path, wanted, path.absolute().parent.name)


def _symbol_folder(folder: Path, wanted: Wanted, exchange: str) -> Iterator[Found]:
    """What a symbol's folder holds of what is wanted; other files are left alone."""
    if wanted.symbol not in (None, folder.name):
        return
    kinds = {name: kind for kind, name in SERIES_FILE.items()}
    for file in sorted(folder.iterdir()):
        content = kinds.get(file.name) or recording_kind(file.name) or (file.stem if is_timeframe(file.stem) else None)
        if file.suffix in (".parquet", ".csv") and content and wanted.timeframe in (None, content):
            yield Found(file, wanted.exchange or exchange, folder.name, content)


def _file(path: Path, wanted: Wanted) -> Found:
    """A single file; what it holds is taken from its folder's name or its own where it was not said."""
    if path.suffix not in (".csv", ".parquet"):
        raise DataError(f"{path}: allowed are .csv and .parquet files")
    parent = path.absolute().parent
    if SYMBOL.fullmatch(parent.name):
        for item in _symbol_folder(parent, wanted, parent.parent.name):
            if item.path.name == path.name:
                return replace(item, path=path)
    named = _NAMED.fullmatch(path.stem)
    symbol = wanted.symbol or (f"{named['base']}-{named['quote']}".upper() if named else None)
    timeframe = wanted.timeframe or (named["timeframe"] if named else None)
    if symbol is None or timeframe is None:
        unsaid = "symbol" if symbol is None else "timeframe"
        raise DataError(f"{path}: its {unsaid} is not in the name (as in BTC-USDT_1h.csv): give --{unsaid}")
    known_timeframe(timeframe)
    return Found(path, wanted.exchange or DEFAULT_EXCHANGE, symbol, timeframe)


def _load(item: Found) -> Candles | Series | Recording:
    """The content of a file, checked."""
    what = str(item.path)
    series, recording = _series_kind(item), _recording_kind(item)
    if series is not None:
        return table_to_series(files.read_parquet(files.LOCAL, what), series, what)
    if recording is not None:
        return table_to_recording(files.read_parquet(files.LOCAL, what), recording, what)
    if item.path.suffix == ".csv":
        return read_csv(item.path, item.content)
    return table_to_candles(files.read_parquet(files.LOCAL, what), item.content, what)


def _store(store: CandleStore, item: Found, loaded: Candles | Series | Recording) -> None:
    kind = _series_kind(item)
    if isinstance(loaded, Candles):
        store.append(item.exchange, item.symbol, loaded)
    elif isinstance(loaded, BookSnapshots | PublicTrades):
        store.append_recording(item.exchange, item.symbol, loaded)
    elif kind is not None:
        store.append_series(item.exchange, item.symbol, kind, loaded)


def _series_kind(item: Found) -> SeriesKind | None:
    return next((kind for kind in SERIES_FILE if kind == item.content), None)


def _recording_kind(item: Found) -> RecordingKind | None:
    return next((kind for kind in RECORDING_FILE if kind == item.content), None)


def _report(item: Found, loaded: Candles | Series | Recording) -> Imported:
    ts_ms = loaded[0] if isinstance(loaded, tuple) else loaded.ts_ms
    first, last = (int(ts_ms[0]), int(ts_ms[-1])) if len(ts_ms) else (0, 0)
    return Imported(
        str(item.path),
        item.exchange,
        item.symbol,
        item.content,
        len(ts_ms),
        first,
        last,
        len(candle_gaps(loaded)) if isinstance(loaded, Candles) else 0,
        len(find_spikes(loaded)) if isinstance(loaded, Candles) else 0,
    )
