"""The combinations of a run as one binary body, which a browser reads in place.

uint32, little endian    length of the header
header                   JSON: rows, window, columns in their order, padded with spaces to a multiple of 4
columns                  parameters uint16 (positions in their values), figures float32, each padded to 4 bytes
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from core.candle import Floats
from optimization.combinations import Combinations

_QUANTILES: Final = {"low": 0.0, "p2": 0.02, "p25": 0.25, "median": 0.5, "p75": 0.75, "p98": 0.98, "high": 1.0}


def body(read: Combinations, figures: Sequence[str], window: int | None) -> bytes:
    """Every parameter, and ``figures``, of all combinations. Raises DataError for what is not there."""
    columns: list[dict[str, Any]] = []
    parts: list[bytes] = []
    rows = 0
    for name in read.names:
        axis, codes = read.parameter(name)
        rows = len(codes)
        columns.append({"name": name, "type": "uint16", "values": list(axis.values)})
        parts.append(_padded(codes.astype("<u2").tobytes()))
    for figure in figures:
        values = read.figure(figure, window)
        rows = len(values)
        columns.append({"name": figure, "type": "float32", "statistics": _statistics(values)})
        parts.append(values.astype("<f4").tobytes())
    header = json.dumps({"rows": rows, "window": window, "columns": columns}, allow_nan=False).encode()
    header += b" " * (-len(header) % 4)
    return b"".join((struct.pack("<I", len(header)), header, *parts))


def _statistics(values: Floats) -> dict[str, float]:
    """What a drawing needs beside the values: its range, its middle, how much of it is above 0."""
    if not len(values):
        return dict.fromkeys((*_QUANTILES, "positive"), 0.0)
    found = np.quantile(values, list(_QUANTILES.values()))
    return {**dict(zip(_QUANTILES, map(float, found), strict=True)), "positive": float((values > 0.0).mean())}


def _padded(packed: bytes) -> bytes:
    return packed + b"\0" * (-len(packed) % 4)
