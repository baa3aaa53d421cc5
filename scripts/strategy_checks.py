"""What is configured of a strategy against the strategy itself: parameters, grid, filter, and its liquidation.

Law of the last one: in isolated margin, liquidation must lie beyond the stop by ``risk.liquidation_margin`` of the
entry price, for the configured stop and for each stop that the grid may choose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from core.errors import ConfigurationError
from core.instrument import Instrument
from core.settings import Settings, StrategyEntry
from core.strategy import Parameters
from engine.risk import liquidation_price
from scripts.validation import complaint_about, shortened, suggestion, validated
from strategies.discovery import AnyFilter, AnyStrategy

_STOP: Final = "stop_fraction"


def check_strategies(
    settings: Settings, known: Mapping[str, AnyStrategy], filters: Mapping[str, AnyFilter], where: str
) -> None:
    """Every entry against its strategy. Raises ConfigurationError naming ``where`` and the key."""
    for name, entry in settings.strategies.strategies.items():
        if name in filters and name not in known:
            raise ConfigurationError(where, "strategies", name, "is a filter: a strategy names it under `confirm`")
        if name not in known:
            raise ConfigurationError(where, "strategies", name, f"unknown strategy; {suggestion(name, known)}")
        if entry.enabled and not entry.symbols:
            raise ConfigurationError(where, f"strategies.{name}.symbols", [], "an enabled strategy needs at least one")
        if entry.timeframe is None and known[name].timeframe not in settings.assets.timeframes:
            there = ", ".join(settings.assets.timeframes)
            value, allowed = known[name].timeframe, f"the strategy's own, is not in assets.yaml: {there}"
            raise ConfigurationError(where, f"strategies.{name}.timeframe", value, allowed)
        _check_parameters(name, entry, known[name].Params, where)
        _check_confirm(name, entry, known, filters, where)
        _check_liquidation(name, entry, settings, known[name].Params, where)


def parameters(strategy: AnyStrategy, entry: StrategyEntry, symbol: str) -> Parameters:
    """The parameters that a configured strategy uses on a symbol: its own, then ``params``, then ``per_asset``."""
    where = f"strategies.{strategy.name}"
    return validated(strategy.Params, entry.params | entry.per_asset.get(symbol, {}), "strategies.yaml", where)


def _check_parameters(name: str, entry: StrategyEntry, model: type[Parameters], where: str) -> None:
    prefix = f"strategies.{name}"
    validated(model, entry.params, where, f"{prefix}.params")
    for symbol, values in entry.per_asset.items():
        for key in values:
            _known(model, key, values[key], where, f"{prefix}.per_asset.{symbol}")
        validated(model, entry.params | values, where, f"{prefix}.per_asset.{symbol}")
    for key, choices in entry.grid.items():
        _known(model, key, list(choices), where, f"{prefix}.grid")
        if not choices:
            raise ConfigurationError(where, f"{prefix}.grid.{key}", [], "at least one value")
        for choice in choices:
            # Only what is wrong with this value alone; whether a combination makes sense is the search's business.
            complaint = complaint_about(model, entry.params | {key: choice})
            if complaint is not None and complaint.field and complaint.key.split(".")[0] == key:
                raise ConfigurationError(where, f"{prefix}.grid.{key}", shortened(choice), complaint.allowed)


def _check_confirm(
    name: str, entry: StrategyEntry, known: Mapping[str, AnyStrategy], filters: Mapping[str, AnyFilter], where: str
) -> None:
    wanted, key = entry.confirm, f"strategies.{name}.confirm"
    if wanted is None:
        return
    if wanted.strategy not in filters:
        word = "is traded, not a filter" if wanted.strategy in known else "unknown filter"
        said = suggestion(wanted.strategy, filters)
        raise ConfigurationError(where, f"{key}.strategy", wanted.strategy, f"{word}; {said}")
    validated(filters[wanted.strategy].Params, wanted.params, where, f"{key}.params")


def _known(model: type[Parameters], key: str, value: object, where: str, prefix: str) -> None:
    if key not in model.model_fields:
        allowed = f"unknown parameter; {suggestion(key, model.model_fields)}"
        raise ConfigurationError(where, f"{prefix}.{key}", shortened(value), allowed)


def _check_liquidation(
    name: str, entry: StrategyEntry, settings: Settings, model: type[Parameters], where: str
) -> None:
    if settings.risk.margin_mode != "isolated" or _STOP not in model.model_fields:
        return
    for instrument in _instruments(entry, settings):
        capital = entry.capital_usdt / max(1, len(entry.symbols))
        farthest = _farthest_stop(entry.leverage, capital * entry.capital_fraction * entry.leverage, instrument)
        most = farthest - settings.risk.liquidation_margin
        for key, stop in _stops(entry, model):
            if stop > most + 1e-9:
                allowed = (
                    f"at leverage {entry.leverage:g} {instrument.symbol} is liquidated {farthest:.1%} from the entry; "
                    f"with risk.liquidation_margin {settings.risk.liquidation_margin:g} "
                    + (f"the stop may be at most {most:.3f}" if most > 0 else "no stop is possible")
                )
                raise ConfigurationError(where, f"strategies.{name}.{key}", stop, allowed)


def _farthest_stop(leverage: float, notional: float, instrument: Instrument) -> float:
    """Distance from entry to liquidation as a fraction of the entry, the nearer of long and short."""
    prices = (liquidation_price(d, 1.0, notional, notional / leverage, instrument) for d in (1, -1))
    return min(abs(price / notional - 1.0) for price in prices)


def _stops(entry: StrategyEntry, model: type[Parameters]) -> Iterator[tuple[str, float]]:
    """Every stop that this entry may come to use, with its key."""
    yield f"params.{_STOP}", float(getattr(model(**entry.params), _STOP))
    for symbol, values in entry.per_asset.items():
        if _STOP in values:
            yield f"per_asset.{symbol}.{_STOP}", float(values[_STOP])
    for choice in entry.grid.get(_STOP, ()):
        yield f"grid.{_STOP}", float(choice)


def _instruments(entry: StrategyEntry, settings: Settings) -> list[Any]:
    assets = [settings.assets.asset(s) for s in entry.symbols] or list(settings.assets.assets)
    return [a.instrument or Instrument(symbol=a.symbol) for a in assets]
