"""Kinds of market for reports, a label a day; the filters for strategies are `indicators.regime`'s."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.int8]

CRASH_DAYS: Final = 3
TREND_DAYS: Final = 30
CRASH_RETURN: Final = -0.15
TREND_RETURN: Final = 0.10


class Label(IntEnum):
    """What a report says of a day."""

    UNKNOWN = 0
    BULL = 1
    BEAR = 2
    RANGE = 3
    CRASH = 4


def labels(daily_close: Floats) -> Flags:
    """`Label` of each day for reports, int8[n], from the asset's own closes of consecutive UTC days.

    Day t uses closes up to t: CRASH when the return over `CRASH_DAYS` is at or below `CRASH_RETURN`; else BULL or BEAR
    when the return over `TREND_DAYS` is beyond `TREND_RETURN` either way; else RANGE. UNKNOWN where a close that is
    needed is NaN or lies before the first; a crash is known from the `CRASH_DAYS`-th row on.
    """
    crash, month = _before(daily_close, CRASH_DAYS), _before(daily_close, TREND_DAYS)
    cases = [
        daily_close <= (1.0 + CRASH_RETURN) * crash,
        np.isnan(daily_close) | np.isnan(crash) | np.isnan(month),
        daily_close > (1.0 + TREND_RETURN) * month,
        daily_close < (1.0 - TREND_RETURN) * month,
    ]
    found = [Label.CRASH, Label.UNKNOWN, Label.BULL, Label.BEAR]
    return np.select(cases, [np.int8(label) for label in found], np.int8(Label.RANGE)).astype(np.int8)


def _before(values: Floats, rows: int) -> Floats:
    """The values of so many rows before, NaN where there is none."""
    out = np.full(len(values), np.nan)
    out[rows:] = values[: max(len(values) - rows, 0)]
    return out
