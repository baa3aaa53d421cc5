"""Closed trades in the API's words: lines, sums, the way from gross to net, the order log. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, get_args

from api import models, monitor_models
from api import review_models as shown
from api.review import TradeKey
from core.messages import FillRole, OrderFilled, PlanChanged, TradeClosed
from core.target import Target
from engine.client_ids import decode, tag
from storage.journal import Intent
from storage.records import TradeSums
from storage.rows import StoredEvent, StoredOrder

_PART: Final = {"target": "TP", "stop": "SL", "liquidation": "LIQ"}
_OUTCOME: Final[dict[str, tuple[shown.StepKind, str]]] = {
    "done": ("acknowledged", "taken by the exchange"), "unknown": ("unknown", "what became of it was asked for"),
    "refused": ("refused", "refused by the exchange"),
}

_ORDER: Final = get_args(shown.StepKind)
"""Of what happened in the same millisecond."""


def key_of(trade: TradeClosed) -> TradeKey:
    """Its address."""
    return TradeKey(trade.scope, trade.strategy, trade.symbol, trade.cycle)


def line(trade: TradeClosed, comparison: monitor_models.Divergence | None = None) -> shown.TradeLine:
    """A trade in a list."""
    notional = trade.quantity * trade.average
    known = math.isfinite(notional) and notional > 0
    return shown.TradeLine.model_validate({
        **{name: getattr(trade, name) for name in models.Trade.model_fields}, "id": str(key_of(trade)),
        "gross": trade.net + trade.fees + trade.funding, "held_ms": max(trade.ts_ms - trade.opened_ms, 0),
        "notional": notional, "net_fraction": trade.net / notional if known else None,
        "against_bps": comparison.net_bps if comparison else None, "cause": comparison.cause if comparison else "",
    })


def sums(of: TradeSums) -> shown.TradeSums:
    """Sums of a filter."""
    return shown.TradeSums(
        trades=of.trades, wins=of.wins, win_rate=of.wins / of.trades if of.trades else None, net=of.net,
        gross=of.net + of.fees + of.funding, fees=of.fees, funding=of.funding,
        profit_factor=of.won / of.lost if of.lost > 0 else None, expectancy=of.net / of.trades if of.trades else None,
        held_ms=of.held_ms if of.trades else None, first_ms=of.first_ms, last_ms=of.last_ms,
    )


def steps(trade: shown.TradeLine, comparison: monitor_models.Divergence | None) -> tuple[shown.Step, ...]:
    """From gross to net; with a twin, from what the prices of paper would have brought. Empty for unknown figures."""
    gross, fees, funding, net = trade.gross, trade.fees, trade.funding, trade.net
    if gross is None or fees is None or funding is None or net is None:
        return ()
    found = []
    slipped = _slipped(trade, comparison)
    if slipped is not None:
        found += [
            shown.Step(name="at_paper_prices", amount=gross + slipped, after=gross + slipped),
            shown.Step(name="slippage", amount=-slipped, after=gross),
        ]
    found += [
        shown.Step(name="gross", amount=gross, after=gross), shown.Step(name="fees", amount=-fees, after=gross - fees),
        shown.Step(name="funding", amount=-funding, after=gross - fees - funding),
        shown.Step(name="net", amount=net, after=net),
    ]
    return tuple(found)


def ids_of(trade: TradeClosed, orders: Iterable[StoredOrder], fills: Iterable[OrderFilled]) -> tuple[str, ...]:
    """Client ids of everything that was sent in its cycle, as far as orders and fills tell."""
    own = tag(trade.strategy, trade.symbol)
    named = [stored.order.client_id for stored in orders]
    sent = [name for name in named if (said := decode(name)) is not None and said.of(own, trade.cycle)]
    return tuple(dict.fromkeys((*sent, *(fill.client_id for fill in fills if fill.client_id))))


def log(
    trade: TradeClosed, plans: Sequence[PlanChanged], orders: Sequence[StoredOrder], intents: Sequence[Intent],
    fills: Sequence[OrderFilled], unprotected_ms: int | None, settled: shown.Settled | None,
) -> tuple[shown.LogLine, ...]:
    """Everything that happened in the cycle, oldest first."""
    lines = [*_decided(plans), *_sent(orders, intents), *(_filled(fill) for fill in fills)]
    if unprotected_ms is not None:
        said = "stop seen on the exchange" + (f", {unprotected_ms} ms after the position" if unprotected_ms else "")
        lines.append(shown.LogLine(ts_ms=trade.opened_ms + unprotected_ms, kind="protected", part="SL", text=said))
    lines.append(shown.LogLine(
        ts_ms=trade.ts_ms, kind="closed", part="", text=f"closed by {trade.reason}", price=trade.exit_price,
        quantity=trade.quantity,
    ))
    if settled is not None:
        apart = "" if settled.difference is None else f", {settled.difference:+.8g} beside ours"
        said = f"by the exchange's account net {settled.net:+.8g}{apart}"
        lines.append(shown.LogLine(ts_ms=trade.ts_ms, kind="settled", part="", text=said, fee=settled.fees))
    return tuple(sorted(lines, key=lambda one: (one.ts_ms, _ORDER.index(one.kind))))


def settled(trade: TradeClosed, told: Iterable[StoredEvent]) -> shown.Settled | None:
    """The position of these that was this trade: open at the same time, and closed nearest to it."""
    there = [e for e in told if e.payload["opened_ms"] <= trade.ts_ms and e.payload["direction"] == trade.direction]
    if not there:
        return None
    found = min(there, key=lambda e: abs(e.ts_ms - trade.ts_ms)).payload
    apart = found["net"] - trade.net
    return shown.Settled(
        net=found["net"], fees=found["fees"], funding=found["funding"], quantity=found["quantity"],
        difference=apart if math.isfinite(apart) else None,
    )


def _slipped(trade: shown.TradeLine, comparison: monitor_models.Divergence | None) -> float | None:
    """What worse prices than the twin's have cost, in USDT."""
    if comparison is None or comparison.match != "twin" or trade.scope != "live" or trade.notional is None:
        return None
    if comparison.entry_bps is None or comparison.exit_bps is None or trade.quantity is None or not trade.average:
        return None
    entry = trade.average / (1 + trade.direction * comparison.entry_bps / 1e4)
    leaving = (trade.exit_price or 0.0) / (1 - trade.direction * comparison.exit_bps / 1e4)
    here = trade.direction * ((trade.exit_price or 0.0) - trade.average)
    return (trade.direction * (leaving - entry) - here) * trade.quantity


def _decided(plans: Sequence[PlanChanged]) -> Iterator[shown.LogLine]:
    """The first row of the cycle, and those after which another number of levels was filled."""
    before: int | None = None
    for plan in plans:
        wanted = plan.target
        if before != wanted.filled or wanted.leave:
            yield shown.LogLine(ts_ms=plan.ts_ms, kind="decided", part="", text=_wanted(wanted), price=plan.price)
        before = wanted.filled


def _wanted(target: Target) -> str:
    prices = [f"{rung.price:,.8g}" if rung.price is not None else "at market" for rung in target.rungs]
    entries = "1 entry" if len(prices) == 1 else f"{len(prices)} entries"
    parts = [f"{entries}: {', '.join(prices)}" if prices else "no entries"]
    if target.filled:
        parts.append(f"{target.filled} filled")
    parts += [f"{name} {at:,.8g}" for name, at in (("stop", target.stop), ("target", target.target)) if at is not None]
    return "; ".join((*parts, *(("leave at market",) if target.leave else ())))


def _sent(orders: Sequence[StoredOrder], intents: Sequence[Intent]) -> Iterator[shown.LogLine]:
    known = {stored.order.client_id: stored.order for stored in orders if stored.order.client_id}
    for intent in intents:
        order = known.pop(intent.client_id, None)
        for ts_ms, kind, text in _steps_of(intent):
            yield shown.LogLine(
                ts_ms=ts_ms, kind=kind, part=_part(intent.client_id), client_id=intent.client_id,
                text=f"{_words(intent.action)} {text}", price=order.price or order.trigger if order else None,
                quantity=order.quantity if order else None,
            )
    for name, order in known.items():
        if decode(name) is not None and order.created_ms:
            yield shown.LogLine(
                ts_ms=order.created_ms, kind="acknowledged", part=_part(name), client_id=name,
                text=f"{order.kind.value.replace('_', ' ')} order at the exchange, in the end {order.status.value}",
                price=order.price or order.trigger, quantity=order.quantity,
            )


def _steps_of(intent: Intent) -> Iterator[tuple[int, shown.StepKind, str]]:
    """Written down, sent, answered, each with its time as far as it is known."""
    outcome = _OUTCOME.get(intent.state)
    if outcome is None or intent.sent_ms is not None:
        yield intent.ts_ms, "journalled", "written down" if outcome else "written down; no answer is known"
    if intent.sent_ms is not None:
        yield intent.sent_ms, "sent", "sent"
    if outcome is not None:
        yield (intent.ts_ms if intent.answered_ms is None else intent.answered_ms), *outcome


def _filled(fill: OrderFilled) -> shown.LogLine:
    part = f"L{fill.level + 1}" if fill.role is FillRole.ENTRY else _PART.get(fill.role, fill.role.value)
    return shown.LogLine(
        ts_ms=fill.ts_ms, kind="filled", part=part, text="as maker" if fill.maker else "as taker", price=fill.price,
        quantity=fill.quantity, fee=fill.fee, client_id=fill.client_id,
    )


def _part(client_id: str) -> str:
    said = decode(client_id)
    if said is None:
        return ""
    return f"L{said.level + 1}" if said.role is FillRole.ENTRY else _PART.get(said.role, said.role.value)


def _words(name: str) -> str:
    """``place stop`` of ``PlaceStop``."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
