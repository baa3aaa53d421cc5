"""How often a symbol's orders were changed lately, by the exchange's own time. Pure.

Law: in any minute at most so many entries and take profits are placed or amended; protection, cancelling and closing
neither count nor wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from engine.reconcile import Amend, Command, Place

_MINUTE_MS: Final = 60_000


class Churn:
    """Of one symbol."""

    def __init__(self, per_minute: int) -> None:
        self._most = per_minute
        self._changes: deque[int] = deque()

    def lately(self, now_ms: int) -> int:
        """Changes in the minute before ``now_ms``."""
        while self._changes and self._changes[0] <= now_ms - _MINUTE_MS:
            self._changes.popleft()
        return len(self._changes)

    def pass_on(self, commands: Sequence[Command], now_ms: int) -> tuple[list[Command], int]:
        """The commands that may be sent now, counted as sent, and how many have to wait."""
        room = self._most - self.lately(now_ms)
        passed: list[Command] = []
        held = 0
        for command in commands:
            if isinstance(command, Place | Amend):
                if room <= 0:
                    held += 1
                    continue
                room -= 1
                self._changes.append(now_ms)
            passed.append(command)
        return passed, held
