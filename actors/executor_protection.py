"""How long a position was without its stop, by the exchange's own timestamps. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from core.order import OpenOrder
from core.position import VenuePosition


class Guarded(NamedTuple):
    """A position: whose, since when, and for how long it has been without a stop; strategy '' when nobody's."""

    strategy: str
    cycle: int
    opened_ms: int
    unprotected_ms: int


class Unprotected:
    """Milliseconds that the present position of one symbol has been without a position-level stop."""

    def __init__(self) -> None:
        self.total_ms = 0
        self._opened_ms = 0
        self._since_ms: int | None = None

    def see(self, position: VenuePosition | None, stops: Sequence[OpenOrder], now_ms: int) -> int:
        """Take note of a reading at exchange time ``now_ms``; the total so far, the open gap included."""
        if position is None:
            self.total_ms, self._opened_ms, self._since_ms = 0, 0, None
            return 0
        if position.opened_ms != self._opened_ms:
            self.total_ms, self._opened_ms, self._since_ms = 0, position.opened_ms, position.opened_ms
        if stops:
            if self._since_ms is not None:
                created = min(o.created_ms or now_ms for o in stops)
                self.total_ms += max(0, created - self._since_ms)
                self._since_ms = None
        elif self._since_ms is None:
            self._since_ms = now_ms
        if self._since_ms is None:
            return self.total_ms
        return self.total_ms + max(0, now_ms - self._since_ms)


class Guard:
    """The present position of one symbol, and what is to be told of it when it has ended."""

    def __init__(self) -> None:
        self._unprotected = Unprotected()
        self._open: Guarded | None = None

    def see(
        self, position: VenuePosition | None, stops: Sequence[OpenOrder], owner: tuple[str, int], now_ms: int
    ) -> tuple[int, Guarded | None]:
        """Milliseconds without a stop so far, and the position that has ended since the last reading."""
        ms = self._unprotected.see(position, stops, now_ms)
        before = self._open
        if position is None:
            self._open = None
            return ms, before
        if before is not None and before.opened_ms == position.opened_ms:
            self._open = before._replace(unprotected_ms=ms)  # whoever opened it owned it, whatever closes it
            return ms, None
        self._open = Guarded(*owner, position.opened_ms, ms)
        return ms, before
