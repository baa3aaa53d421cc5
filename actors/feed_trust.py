"""Whether what the candle streams say is believed, symbol by symbol. Pure state, no I/O.

Laws
- A symbol is stale when nothing was pushed for so long by our clock, when it has fallen so far behind the other symbols
  by the exchange's clock, or when REST contradicts it. A stream that repeats old rows is not alive.
- Connections are rebuilt on proof by REST only, and ever more rarely for the same symbol: one that is hardly traded
  must not disturb the others for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.candle import Candle
from core.timeframe import MINUTE_MS

_FIRST_WAIT_S: Final = 30.0
_LONGEST_WAIT_S: Final = 1_800.0
_SAME: Final = 5e-4
"""Prices of a closed minute that differ by more than this fraction are not the same minute."""


def agree(streamed: Candle, shown: Candle) -> bool:
    """Whether two reports of a closed minute are of the same minute and prices."""
    pairs = zip(streamed[1:5], shown[1:5], strict=True)
    return streamed.ts_ms == shown.ts_ms and all(abs(a - b) <= _SAME * b for a, b in pairs)


class Trust:
    """What is known about the pushes of each symbol.

    Parameters
    ----------
    now_s : monotonic seconds. stale_after_s : patience, in wall seconds and in the exchange's alike.
    """

    def __init__(self, symbols: Iterable[str], now_s: float, stale_after_s: float) -> None:
        self._stale_after_s = stale_after_s
        self._news_s = dict.fromkeys(symbols, now_s)
        self._open_ms = dict.fromkeys(self._news_s, 0)
        self._last: dict[str, Candle] = {}
        self._asked_s = dict.fromkeys(self._news_s, 0.0)
        self._doubted: set[str] = set()
        self._rebuilt: dict[str, tuple[float, float]] = {}
        self.contradictions = 0

    def pushed(self, symbol: str, row: Candle, now_s: float) -> None:
        """The row in progress of a push. The same row again is no news."""
        if row == self._last.get(symbol) or row.ts_ms < self._open_ms[symbol]:
            return
        self._last[symbol], self._open_ms[symbol], self._news_s[symbol] = row, row.ts_ms, now_s

    def quiet(self, now_s: float, quiet_s: float) -> list[str]:
        """Symbols without news for so long, each named again only after as long a time."""
        found = [s for s, at in self._news_s.items() if now_s - max(at, self._asked_s[s]) > quiet_s]
        for symbol in found:
            self._asked_s[symbol] = now_s
        return found

    def stale(self, now_s: float) -> frozenset[str]:
        """Symbols that nothing may be opened on."""
        newest = max(self._open_ms.values(), default=0)
        behind_ms = self._stale_after_s * 1_000 + MINUTE_MS  # rows are dated by their opening
        return frozenset(
            symbol
            for symbol, at in self._news_s.items()
            if now_s - at > self._stale_after_s
            or (self._open_ms[symbol] and newest - self._open_ms[symbol] > behind_ms)
            or symbol in self._doubted
        )

    def confirmed(self, symbol: str) -> None:
        """REST shows the minute that was streamed."""
        self._doubted.discard(symbol)

    def contradicted(self, symbol: str) -> None:
        """REST shows another minute than was streamed: stale until one is confirmed."""
        self._doubted.add(symbol)
        self.contradictions += 1

    def may_rebuild(self, symbol: str, now_s: float) -> bool:
        """Whether its connection may be rebuilt now; the next time it has to wait twice as long."""
        after_s, wait_s = self._rebuilt.get(symbol, (now_s, _FIRST_WAIT_S))
        if now_s < after_s:
            return False
        if now_s > after_s + _LONGEST_WAIT_S:
            wait_s = _FIRST_WAIT_S
        self._rebuilt[symbol] = (now_s + wait_s, min(2 * wait_s, _LONGEST_WAIT_S))
        return True

    def ages(self, now_s: float) -> dict[str, float]:
        """Wall seconds since the last news of each symbol."""
        return {s: round(now_s - at, 1) for s, at in self._news_s.items()}
