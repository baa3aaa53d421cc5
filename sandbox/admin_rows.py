"""What the exchange keeps, as JSON for the admin endpoint."""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import Any

from sandbox.account import Account
from sandbox.journal import Event
from sandbox.protection import Guarded, ProtectionRecord
from sandbox.state import State


def event_row(event: Event) -> dict[str, Any]:
    """An event."""
    return {
        "sequence": event.sequence, "ts": event.ts_ms, "kind": event.kind,
        "account": event.account.key if event.account else None, "symbol": event.symbol, "note": event.note,
        "subject": plain(event.subject),
    }


def guarded_row(record: ProtectionRecord, guarded: Guarded, now_ms: int) -> dict[str, Any]:
    """A position and the spans that it stood without a stop, in simulated and in wall milliseconds."""
    return {
        "account": guarded.account, "symbol": guarded.symbol, "direction": guarded.direction,
        "opened": guarded.opened_ms, "closed": guarded.closed_ms, "unprotected_ms": guarded.until(now_ms),
        "unprotected_wall_ms": guarded.wall_until(record.wall_ms), "exposed": guarded.exposed,
        "spans": [plain(span) for span in guarded.naked],
    }


def account_row(state: State, account: Account) -> dict[str, Any]:
    """Money, live orders and triggers, positions, modes."""
    return {
        "key": account.key, "wallet": account.wallet, "equity": account.equity(state.prices),
        "free": account.free(state.prices), "imbalance": account.imbalance(),
        "orders": [plain(order) for order in account.live_orders()],
        "triggers": [plain(trigger) for trigger in account.live_triggers()],
        "positions": [plain(position) for position in account.positions.values()],
        "fills": len(account.fills), "closed_positions": len(account.closed),
        "leverage": account.leverage, "margin_mode": account.margin_mode,
    }


def order_rows(account: Account, client_id: str) -> list[dict[str, Any]]:
    """Every order and trigger that ever bore a client id, live or not, with its fills; of all ids when it is ''."""
    rows = []
    things: dict[str, tuple[dict[int, Any], dict[str, int]]] = {
        "order": (account.every_order, account.order_of_client),
        "trigger": (account.every_trigger, account.trigger_of_client),
    }
    for kind, (every, ids) in things.items():
        named = ids.get(client_id)
        for thing in every.values():
            if not client_id or thing.client_id == client_id or thing.order_id == named:
                fills = [plain(fill) for fill in account.fills if fill.order_id == thing.order_id] if client_id else []
                rows.append({"account": account.key, "is": kind, **plain(thing), "fills": fills})
    return rows


def plain(thing: Any) -> Any:
    """A record of ours as JSON values."""
    if thing is None or isinstance(thing, str | int | float | bool):
        return thing.value if isinstance(thing, Enum) else thing
    fields: dict[str, Any]
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing)}
    elif hasattr(thing, "_asdict"):
        fields = thing._asdict()
    else:
        return [plain(item) for item in thing]
    return {name: plain(value) for name, value in fields.items()}
