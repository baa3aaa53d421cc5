"""Plain CSV of candles: a header with timestamp, open, high, low, close, volume; any order of columns.

Times are seconds, milliseconds or microseconds since the epoch (told apart by their size) or ISO 8601, where a
missing zone means UTC. Errors name the file and the line.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from core.candle import Candles
from core.errors import DataError
from core.timeframe import timeframe_ms

_NAMES: Final = {
    "timestamp": ("timestamp", "time", "ts", "date", "datetime", "open_time", "opentime", "unix"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c"),
    "volume": ("volume", "vol", "v", "volume_base"),
}
_MICROSECONDS_FROM: Final = 1e14
_MILLISECONDS_FROM: Final = 1e11


class _Row(NamedTuple):
    line: int
    ts_ms: int
    prices: tuple[float, float, float, float]
    volume: float


def read_csv(path: Path, timeframe: str) -> Candles:
    """The candles of a CSV file, checked. Raises DataError naming file and line."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(_rows(path, csv.reader(stream)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a readable CSV file: {error}") from error
    if not rows:
        raise DataError(f"{path}: holds no candles")
    _check(path, rows, timeframe)
    return Candles.of(timeframe, ((float(r.ts_ms), *r.prices, r.volume) for r in rows)).checked(str(path))


def parse_time(text: str) -> int:
    """UTC ms from epoch seconds, milliseconds or microseconds, or ISO 8601. Raises ValueError."""
    try:
        number = float(text)
    except ValueError:
        moment = datetime.fromisoformat(text.strip())
        return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is not a time")
    if abs(number) >= _MICROSECONDS_FROM:
        return round(number / 1000)
    return round(number) if abs(number) >= _MILLISECONDS_FROM else round(number * 1000)


def _rows(path: Path, lines: Iterator[list[str]]) -> Iterator[_Row]:
    header = next(lines, [])
    where = _columns(path, [h.strip().lower() for h in header])
    for line, cells in enumerate(lines, start=2):
        if not cells:
            continue
        if len(cells) != len(header):
            raise DataError(f"{path}: line {line}: {len(cells)} cells where the header has {len(header)}")
        yield _row(path, line, [cells[i] for i in where])


def _columns(path: Path, header: Sequence[str]) -> list[int]:
    """Position of each column that we read."""
    where = []
    for column, names in _NAMES.items():
        found = [i for i, name in enumerate(header) if name in names]
        if not found:
            raise DataError(f"{path}: no column {column!r} in the header; there are {', '.join(header) or 'none'}")
        where.append(found[0])
    return where


def _row(path: Path, line: int, cells: Sequence[str]) -> _Row:
    try:
        ts_ms = parse_time(cells[0])
    except ValueError as error:
        raise DataError(f"{path}: line {line}: timestamp {cells[0]!r} is neither epoch nor ISO 8601") from error
    values = []
    for name, cell in zip(("open", "high", "low", "close", "volume"), cells[1:], strict=True):
        try:
            values.append(float(cell))
        except ValueError as error:
            raise DataError(f"{path}: line {line}: {name} {cell!r} is not a number") from error
    return _Row(line, ts_ms, (values[0], values[1], values[2], values[3]), values[4])


def _check(path: Path, rows: Sequence[_Row], timeframe: str) -> None:
    """The rules of `Candles.checked`, with the file's own line numbers."""
    length, before = timeframe_ms(timeframe), -(2**63)
    for row in rows:
        complaint = _complaint(row, length, before)
        if complaint:
            raise DataError(f"{path}: line {row.line}: {complaint}")
        before = row.ts_ms


def _complaint(row: _Row, length: int, before: int) -> str:
    first, high, low, last = row.prices
    if row.ts_ms % length:
        return f"time {_iso(row.ts_ms)} is off the timeframe's grid"
    if row.ts_ms <= before:
        return f"time {_iso(row.ts_ms)} is {'doubled' if row.ts_ms == before else 'out of order'}"
    if not all(math.isfinite(p) and p > 0 for p in row.prices):
        return "a price is not a positive number"
    if low > min(first, last):
        return f"low {low:g} is above the open or the close"
    if high < max(first, last):
        return f"high {high:g} is below the open or the close"
    if not (math.isfinite(row.volume) and row.volume >= 0):
        return "volume is negative or undefined"
    return ""


def _iso(ts_ms: int) -> str:
    return datetime.fromtimestamp(ts_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
