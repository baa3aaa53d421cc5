"""What risk shows of itself: what is at stake, and how much of each limit is used. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from actors.parts import RiskConfig
from actors.risk_judgement import Judgement
from core.exposure import Exposure, LimitUse
from core.instrument import Instrument
from core.messages import PlanChanged, ProtectionSeen, RiskShown
from core.position import VenuePosition
from core.restriction import DAILY_LOSS, DRAWDOWN, KILL_GLOBAL, KILL_REAL, KILL_RUNNER, STALE, State
from engine.risk import Terms
from engine.risk_money import Meter
from engine.risk_sizes import loss_at_stop
from engine.risk_state import Causes

KEYS: Final = {
    DAILY_LOSS: "daily_loss", DRAWDOWN: "drawdown_24h", KILL_GLOBAL: "kill_drawdown_24h", KILL_REAL: "kill_real_loss",
    KILL_RUNNER: "kill_runner_loss",
}
"""Where the limit of a meter stands in risk.yaml."""

Key = tuple[str, str]


def states(causes: Causes) -> dict[str, Any]:
    """Halts by symbol and tripped kill switches with their reasons, what is reducing, stale symbols."""
    halted = [c for c in causes if c.state is State.HALTED]
    return {
        "halts": {c.symbol: c.reason for c in halted if not c.strategy},
        "switches": {c.switch: c.reason for c in halted if c.switch},
        "reducing": {c.symbol: c.reason for c in causes if c.state is State.REDUCING and not c.strategy},
        "stale": sorted(c.symbol for c in causes if c.code == STALE),
    }


def paper_positions(config: RiskConfig, ranked: Iterable[tuple[Key, PlanChanged]]) -> dict[str, VenuePosition]:
    """What strategies hold on paper, as a venue would show it; of a symbol what the first in rank holds."""
    found: dict[str, VenuePosition] = {}
    for (strategy, symbol), plan in ranked:
        target, leverage = plan.target, config.traders[strategy].leverage
        if target.quantity > 0:
            found.setdefault(symbol, VenuePosition(
                symbol, target.direction, target.quantity, target.average, leverage, config.limits.margin_mode,
                target.quantity * target.average / leverage, plan.price, None, 0.0, 0,
            ))
    return found


def traded(
    config: RiskConfig, positions: Mapping[str, VenuePosition], readings: Mapping[str, ProtectionSeen],
    judgement: Judgement,
) -> tuple[Exposure, ...]:
    """Positions at the exchange with what protects them there, and the entries that were approved."""
    prices = {symbol: plan.price for (_, symbol), plan in judgement.plans.items()}
    found = []
    for symbol in sorted({*positions, *judgement.approved}):
        approved, position, read = judgement.approved.get(symbol), positions.get(symbol), readings.get(symbol)
        target = approved.target if approved else None
        rungs = target.rungs if target else ()
        if position is not None:
            protected = read or target
            found.append(Exposure(
                judgement.owner(symbol), symbol, position.direction, position.quantity, position.average,
                prices.get(symbol, position.mark), position.leverage, position.margin,
                protected.stop if protected else None, protected.target if protected else None, rungs,
            ))
        elif target is not None and rungs:
            trader = config.traders.get(target.strategy)
            found.append(Exposure(
                target.strategy, symbol, target.direction, 0.0, 0.0, prices.get(symbol, 0.0),
                trader.leverage if trader else 1.0, rungs=rungs,
            ))
    return tuple(found)


def on_paper(config: RiskConfig, ranked: Iterable[tuple[Key, PlanChanged]]) -> tuple[Exposure, ...]:
    """What every strategy holds and wants on paper."""
    return tuple(
        Exposure(
            strategy, symbol, plan.target.direction, plan.target.quantity, plan.target.average, plan.price,
            config.traders[strategy].leverage, 0.0, plan.target.stop, plan.target.target, plan.target.rungs,
        )
        for (strategy, symbol), plan in ranked if plan.target.quantity > 0 or plan.target.rungs
    )


def used(
    config: RiskConfig, equity: float, capital: Mapping[str, float], meters: Iterable[Meter],
    exposures: Iterable[Exposure], instruments: Mapping[str, Instrument],
) -> tuple[LimitUse, ...]:
    """Every limit with what is used of it."""
    limits = config.limits
    money = [LimitUse(m.code, KEYS[m.code], m.strategy, m.used, m.limit, "fraction") for m in meters]
    held = [e for e in exposures if e.quantity > 0]
    margin = sum(e.margin or e.quantity * e.average / e.leverage for e in held)
    share = margin / equity if equity > 0 else 0.0
    symbols = {e.symbol for e in held}
    return (
        *money,
        LimitUse("margin_use", "max_margin_use", "", share, limits.max_margin_use, "fraction"),
        LimitUse("min_free_margin", "min_free_margin_usdt", "", equity - margin, limits.min_free_margin_usdt, "usdt"),
        LimitUse("max_positions", "max_positions", "", float(len(symbols)), float(limits.max_positions), "positions"),
        *_groups(config, held),
        *_trades(config, held, capital, instruments),
    )


def _groups(config: RiskConfig, held: Iterable[Exposure]) -> Iterator[LimitUse]:
    count = Counter(
        (config.groups.get(symbol, ""), direction) for symbol, direction in {(e.symbol, e.direction) for e in held}
    )
    most = float(config.limits.max_same_direction_per_group)
    for (group, direction), n in sorted(count.items()):
        subject = f"{group or 'no group'} {'long' if direction > 0 else 'short'}"
        yield LimitUse("correlation", "max_same_direction_per_group", subject, float(n), most, "positions")


def _trades(
    config: RiskConfig, held: Iterable[Exposure], capital: Mapping[str, float], instruments: Mapping[str, Instrument]
) -> Iterator[LimitUse]:
    """What each open position loses at its stop, as a fraction of its symbol's capital."""
    for e in held:
        trader = config.traders.get(e.strategy)
        if trader is None or e.stop is None or e.symbol not in instruments:
            continue
        own = capital.get(e.strategy, trader.capital)
        terms = Terms(instruments[e.symbol], "", e.leverage, own, config.slippage)
        loss = loss_at_stop(e.direction, e.quantity, e.quantity * e.average, e.stop, terms)
        subject = f"{e.strategy} {e.symbol}"
        yield LimitUse(
            "risk_per_trade", "risk_per_trade", subject, loss / own if own > 0 else 1.0, config.limits.risk_per_trade,
            "fraction",
        )


def shown(
    config: RiskConfig, judgement: Judgement, held: Mapping[str, VenuePosition],
    readings: Mapping[str, ProtectionSeen], instruments: Mapping[str, Instrument], equity: float,
    capital: Mapping[str, float], meters: Iterable[Meter], causes: Causes, now_ms: int, sequence: int,
) -> RiskShown:
    """Everything for those who watch."""
    exposures = (
        traded(config, held, readings, judgement) if config.executor else on_paper(config, judgement.ranked())
    )
    return RiskShown(
        now_ms, sequence, equity, config.limits, config.slippage, causes,
        used(config, equity, capital, meters, exposures, instruments),
        tuple(sorted(judgement.owners.items())), exposures,
        tuple(instruments[s] for s in sorted(instruments)), config.most_leverage,
    )
