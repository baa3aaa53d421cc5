"""How long each position stood without a live position-level stop, by the exchange's own record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Guarded:
    """One position's protection. ``naked_since`` is None while a stop is live; ``closed_ms`` None while open."""

    account: str
    symbol: str
    direction: int
    opened_ms: int
    closed_ms: int | None = None
    unprotected_ms: int = 0
    naked_since: int | None = None

    def until(self, now_ms: int) -> int:
        """Milliseconds without stop so far."""
        end = self.closed_ms if self.closed_ms is not None else now_ms
        return self.unprotected_ms + (end - self.naked_since if self.naked_since is not None else 0)


class ProtectionRecord:
    """Every position's `Guarded`, closed ones first, in order of closing."""

    def __init__(self) -> None:
        self.closed: list[Guarded] = []
        self._open: dict[tuple[str, str], Guarded] = {}

    def observe(self, account: str, symbol: str, direction: int, protected: bool, now_ms: int) -> None:
        """The state after something changed; ``direction`` 0 is flat. A flip ends one position and begins another."""
        place = (account, symbol)
        current = self._open.get(place)
        if current is not None and current.direction != direction:
            if current.naked_since is not None:
                current.unprotected_ms += now_ms - current.naked_since
                current.naked_since = None
            current.closed_ms = now_ms
            self.closed.append(self._open.pop(place))
            current = None
        if direction == 0:
            return
        if current is None:
            current = self._open[place] = Guarded(account, symbol, direction, now_ms)
        if protected and current.naked_since is not None:
            current.unprotected_ms += now_ms - current.naked_since
            current.naked_since = None
        elif not protected and current.naked_since is None:
            current.naked_since = now_ms

    def all(self) -> list[Guarded]:
        """Closed positions, then open ones."""
        return [*self.closed, *self._open.values()]
