"""Which strategies run: those that the configuration enables, or those that the command line names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.errors import ConfigurationError
from core.settings import Settings, StrategyEntry
from scripts.validation import suggestion
from strategies.discovery import AnyStrategy


def only(settings: Settings, known: Mapping[str, AnyStrategy], names: Sequence[str]) -> Settings:
    """The settings with just ``names`` enabled; unchanged without names.

    A strategy without an entry of its own runs with its defaults on every configured symbol, so a new file can be tried
    without touching the configuration. Raises ConfigurationError for a name that no strategy has.
    """
    if not names:
        return settings
    entries = {n: e.model_copy(update={"enabled": False}) for n, e in settings.strategies.strategies.items()}
    for name in names:
        if name not in known:
            allowed = f"unknown strategy; {suggestion(name, known)}"
            raise ConfigurationError("command line", "--strategy", name, allowed)
        entry = entries.get(name) or StrategyEntry()
        symbols = entry.symbols or settings.assets.symbols
        entries[name] = entry.model_copy(update={"enabled": True, "symbols": symbols})
    strategies = settings.strategies.model_copy(update={"strategies": entries})
    return settings.model_copy(update={"strategies": strategies})
