"""Timeframes such as ``1m`` or ``4h`` and their arithmetic on UTC milliseconds."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_UNIT_MS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_PATTERN: Final = re.compile(r"([1-9][0-9]*)([mhd])")

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000


@lru_cache(maxsize=64)
def timeframe_ms(timeframe: str) -> int:
    """Length of a timeframe in milliseconds.

    Raises ValueError unless it is a number and one of m, h, d, and divides a day or is a multiple of one.

    >>> timeframe_ms("15m")
    900000
    """
    match = _PATTERN.fullmatch(timeframe)
    if match is None:
        raise ValueError(f"timeframe {timeframe!r}: allowed is a number and m, h or d, such as 1m, 15m, 4h, 1d")
    length = int(match[1]) * _UNIT_MS[match[2]]
    if DAY_MS % length and length % DAY_MS:
        raise ValueError(f"timeframe {timeframe!r}: does not divide a day")
    return length


def floor_to(ts_ms: int, timeframe: str) -> int:
    """Opening time (UTC ms) of the candle of ``timeframe`` that contains ``ts_ms``."""
    length = timeframe_ms(timeframe)
    return ts_ms - ts_ms % length
