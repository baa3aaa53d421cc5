"""The verdict on one member of a family."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from core.candle import Candles
from core.timeframe import HOUR_MS
from engine.breakdown import Regimes
from engine.costs import Costs
from engine.span import span
from indicators.regime import labels
from optimization.walkforward.grid import grid_of
from optimization.walkforward.job import Job
from optimization.walkforward.material import of_arrays
from optimization.walkforward.outcome import Outcome
from optimization.walkforward.port import Forgetful
from optimization.walkforward.run import run
from optimization.walkforward.threads import Threads
from strategies.discovery import AnyStrategy
from tests.verdict.families import START_MS, AfterSpikes, RandomEntries, fair, planted

CALM: Final = Costs(leverage=1.0)
FREE: Final = Costs(leverage=1.0).free()
"""Without costs, since with them random entries lose and are refused for that."""

RANDOM_GRID: Final = {
    "pick": tuple(range(20)), "hold": (6, 12, 24, 48), "stop_fraction": (0.03, 0.06, 0.12),
}
SPIKE_GRID: Final = {
    "delay": (0, 1, 2, 3, 4, 5), "hold": (8, 12, 16), "stop_fraction": (0.08, 0.12),
}
"""The later, the less is left. Were all combinations equally good, none could be chosen well: overfitting would be
found half of the time, however good they are."""


def lucky(seed: int, days: int) -> Outcome:
    """The best of 240 random series of entries, again and again, in a fair market without costs."""
    return judged(RandomEntries(), RANDOM_GRID, fair(days, seed), FREE)


def skilled(seed: int, days: int) -> Outcome:
    """A strategy that knows what moves the market, with costs."""
    return judged(AfterSpikes(), SPIKE_GRID, planted(days, seed), CALM)


def judged(strategy: AnyStrategy, grid: dict[str, Any], candles: Candles, costs: Costs, **changes: Any) -> Outcome:
    """The walk-forward run over all candles; ``changes`` are fields of the job."""
    from_ms, to_ms = int(candles.ts_ms[0]), int(candles.ts_ms[-1]) + HOUR_MS
    fields: dict[str, Any] = {
        "strategy": strategy.name, "symbol": "BTC-USDT", "timeframe": "1h", "from_ms": from_ms, "to_ms": to_ms,
        "grid": grid_of(strategy.Params, grid, {}), "costs": costs, "capital": 10_000.0,
    }
    days = labels(np.ascontiguousarray(candles.close[23::24]))
    regimes = Regimes(START_MS // (24 * HOUR_MS), days)
    material = of_arrays(strategy, candles, {}, candles, span(candles).packed, regimes, 0)
    return run(Job(**{**fields, **changes}), material, Threads(1), Forgetful(), code_version="test")
