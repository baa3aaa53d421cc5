"""A job as the configuration wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.settings import Settings, StrategyEntry, WalkForward
from optimization.costs import configured_costs
from optimization.walkforward.grid import grid_of
from optimization.walkforward.job import Choice, Job
from optimization.walkforward.windows import WindowRule
from strategies.discovery import AnyStrategy


def job_of(
    settings: Settings, strategy: AnyStrategy, symbol: str, from_ms: int, to_ms: int,
    given: Mapping[str, Sequence[Any]] | None = None, detail: str = "",
) -> Job:
    """The job of a strategy on a symbol over [from_ms, to_ms). ``given`` : values in place of the grid's, by name.

    Raises InputError for what is wrong with the grid or ``given``.
    """
    entry = settings.strategies.strategies.get(strategy.name) or StrategyEntry()
    wanted = settings.optimization.of(strategy.name)
    return Job(
        strategy=strategy.name, symbol=symbol, timeframe=entry.timeframe or strategy.timeframe, from_ms=from_ms,
        to_ms=to_ms, grid=grid_of(strategy.Params, entry.grid, entry.params | entry.per_asset.get(symbol, {}), given),
        costs=configured_costs(settings, entry, symbol), capital=entry.capital_usdt / max(1, len(entry.symbols)),
        detail=detail, rule=rule_of(wanted), choice=choice_of(wanted), limits=wanted.gate,
        resamples=wanted.resamples, seed=wanted.seed,
    )


def rule_of(wanted: WalkForward) -> WindowRule:
    """The windows that are configured."""
    w = wanted.windows
    return WindowRule(w.in_sample_days, w.out_of_sample_days, w.step_days, w.anchored)


def choice_of(wanted: WalkForward) -> Choice:
    """The choice that is configured."""
    return Choice(wanted.objective, wanted.plateau, wanted.min_trades, wanted.max_combinations)
