"""Which closed trades have been compared with their twins, and which can be now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from core.messages import FillRole, TradeClosed
from core.monitor_messages import TradeCompared
from core.restriction import CLOSE
from core.timeframe import DAY_MS, MINUTE_MS
from engine.client_ids import decode
from engine.twins import Comparison, Evidence, compare, pairs
from storage.records import Query

Ask = Callable[[str, Query], Awaitable[Any]]

_PAGE: Final = 1000
_AGAIN_MS: Final = DAY_MS
_WAIT_MS: Final = 2 * MINUTE_MS
"""So long after a trade its twin may still be told."""
_BY_HAND: Final = (FillRole.FOREIGN, FillRole.EMERGENCY)


class Held(NamedTuple):
    """What a runner holds on a symbol now: quantities, 0 when flat."""

    paper: float
    live: float


class Twins:
    """Trades of one strategy that wait for their twins.

    Law: a pair is told once, when neither side can still change it: both are closed, or the other side is flat and has
    had time to tell.
    """

    def __init__(self, strategy: str) -> None:
        self._strategy = strategy
        self._waiting: dict[tuple[str, str, int], TradeClosed] = {}
        self._told: set[tuple[str, str, int]] = set()
        self._read_ms = {"live": 0, "paper": 0}
        self._remembered = False

    async def compared(self, ask: Ask, held: Mapping[str, Held], now_ms: int) -> list[TradeCompared]:
        """Comparisons that are possible now, each once; ``held`` by symbol, ``now_ms`` exchange time."""
        if not self._remembered:
            await self._remember(ask)
        for scope in self._read_ms:
            await self._read(ask, scope)
        found = []
        for symbol in sorted({symbol for _, symbol, _ in self._waiting}):
            if symbol in held:
                found += [await self._told_of(ask, *pair) for pair in self._ready(symbol, held[symbol], now_ms)]
        return found

    def _ready(
        self, symbol: str, held: Held, now_ms: int
    ) -> list[tuple[TradeClosed | None, TradeClosed | None]]:
        mine = [t for (_, s, _), t in self._waiting.items() if s == symbol]
        live, paper = ([t for t in mine if t.scope == scope] for scope in ("live", "paper"))
        ready = []
        for a, b in pairs(live, paper):
            late = now_ms >= max(t.ts_ms for t in (a, b) if t is not None) + _WAIT_MS
            if (a and b) or (late and not (held.paper if a else held.live)):
                ready.append((a, b))
        return ready

    async def _told_of(self, ask: Ask, live: TradeClosed | None, paper: TradeClosed | None) -> TradeCompared:
        for trade in (live, paper):
            if trade is not None:
                key = (trade.scope, trade.symbol, trade.cycle)
                self._told.add(key)
                self._waiting.pop(key, None)
        evidence = await self._evidence(ask, live, paper)
        return _message(live, paper, compare(live, paper, evidence))

    async def _evidence(self, ask: Ask, live: TradeClosed | None, paper: TradeClosed | None) -> Evidence:
        one = live or paper
        assert one is not None
        symbol, mine = one.symbol, Query(strategy=self._strategy, symbol=one.symbol)
        by_hand = False
        if live is not None:
            span = Query(symbol=symbol, from_ms=live.opened_ms - MINUTE_MS, to_ms=live.ts_ms + 1, limit=_PAGE)
            fills = await ask("fills", span._replace(strategy=self._strategy, from_ms=live.opened_ms))
            alerts = await ask("events", span._replace(kind="alert_raised"))
            by_hand = any(f.cycle == live.cycle and f.role in _BY_HAND for f in fills.items)
            by_hand |= any(e.payload["kind"] == CLOSE for e in alerts.items)
        rested, refusal = True, ""
        if paper is not None and (live is None or live.levels < paper.levels):
            orders = await ask("orders", Query(symbol=symbol, from_ms=paper.opened_ms, limit=_PAGE))
            rested = any(_entry(o.order, paper) for o in orders.items)
            refusals = await ask("events", mine._replace(kind="target_refused", to_ms=paper.ts_ms + 1, limit=1))
            refusal = next((f"{e.payload['code']}: {e.payload['detail']}" for e in refusals.items), "")
        return Evidence(by_hand, rested, refusal)

    async def _read(self, ask: Ask, scope: str) -> None:
        query = Query(scope=scope, strategy=self._strategy, from_ms=max(self._read_ms[scope] - _AGAIN_MS, 0))
        for trade in await _all(ask, "trades", query):
            key = (scope, trade.symbol, trade.cycle)
            self._read_ms[scope] = max(self._read_ms[scope], trade.ts_ms)
            if key not in self._told:
                self._waiting[key] = trade

    async def _remember(self, ask: Ask) -> None:
        """What was told before a restart."""
        for event in await _all(ask, "events", Query(kind="trade_compared", strategy=self._strategy)):
            for scope in ("live", "paper"):
                cycle = event.payload[f"{scope}_cycle"]
                if cycle is not None:
                    self._told.add((scope, event.symbol, cycle))
        self._remembered = True


async def _all(ask: Ask, kind: str, query: Query) -> list[Any]:
    """Every row, page after page."""
    found: list[Any] = []
    query = query._replace(limit=_PAGE)
    while True:
        page = await ask(kind, query)
        found += page.items
        if page.cursor is None:
            return found
        query = query._replace(cursor=page.cursor)


def _entry(order: Any, paper: TradeClosed) -> bool:
    """Whether it was an entry of ours that could have made this trade."""
    ours = decode(order.client_id)
    return (
        ours is not None and ours.role is FillRole.ENTRY and not order.reduce_only
        and order.created_ms <= paper.ts_ms
    )


def _message(live: TradeClosed | None, paper: TradeClosed | None, found: Comparison) -> TradeCompared:
    there = [t for t in (live, paper) if t is not None]
    one = there[0]
    match = "twin" if len(there) == 2 else "extra" if live else "missed"
    return TradeCompared(
        max(t.ts_ms for t in there), one.cycle, one.strategy, one.symbol, one.direction, match,
        live.cycle if live else None, paper.cycle if paper else None, **found._asdict(),
    )
