"""Closed trades as a file: CSV, or Parquet with the same columns."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from api.review_models import TradeLine

COLUMNS: Final = (
    "id", "scope", "strategy", "symbol", "cycle", "direction", "opened_ms", "ts_ms", "held_ms", "levels", "quantity",
    "average", "exit_price", "notional", "gross", "fees", "funding", "net", "net_fraction", "against_bps", "cause",
    "reason",
)
_TIMES: Final = {"opened_ms": "opened_utc", "ts_ms": "closed_utc"}


def as_csv(lines: Sequence[TradeLine]) -> bytes:
    """One row a trade; full numbers with a dot, times also as UTC; what is undefined is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, *_TIMES.values()))
    for line in lines:
        writer.writerow((*(getattr(line, name) for name in COLUMNS), *(_utc(getattr(line, name)) for name in _TIMES)))
    return text.getvalue().encode()


def as_parquet(lines: Sequence[TradeLine]) -> bytes:
    """The same in columns; times are timestamps as well."""
    if sys.modules.get("pyarrow", "") is None:
        del sys.modules["pyarrow"]  # shut out of actors' processes by `actors.wiring.lean`; here it is wanted
    # Here, since pyarrow would stand in the memory of every API.
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"levels": pa.int64(), "cycle": pa.int64(), "direction": pa.int64(), "held_ms": pa.int64()}
    words = ("id", "scope", "strategy", "symbol", "cause", "reason")
    columns: dict[str, Any] = {}
    for name in COLUMNS:
        kind = pa.string() if name in words else pa.int64() if name in _TIMES else types.get(name, pa.float64())
        columns[name] = pa.array([getattr(line, name) for line in lines], kind)
    for name, shown in _TIMES.items():
        columns[shown] = columns[name].cast(pa.timestamp("ms", tz="UTC"))
    into = io.BytesIO()
    pq.write_table(pa.table(columns), into, compression="zstd")
    return into.getvalue()


def _utc(ts_ms: int) -> str:
    return datetime.fromtimestamp(ts_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
