"""Fills `api.review.ReviewPort`: what lies behind, from the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from actors import monitor_views, read_views, review_views, watch_views
from actors.read_model import ReadModel
from actors.review_equity import EquityReader
from actors.review_files import as_csv, as_parquet
from api import models, monitor_models
from api import review_models as shown
from api.gateway import Unavailable
from api.review import CurveQuestion, TradeKey
from core.errors import InputError
from core.messages import OrderFilled, PlanChanged, TradeClosed
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from storage.journal import Intent
from storage.records import MAX_LIMIT, Page, Query
from storage.rows import StoredEvent, StoredOrder

_TWIN_CLOSES_MS: Final = 7 * DAY_MS
"""How much later than a trade its twin may have closed to be found beside it."""
_EXPORTED: Final = 100_000
_IDS: Final = 400


class ReviewReader:
    """``answer_s``: how long the ledger may take."""

    def __init__(self, state: ReadModel, ledger: Any, answer_s: float) -> None:
        self._state, self._ledger, self._answer_s = state, ledger, answer_s
        self._equity = EquityReader(state, self._ask)

    async def trades(self, query: Query) -> shown.TradeList:
        """Closed trades, newest first, with sums of everything that matches."""
        page: Page[TradeClosed] = await self._ask("trades", query)
        first = query.scope is not None and query.cursor is None
        return shown.TradeList(
            items=await self._lines(page.items), cursor=page.cursor,
            sums=review_views.sums(await self._ask("trade_sums", query)) if first else None,
            facets=self._facets(query.scope) if first else None,
        )

    async def trade(self, key: TradeKey) -> shown.TradeDetail | None:
        """One trade with everything that was recorded around it."""
        trade = await self._one(key)
        if trade is None:
            return None
        comparison = await self._comparison(trade)
        other = _other(trade, comparison)
        twin = await self._one(other) if other is not None else None
        line = review_views.line(trade, comparison)
        fills: tuple[OrderFilled, ...] = ()
        plans: tuple[PlanChanged, ...] = ()
        lines: tuple[shown.LogLine, ...] = ()
        unprotected_ms, settled = None, None
        if trade.scope == "live" or trade.strategy not in self._state.facts.trading:
            plans = await self._plans(trade)
        if trade.scope == "live":
            fills = await self._fills(trade)
            orders, intents = await self._orders(trade, fills)
            unprotected_ms = await self._unprotected(trade)
            settled = review_views.settled(trade, await self._settlements(trade))
            lines = review_views.log(trade, plans, orders, intents, fills, unprotected_ms, settled)
        return shown.TradeDetail(
            trade=line, steps=review_views.steps(line, comparison), comparison=comparison,
            twin=review_views.line(twin, comparison) if twin else None, unprotected_ms=unprotected_ms, settled=settled,
            timeframe=self._state.facts.timeframes.get(trade.strategy, "1h"),
            plans=tuple(watch_views.plan_stood(plan, plan.target.average or None) for plan in plans),
            fills=tuple(read_views.message(models.Fill, fill) for fill in fills),
            log=lines,
        )

    async def export(self, query: Query, kind: str) -> bytes:
        """Everything that matches, at most 100,000 trades, newest first."""
        lines: list[shown.TradeLine] = []
        query = query._replace(limit=MAX_LIMIT, cursor=None)
        while len(lines) < _EXPORTED:
            page: Page[TradeClosed] = await self._ask("trades", query)
            lines += await self._lines(page.items)
            if page.cursor is None:
                break
            query = query._replace(cursor=page.cursor)
        return await asyncio.to_thread(as_csv if kind == "csv" else as_parquet, lines)

    async def curves(self, question: CurveQuestion) -> shown.EquityCurves:
        """Equity over time."""
        return await self._equity.curves(question)

    async def monthly(self, scope: models.Scope, strategy: str | None) -> shown.Monthly:
        """Returns by month and by regime."""
        return await self._equity.monthly(scope, strategy)

    def _facets(self, scope: str | None) -> shown.Facets:
        keys = [(strategy, symbol) for of, strategy, symbol in self._state.totals if of == scope]
        return shown.Facets(
            strategies=tuple(sorted({strategy for strategy, _ in keys})),
            symbols=tuple(sorted({symbol for _, symbol in keys})),
        )

    async def _lines(self, trades: Sequence[TradeClosed]) -> tuple[shown.TradeLine, ...]:
        if not trades:
            return ()
        told: Page[StoredEvent] = await self._ask("events", Query(
            kind="trade_compared", from_ms=trades[-1].ts_ms, to_ms=trades[0].ts_ms + _TWIN_CLOSES_MS, limit=MAX_LIMIT,
        ))
        known: dict[TradeKey, monitor_models.Divergence] = {}
        for event in told.items:
            found = monitor_views.divergence(event)
            for scope, cycle in (("live", found.live_cycle), ("paper", found.paper_cycle)):
                if cycle is not None:
                    known[TradeKey(scope, found.strategy, found.symbol, cycle)] = found
        return tuple(review_views.line(trade, known.get(review_views.key_of(trade))) for trade in trades)

    async def _one(self, key: TradeKey) -> TradeClosed | None:
        page: Page[TradeClosed] = await self._ask("trades", Query(
            scope=key.scope, strategy=key.strategy, symbol=key.symbol, cycle=key.cycle, limit=1,
        ))
        return page.items[0] if page.items else None

    async def _comparison(self, trade: TradeClosed) -> monitor_models.Divergence | None:
        told: Page[StoredEvent] = await self._ask("events", Query(
            strategy=trade.strategy, symbol=trade.symbol, kind="trade_compared", from_ms=trade.ts_ms,
            to_ms=trade.ts_ms + _TWIN_CLOSES_MS, limit=MAX_LIMIT,
        ))
        for event in told.items:
            if event.payload.get(f"{trade.scope}_cycle") == trade.cycle:
                return monitor_views.divergence(event)
        return None

    async def _plans(self, trade: TradeClosed) -> tuple[PlanChanged, ...]:
        """Rows of its cycle, oldest first."""
        span = Query(strategy=trade.strategy, symbol=trade.symbol, to_ms=trade.ts_ms + 1, limit=MAX_LIMIT)
        within: Page[PlanChanged] = await self._ask("targets", span._replace(from_ms=trade.opened_ms))
        before: Page[PlanChanged] = await self._ask("targets", span._replace(to_ms=trade.opened_ms, limit=1))
        rows = (*within.items, *before.items)[::-1]
        return tuple(plan for plan in rows if plan.target.cycle == trade.cycle)

    async def _fills(self, trade: TradeClosed) -> tuple[OrderFilled, ...]:
        page: Page[OrderFilled] = await self._ask("fills", Query(
            strategy=trade.strategy, symbol=trade.symbol, cycle=trade.cycle, from_ms=trade.opened_ms,
            to_ms=trade.ts_ms + 1, limit=MAX_LIMIT,
        ))
        return page.items[::-1]

    async def _orders(
        self, trade: TradeClosed, fills: Sequence[OrderFilled]
    ) -> tuple[tuple[StoredOrder, ...], tuple[Intent, ...]]:
        page: Page[StoredOrder] = await self._ask("orders", Query(
            symbol=trade.symbol, from_ms=trade.opened_ms - MINUTE_MS, to_ms=trade.ts_ms + HOUR_MS, limit=MAX_LIMIT,
        ))
        ids = review_views.ids_of(trade, page.items, fills)[:_IDS]
        wanted = set(ids)
        intents: tuple[Intent, ...] = await self._ask("journal_lines", ids) if ids else ()
        return tuple(stored for stored in page.items if stored.order.client_id in wanted), intents

    async def _unprotected(self, trade: TradeClosed) -> int | None:
        told: Page[StoredEvent] = await self._ask("events", Query(
            symbol=trade.symbol, strategy=trade.strategy, kind="position_guarded", from_ms=trade.opened_ms,
            to_ms=trade.ts_ms + HOUR_MS, limit=50,
        ))
        for event in told.items:
            if event.payload.get("cycle") == trade.cycle:
                return int(event.payload["unprotected_ms"])
        return None

    async def _settlements(self, trade: TradeClosed) -> tuple[StoredEvent, ...]:
        """Positions of its symbol that the exchange closed at about that time."""
        told: Page[StoredEvent] = await self._ask("events", Query(
            symbol=trade.symbol, kind="position_settled", from_ms=trade.opened_ms, to_ms=trade.ts_ms + HOUR_MS,
            limit=50,
        ))
        return told.items

    async def _ask(self, kind: str, *arguments: Any) -> Any:
        try:
            async with asyncio.timeout(self._answer_s):  # not wait_for, which may swallow our cancellation
                return await getattr(self._ledger, kind).remote(*arguments)
        except InputError:
            raise
        except Exception as error:  # whatever the way to the actor raises when there is none
            cause = getattr(error, "cause", None)
            if isinstance(cause, InputError):
                raise cause from error
            raise Unavailable("the ledger does not answer") from error


def _other(trade: TradeClosed, comparison: monitor_models.Divergence | None) -> TradeKey | None:
    """The address of its twin."""
    if comparison is None or comparison.match != "twin":
        return None
    live = trade.scope == "live"
    cycle = comparison.paper_cycle if live else comparison.live_cycle
    return None if cycle is None else TradeKey("paper" if live else "live", trade.strategy, trade.symbol, cycle)
