"""The public trades of a minute: one at the end of each leg of its path, a third of its volume each."""

from __future__ import annotations

import zlib
from typing import NamedTuple

from core.candle import Candle
from core.instrument import Instrument
from core.timeframe import MINUTE_MS
from sandbox.path import turning_points


class TapeTrade(NamedTuple):
    """A public trade; ``side`` is the taker's, ``Buy`` or ``Sell`` in lower case."""

    trade_id: int
    price: float
    size: float
    side: str
    ts_ms: int


def trades_of(minute: Candle, rules: Instrument) -> list[TapeTrade]:
    """Three trades, oldest first; the same minute always gives the same trades and ids."""
    points = turning_points(minute.open, minute.high, minute.low, minute.close)
    step = rules.step or 1e-6
    size = max(minute.volume / 3 // step, 1.0) * step
    base = (minute.ts_ms // MINUTE_MS) * 10_000_000 + zlib.crc32(rules.symbol.encode()) % 1_000_000 * 10
    return [
        TapeTrade(
            base + leg, points[leg + 1], round(size, 10), "buy" if points[leg + 1] >= points[leg] else "sell",
            minute.ts_ms + (leg + 1) * (MINUTE_MS // 3) - 1,
        )
        for leg in range(3)
    ]
