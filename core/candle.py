"""Candles: one as a tuple for messages, many as columns for everything that computes.

A candle's time is the moment it opens, in UTC milliseconds. Prices are in quote currency, volume in base.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.timeframe import timeframe_ms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Candle(NamedTuple):
    """One closed candle; ``ts_ms`` is its opening time (UTC)."""

    ts_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, eq=False, slots=True)
class Candles:
    """Closed candles of one symbol and timeframe, oldest first.

    Columns are C-contiguous arrays of one length: ``ts_ms`` int64, the others float64. Times increase strictly;
    there may be gaps. ``checked`` proves the rules below; builders that read foreign data must call it.
    """

    timeframe: str
    ts_ms: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.ts_ms)

    @classmethod
    def of(cls, timeframe: str, rows: Iterable[Candle | tuple[float, ...]]) -> Candles:
        """Columns from rows ``(ts_ms, open, high, low, close, volume)``."""
        given = [tuple(row) for row in rows]
        table = np.array(given, dtype=np.float64).reshape(len(given), 6)
        columns = [np.ascontiguousarray(table[:, i]) for i in range(1, 6)]
        return cls(timeframe, table[:, 0].astype(np.int64), *columns)

    @classmethod
    def empty(cls, timeframe: str) -> Candles:
        """No candles at all."""
        return cls.of(timeframe, [])

    def candle(self, i: int) -> Candle:
        """Row ``i`` as one candle."""
        return Candle(
            int(self.ts_ms[i]), float(self.open[i]), float(self.high[i]), float(self.low[i]),
            float(self.close[i]), float(self.volume[i]),
        )

    def rows(self) -> list[Candle]:
        """Every row, oldest first."""
        return [self.candle(i) for i in range(len(self))]

    def slice(self, start: int, stop: int) -> Candles:
        """Rows [start, stop) as views."""
        cut = slice(start, stop)
        return Candles(
            self.timeframe, self.ts_ms[cut], self.open[cut], self.high[cut], self.low[cut], self.close[cut],
            self.volume[cut],
        )

    def between(self, from_ms: int, to_ms: int) -> Candles:
        """Candles that open in the half-open span [from_ms, to_ms)."""
        start, stop = np.searchsorted(self.ts_ms, [from_ms, to_ms])
        return self.slice(int(start), int(stop))

    def checked(self, what: str) -> Candles:
        """Self, proven sound. Raises DataError naming ``what``, the row and its time otherwise.

        Finite positive prices, low <= min(open, close), high >= max(open, close), volume >= 0, times on the
        timeframe's grid, strictly increasing.
        """
        faults = (
            ("has a time off its grid", self.ts_ms % timeframe_ms(self.timeframe) != 0),
            ("is out of order or doubled", np.diff(self.ts_ms, prepend=self.ts_ms[:1] - 1) <= 0),
            ("has a price that is not a positive number", ~_positive(self.open, self.high, self.low, self.close)),
            ("has its low above its open or close", self.low > np.minimum(self.open, self.close)),
            ("has its high below its open or close", self.high < np.maximum(self.open, self.close)),
            ("has a negative or undefined volume", ~(self.volume >= 0) | ~np.isfinite(self.volume)),
        )
        for complaint, wrong in faults:
            if wrong.any():
                row = int(np.argmax(wrong))
                when = np.datetime64(int(self.ts_ms[row]), "ms")
                raise DataError(f"{what}: candle {row} at {when}Z {complaint}")
        return self


def _positive(*columns: Floats) -> NDArray[np.bool_]:
    """bool[n]: every column is finite and above zero."""
    good = np.ones(len(columns[0]), dtype=np.bool_)
    for column in columns:
        good &= np.isfinite(column) & (column > 0)
    return good
