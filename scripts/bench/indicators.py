"""What an indicator costs that remembers its past row by row."""

from __future__ import annotations

from typing import Final

from indicators.supertrend import supertrend
from scripts.bench.figures import Figure, at_most, interleaved
from scripts.bench.task import walk

CANDLES: Final = 48_000
GOAL_MS: Final = 0.3


def measure() -> list[Figure]:
    """SuperTrend, average true range included."""
    c = walk(CANDLES)
    supertrend(c.high, c.low, c.close, 10, 3.0)
    spent = interleaved({"run": lambda: supertrend(c.high, c.low, c.close, 10, 3.0)}, 51)["run"]
    return [at_most("SuperTrend of 48,000 candles", spent * 1e3, "ms", GOAL_MS)]
