"""Strategies as the configuration wants them: behind their filters where ``confirm`` says so.

The one place where a configured strategy becomes the object that backtests, searches and runners use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from core.confirmed import Confirmed
from core.errors import ConfigurationError
from core.settings import StrategyEntry
from strategies.discovery import AnyFilter, AnyStrategy, discover_filters, find


def configured(
    known: Mapping[str, AnyStrategy], entries: Mapping[str, StrategyEntry], filters: Mapping[str, AnyFilter]
) -> dict[str, AnyStrategy]:
    """Every known strategy by name; those whose entry has ``confirm`` behind their filter.

    Raises ConfigurationError for a filter that is not there.
    """
    return {name: _behind_filter(strategy, entries.get(name), filters) for name, strategy in known.items()}


def find_configured(name: str, entry: StrategyEntry, folders: Iterable[Path | str] = ()) -> AnyStrategy:
    """The strategy of this name as its entry wants it. Raises InputError that lists the known ones."""
    folders = tuple(folders)
    return _behind_filter(find(name, folders), entry, discover_filters(folders) if entry.confirm else {})


def _behind_filter(
    strategy: AnyStrategy, entry: StrategyEntry | None, filters: Mapping[str, AnyFilter]
) -> AnyStrategy:
    wanted = entry.confirm if entry else None
    if wanted is None:
        return strategy
    if wanted.strategy not in filters:
        key, known = f"strategies.{strategy.name}.confirm.strategy", ", ".join(sorted(filters)) or "none"
        raise ConfigurationError("strategies.yaml", key, wanted.strategy, f"unknown filter; known are {known}")
    chosen = filters[wanted.strategy]
    return Confirmed(strategy, chosen, chosen.Params(**wanted.params), wanted.min_score)
