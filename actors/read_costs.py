"""What the open cycle of each strategy and symbol has cost so far: entry fees and funding, from fills and settlements.

Law: pure. What is not known to be complete is not said: fees only when the fills seen make up the position.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from core.messages import CandlesClosed, FillRole, OrderFilled, ProtectionSeen

_TOLERANCE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class OpenCosts:
    """One cycle so far; ``funding`` is what was paid (negative: received), NaN where settlements were missed."""

    cycle: int
    opened_ms: int
    entered: float = 0.0
    left: float = 0.0
    fees: float = 0.0
    funding: float = 0.0

    def covers(self, quantity: float) -> bool:
        """Whether the fills seen make up a position of this size."""
        return math.isclose(self.entered - self.left, quantity, rel_tol=_TOLERANCE, abs_tol=1e-12)


class CostBook:
    """The last cycle of every strategy and symbol."""

    def __init__(self) -> None:
        self._cycles: dict[tuple[str, str], OpenCosts] = {}

    def of(self, strategy: str, symbol: str) -> OpenCosts | None:
        """Costs of the last cycle, None when no fill of it was seen."""
        return self._cycles.get((strategy, symbol))

    def filled(self, fill: OrderFilled, *, late: bool = False) -> None:
        """Take a fill that was not taken before. ``late``: read afterwards, so what was settled since is unknown."""
        key = (fill.strategy, fill.symbol)
        known = self._cycles.get(key)
        if known is not None and fill.cycle < known.cycle:
            return
        if known is None or fill.cycle > known.cycle:
            known = OpenCosts(fill.cycle, fill.ts_ms, funding=math.nan if late else 0.0)
        entry = fill.role is FillRole.ENTRY
        self._cycles[key] = replace(
            known, opened_ms=min(known.opened_ms, fill.ts_ms), fees=known.fees + fill.fee,
            entered=known.entered + fill.quantity * entry, left=known.left + fill.quantity * (not entry),
        )

    def settled(self, batch: CandlesClosed, open_now: Mapping[str, ProtectionSeen], owners: Mapping[str, str]) -> None:
        """Take the funding that was due at the open of a batch."""
        opens = {symbol: candle.open for symbol, candle in batch.candles}
        for symbol, rate in batch.funding:
            held, key = open_now.get(symbol), (owners.get(symbol, ""), symbol)
            if held is None or held.quantity <= 0 or key not in self._cycles or symbol not in opens:
                continue
            paid = rate * held.direction * held.quantity * opens[symbol]
            self._cycles[key] = replace(self._cycles[key], funding=self._cycles[key].funding + paid)
