"""What a stream of candle pushes means: which minutes have closed, which are missing, which are complete as a batch.

Laws
- Bitget has no closed flag: a candle is closed when a newer row follows it *in the same push*, so that its last state
  was certainly seen; otherwise it is missing and REST is asked.
- A candle is passed on once, in order of time, per symbol.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from core.candle import Candle
from core.timeframe import MINUTE_MS


class Span(NamedTuple):
    """Opening times [from_ms, to_ms) of missing minutes."""

    from_ms: int
    to_ms: int


class Minutes:
    """The closed minutes of one symbol; ``last_ms`` is the opening time of the last one passed on.

    ``open_ms`` opening time of the one in progress, ``price`` its last close.
    """

    def __init__(self, last_ms: int) -> None:
        self.last_ms = last_ms
        self.price: float | None = None
        self._held: dict[int, Candle] = {}
        self.open_ms = last_ms + MINUTE_MS

    def see(self, rows: Sequence[Candle]) -> list[Candle]:
        """Candles that closed and follow one another without a hole, oldest first, from a push of rows."""
        if not rows:
            return []
        for row in rows[:-1]:
            self.hold(row)
        self.open_ms = max(self.open_ms, rows[-1].ts_ms)
        self.price = rows[-1].close
        return self.ready()

    def hold(self, candle: Candle) -> None:
        """Keep a closed candle until its turn comes; what was passed on already is ignored."""
        if candle.ts_ms > self.last_ms and sound(candle):
            self._held[candle.ts_ms] = candle

    def ready(self) -> list[Candle]:
        """The held candles that follow the last one without a hole."""
        found = []
        while (candle := self._held.pop(self.last_ms + MINUTE_MS, None)) is not None:
            found.append(candle)
            self.last_ms = candle.ts_ms
        return found

    def expect(self, open_ms: int) -> None:
        """The venue's clock says that the minute in progress opened at ``open_ms``: those before have closed."""
        self.open_ms = max(self.open_ms, open_ms)

    def missing(self) -> Span | None:
        """Minutes known to have closed and not seen; None when there are none."""
        first = min(self._held, default=self.open_ms)
        return Span(self.last_ms + MINUTE_MS, first) if first > self.last_ms + MINUTE_MS else None

    def skip_to(self, to_ms: int) -> list[Candle]:
        """Give up on holes before ``to_ms`` (the venue has no candles there); what can go on now."""
        found = [self._held.pop(ts_ms) for ts_ms in sorted(t for t in self._held if t < to_ms)]
        self.last_ms = max(self.last_ms, to_ms - MINUTE_MS)
        return found + self.ready()


def sound(candle: Candle) -> bool:
    """Whether a candle can be true: on the grid, positive prices in order, volume not negative."""
    return (
        candle.ts_ms % MINUTE_MS == 0
        and all(0 < candle.low <= price <= candle.high < float("inf") for price in (candle.open, candle.close))
        and 0 <= candle.volume < float("inf")
    )


class Batches:
    """Closed candles of all symbols, gathered minute by minute.

    A minute is ready when every symbol is there, or ``patience_s`` after its first candle came; what comes after its
    minute was handed out is handed out by itself, at once.
    """

    def __init__(self, symbols: Sequence[str], patience_s: float) -> None:
        self._order = {symbol: i for i, symbol in enumerate(symbols)}
        self._patience_s = patience_s
        self._waiting: dict[int, dict[str, Candle]] = {}
        self._since_s: dict[int, float] = {}
        self._sent_ms = -1

    def add(self, symbol: str, candle: Candle, now_s: float) -> None:
        """Put a closed candle to its minute."""
        self._waiting.setdefault(candle.ts_ms, {})[symbol] = candle
        self._since_s.setdefault(candle.ts_ms, now_s)

    def take(self, now_s: float) -> tuple[tuple[str, Candle], ...] | None:
        """The oldest minute when it is ready, its symbols in configured order; None when there is none."""
        if not self._waiting:
            return None
        oldest = min(self._waiting)
        late = oldest <= self._sent_ms
        complete = len(self._waiting[oldest]) == len(self._order)
        if not (late or complete or now_s - self._since_s[oldest] >= self._patience_s):
            return None
        self._sent_ms = max(self._sent_ms, oldest)
        del self._since_s[oldest]
        found = self._waiting.pop(oldest)
        return tuple(sorted(found.items(), key=lambda item: self._order[item[0]]))
