"""What happened, in order, each with its simulated time: for streams, for inspection, for tests."""

from __future__ import annotations

import copy
from collections import Counter, deque
from typing import Any, Final, NamedTuple

from sandbox.account import Account

KEPT_EVENTS: Final = 100_000


class Event(NamedTuple):
    """Something happened. ``subject`` is a copy of the order, trigger, fill or position as it was then.

    ``kind``: order, trigger, fill, position (subject None: flat), account, funding, liquidation, violation, settings,
    fault (subject: the injection, account None).
    """

    sequence: int
    ts_ms: int
    kind: str
    account: Account | None
    symbol: str
    subject: Any
    note: str


class Journal:
    """Keeps the last events and hands new ones to whoever streams them; ``counts`` are of all, by kind."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self.violations: list[str] = []
        self.counts: Counter[str] = Counter()
        self.sequence = 0
        self._fresh: list[Event] = []

    def record(
        self, ts_ms: int, kind: str, account: Account | None, symbol: str, subject: Any = None, note: str = ""
    ) -> None:
        """Append an event; the subject is copied."""
        self.sequence += 1
        event = Event(self.sequence, ts_ms, kind, account, symbol, copy.copy(subject), note)
        self.events.append(event)
        self.counts[kind] += 1
        self._fresh.append(event)
        if kind == "violation":
            self.violations.append(f"{ts_ms} {note}")

    def drain(self) -> list[Event]:
        """Events since the last drain."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def since(self, sequence: int, kind: str = "", symbol: str = "") -> list[Event]:
        """Kept events after a number, oldest first; of a kind and of a symbol, where those are given."""
        found = []
        for event in reversed(self.events):  # who asks usually knows all but the last
            if event.sequence <= sequence:
                break
            if (not kind or event.kind == kind) and (not symbol or event.symbol == symbol):
                found.append(event)
        return found[::-1]
