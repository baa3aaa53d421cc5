"""Open positions at the exchange as risk knows them: ours as read back, others' as the audit found them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.messages import ProtectionSeen
from core.position import VenuePosition


class Holdings:
    """Of one account. ``readings`` : what protects each symbol, as it was read last.

    Parameters
    ----------
    traded : symbols that strategies of ours run on.
    """

    def __init__(self, margin_mode: str, traded: Iterable[str]) -> None:
        self._margin_mode, self._traded = margin_mode, frozenset(traded)
        self._ours: dict[str, VenuePosition] = {}
        self._elsewhere: dict[str, VenuePosition] = {}
        self.readings: dict[str, ProtectionSeen] = {}

    @property
    def all(self) -> Mapping[str, VenuePosition]:
        """Every open position, by symbol."""
        return {**self._elsewhere, **self._ours}

    @property
    def ours(self) -> tuple[VenuePosition, ...]:
        """Those on symbols that are traded here, to be remembered."""
        return tuple(self._ours.values())

    def read(self, seen: ProtectionSeen, leverage: float) -> None:
        """A symbol was read back; ``leverage`` is what its owner uses."""
        symbol = seen.symbol
        self.readings[symbol] = seen
        if seen.direction == 0:
            self._ours.pop(symbol, None)
            self._elsewhere.pop(symbol, None)
        elif symbol not in self._elsewhere:  # of those the exchange has told leverage and margin
            self._ours[symbol] = VenuePosition(
                symbol, seen.direction, seen.quantity, seen.average, leverage, self._margin_mode,
                seen.quantity * seen.average / leverage, seen.average, seen.liquidation, 0.0, 0,
            )

    def found_elsewhere(self, positions: Iterable[VenuePosition]) -> None:
        """All positions on symbols that nobody of ours trades."""
        self._elsewhere = {p.symbol: p for p in positions}
        for symbol in self._elsewhere:
            self._ours.pop(symbol, None)

    def remember(self, positions: Iterable[VenuePosition]) -> None:
        """Positions of a saved state; what was read already is newer. Nobody will read those no longer traded."""
        for position in positions:
            if position.symbol in self._traded:
                self._ours.setdefault(position.symbol, position)
