"""Speed of a walk-forward optimisation, from arrays to verdicts: five assets, 324 combinations, nine windows."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from core.candle import Candles
from core.timeframe import DAY_MS, HOUR_MS
from engine.breakdown import Regimes
from engine.span import span
from indicators.regime import labels
from market.port import CandleSource
from market.source import open_source
from optimization.walkforward.grid import grid_of
from optimization.walkforward.job import Job
from optimization.walkforward.material import Material, of_arrays, slowest
from optimization.walkforward.outcome import Outcome
from optimization.walkforward.port import Forgetful
from optimization.walkforward.run import run
from optimization.walkforward.threads import Threads
from scripts.bench.engine import COSTS
from scripts.bench.figures import Figure, at_most, interleaved
from scripts.bench.task import GRIDS, shared, walk
from strategies.discovery import AnyStrategy
from strategies.envelope_dca import EnvelopeDca

SYMBOLS: Final = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "DOGE-USDT", "LINK-USDT")
NAMES: Final = ("ma_period", "num_levels", "envelope_start", "envelope_step", "stop_fraction")
DAYS: Final = 731
"""Two years, and a day for the purge of each grid: nine windows of 180 and 60 days."""

GOAL_S: Final = 0.4


def measure(data: str) -> list[Figure]:
    """Seconds of CPU for all five assets, verdicts included, on one core, everything compiled."""
    return [figure(grid, data) for grid in GRIDS]


def figure(grid: str, data: str) -> Figure:
    """One grid on the last two years in ``data``, in the shared data when that is at hand, else on seeded walks."""
    candles, source = tapes(data)
    tasks = [prepared(grid, symbol, c) for symbol, c in zip(SYMBOLS, candles, strict=True)]

    def whole() -> list[Outcome]:
        return [run(job, material, Threads(1), Forgetful(), code_version="bench") for job, material in tasks]

    outcomes = whole()
    spent = interleaved({"whole": whole}, 5)["whole"]
    walked = sum(outcome.candle_combinations for outcome in outcomes)
    windows = sum(len(outcome.windows) for outcome in outcomes)
    beside = f"{walked / 1e6:.0f} M candle-combinations, {spent / walked * 1e9:.2f} ns each, {windows} windows in all"
    return at_most(f"walk-forward, {grid}, 5 assets, on {source}", spent, "s", GOAL_S, beside)


def tapes(data: str) -> tuple[list[Candles], str]:
    """Hours of five assets, and where they are from."""
    path = data or str(shared() / "data" / "BINANCE_FUTURES")
    if Path(path).is_dir():
        source: CandleSource = open_source(path)
        if set(SYMBOLS) <= set(source.symbols()):
            return [_last(source, symbol) for symbol in SYMBOLS], "real hours"
    return [walk(DAYS * 24, seed=seed) for seed in range(len(SYMBOLS))], "seeded random walks"


def prepared(grid: str, symbol: str, candles: Candles) -> tuple[Job, Material]:
    """The job and its arrays."""
    strategy: AnyStrategy = EnvelopeDca()
    from_ms, to_ms = int(candles.ts_ms[0]), int(candles.ts_ms[-1]) + HOUR_MS
    values = grid_of(strategy.Params, dict(zip(NAMES, GRIDS[grid], strict=True)), {})
    job = Job(strategy.name, symbol, "1h", from_ms, to_ms, values, COSTS, 10_000.0)
    regimes = Regimes(from_ms // DAY_MS, labels(np.ascontiguousarray(candles.close[23::24])))
    ready = strategy.warmup(slowest(strategy, values))
    return job, of_arrays(strategy, candles, {}, candles, span(candles).packed, regimes, ready)


def _last(source: CandleSource, symbol: str) -> Candles:
    first, last = source.span(symbol, "1h")
    return source.read(symbol, "1h", max(first, last + HOUR_MS - DAYS * DAY_MS), last + HOUR_MS)
