"""What both libraries are asked for: the deals of a year of hours, each with one unit of the base asset."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.candle import Candles, Floats
from tests.contract.strategies import candles
from tests.shared import shared_path

YEAR_2024_MS = (1_704_067_200_000, 1_735_689_600_000)
FEE = 0.0005


class Deal(NamedTuple):
    """One trade from its entry to its exit; net of both fees, in quote currency."""

    opened_ms: int
    closed_ms: int
    direction: int
    entry: float
    exit: float
    net: float


class Rules(NamedTuple):
    """The three strategies' numbers."""

    fast: int = 12
    slow: int = 48
    stop: float = 0.01
    target: float = 0.015
    channel: int = 20
    way_out: int = 10


RULES = Rules()


def year() -> Candles:
    """BTC's hours of 2024; skips the calling test without shared data."""
    from market.source import open_source  # Parquet is not needed where there is no shared data

    source = open_source(str(shared_path("data", "BINANCE_FUTURES")))
    return source.read("BTC-USDT", "1h", *YEAR_2024_MS)


def walk_with_gaps(count: int = 4000) -> Candles:
    """A random walk of which every second candle is missing, so that opens jump over prices."""
    whole = candles("1h", 5, 2 * count, 0.006)
    columns = (whole.open, whole.high, whole.low, whole.close, whole.volume)
    return Candles("1h", whole.ts_ms[:count].copy(), *(np.ascontiguousarray(column[::2]) for column in columns))


def side_of_average(close: Floats, average: Floats) -> Floats:
    """+1 above, -1 below, 0 on it or while it is unknown."""
    return np.nan_to_num(np.sign(close - average))
