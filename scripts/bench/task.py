"""The reference task: envelope DCA, long, 17,520 hourly candles, 324 combinations, in a dense and a sparse grid."""

from __future__ import annotations

import importlib
import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from core.candle import Candles
from core.errors import InputError
from core.timeframe import HOUR_MS, MINUTE_MS, timeframe_ms
from market.port import CandleSource
from market.source import open_source
from strategies.envelope_dca import EnvelopeParams

CANDLES: Final = 17_520
MINUTES: Final = 318_000
GRIDS: Final[dict[str, tuple[tuple[float, ...], ...]]] = {
    "dense": ((5, 7, 10), (2, 3, 4), (0.010, 0.015, 0.020), (0.005, 0.0075, 0.010), (0.02, 0.03, 0.05, 0.08)),
    "sparse": ((5, 7, 10), (2, 3, 4), (0.05, 0.07, 0.10), (0.02, 0.03, 0.05), (0.15, 0.20, 0.25, 0.30)),
}


class Tape(NamedTuple):
    """Candles to measure on, and where they are from."""

    candles: Candles
    source: str


def tape(data: str) -> Tape:
    """The last 17,520 hours of BTC in ``data``, in the shared data when that is at hand, else a seeded walk."""
    path = data or str(shared() / "data" / "BINANCE_FUTURES")
    if data or Path(path).is_dir():
        source: CandleSource = open_source(path)
        first, last = source.span("BTC-USDT", "1h")
        candles = source.read("BTC-USDT", "1h", max(first, last - (CANDLES - 1) * HOUR_MS), last + HOUR_MS)
        if len(candles) < 1000:
            raise InputError(f"{path}: {len(candles)} hours of BTC-USDT are too few to measure on: at least 1000")
        return Tape(candles, "real BTC hours")
    return Tape(walk(CANDLES), "a seeded random walk")


def minutes(data: str) -> Tape:
    """All minutes of BTC in ``data``, in the shared data when that is at hand, else a seeded walk of as many."""
    path = data or str(shared() / "data" / "BINANCE_SPOT")
    if Path(path).is_dir():
        source: CandleSource = open_source(path)
        if "1m" in source.timeframes("BTC-USDT"):
            first, last = source.span("BTC-USDT", "1m")
            return Tape(source.read("BTC-USDT", "1m", first, last + MINUTE_MS), "real BTC minutes")
    return Tape(walk(MINUTES, "1m"), "a seeded random walk")


def walk(count: int, timeframe: str = "1h", seed: int = 7) -> Candles:
    """A random walk with jumps, 12 steps a candle, as restless as hours of BTC are whatever the timeframe."""
    rng = np.random.default_rng(seed)
    length = timeframe_ms(timeframe)
    hours = length / HOUR_MS
    steps = rng.normal(0.0, 0.006 * np.sqrt(hours / 12), count * 12)
    jumps = rng.random(count * 12) < 0.001 * hours
    steps[jumps] += rng.normal(0.0, 0.025, int(jumps.sum()))
    path = 40_000.0 * np.exp(np.cumsum(steps - steps.mean())).reshape(count, 12)
    close = np.ascontiguousarray(path[:, -1])
    opened = np.concatenate(([40_000.0], close[:-1]))
    ts = 1_700_006_400_000 // length * length + np.arange(count, dtype=np.int64) * length
    high, low = np.maximum(path.max(1), opened), np.minimum(path.min(1), opened)
    return Candles(timeframe, ts, opened, high, low, close, rng.gamma(2.0, 50.0, count))


def combinations(grid: str) -> list[EnvelopeParams]:
    """The 324 parameter sets of a grid, built without checking each: grids are checked by value."""
    return [
        EnvelopeParams.model_construct(
            ma_period=int(period), num_levels=int(levels), envelope_start=start, envelope_step=step, stop_fraction=stop
        )
        for period, levels, start, step, stop in itertools.product(*GRIDS[grid])
    ]


def shared() -> Path:
    """Where the reference task's own prototypes and data lie, if at all."""
    return Path(os.environ.get("SCALP_RADAR_SHARED") or Path(__file__).resolve().parents[3] / "shared")


def prototype(grid: str, candles: Candles) -> Callable[[], object] | None:
    """The prototype v1 on the same candles, None when it is not at hand."""
    folder = shared() / "bench"
    if not (folder / "sweep_numba.py").exists():
        return None
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    module: Any = importlib.import_module("sweep_numba")
    common: Any = importlib.import_module("common")
    columns = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    o, h, low, c, _, _, averages, rows, values, _, end = module.setup(grid, len(candles), columns)
    batch, out = module.make_batch(module.make_scalar()), np.zeros((len(rows), 6))
    return lambda: batch(
        o, h, low, c, averages, common.WARM, end, values["pi"], values["n"], values["off0"], values["step"],
        values["sl"], out,
    )
