"""What happened, in order, each with its simulated time: for streams, for inspection, for tests."""

from __future__ import annotations

import copy
from collections import deque
from typing import Any, NamedTuple

from sandbox.account import Account

KEPT_EVENTS = 100_000


class Event(NamedTuple):
    """Something happened. ``subject`` is a copy of the order, trigger, fill or position as it was then.

    ``kind``: order, trigger, fill, position (subject None: flat), account, funding, liquidation, violation, settings.
    """

    sequence: int
    ts_ms: int
    kind: str
    account: Account | None
    symbol: str
    subject: Any
    note: str


class Journal:
    """Keeps the last events and hands new ones to whoever streams them."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self.violations: list[str] = []
        self._sequence = 0
        self._fresh: list[Event] = []

    @property
    def sequence(self) -> int:
        """Number of the last event."""
        return self._sequence

    def record(
        self, ts_ms: int, kind: str, account: Account | None, symbol: str, subject: Any = None, note: str = ""
    ) -> None:
        """Append an event; the subject is copied."""
        self._sequence += 1
        event = Event(self._sequence, ts_ms, kind, account, symbol, copy.copy(subject), note)
        self.events.append(event)
        self._fresh.append(event)
        if kind == "violation":
            self.violations.append(f"{ts_ms} {note}")

    def drain(self) -> list[Event]:
        """Events since the last drain."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def since(self, sequence: int) -> list[Event]:
        """Kept events after a number."""
        return [event for event in self.events if event.sequence > sequence]
