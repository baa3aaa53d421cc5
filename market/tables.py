"""Between Arrow tables on disk and the vocabulary in memory.

Candle files hold ``timestamp`` (int64, opening time, UTC ms) and ``open, high, low, close, volume`` (float64).
Series files hold ``timestamp`` and one value: ``rate`` (funding) or ``open_interest``.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa

from core.candle import Candles, Floats, Ints
from core.errors import DataError
from market.port import Series

SeriesKind = Literal["funding", "open_interest"]

TIME: Final = "timestamp"
CANDLE_COLUMNS: Final = ("open", "high", "low", "close", "volume")
SERIES_COLUMN: Final[dict[SeriesKind, str]] = {"funding": "rate", "open_interest": "open_interest"}


def empty_series() -> Series:
    """No rows at all."""
    return np.empty(0, np.int64), np.empty(0, np.float64)


def candles_to_table(candles: Candles) -> Any:
    """Arrow table with the columns of a candle file."""
    return pa.table({TIME: candles.ts_ms, **{name: getattr(candles, name) for name in CANDLE_COLUMNS}})


def series_to_table(kind: SeriesKind, series: Series) -> Any:
    """Arrow table with the columns of a series file."""
    return pa.table({TIME: series[0], SERIES_COLUMN[kind]: series[1]})


def times(table: Any, what: str) -> Ints:
    """int64[n] opening times. Raises DataError naming ``what`` when the column is missing or not a number."""
    ts_ms: Ints = column(table, TIME, np.int64, what)
    return ts_ms


def table_to_candles(table: Any, timeframe: str, what: str) -> Candles:
    """Candles, checked. Raises DataError naming ``what`` for missing columns and unsound candles."""
    columns = [column(table, name, np.float64, what) for name in CANDLE_COLUMNS]
    return Candles(timeframe, times(table, what), *columns).checked(what)


def table_to_series(table: Any, kind: SeriesKind, what: str) -> Series:
    """A series, checked: finite values, times increasing strictly. Raises DataError naming ``what``."""
    return checked_series(times(table, what), column(table, SERIES_COLUMN[kind], np.float64, what), what)


def checked_series(ts_ms: Ints, values: Floats, what: str) -> Series:
    """The series, proven sound. Raises DataError naming ``what``, the row and its time."""
    for complaint, wrong in (
        ("is out of order or doubled", np.diff(ts_ms, prepend=ts_ms[:1] - 1) <= 0),
        ("is not a number", ~np.isfinite(values)),
    ):
        if wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(f"{what}: row {row} at {np.datetime64(int(ts_ms[row]), 'ms')}Z {complaint}")
    return ts_ms, values


def cut(series: Series, from_ms: int, to_ms: int) -> Series:
    """The part of a series inside the half-open span [from_ms, to_ms)."""
    start, stop = np.searchsorted(series[0], [from_ms, to_ms])
    return series[0][start:stop], series[1][start:stop]


def merge(old: Any, new: Any) -> Any:
    """Rows of both tables by time; at times that both have, the rows of ``new``.

    Columns that only one of them has are left out.
    """
    common = [name for name in old.column_names if name in new.column_names]
    old, new = old.select(common), new.select(common)
    stays = ~np.isin(old.column(TIME).to_numpy(), new.column(TIME).to_numpy())
    both = pa.concat_tables([old.filter(pa.array(stays)), new.cast(old.schema)])
    return both.take(pa.array(np.argsort(both.column(TIME).to_numpy(), kind="stable")))


def column(table: Any, name: str, dtype: type[np.generic], what: str) -> Any:
    """A column as an array. Raises DataError naming ``what`` when it is missing, has empty cells or no numbers."""
    if name not in table.column_names:
        raise DataError(f"{what}: column {name!r} is missing; there are {', '.join(table.column_names)}")
    cells = table.column(name)
    if cells.null_count:
        raise DataError(f"{what}: column {name!r} has {cells.null_count} empty cells")
    if not (pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type)):
        raise DataError(f"{what}: column {name!r} holds {cells.type}, not numbers")
    return np.ascontiguousarray(cells.to_numpy(), dtype=dtype)
