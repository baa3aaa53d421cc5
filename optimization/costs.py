"""What trading costs, as configured: the same for runner, backtest and optimisation."""

from __future__ import annotations

from core.instrument import Instrument
from core.settings import Settings, StrategyEntry
from engine.costs import Costs


def costs_of(instrument: Instrument, entry: StrategyEntry, slippage: float, guard: float, *, crossed: bool) -> Costs:
    """What trading one symbol costs a strategy as configured."""
    return Costs.of(
        instrument, slippage=slippage, leverage=entry.leverage, capital_fraction=entry.capital_fraction, guard=guard,
        crossed=crossed,
    )


def configured_costs(settings: Settings, entry: StrategyEntry, symbol: str) -> Costs:
    """The engine's costs of a strategy on a symbol, by the configured instrument, else the venue's usual fees."""
    costs = settings.exchanges.costs
    rules = settings.assets.asset(symbol).instrument or Instrument(
        symbol=symbol, maker_fee=costs.maker_fee, taker_fee=costs.taker_fee
    )
    crossed = settings.risk.margin_mode == "crossed"
    return costs_of(rules, entry, costs.slippage, settings.risk.max_margin_use, crossed=crossed)
