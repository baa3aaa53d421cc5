"""What a combination costs before it is walked: the plan and its binding, for every strategy that has a grid."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from core.candle import Candles
from core.market import Market
from core.settings import StrategyEntry
from core.strategy import Parameters
from engine.bind import Binder
from optimization.checking.market import extras
from scripts.bench.figures import PER_CANDLE, Figure, at_most, interleaved
from scripts.bench.task import CANDLES, walk
from scripts.configuration import find_strategies, read_settings
from strategies.discovery import AnyStrategy

GOAL_NS: Final = 0.4


def measure(config: Path) -> list[Figure]:
    """One figure for each strategy with a grid in the configuration; indicators are counted, as a grid shares them."""
    settings = read_settings(config)
    entries = settings.strategies.strategies
    found = find_strategies(settings, config)
    return [figure(found[name], entries[name]) for name in sorted(found) if name in entries and entries[name].grid]


def figure(strategy: AnyStrategy, entry: StrategyEntry) -> Figure:
    """Seconds of CPU from candles to bound plans over the whole grid, per candle and combination."""
    params = combinations(strategy.Params, entry)
    binding = binder_of(strategy, params, walk(CANDLES, entry.timeframe or strategy.timeframe))
    binding()
    spent = interleaved({"plans": binding}, 5)["plans"]
    return at_most(
        f"plan and binding, {strategy.name}", spent / len(params) / CANDLES * 1e9, PER_CANDLE, GOAL_NS,
        f"{len(params)} combinations, {spent / len(params) * 1e6:.1f} us each",
    )


def combinations(model: type[Parameters], entry: StrategyEntry) -> list[Parameters]:
    """Every combination of the grid that the parameters' own rules allow."""
    allowed = []
    for values in itertools.product(*entry.grid.values()):
        chosen: Mapping[str, Any] = dict(zip(entry.grid, values, strict=True))
        try:
            allowed.append(model(**{**entry.params, **chosen}))
        except ValidationError:
            continue
    return allowed


def binder_of(strategy: AnyStrategy, params: list[Parameters], candles: Candles) -> Callable[[], object]:
    """Plans and binds all of them over a market that remembers nothing yet."""
    extra = extras(candles)

    def run() -> object:
        market, binder = Market("BTC-USDT", candles, extra), Binder(len(candles))
        binder.extend([strategy.plan(market, p) for p in params])
        return binder.arrays()

    return run
