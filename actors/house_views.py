"""Commands thought through, actors and account, in the API's words. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

from actors import read_views
from actors.read_market import TIMEFRAMES
from actors.read_model import ReadModel
from api import models
from api.command_models import Closing, CommandAsked, Consequences, InForce
from api.house_models import AccountSeen, ActorSeen, CheckSeen, Held
from core.errors import InputError
from core.order import OrderKind
from core.restriction import CLOSE, COOLDOWN, HALT, REDUCE, STALE
from core.timeframe import timeframe_ms
from storage.rows import StoredEvent

_ENTRIES: Final = (OrderKind.LIMIT, OrderKind.MARKET, OrderKind.TRIGGER)


def consequences(state: ReadModel, asked: CommandAsked) -> Consequences:
    """What a command would do now. Raises InputError for a switch that has not tripped or a symbol nobody knows."""
    if asked.symbol and asked.symbol not in (*state.facts.symbols, *state.candles, *state.protections):
        raise InputError(f"symbol {asked.symbol!r}: unknown; known are {', '.join(state.facts.symbols)}")
    forbidden = list(in_force(state))
    ends = [cause for cause in forbidden if _ended(cause, asked)]
    if asked.kind == "reset" and not ends:
        raise InputError(f"kill switch {asked.switch[:40]!r} has not tripped")
    lowers = asked.kind in ("halt", "reduce", "close")
    stays = [] if lowers else [cause for cause in forbidden if cause not in ends]
    own = [p for p in read_views.positions(state, 0) if asked.symbol in ("", p.symbol)]
    closing = _closing(state, asked.symbol, own) if asked.kind == "close" else None
    kept = own if closing is None else []
    return Consequences(
        entries_withdrawn=_resting(state, asked.symbol) if lowers else 0,
        entries_placed=0 if lowers else _placeable(state, asked, stays),
        positions_kept=len(kept), without_stop=tuple(p.symbol for p in own if p.stop is None), closing=closing,
        ends=tuple(ends), stays=tuple(stays),
    )


def in_force(state: ReadModel) -> Iterator[InForce]:
    """Everything that forbids entries now but what passes by itself within minutes."""
    for halt in state.halts.values():
        yield InForce(code=HALT, symbol=halt.symbol, strategy="", reason=halt.reason, since_ms=halt.ts_ms)
    for cause in state.risk.causes if state.risk is not None else ():
        if cause.code not in (HALT, STALE, COOLDOWN):
            yield InForce(
                code=cause.switch or cause.code, symbol=cause.symbol, strategy=cause.strategy, reason=cause.reason,
                since_ms=cause.since_ms,
            )


def actors(state: ReadModel, now_ms: int) -> tuple[ActorSeen, ...]:
    """Every actor, with how long its beats took to get here."""
    seen = []
    for health in read_views.actors(state, now_ms):
        took = sorted(state.deliveries.get(health.name, ()))
        seen.append(ActorSeen(
            **health.model_dump(), restarted_ms=state.restarted.get(health.name),
            delivery_p50_ms=_at(took, 0.5), delivery_p99_ms=_at(took, 0.99),
        ))
    return tuple(seen)


def account(stored: StoredEvent) -> AccountSeen:
    """What an executor found when it looked at its account."""
    payload = stored.payload
    names = ("name", "found", "wanted", "verdict")
    checks = tuple(CheckSeen.model_validate(dict(zip(names, check, strict=True))) for check in payload["checks"])
    return AccountSeen(ts_ms=stored.ts_ms, source=payload["source"], passed=payload["passed"], checks=checks)


def held(state: ReadModel, now_ms: int) -> tuple[Held, ...]:
    """Candles in memory, by symbol and timeframe."""
    found = []
    for feed in read_views.feeds(state, now_ms):
        series = state.market.series.get(feed.symbol)
        for timeframe in TIMEFRAMES if series is not None else ():
            assert series is not None
            rows = series.rows(timeframe)
            if rows:
                steps = (rows[-1].ts_ms - rows[0].ts_ms) // timeframe_ms(timeframe) + 1
                found.append(Held(
                    symbol=feed.symbol, timeframe=timeframe, first_ms=rows[0].ts_ms, last_ms=rows[-1].ts_ms,
                    rows=len(rows), missing=steps - len(rows), age_s=feed.age_s, stale=feed.stale,
                ))
    return tuple(found)


def _ended(cause: InForce, asked: CommandAsked) -> bool:
    if asked.kind == "resume":
        return cause.code in (HALT, REDUCE, CLOSE) and cause.symbol == asked.symbol
    return asked.kind == "reset" and cause.code == asked.switch


def _closing(state: ReadModel, symbol: str, own: Sequence[models.Position]) -> Closing:
    """What leaving at market would bring. Raises InputError where nothing of ours is open on the exchange."""
    held = next((p for p in own if p.scope == "live" and p.strategy), None)
    if held is None:
        raise InputError(f"symbol {symbol!r}: has no position of ours on the exchange; there is nothing to close")
    quote, mark, quantity = state.quotes.get(symbol), held.mark or math.nan, held.quantity or 0.0
    price = (quote and (quote.bid if held.direction > 0 else quote.ask)) or mark
    notional = quantity * price
    slippage = notional * (state.risk.slippage if state.risk is not None else 0.0)
    moved = held.direction * quantity * (price - mark)
    return Closing(
        direction=held.direction, quantity=quantity, price=price, fee=notional * state.facts.taker_fee,
        slippage=slippage, net=None if held.net is None else held.net + moved - slippage,
    )


def _resting(state: ReadModel, symbol: str) -> int:
    return sum(
        stored.order.kind in _ENTRIES and not stored.order.reduce_only and symbol in ("", stored.order.symbol)
        for stored in state.orders.values()
    )


def _placeable(state: ReadModel, asked: CommandAsked, stays: Sequence[InForce]) -> int:
    """Entries of plans in force that nothing forbids any more."""
    count = 0
    for (strategy, symbol), plan in state.plans.items():
        held_back = any(c.symbol in ("", symbol) and c.strategy in ("", strategy) for c in stays)
        if asked.symbol in ("", symbol) and not held_back and not plan.target.leave:
            count += len(plan.target.rungs)
    return count


def _at(values: Sequence[Any], share: float) -> float | None:
    return None if not values else round(values[min(len(values) - 1, int(share * len(values)))], 1)
