"""What risk remembers over a restart, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from core.messages import PlanChanged
from core.position import VenuePosition
from core.restriction import HALT, Cause, State
from core.target import Rung, Target
from engine.risk import Selected
from engine.risk_money import Watch
from engine.risk_state import Causes


class Memory(NamedTuple):
    """The whole state. members : whose money the account's watch adds up."""

    causes: Causes
    watches: Mapping[str, Watch]
    members: tuple[str, ...]
    owners: Mapping[str, str]
    positions: tuple[VenuePosition, ...]
    plans: tuple[PlanChanged, ...]
    selected: Mapping[tuple[str, str], Selected]


def packed(memory: Memory) -> bytes:
    """The state as bytes; `unpacked` gives it back."""
    return json.dumps({
        **memory._asdict(),
        "plans": [[p.ts_ms, p.sequence, p.target, p.price] for p in memory.plans],
        "selected": [[*key, *selected] for key, selected in memory.selected.items()],
    }).encode()


def unpacked(payload: bytes) -> Memory:
    """The state of bytes, those of earlier versions too."""
    saved: dict[str, Any] = json.loads(payload)
    causes = tuple(Cause(row[0], State(row[1]), *row[2:]) for row in saved.get("causes", ()))
    causes += tuple(
        Cause(HALT, State.HALTED, symbol, "", reason, 0, "") for symbol, reason in saved.get("halts", {}).items()
    )
    return Memory(
        causes,
        {key: _watch(row) for key, row in saved.get("watches", {}).items()},
        tuple(saved.get("members", ())),
        dict(saved["owners"]),
        tuple(VenuePosition(*row) for row in saved["positions"]),
        tuple(_plan(row) for row in saved["plans"]),
        {(strategy, symbol): Selected(*rest) for strategy, symbol, *rest in saved.get("selected", ())},
    )


def _watch(row: list[Any]) -> Watch:
    ts_ms, equity, begun, begun_ms, day, peaks = row
    return Watch(ts_ms, equity, begun, begun_ms, day, tuple((at_ms, peak) for at_ms, peak in peaks))


def _plan(row: list[Any]) -> PlanChanged:
    ts_ms, sequence, target, price = row
    fields = list(target)
    fields[5] = tuple(Rung(*rung) for rung in fields[5])
    return PlanChanged(ts_ms, sequence, Target(*fields), price)
