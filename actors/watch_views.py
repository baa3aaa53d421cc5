"""What those who watch see of the read model: equity now, what comes next, prices, conditions. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from actors.read_market import SPARK_STEP_MS
from actors.read_model import ReadModel
from actors.read_money import EquityCurve
from api import models
from api import watch_models as watch
from core.messages import ConditionsSeen, PlanChanged
from core.timeframe import DAY_MS, floor_to, timeframe_ms

NEAREST: Final = 6


def equity(state: ReadModel) -> tuple[watch.EquityNow, ...]:
    """Every scope that has marked, live first."""
    return tuple(_equity(scope, curve) for scope, curve in sorted(state.curves.scopes.items()) if curve.now)


def upcoming(state: ReadModel, most: int = NEAREST) -> watch.Upcoming:
    """The next decision and the nearest ``most`` resting entries."""
    due = {
        name: floor_to(state.exchange_ms, timeframe) + timeframe_ms(timeframe)
        for name, timeframe in state.facts.timeframes.items() if state.exchange_ms
    }
    first = min(due.values(), default=None)
    nearest = sorted(levels(state), key=lambda level: abs(level.distance))
    return watch.Upcoming(
        decision_ms=first, decision_of=tuple(sorted(name for name, ts_ms in due.items() if ts_ms == first)),
        levels=tuple(nearest[:most]),
    )


def levels(state: ReadModel) -> Iterator[models.NextLevel]:
    """Every resting entry of every plan in force, with its distance from the last price."""
    for (strategy, symbol), plan in state.plans.items():
        quote = state.quotes.get(symbol)
        for rung in plan.target.rungs:
            if quote is not None and rung.price is not None and quote.last and math.isfinite(rung.price / quote.last):
                yield models.NextLevel(
                    strategy=strategy, symbol=symbol, level=rung.level, price=rung.price,
                    distance=rung.price / quote.last - 1,
                )


def quote(state: ReadModel, symbol: str) -> watch.Quote | None:
    """Prices of a symbol now; None for one that was never heard of."""
    known, series = state.quotes.get(symbol), state.market.series.get(symbol)
    newest = series.newest("1m") if series else None
    if known is None and newest is None:
        return None
    last = known.last if known else newest.close if newest else None
    change = series.change(last) if series else None
    return watch.Quote(
        symbol=symbol, ts_ms=known.ts_ms if known else newest.ts_ms if newest else 0, last=last,
        mark=known.mark if known else None, bid=known.bid if known else None, ask=known.ask if known else None,
        change=change.fraction if change else None, change_from_ms=change.from_ms if change else 0,
        funding=state.market.funding.get(symbol),
    )


def quotes(state: ReadModel) -> tuple[watch.Quote, ...]:
    """Prices of every symbol, in order of configuration."""
    names = dict.fromkeys((*state.facts.symbols, *sorted(state.quotes)))
    return tuple(found for symbol in names if (found := quote(state, symbol)) is not None)


def sparks(state: ReadModel) -> tuple[watch.Spark, ...]:
    """The last 24 hours of every symbol."""
    from_ms_and_closes = {symbol: series.spark() for symbol, series in sorted(state.market.series.items())}
    return tuple(
        watch.Spark(symbol=symbol, from_ms=from_ms, step_ms=SPARK_STEP_MS, closes=closes)
        for symbol, (from_ms, closes) in from_ms_and_closes.items()
    )


def rules(state: ReadModel) -> tuple[watch.Rules, ...]:
    """Steps, fees and leverage of every symbol that the venue told."""
    return tuple(
        watch.Rules(
            symbol=symbol, tick=known.tick, step=known.step, min_quantity=known.min_quantity,
            min_notional=known.min_notional, maker_fee=known.maker_fee, taker_fee=known.taker_fee,
            max_leverage=known.max_leverage, group=state.facts.groups.get(symbol, ""),
        )
        for symbol, known in sorted(state.market.rules.items())
    )


def conditions(state: ReadModel) -> tuple[watch.Conditions, ...]:
    """What every strategy says of every symbol, at its last decision."""
    return tuple(_conditions(state, seen) for _, seen in sorted(state.conditions.items()))


def _equity(scope: str, curve: EquityCurve) -> watch.EquityNow:
    now = curve.now
    assert now is not None
    day = curve.since(now.ts_ms - now.ts_ms % DAY_MS)
    points = curve.day()
    span = curve.since(points[0].ts_ms)
    return watch.EquityNow.model_validate({
        "scope": scope, "strategies": curve.strategies, "ts_ms": now.ts_ms, "equity": now.equity,
        "unrealised": now.equity - now.wallet,
        "day_from_ms": day.from_ms if day else 0, "day": day and day.money, "day_fraction": day and day.fraction,
        "span_from_ms": points[0].ts_ms, "span": span and span.money, "span_fraction": span and span.fraction,
        "drawdown": curve.drawdown(), "spark_from_ms": points[0].ts_ms,
        "spark": tuple(round(value, 2) for value in curve.spark()),
    })


def _conditions(state: ReadModel, seen: ConditionsSeen) -> watch.Conditions:
    direction, nearness = nearest_entry(seen)
    return watch.Conditions(
        strategy=seen.strategy, symbol=seen.symbol, ts_ms=seen.ts_ms, direction=direction, nearness=nearness,
        eligible=seen.strategy in state.facts.trading,
        conditions=tuple(watch.ConditionSeen.model_validate(c._asdict()) for c in seen.conditions),
    )


def nearest_entry(seen: ConditionsSeen) -> tuple[int, float | None]:
    """Direction and nearness of the entry that is nearest; (0, None) when nothing is said.

    Of one direction, levels of a ladder are ways in of their own; other conditions must hold together, so the least
    near of them counts. A strategy that has both waits for both.
    """
    best: tuple[int, float | None] = (0, None)
    for direction in (1, -1):
        own = [c for c in seen.conditions if c.direction in (direction, 0)]
        if not any(c.direction == direction for c in own):
            continue
        ladder = [c.nearness for c in own if c.name.startswith("level ")]
        together = [c.nearness for c in own if not c.name.startswith("level ")]
        first = any(c.name == "level 1" for c in own)  # a ladder that begins with another entry is no way in
        near = min((*together, *([max(ladder)] if first or not together else [])))
        if best[1] is None or near > best[1]:
            best = (direction, near)
    return best


def plan_stood(plan: PlanChanged, average: float | None) -> watch.PlanStood:
    """A recorded plan as a row of a ladder."""
    wanted = plan.target
    return watch.PlanStood(
        from_ms=plan.ts_ms, row_ms=wanted.row_ms, cycle=wanted.cycle, direction=wanted.direction, filled=wanted.filled,
        quantity=wanted.quantity, average=average, stop=wanted.stop, target=wanted.target, leave=wanted.leave,
        levels=tuple(watch.LevelStood(level=r.level, price=r.price, quantity=r.quantity) for r in wanted.rungs),
    )
