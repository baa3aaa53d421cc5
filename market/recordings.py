"""Order books and public trades between Arrow tables and the vocabulary in memory.

Book files hold ``timestamp`` and, for each level k from 0 on, ``bid_px_k``, ``bid_qty_k``, ``ask_px_k``, ``ask_qty_k``.
Trade files hold ``timestamp``, ``price``, ``qty`` and ``buyer_is_maker`` (1: the aggressor sold).
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa

from core.errors import DataError
from core.recordings import BookSnapshots, Depth, PublicTrades
from market.tables import TIME, column, times

RecordingKind = Literal["book", "trades"]
Recording = BookSnapshots | PublicTrades

RECORDING_FILE: Final[dict[RecordingKind, str]] = {"book": "book*.parquet", "trades": "trades*.parquet"}
_PARTS: Final = ("bid_px", "bid_qty", "ask_px", "ask_qty")
_LEVEL: Final = re.compile(r"bid_px_(\d+)")


def recording_kind(name: str) -> RecordingKind | None:
    """What a file of this name records, as ``book_top20_1s.parquet``; None for other files, and for content names."""
    return next((kind for kind, pattern in RECORDING_FILE.items() if fnmatchcase(name, pattern)), None)


def table_to_book(table: Any, what: str) -> BookSnapshots:
    """Snapshots, checked. Raises DataError naming ``what`` for missing columns and unsound snapshots."""
    levels = 1 + max((int(m[1]) for n in table.column_names if (m := _LEVEL.fullmatch(n))), default=0)
    return BookSnapshots(times(table, what), *(_side(table, part, levels, what) for part in _PARTS)).checked(what)


def table_to_trades(table: Any, what: str) -> PublicTrades:
    """Trades, checked. Raises DataError naming ``what`` for missing columns and unsound trades."""
    maker = column(_numbered(table), "buyer_is_maker", np.int64, what)
    strange = (maker != 0) & (maker != 1)
    if strange.any():
        row = int(np.argmax(strange))
        raise DataError(f"{what}: row {row}: buyer_is_maker = {int(maker[row])}: allowed are 0 and 1")
    trades = PublicTrades(
        times(table, what), column(table, "price", np.float64, what), column(table, "qty", np.float64, what),
        (1 - 2 * maker).astype(np.int8),
    )
    return trades.checked(what)


def table_to_recording(table: Any, kind: RecordingKind, what: str) -> Recording:
    """A table of either kind, checked. Raises DataError naming ``what``."""
    return table_to_book(table, what) if kind == "book" else table_to_trades(table, what)


def kind_of(recording: Recording) -> RecordingKind:
    """What a recording is called in paths and tables."""
    return "book" if isinstance(recording, BookSnapshots) else "trades"


def recording_to_table(recording: Recording) -> Any:
    """Arrow table with the columns of a book's or of trades' file."""
    if isinstance(recording, PublicTrades):
        maker = (recording.side < 0).astype(np.int8)
        values = {"price": recording.price, "qty": recording.quantity, "buyer_is_maker": maker}
        return pa.table({TIME: recording.ts_ms} | values)
    columns = {
        f"{part}_{k}": np.ascontiguousarray(side[:, k])
        for part, side in zip(_PARTS, _sides(recording), strict=True)
        for k in range(side.shape[1])
    }
    return pa.table({TIME: recording.ts_ms} | columns)


def _sides(book: BookSnapshots) -> tuple[Depth, ...]:
    return book.bid_price, book.bid_quantity, book.ask_price, book.ask_quantity


def _numbered(table: Any) -> Any:
    """The table with truth values of ``buyer_is_maker`` as 0 and 1: dumps have it in both ways."""
    place = table.schema.get_field_index("buyer_is_maker")
    if place < 0 or not pa.types.is_boolean(table.schema.field(place).type):
        return table
    return table.set_column(place, "buyer_is_maker", table.column(place).cast(pa.int8()))


def _side(table: Any, part: str, levels: int, what: str) -> Depth:
    """float64[n, levels] of one kind of number."""
    return np.stack([column(table, f"{part}_{k}", np.float64, what) for k in range(levels)], axis=1)
