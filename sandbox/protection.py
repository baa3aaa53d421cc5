"""How long each position stood without a live position-level stop, and why, by the exchange's own record."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

NET: Final = "net"


@dataclass(slots=True)
class Naked:
    """A span without stop, in simulated and in wall milliseconds; the ends are None while it lasts."""

    cause: str
    from_ms: int
    wall_from_ms: int
    to_ms: int | None = None
    wall_to_ms: int | None = None


@dataclass(slots=True)
class Guarded:
    """One position's protection: the spans it stood without. ``closed_ms`` is None while it is open."""

    account: str
    symbol: str
    direction: int
    opened_ms: int
    closed_ms: int | None = None
    naked: list[Naked] = field(default_factory=list)

    def until(self, now_ms: int) -> int:
        """Simulated milliseconds without stop so far."""
        return sum((now_ms if span.to_ms is None else span.to_ms) - span.from_ms for span in self.naked)

    def wall_until(self, wall_ms: int) -> int:
        """Wall milliseconds without stop so far."""
        return sum(
            (wall_ms if span.wall_to_ms is None else span.wall_to_ms) - span.wall_from_ms for span in self.naked
        )

    @property
    def unprotected_ms(self) -> int:
        """Simulated milliseconds of the spans that have ended."""
        return sum(span.to_ms - span.from_ms for span in self.naked if span.to_ms is not None)

    @property
    def exposed(self) -> bool:
        """Whether there is no stop now."""
        return bool(self.naked) and self.naked[-1].to_ms is None


class ProtectionRecord:
    """Every position's `Guarded`, closed ones first, in order of closing. ``wall_s`` : wall time, seconds."""

    def __init__(self, wall_s: Callable[[], float] = time.time) -> None:
        self._wall_s = wall_s
        self.closed: list[Guarded] = []
        self.open: dict[tuple[str, str, str], Guarded] = {}
        self._causes: dict[tuple[str, str], str] = {}

    @property
    def wall_ms(self) -> int:
        """Wall time now."""
        return int(self._wall_s() * 1000)

    def because(self, symbol: str, cause: str, side: str = NET) -> None:
        """Say why a position's stop is gone or missing, before that is observed."""
        self._causes[symbol, side] = cause

    def observe(
        self, account: str, symbol: str, direction: int, protected: bool, now_ms: int, *, side: str = NET
    ) -> None:
        """The state after something changed; ``direction`` 0 is flat. A flip ends one position and begins another.

        ``side`` tells the two positions of a symbol in hedge mode apart.
        """
        place = (account, symbol, side)
        cause = self._causes.pop((symbol, side), "")
        current = self.open.get(place)
        if current is not None and current.direction != direction:
            self._protected(current, now_ms)
            current.closed_ms = now_ms
            self.closed.append(self.open.pop(place))
            current = None
        if direction == 0:
            return
        if current is None:
            current = self.open[place] = Guarded(account, symbol, direction, now_ms)
            cause = cause or "opened without stop"
        if protected:
            self._protected(current, now_ms)
        elif not current.exposed:
            current.naked.append(Naked(cause or "stop gone", now_ms, self.wall_ms))

    def all(self) -> list[Guarded]:
        """Closed positions, then open ones."""
        return [*self.closed, *self.open.values()]

    def _protected(self, guarded: Guarded, now_ms: int) -> None:
        if guarded.exposed:
            guarded.naked[-1].to_ms, guarded.naked[-1].wall_to_ms = now_ms, self.wall_ms
