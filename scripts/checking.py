"""What ``scalp-radar check`` was asked for: a strategy by name or file, its parameters, and where to check it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from core.errors import ConfigurationError, DataError
from core.settings import Settings
from core.strategy import Filter, Parameters
from core.timeframe import timeframe_ms
from market.port import BEGINNING_MS, END_MS, CandleSource
from optimization.checking.general import GeneralCheck
from optimization.checking.market import ROWS, CheckMarket, Ground
from optimization.checking.subject import FilterSubject, Subject
from optimization.checking.suite import Check, FilterCheck
from optimization.markets import Asked, prepare
from scripts.configuration import find_filters, find_strategies
from scripts.validation import suggestion, validated
from strategies.discovery import AnyFilter, AnyStrategy, discover, discover_filters

FILTER_TIMEFRAME: Final = "5m"


Anything = AnyStrategy | AnyFilter


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be checked, and the strategies that are known beside it."""

    one: Anything
    known: Mapping[str, AnyStrategy]


def chosen(given: str, settings: Settings, folder: Path) -> Chosen:
    """The strategy or filter of this name, or the only one of this file.

    Raises ConfigurationError when there is none, or more than one, and InputError when the file cannot be loaded.
    """
    if not (given.endswith(".py") or "/" in given):
        known = find_strategies(settings, folder)
        every: Mapping[str, Anything] = {**find_filters(settings, folder), **known}
        if given not in every:
            raise _wrong(given, f"unknown strategy; {suggestion(given, every)}; a file is named with its ending, .py")
        return Chosen(every[given], known)
    path = Path(given)
    if not path.is_file():
        raise _wrong(given, "is a folder: name a file" if path.is_dir() else "no such file")
    if path.suffix != ".py":
        raise _wrong(given, "allowed is a Python file, ending in .py")
    known = discover([path])
    found: list[Anything] = [*known.values(), *discover_filters([path]).values()]
    inside = [one for one in found if Path(inspect.getfile(type(one))).resolve() == path.resolve()]
    if not inside:
        raise _wrong(given, "holds no strategy: no class of core.strategy.Strategy with `warmup` and `plan`")
    if len(inside) > 1:
        raise _wrong(given, f"holds several strategies: {', '.join(s.name for s in inside)}; allowed is one")
    return Chosen(inside[0], known)


def check_of(chosen: Chosen, params: Parameters, ground: Ground) -> GeneralCheck:
    """The checks of a strategy, or those of a filter."""
    if isinstance(chosen.one, Filter):
        return FilterCheck(FilterSubject(chosen.one, params), ground)
    return Check(Subject(chosen.one, params), ground, chosen.known)


def timeframe_of(one: Anything) -> str:
    """The timeframe of a strategy; a filter, which takes that of what it confirms, is checked on `FILTER_TIMEFRAME`."""
    return FILTER_TIMEFRAME if isinstance(one, Filter) else one.timeframe


def set_parameters(strategy: Anything, settings: Sequence[str]) -> Parameters:
    """The defaults with ``name=value`` changes. Raises ConfigurationError naming what does not fit."""
    values: dict[str, Any] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ConfigurationError("command line", "--set", text, "must be a parameter and a value, such as fast=20")
        if name.strip() in values:
            raise ConfigurationError("command line", "--set", text, f"{name.strip()} is set twice")
        try:
            values[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigurationError("command line", "--set", text, "the value cannot be read") from error
    return validated(strategy.Params, values, "command line", "--set")


def stored_market(
    source: CandleSource, strategy: Anything, params: Parameters, symbol: str, from_ms: int | None, to_ms: int | None
) -> CheckMarket:
    """Stored candles with what the strategy needs; without a beginning the last `ROWS` and the warm-up before them.

    Raises DataError when there are too few.
    """
    timeframe, end = timeframe_of(strategy), END_MS if to_ms is None else to_ms
    if from_ms is None:
        candles = source.read(symbol, timeframe, BEGINNING_MS, end)
        from_ms = int(candles.ts_ms[max(0, len(candles) - ROWS)])
    market, _ = prepare(source, strategy, params, Asked(symbol, timeframe, from_ms, end))
    least = 2 * strategy.warmup(params) + 2
    if len(market) < least:
        days = least * timeframe_ms(timeframe) / 86_400_000
        raise DataError(
            f"{symbol} {timeframe}: {len(market):,} candles; checking {strategy.name} needs {least:,} ({days:.1f} days)"
        )
    return CheckMarket.of(market)


def _wrong(given: str, allowed: str) -> ConfigurationError:
    return ConfigurationError("command line", "strategy", given, allowed)
