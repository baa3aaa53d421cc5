"""What strategies did, as the ledger tells it: read once, then only what is new."""

from __future__ import annotations

import math
from array import array
from collections.abc import Awaitable, Callable
from typing import Any, Final

import numpy as np

from actors.parts import Past
from core.messages import EquityMarked, TradeClosed
from core.timeframe import DAY_MS
from engine.metrics import ratio
from engine.selector import Paper
from optimization.arena import Record
from storage.records import Query

Ask = Callable[[str, Query], Awaitable[Any]]
"""A page of the ledger's, of ``trades`` or ``equity``."""

_PAGE: Final = 1000
_AGAIN_MS: Final = DAY_MS
"""A runner that was away tells trades late, symbol by symbol: so far back is read again, and each counted once."""


def past_of(record: Record) -> Past:
    """A record as sums."""
    nets = record.nets
    last = float(record.equity[-1]) if len(record.equity) else record.capital
    return Past(
        len(nets), last / record.capital - 1.0, float(nets[nets > 0].sum()), float(-nets[nets <= 0].sum())
    )


def paper_of(past: Past, now: Past, recent_return: float) -> Paper:
    """What the selector looks at: one after the other, as if it had been one run."""
    lost = past.lost + now.lost
    return Paper(
        past.trades + now.trades, (1.0 + past.net_return) * (1.0 + now.net_return) - 1.0,
        ratio(past.won + now.won, lost) if lost > 0 else None, recent_return,
    )


class Book:
    """Trades and marks of one strategy in one scope."""

    def __init__(self, scope: str, strategy: str, capital: float) -> None:
        self._scope, self._strategy, self._capital = scope, strategy, capital
        self._trades: dict[tuple[str, int], tuple[int, float]] = {}
        self._times, self._equity = array("q"), array("d")
        self._traded_ms = 0

    async def read(self, ask: Ask) -> None:
        """Take in what is new."""
        for trade in await self._pages(ask, "trades", max(self._traded_ms - _AGAIN_MS, 0)):
            self._traded(trade)
        for mark in await self._pages(ask, "equity", self._times[-1] + 1 if self._times else 0):
            self._marked(mark)

    def record(self) -> Record:
        """Everything read so far; it begins with the first mark or trade."""
        closed = sorted(self._trades.values())
        times = np.frombuffer(self._times, np.int64) if self._times else np.zeros(0, np.int64)
        equity = np.frombuffer(self._equity, np.float64) if self._equity else np.zeros(0)
        begins = [int(times[0])] if len(times) else []
        begins += [closed[0][0]] if closed else []
        nets = np.array([net for _, net in closed], np.float64)
        return Record(self._strategy, self._capital, min(begins, default=0), nets, times.copy(), equity.copy())

    def recent_return(self, span_ms: int) -> float:
        """Of the last ``span_ms`` up to the last mark, a fraction; 0 without marks."""
        if not self._times:
            return 0.0
        first = int(np.searchsorted(np.frombuffer(self._times, np.int64), self._times[-1] - span_ms, side="right")) - 1
        before = self._equity[first] if first >= 0 else self._capital
        return self._equity[-1] / before - 1.0 if before > 0 else 0.0

    def _traded(self, trade: TradeClosed) -> None:
        if math.isfinite(trade.net):
            self._trades[trade.symbol, trade.cycle] = (trade.ts_ms, trade.net)
            self._traded_ms = max(self._traded_ms, trade.ts_ms)

    def _marked(self, mark: EquityMarked) -> None:
        if math.isfinite(mark.equity) and (not self._times or mark.ts_ms > self._times[-1]):
            self._times.append(mark.ts_ms)
            self._equity.append(mark.equity)

    async def _pages(self, ask: Ask, kind: str, from_ms: int) -> list[Any]:
        """Every row since then, oldest first."""
        found: list[Any] = []
        query = Query(scope=self._scope, strategy=self._strategy, from_ms=from_ms, limit=_PAGE)
        while True:
            page = await ask(kind, query)
            found += page.items
            if page.cursor is None:
                return found[::-1]
            query = query._replace(cursor=page.cursor)
