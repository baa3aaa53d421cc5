"""A market in which a ladder fills and ends about every other hour: falls that recover at once, later, or never."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.candle import Candles
from core.settings import StrategyEntry
from core.timeframe import HOUR_MS
from tests.actors.street import ENTRY, START_MS

PRICES: Final = {"BTC-USDT": 60_000.0, "ETH-USDT": 2_500.0, "SOL-USDT": 150.0}
_DIGITS: Final = {"BTC-USDT": 1, "ETH-USDT": 2, "SOL-USDT": 3}
TRADED: Final[StrategyEntry] = ENTRY.model_copy(
    update={"symbols": tuple(PRICES), "capital_usdt": 9_000, "capital_fraction": 0.1}
)
"""A small fraction, so that a rich market does not make sizes meet the limits of risk."""
HISTORY: Final = 20
LONGEST: Final = 400
"""Hours that are drawn, so that every length begins with the same ones."""
_FALLS: Final = (0.0, 0.06, 0.08, 0.105, 0.30)
"""How deep an hour falls: not at all, to the first, the second, the third level, through the stop."""
_CHANCES: Final = (0.10, 0.30, 0.27, 0.23, 0.10)
_STAYS: Final = 0.2
"""Chance that a fall to a level is not over with its hour."""


def market(hours: int, seed: int = 1) -> dict[str, Candles]:
    """Hours of every symbol, and two more; the same at every call."""
    return {
        symbol: _column(hours + 2, price, _DIGITS[symbol], seed + i) for i, (symbol, price) in enumerate(PRICES.items())
    }


def _column(hours: int, price: float, digits: int, seed: int) -> Candles:
    draw = np.random.default_rng(seed)
    n = LONGEST + HISTORY
    fall = draw.choice(_FALLS, n, p=_CHANCES)
    fall[: HISTORY + 1] = 0.0
    stays = (draw.random(n) < _STAYS) & (fall > 0) & (fall < _FALLS[-1])
    level = price * np.exp(0.002 * draw.standard_normal(n))
    close = np.where(stays, level * (1 - fall / 2), level).round(digits)
    open_ = np.concatenate([[price], close[:-1]])
    high = np.round(np.maximum(open_, close) * 1.001, digits)
    low = np.round(np.minimum(np.minimum(open_, close) * 0.999, price * (1 - fall)), digits)
    ts = START_MS + (np.arange(n) - HISTORY) * HOUR_MS
    column = Candles("1h", ts.astype(np.int64), open_, high, low, close, np.full(n, 100.0)).checked("chaos")
    return column.slice(0, hours + HISTORY)
