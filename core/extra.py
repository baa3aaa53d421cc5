"""Columns beside candles, as strategies see them: row t holds what was known when candle t closed.

Law: a value of time s is known at a close of time c when s < c, and no sooner: what is settled at the very moment of
the close is published after it, so live it could not be known either. NaN is "unknown". What is older than its bound
is unknown too: after a hole in the data the last value before it says nothing about now.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from core.candle import Candles, Floats, Ints
from core.timeframe import HOUR_MS, timeframe_ms

FUNDING_STALE_MS: Final = 24 * HOUR_MS
"""Three of the longest usual funding intervals (8 h)."""

OPEN_INTEREST_STALE_MS: Final = 2 * HOUR_MS
"""Dumps hold it hourly; one missing value is bridged, no more."""


def last_known(candles: Candles, ts_ms: Ints, values: Floats, stale_ms: int) -> tuple[Floats, Floats]:
    """The last value known at each close, and its time.

    Parameters
    ----------
    candles : n of any timeframe.
    ts_ms, values : int64[m] UTC ms, increasing, and float64[m].
    stale_ms : a value older than this at the close is unknown.

    Returns
    -------
    values float64[n] and UTC ms as float64[n]; NaN where nothing is known.
    """
    closes = candles.ts_ms + timeframe_ms(candles.timeframe)
    at = np.searchsorted(ts_ms, closes, side="left") - 1
    out, when = np.full(len(closes), np.nan), np.full(len(closes), np.nan)
    known = at >= 0
    known[known] = closes[known] - ts_ms[at[known]] <= stale_ms
    out[known], when[known] = values[at[known]], ts_ms[at[known]]
    return out, when


def funding_columns(candles: Candles, ts_ms: Ints, rates: Floats) -> dict[str, Floats]:
    """``funding``, the last settled rate (fraction per interval), and ``funding_ms``, when it was settled (UTC ms).

    float64[n] each; row t knows settlements before the close of candle t. NaN before the first settlement and more than
    `FUNDING_STALE_MS` after one.
    """
    funding, funding_ms = last_known(candles, ts_ms, rates, FUNDING_STALE_MS)
    return {"funding": funding, "funding_ms": funding_ms}


def open_interest_columns(candles: Candles, ts_ms: Ints, values: Floats) -> dict[str, Floats]:
    """``open_interest`` in US dollars, float64[n]: the last value before the close of candle t.

    NaN before the first and when the last is older than `OPEN_INTEREST_STALE_MS`.
    """
    return {"open_interest": last_known(candles, ts_ms, values, OPEN_INTEREST_STALE_MS)[0]}
