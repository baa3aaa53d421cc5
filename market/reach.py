"""When the first and the last row of a Parquet file are, by what stands at the file's end."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from market.files import read_parquet, unreadable
from market.tables import TIME, times


def reach(filesystem: Any, path: str) -> tuple[int, int] | None:
    """The least and the greatest time (UTC ms) in a file; None when it holds no rows.

    Raises DataError naming the file when it is damaged or cannot be read.
    """
    try:
        told = _told(pq.ParquetFile(path, filesystem=filesystem).metadata)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if told:
        return min(least for least, _ in told), max(greatest for _, greatest in told)
    ts_ms = times(read_parquet(filesystem, path, [TIME]), path)  # whoever wrote the file did not say
    return (int(ts_ms.min()), int(ts_ms.max())) if len(ts_ms) else None


def _told(metadata: Any) -> list[tuple[int, int]]:
    """Least and greatest time of each group of rows; nothing unless all groups say so."""
    told = []
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        columns = [group.column(i) for i in range(group.num_columns)]
        found = next((c.statistics for c in columns if c.path_in_schema == TIME), None)
        if found is None or not found.has_min_max or not isinstance(found.min, int):
            return []
        told.append((found.min, found.max))
    return told
