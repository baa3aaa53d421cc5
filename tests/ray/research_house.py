"""Everything an optimizer needs, in a folder: candles of the small job in a store, and the configuration for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.settings import Settings
from core.timeframe import DAY_MS
from market.store import CandleStore
from optimization.walkforward.grid import Grid
from scripts.configuration import load_settings
from tests.ray.research_job import job, wandering

CONFIG = Path(__file__).resolve().parents[2] / "config"


def furnish(folder: Path, symbols: tuple[str, ...] = ("BTC-USDT", "ETH-USDT"), days: int = 460) -> tuple[Settings, str]:
    """The settings as shipped, and a store in ``folder`` with the wandering price under each symbol."""
    store = CandleStore(folder / "store")
    for symbol in symbols:
        store.append("X", symbol, wandering(days * 24))
    return load_settings(CONFIG), str(folder / "store")


def request(*symbols: str) -> dict[str, Any]:
    """The small job for each symbol, in JSON's words."""
    made, _ = job()
    grid: Grid = made.grid
    given = {name: list(values) for name, values in zip(grid.names, grid.values, strict=True)}
    return {
        "strategy": "envelope_dca", "symbols": list(symbols), "from_ms": made.from_ms,
        "to_ms": made.from_ms + 460 * DAY_MS, "given": given,
    }
