"""The read model in the API's words. Pure: the same state and time give the same answer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final, Literal

from actors import event_views, monitor_views, risk_views, watch_views
from actors.read_model import ReadModel, Seen
from api import health_models, models
from api import watch_models as watch
from core.messages import ActorBeat, PlanChanged, ProtectionSeen
from storage.records import Totals
from storage.rows import StoredOrder, plain

_DEAD_STATES = ("stopped",)
_EVENTS_NOW: Final = 4


def health(state: ReadModel, now_ms: int, started_ms: int) -> health_models.Health:
    """How everything is at ``now_ms`` (wall clock), with the reasons."""
    found = tuple(reasons(state, now_ms))
    worst = max(("OK", *(reason.level for reason in found)), key=("OK", "ATTENTION", "DANGER").index)
    open_now = [seen.event for seen in state.protections.values() if seen.event.quantity > 0]
    return health_models.Health.model_validate({
        "mode": state.facts.mode, "status": worst, "reasons": found, "time_ms": now_ms,
        "exchange_ms": state.exchange_ms, "uptime_s": max(now_ms - started_ms, 0) / 1000,
        "versions": state.facts.versions, "actors": actors(state, now_ms), "feeds": feeds(state, now_ms),
        "protection": {
            "positions": len(open_now),
            "without_stop": tuple(sorted(reading.symbol for reading in open_now if reading.stop is None)),
            "unprotected_ms": max((reading.unprotected_ms for reading in open_now), default=0),
        },
        "halts": tuple(
            health_models.HaltInForce(symbol=halt.symbol, reason=halt.reason, since_ms=halt.ts_ms)
            for _, halt in sorted(state.halts.items())
        ),
    })


def reasons(state: ReadModel, now_ms: int) -> Iterator[health_models.Reason]:
    """Everything that keeps the word from being OK, worst first."""
    found = [*_protection_reasons(state, now_ms), *_halt_reasons(state), *_supply_reasons(state, now_ms)]
    found += [*monitor_views.reasons(state), *risk_views.reasons(state)]
    yield from sorted(found, key=lambda reason: reason.level != "DANGER")


def actors(state: ReadModel, now_ms: int) -> tuple[health_models.ActorHealth, ...]:
    """Every actor heard of or expected, by name."""
    names = sorted({*state.beats, *state.facts.actors})
    return tuple(_actor(state, name, state.beats.get(name), now_ms) for name in names)


def feeds(state: ReadModel, now_ms: int) -> tuple[health_models.FeedHealth, ...]:
    """Every configured or seen symbol, in order of configuration."""
    names = dict.fromkeys((*state.facts.symbols, *sorted(state.candles)))
    result = []
    for symbol in names:
        seen = state.candles.get(symbol)
        age_s = None if seen is None else _age_s(seen, now_ms)
        stale = age_s is None or age_s > state.facts.stale_after_s
        result.append(health_models.FeedHealth(
            symbol=symbol, candle_ms=0 if seen is None else seen.event, age_s=age_s, stale=stale
        ))
    return tuple(result)


def readings(state: ReadModel, now_ms: int) -> dict[str, float | None]:
    """Wall seconds since each open position was read back from the exchange; None: not since the start."""
    return {symbol: _age_s(seen, now_ms) for symbol, seen in state.protections.items() if seen.event.quantity > 0}


def positions(state: ReadModel, now_ms: int) -> tuple[models.Position, ...]:
    """Open positions, those without a stop first: the exchange's, and in paper mode the runners' own."""
    found = [_live_position(state, seen, now_ms) for seen in state.protections.values() if seen.event.quantity > 0]
    if state.facts.mode == "paper":
        found += [_paper_position(state, plan) for plan in state.plans.values() if plan.target.quantity > 0]
    return tuple(sorted(found, key=lambda position: (position.stop is not None, position.symbol, position.strategy)))


def money(state: ReadModel) -> tuple[models.Money, ...]:
    """Figures by strategy and scope; never added up over scopes."""
    sums: dict[tuple[str, str], Totals] = {}
    for total in state.totals.values():
        key = (total.scope, total.strategy)
        sums[key] = total if key not in sums else _added(sums[key], total)
    return tuple(_money(state, key, sums.get(key)) for key in sorted({*sums, *state.equity}))


def runners(state: ReadModel) -> tuple[models.Runner, ...]:
    """Every strategy that said anything, by name."""
    figures = money(state)
    names = {strategy for strategy, _ in state.plans} | {m.strategy for m in figures} | {*state.facts.timeframes}
    return tuple(
        models.Runner(
            strategy=name,
            money=tuple(m for m in figures if m.strategy == name),
            plans=tuple(_plan(plan) for (owner, _), plan in sorted(state.plans.items()) if owner == name),
            refusals=tuple(
                models.Refusal(
                    ts_ms=r.ts_ms, symbol=r.symbol, code=r.code, detail=r.detail, level=r.level, wanted=r.wanted,
                    granted=r.granted,
                )
                for r in reversed(state.refusals.get(name, ()))
            ),
        )
        for name in sorted(names)
    )


def now(state: ReadModel, now_ms: int, started_ms: int) -> watch.Now:
    """The five answers, and what has happened last."""
    return watch.Now(
        health=health(state, now_ms, started_ms), positions=positions(state, now_ms), money=money(state),
        equity=watch_views.equity(state), next=watch_views.upcoming(state),
        events=tuple(event_views.event(state, stored) for _, stored in list(state.events)[:-_EVENTS_NOW - 1:-1]),
    )


def order(stored: StoredOrder) -> models.Order:
    """An order in the API's words."""
    return models.Order.model_validate({**plain(stored.order), "ts_ms": stored.ts_ms})


def message(model: type[models.Model], told: Any) -> Any:
    """A message as ``model``, which names the fields to take."""
    return model.model_validate({name: getattr(told, name) for name in model.model_fields})


def _protection_reasons(state: ReadModel, now_ms: int) -> Iterator[health_models.Reason]:
    for symbol, seen in sorted(state.protections.items()):
        reading: ProtectionSeen = seen.event
        if reading.quantity <= 0:
            continue
        age_s = _age_s(seen, now_ms)
        if reading.stop is None:
            seconds = reading.unprotected_ms / 1000
            yield _reason("DANGER", "without_stop", f"{symbol}: position without stop for {seconds:.1f} s", symbol)
        elif reading.liquidation is not None and reading.direction * (reading.stop - reading.liquidation) <= 0:
            yield _reason("DANGER", "stop_behind_liquidation", f"{symbol}: liquidation comes before the stop", symbol)
        if age_s is None:
            yield _reason("ATTENTION", "protection_unread", f"{symbol}: stop not read back since the start", symbol)
        elif age_s > state.facts.reading_within_s:
            yield _reason("ATTENTION", "protection_old", f"{symbol}: stop last read back {age_s:.0f} s ago", symbol)


def _halt_reasons(state: ReadModel) -> Iterator[health_models.Reason]:
    for symbol, halt in sorted(state.halts.items()):
        level: Literal["DANGER", "ATTENTION"] = "ATTENTION" if symbol else "DANGER"
        yield _reason(level, "halted", f"{symbol or 'all trading'} halted: {halt.reason}", symbol)


def _supply_reasons(state: ReadModel, now_ms: int) -> Iterator[health_models.Reason]:
    exposed = any(seen.event.quantity > 0 for seen in state.protections.values())
    for actor in actors(state, now_ms):
        if actor.silent:
            level: Literal["DANGER", "ATTENTION"] = (
                "DANGER" if exposed and actor.name.startswith("executor") else "ATTENTION"
            )
            yield _reason(level, "actor_silent", f"{actor.name} is not heard of")
        elif actor.state != "ok":
            yield _reason("ATTENTION", "actor_state", f"{actor.name} is {actor.state}")
        if actor.lagging:
            yield _reason("ATTENTION", "lagging", f"{actor.name} lags by {actor.lag} calls")
    for feed in feeds(state, now_ms):
        if feed.stale:
            age = "none since the start" if feed.age_s is None else f"{feed.age_s:.0f} s old"
            yield _reason("ATTENTION", "stale", f"{feed.symbol}: candles {age}", feed.symbol)


def _reason(level: Literal["DANGER", "ATTENTION"], code: str, text: str, symbol: str = "") -> health_models.Reason:
    return health_models.Reason(level=level, code=code, text=text, symbol=symbol)


def _actor(state: ReadModel, name: str, seen: Seen | None, now_ms: int) -> health_models.ActorHealth:
    beat = ActorBeat(0, 0, name, "unknown") if seen is None else seen.event
    age_s = None if seen is None else _age_s(seen, now_ms)
    silent = age_s is None or age_s > state.facts.beat_within_s or beat.state in _DEAD_STATES
    return health_models.ActorHealth(
        name=name, state=beat.state, restarts=beat.restarts, errors=beat.errors, lag=beat.lag, lagging=beat.lag > 0,
        beat_ms=beat.ts_ms, beat_age_s=age_s, silent=silent, detail=beat.detail,
    )


def _live_position(state: ReadModel, seen: Seen, now_ms: int) -> models.Position:
    reading: ProtectionSeen = seen.event
    owner = state.owners().get(reading.symbol, "")
    mark = _mark(state, reading.symbol)
    gross = None if mark is None else reading.direction * reading.quantity * (mark - reading.average)
    return models.Position(
        symbol=reading.symbol, scope="live", strategy=owner, direction=reading.direction,
        quantity=reading.quantity, average=reading.average, **_marked(state, reading.quantity, mark),
        unrealised=gross, **_costs(state, owner, reading, gross, mark), stop=reading.stop,
        stop_distance=_distance(reading.stop, mark), target=reading.target,
        liquidation=reading.liquidation, unprotected_ms=reading.unprotected_ms, seen_ms=reading.ts_ms,
        age_s=_age_s(seen, now_ms),
    )


def _paper_position(state: ReadModel, plan: PlanChanged) -> models.Position:
    held, mark = plan.target, _mark(state, plan.target.symbol)
    return models.Position(
        symbol=held.symbol, scope="paper", strategy=held.strategy, direction=held.direction, quantity=held.quantity,
        average=None, **_marked(state, held.quantity, mark), unrealised=None, net=None, entry_fees=None, funding=None,
        opened_ms=None, stop=held.stop,
        stop_distance=_distance(held.stop, mark), target=held.target, liquidation=None, unprotected_ms=0,
        seen_ms=plan.ts_ms, age_s=None,
    )


def _costs(
    state: ReadModel, owner: str, reading: ProtectionSeen, gross: float | None, mark: float | None
) -> dict[str, float | int | None]:
    """What the open cycle has cost, and the result net of it and of closing now; null where fills are missing."""
    known = state.costs.of(owner, reading.symbol)
    if known is None or not known.covers(reading.quantity):
        return {"net": None, "entry_fees": None, "funding": None, "opened_ms": None}
    funding = known.funding if math.isfinite(known.funding) else None
    exit_fee = None if mark is None else reading.quantity * mark * state.facts.taker_fee
    net = None if gross is None or exit_fee is None else gross - known.fees - (funding or 0.0) - exit_fee
    return {"net": net, "entry_fees": known.fees, "funding": funding, "opened_ms": known.opened_ms}


def _marked(state: ReadModel, quantity: float, mark: float | None) -> dict[str, float | None]:
    """What depends on the mark price alone."""
    notional = None if mark is None else quantity * mark
    exit_fee = None if notional is None else notional * state.facts.taker_fee
    return {"mark": mark, "notional": notional, "exit_fee": exit_fee}


def _mark(state: ReadModel, symbol: str) -> float | None:
    quote = state.quotes.get(symbol)
    if quote is None:
        return None
    return quote.last if quote.mark is None else quote.mark


def _distance(price: float | None, mark: float | None) -> float | None:
    return None if price is None or not mark else price / mark - 1


def _age_s(seen: Seen, now_ms: int) -> float | None:
    return None if seen.seen_ms == 0 else max(now_ms - seen.seen_ms, 0) / 1000


def _plan(plan: PlanChanged) -> models.PlanInForce:
    wanted = plan.target
    return models.PlanInForce(
        symbol=wanted.symbol, row_ms=wanted.row_ms, cycle=wanted.cycle, direction=wanted.direction,
        filled=wanted.filled, quantity=wanted.quantity, stop=wanted.stop, target=wanted.target, leave=wanted.leave,
        entries=tuple(models.PlannedEntry(**rung._asdict()) for rung in wanted.rungs),
    )


def _money(state: ReadModel, key: tuple[str, str], total: Totals | None) -> models.Money:
    mark = state.equity.get(key)
    return models.Money.model_validate({
        "scope": key[0], "strategy": key[1],
        "wallet": mark and mark.wallet, "equity": mark and mark.equity, "equity_ms": mark.ts_ms if mark else 0,
        "trades": total.trades if total else 0, "wins": total.wins if total else 0,
        "net": total.net if total else 0.0, "fees": total.fees if total else 0.0,
        "funding": total.funding if total else 0.0,
        "profit_factor": total.won / total.lost if total and total.lost else None,
        "last_trade_ms": total.last_ms if total else 0,
    })


def _added(a: Totals, b: Totals) -> Totals:
    return a._replace(
        symbol="", trades=a.trades + b.trades, wins=a.wins + b.wins, net=a.net + b.net, fees=a.fees + b.fees,
        funding=a.funding + b.funding, won=a.won + b.won, lost=a.lost + b.lost, last_ms=max(a.last_ms, b.last_ms),
    )
