"""From configuration to the engine's costs, and a configured strategy evaluated on several symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actors.runner import costs_of as runner_costs
from core.errors import ConfigurationError
from core.instrument import Instrument
from core.settings import Settings, StrategyEntry
from engine.costs import Costs
from market.port import CandleSource
from optimization.evaluation import Evaluated, evaluate
from optimization.markets import Asked
from scripts.strategy_checks import parameters
from scripts.validation import suggestion
from strategies.discovery import AnyStrategy


@dataclass(frozen=True, slots=True)
class Request:
    """What a backtest was asked for; spans are UTC ms, half-open."""

    strategy: str
    symbols: Sequence[str]
    from_ms: int
    to_ms: int
    detail: str = ""


def evaluate_all(
    settings: Settings, known: Mapping[str, AnyStrategy], source: CandleSource, request: Request
) -> list[Evaluated]:
    """One evaluation per symbol, in order. Raises InputError for a strategy or span that is not there."""
    if request.strategy not in known:
        allowed = f"unknown strategy; {suggestion(request.strategy, known)}"
        raise ConfigurationError("command line", "strategy", request.strategy, allowed)
    strategy = known[request.strategy]
    entry = settings.strategies.strategies.get(request.strategy) or StrategyEntry()
    capital = entry.capital_usdt / max(1, len(entry.symbols))
    evaluated = []
    for symbol in request.symbols:
        asked = Asked(symbol, entry.timeframe or strategy.timeframe, request.from_ms, request.to_ms, request.detail)
        costs = costs_of(settings, entry, symbol)
        evaluated.append(evaluate(source, strategy, parameters(strategy, entry, symbol), asked, costs, capital))
    return evaluated


def costs_of(settings: Settings, entry: StrategyEntry, symbol: str) -> Costs:
    """The engine's costs of a strategy on a symbol, by the configured instrument, else the venue's usual fees."""
    costs = settings.exchanges.costs
    rules = settings.assets.asset(symbol).instrument or Instrument(
        symbol=symbol, maker_fee=costs.maker_fee, taker_fee=costs.taker_fee
    )
    crossed = settings.risk.margin_mode == "crossed"
    return runner_costs(rules, entry, costs.slippage, settings.risk.max_margin_use, crossed=crossed)
