"""Messages to rows and back."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, NamedTuple

from core.messages import (
    ActorBeat,
    CandlesClosed,
    ConditionsSeen,
    EquityMarked,
    FillRole,
    OrderFilled,
    OrderShown,
    PlanChanged,
    ProtectionSeen,
    RiskShown,
    TradeClosed,
    TradingHalted,
)
from core.monitor_messages import AnomaliesSeen, ArenaRanked, SelectionMade
from core.order import OpenOrder, OrderKind, OrderStatus, Side
from core.target import Rung, Target

_LARGEST: Final = 2**63 - 1

NOT_KEPT: Final = (CandlesClosed, ActorBeat, ConditionsSeen, ArenaRanked, SelectionMade, AnomaliesSeen, RiskShown)
"""Candles have their own store; the others say how things are now: what changes among them is told as an event."""

_PLAIN_TABLES: Final[dict[type, str]] = {
    TradeClosed: "trades", OrderFilled: "fills", EquityMarked: "equity", ProtectionSeen: "protections",
}
"""Events whose fields are the columns of their table."""


class Row(NamedTuple):
    """Values for one table."""

    table: str
    values: dict[str, Any]


class StoredEvent(NamedTuple):
    """An event of the general table. ``kind`` is the message's name in snake case, ``payload`` its fields."""

    ts_ms: int
    kind: str
    strategy: str
    symbol: str
    payload: dict[str, Any]


class StoredOrder(NamedTuple):
    """An order as last seen at ``ts_ms``."""

    order: OpenOrder
    ts_ms: int


def rows_of(event: object) -> list[Row]:
    """What to store of an event: nothing (`NOT_KEPT`), one row, or two.

    Any message without a table of its own goes to ``events``, so a new message needs no change here. Raises
    TypeError for what is no message, ValueError for a number too large to be stored.
    """
    if not dataclasses.is_dataclass(event) or isinstance(event, type) or not hasattr(event, "ts_ms"):
        raise TypeError(f"{type(event).__name__} is no message")
    if isinstance(event, NOT_KEPT):
        return []
    if isinstance(event, OrderShown):
        return [Row("orders", {**_plain_named(event.order), "ts_ms": event.ts_ms, "sequence": event.sequence})]
    if isinstance(event, PlanChanged):
        # The digest leaves the sequence out: a restarted runner counts anew, yet plans the same.
        target = _json(plain(event.target))
        return [Row("plans", {
            "ts_ms": event.ts_ms, "sequence": event.sequence, "strategy": event.target.strategy,
            "symbol": event.target.symbol, "price": plain(event.price), "target": target, "digest": _digest(target),
        })]
    values = {field.name: plain(getattr(event, field.name)) for field in dataclasses.fields(event)}
    name = _PLAIN_TABLES.get(type(event))
    if name is None:
        return [_general(type(event).__name__, values)]
    rows = [Row(name, values)]
    if isinstance(event, ProtectionSeen) and event.quantity > 0 and event.stop is None:
        rows.append(_general("PositionUnprotected", values))  # the table holds the last reading only; alarms stay
    return rows


def plain(value: Any) -> Any:
    """``value`` in JSON's words: dataclasses and named tuples as dicts, enums as values, NaN and infinities None."""
    kind = type(value)
    if kind is float:  # these come by the thousand
        return value if math.isfinite(value) else None
    if kind is list:
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise ValueError(f"{value} is too large to be stored")
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return _plain_named(value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} cannot be stored")


def kind_of(name: str) -> str:
    """Snake case of a message's name: ``trading_halted`` of ``TradingHalted``."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def trade(row: Mapping[str, Any]) -> TradeClosed:
    """The trade of a row; undefined figures are NaN again."""
    return TradeClosed(**_fields(TradeClosed, row))


def fill(row: Mapping[str, Any]) -> OrderFilled:
    """The fill of a row."""
    values = _fields(OrderFilled, row)
    values["role"] = FillRole(values["role"])
    return OrderFilled(**values)


def equity(row: Mapping[str, Any]) -> EquityMarked:
    """The equity point of a row."""
    return EquityMarked(**_fields(EquityMarked, row))


def protection(row: Mapping[str, Any]) -> ProtectionSeen:
    """The protection reading of a row; absent prices stay None."""
    names = [field.name for field in dataclasses.fields(ProtectionSeen)]
    values = {name: row[name] for name in names}
    for name in ("quantity", "average"):
        values[name] = _number(values[name])
    return ProtectionSeen(**values)


def order(row: Mapping[str, Any]) -> StoredOrder:
    """The order of a row."""
    values = {name: row[name] for name in OpenOrder._fields}
    values["side"], values["kind"] = Side(values["side"]), OrderKind(values["kind"])
    values["status"] = OrderStatus(values["status"])
    for name in ("quantity", "filled"):
        values[name] = _number(values[name])
    return StoredOrder(OpenOrder(**values), row["ts_ms"])


def plan(row: Mapping[str, Any]) -> PlanChanged:
    """The plan of a row."""
    values = json.loads(row["target"])
    values["rungs"] = tuple(
        Rung(rung["level"], rung["price"], _number(rung["quantity"]), _number(rung["stop"])) for rung in values["rungs"]
    )
    values["quantity"] = _number(values["quantity"])
    return PlanChanged(row["ts_ms"], row["sequence"], Target(**values), _number(row["price"]))


def stored_event(row: Mapping[str, Any]) -> StoredEvent:
    """The event of a row of the general table."""
    return StoredEvent(row["ts_ms"], row["kind"], row["strategy"], row["symbol"], json.loads(row["payload"]))


def halt(row: Mapping[str, Any]) -> TradingHalted:
    """The halt of a row of the general table."""
    values = json.loads(row["payload"])
    return TradingHalted(row["ts_ms"], values["sequence"], row["symbol"], values["reason"])


def _general(name: str, values: dict[str, Any]) -> Row:
    payload = _json(values)
    return Row("events", {
        "ts_ms": values["ts_ms"], "kind": kind_of(name), "strategy": str(values.get("strategy") or ""),
        "symbol": str(values.get("symbol") or ""), "payload": payload, "digest": _digest(payload),
    })


def _plain_named(value: Any) -> dict[str, Any]:
    return {name: plain(item) for name, item in zip(value._fields, value, strict=True)}


def _fields(message: type, row: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in dataclasses.fields(message):
        value = row[field.name]
        values[field.name] = _number(value) if field.type == "float" else value
    return values


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
