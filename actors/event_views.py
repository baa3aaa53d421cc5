"""Events in the API's words: each with a name, its weight, who tells it, and whether somebody has seen it. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Final, Literal

from actors.read_model import ReadModel
from api import models
from storage.rows import StoredEvent

Weight = Literal["info", "warning", "critical"]

_WEIGHTS: Final[tuple[Weight, ...]] = ("info", "warning", "critical")
_CRITICAL: Final = ("position_unprotected", "trading_halted")
_WARNING: Final = ("target_refused",)
_SOURCES: Final = {
    "target_refused": "risk", "trading_halted": "risk", "trading_resumed": "risk", "command_given": "api",
    "selection_changed": "monitor", "trade_compared": "monitor", "position_guarded": "executor",
    "position_settled": "executor", "position_unprotected": "executor", "events_acknowledged": "api",
}


def event(state: ReadModel, stored: StoredEvent) -> models.Event:
    """An event with its name, its weight, who tells it, and whether somebody has seen it."""
    name = event_id(stored)
    return models.Event(
        ts_ms=stored.ts_ms, kind=stored.kind, strategy=stored.strategy, symbol=stored.symbol, payload=stored.payload,
        id=name, severity=severity(stored), source=source(stored), acknowledged=name in state.acknowledged,
    )


def event_id(stored: StoredEvent) -> str:
    """The same event has the same name, wherever it is read; twelve hexadecimal digits."""
    said = json.dumps([stored.ts_ms, stored.kind, stored.strategy, stored.symbol, stored.payload], sort_keys=True)
    return hashlib.blake2b(said.encode(), digest_size=6).hexdigest()


def severity(stored: StoredEvent) -> Weight:
    """How much it matters: as it says itself, else by its kind."""
    said = stored.payload.get("severity")
    for weight in _WEIGHTS:
        if said == weight:
            return weight
    if stored.kind == "command_given":
        return "info" if stored.payload.get("outcome") == "accepted" else "warning"
    if stored.kind == "account_checked":
        return "info" if stored.payload.get("passed") else "critical"
    return "critical" if stored.kind in _CRITICAL else "warning" if stored.kind in _WARNING else "info"


def source(stored: StoredEvent) -> str:
    """The actor that tells it."""
    return str(stored.payload.get("source") or _SOURCES.get(stored.kind, ""))
