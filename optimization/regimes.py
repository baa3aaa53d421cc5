"""Which days of an asset were bull, bear, range or crash, from everything that is stored of it."""

from __future__ import annotations

import numpy as np

from core.errors import DataError
from core.timeframe import DAY_MS
from engine.breakdown import Regimes
from indicators.regime import labels
from market.port import BEGINNING_MS, END_MS, CandleSource


def daily_regimes(source: CandleSource, symbol: str) -> Regimes:
    """Labels of all days from the first to the last whole one that is stored; none where no whole day is."""
    try:
        days = source.read(symbol, "1d", BEGINNING_MS, END_MS)
    except DataError:
        return Regimes(0, np.empty(0, np.int8))
    numbers = days.ts_ms // DAY_MS
    closes = np.full(int(numbers[-1] - numbers[0]) + 1, np.nan)  # a day without candles has no close
    closes[numbers - numbers[0]] = days.close
    return Regimes(int(numbers[0]), labels(closes))
