"""Why: what became of each level of a plan within one candle. Pure.

Law: what the exchange did (fills) comes before what the candle would have allowed, and a reason that was recorded
(refusal, halt) before one that is inferred from prices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.watch_models import LevelWhy, Outcome, Why
from core.candle import Candle
from core.messages import FillRole, OrderFilled, PlanChanged
from core.target import Rung, Target
from storage.rows import StoredEvent


@dataclass(frozen=True, slots=True)
class Asked:
    """A candle and everything that was recorded around it.

    plan : in force when it opened, None when there was none. later : plans that came within it.
    refusals : code and detail, within it. halted : why entries were halted when it opened, '' when they were not.
    paper : no exchange is traded, so there are no fills to look at.
    """

    strategy: str
    symbol: str
    timeframe: str
    candle: Candle
    plan: PlanChanged | None
    later: Sequence[PlanChanged]
    fills: Sequence[OrderFilled]
    refusals: tuple[str, ...]
    halted: str
    paper: bool


def why(asked: Asked) -> Why:
    """Every level, the target and the stop."""
    candle, plan = asked.candle, asked.plan
    parts = () if plan is None else tuple(_parts(asked, plan.target))
    return Why(
        strategy=asked.strategy, symbol=asked.symbol, timeframe=asked.timeframe, candle_ms=candle.ts_ms,
        open=candle.open, high=candle.high, low=candle.low, close=candle.close,
        row_ms=plan.target.row_ms if plan else None, parts=parts, refusals=tuple(dict.fromkeys(asked.refusals)),
    )


def halted_at(ts_ms: int, symbol: str, events: Sequence[StoredEvent]) -> str:
    """Why entries of ``symbol`` were halted at ``ts_ms``, '' when they were not; a halt of '' is one of everything."""
    last: dict[str, StoredEvent] = {}
    for event in sorted(events, key=lambda e: e.ts_ms):
        if event.ts_ms <= ts_ms and event.symbol in ("", symbol):
            last[event.symbol] = event
    reasons = [str(e.payload.get("reason", "")) for e in last.values() if e.kind == "trading_halted"]
    return reasons[0] if reasons else ""


def _parts(asked: Asked, target: Target) -> Iterator[LevelWhy]:
    for rung in target.rungs:
        yield _level(asked, target, rung)
    if target.filled:
        yield from _exits(asked, target)


def _level(asked: Asked, target: Target, rung: Rung) -> LevelWhy:
    name = f"L{rung.level + 1}"
    filled = [f for f in asked.fills if f.role is FillRole.ENTRY and f.cycle == target.cycle and f.level == rung.level]
    if filled:
        price = sum(f.price * f.quantity for f in filled) / sum(f.quantity for f in filled)
        kind = "maker" if all(f.maker for f in filled) else "taker"
        part = "" if sum(f.quantity for f in filled) >= rung.quantity * (1 - 1e-9) else ", a part of it"
        return _said(name, rung.price, "filled", 0.0, f"filled at {price:g} as {kind}{part}")
    if asked.halted:
        return _said(name, rung.price, "halted", _away(asked.candle, target.direction, rung.price),
                     f"halted: {asked.halted}")
    if rung.price is None:
        return _said(name, None, "at_market", None, "at market at the first minute of this candle, if still wanted")
    distance = _away(asked.candle, target.direction, rung.price)
    if distance > 0:
        extreme, word = (asked.candle.low, "low") if target.direction > 0 else (asked.candle.high, "high")
        side = "above" if target.direction > 0 else "below"
        text = f"not touched: {word} {extreme:g} stayed {distance:.1%} {side}"
        return _said(name, rung.price, "not_touched", distance, text)
    return _touched(asked, target, rung, name)


def _touched(asked: Asked, target: Target, rung: Rung, name: str) -> LevelWhy:
    """The candle reached the level, and yet no fill of it is known."""
    if asked.refusals:
        return _said(name, rung.price, "refused", 0.0, f"refused: {asked.refusals[0]}")
    moved = [p.target for p in asked.later if p.target.cycle != target.cycle]
    if moved:
        return _said(name, rung.price, "left", 0.0, "touched after the cycle had ended: the entry was withdrawn")
    if asked.paper:
        return _said(name, rung.price, "filled", 0.0, "touched: filled on paper")
    gone = [p for p in asked.later if all(r.level != rung.level for r in p.target.rungs)]
    if gone:
        return _said(name, rung.price, "not_planned", 0.0, "touched after a newer plan had withdrawn it")
    return _said(name, rung.price, "touched_not_filled", 0.0, "touched, no fill known: queue, post-only or connection")


def _exits(asked: Asked, target: Target) -> Iterator[LevelWhy]:
    for name, role, price, favour in (
        ("target", FillRole.TARGET, target.target, 1), ("stop", FillRole.STOP, target.stop, -1)
    ):
        if price is None:
            continue
        if any(f.role is role and f.cycle == target.cycle for f in asked.fills):
            yield _said(name, price, "filled", 0.0, f"{name} reached: the position was closed")
            continue
        up = target.direction * favour > 0
        distance = (price - asked.candle.high if up else asked.candle.low - price) / price
        if distance > 0:
            yield _said(name, price, "not_touched", distance, f"not touched by {distance:.1%}")
        else:
            yield _said(name, price, "touched_not_filled", 0.0, "touched, but it may have moved within the candle")


def _away(candle: Candle, direction: int, price: float | None) -> float:
    """How far the candle stayed from an entry, as a fraction of its price; 0 or below: it was reached."""
    if price is None:
        return 0.0
    return (candle.low - price if direction > 0 else price - candle.high) / price


def _said(part: str, price: float | None, outcome: Outcome, distance: float | None, text: str) -> LevelWhy:
    return LevelWhy(part=part, price=price, outcome=outcome, distance=distance, text=text)
