"""Fills `api.watch.WatchPort`: candles from the read model, plan rows and fills from the ledger."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from actors import watch_near, watch_views, watch_why
from actors.read_market import TIMEFRAMES, Series
from actors.read_model import ReadModel
from api import models
from api import watch_models as watch
from api.gateway import Unavailable
from api.watch import CandleQuestion
from core.candle import Candle
from core.errors import InputError
from core.messages import OrderFilled, PlanChanged, TradeClosed
from core.timeframe import DAY_MS, floor_to, timeframe_ms
from storage.records import MAX_LIMIT, Page, Query
from storage.rows import StoredEvent

_SPAN_MS: Final = 7 * DAY_MS
_PAGES: Final = 3
_FALLBACK: Final = "1h"
_REFUSALS: Final = ("target_refused",)


class WatchReader:
    """``answer_s``: how long the ledger may take."""

    def __init__(self, state: ReadModel, ledger: Any, answer_s: float) -> None:
        self._state, self._ledger, self._answer_s = state, ledger, answer_s

    async def candles(self, question: CandleQuestion) -> watch.CandleColumns | None:
        """Columns of the newest ``limit`` candles."""
        series = self._state.market.series.get(question.symbol)
        if series is None:
            return None
        rows = series.rows(question.timeframe, question.from_ms, question.to_ms, question.limit)
        return columns(question.symbol, question.timeframe, rows)

    async def conditions(self, symbol: str | None) -> tuple[watch.Conditions, ...]:
        """Of one symbol or of all."""
        found = watch_views.conditions(self._state)
        return found if symbol is None else tuple(c for c in found if c.symbol == symbol)

    async def quotes(self) -> tuple[watch.Quote, ...]:
        """Prices now."""
        return watch_views.quotes(self._state)

    async def rules(self) -> tuple[watch.Rules, ...]:
        """Steps and fees."""
        return watch_views.rules(self._state)

    async def grid(
        self, strategy: str, symbol: str, from_ms: int | None, to_ms: int | None, candles: str = _FALLBACK
    ) -> watch.GridSpan | None:
        """Rows as they stood in the span, the one in force at its beginning included."""
        if not self._known(strategy, symbol):
            return None
        end = to_ms or self._state.exchange_ms + 1
        begin = end - _SPAN_MS if from_ms is None else from_ms
        span = Query(strategy=strategy, symbol=symbol, from_ms=begin, to_ms=end, limit=MAX_LIMIT)
        plans, complete = await self._plans(span)
        fills: Page[OrderFilled] = await self._ask("fills", span)
        cycles: Page[TradeClosed] = await self._ask("trades", span)
        rows = tuple(watch_views.plan_stood(plan, self._average(plan, fills.items)) for plan in plans)
        series = self._state.market.series.get(symbol)
        near = watch_near.near(candles, series.rows(candles, begin, end) if series else [], plans, fills.items)
        return watch.GridSpan(
            strategy=strategy, symbol=symbol, timeframe=self._timeframe(strategy), from_ms=begin, to_ms=end, plans=rows,
            fills=tuple(models.Fill.model_validate(_fields(models.Fill, fill)) for fill in reversed(fills.items)),
            cycles=tuple(models.Trade.model_validate(_fields(models.Trade, trade)) for trade in cycles.items),
            near=near, complete=complete,
        )

    async def why(self, strategy: str, symbol: str, candle_ms: int) -> watch.Why | None:
        """Each part of the plan in force within one candle."""
        timeframe = self._timeframe(strategy)
        opened = floor_to(candle_ms, timeframe)
        candle = self._candle(symbol, timeframe, opened)
        if not self._known(strategy, symbol) or candle is None:
            return None
        closes = opened + timeframe_ms(timeframe)
        within = Query(strategy=strategy, symbol=symbol, from_ms=opened, to_ms=closes, limit=MAX_LIMIT)
        before = Query(strategy=strategy, symbol=symbol, to_ms=opened + 1, limit=1)
        plan: Page[PlanChanged] = await self._ask("targets", before)
        later: Page[PlanChanged] = await self._ask("targets", within)
        fills: Page[OrderFilled] = await self._ask("fills", within)
        refused: Page[StoredEvent] = await self._ask("events", within._replace(kind="target_refused"))
        halts: Page[StoredEvent] = await self._ask("events", Query(kind="trading_halted", to_ms=closes, limit=50))
        resumed: Page[StoredEvent] = await self._ask("events", Query(kind="trading_resumed", to_ms=closes, limit=50))
        paper = strategy not in self._state.facts.trading
        return watch_why.why(watch_why.Asked(
            strategy, symbol, timeframe, candle, plan.items[0] if plan.items else None, later.items, fills.items,
            tuple(f"{e.payload.get('code', '')}: {e.payload.get('detail', '')}" for e in refused.items),
            watch_why.halted_at(opened, symbol, (*halts.items, *resumed.items)), paper=paper,
        ))

    def _known(self, strategy: str, symbol: str) -> bool:
        return (strategy, symbol) in self._state.plans or strategy in self._state.facts.timeframes

    def _timeframe(self, strategy: str) -> str:
        return self._state.facts.timeframes.get(strategy, _FALLBACK)

    def _candle(self, symbol: str, timeframe: str, opened: int) -> Candle | None:
        series: Series | None = self._state.market.series.get(symbol)
        if series is None:
            return None
        step = timeframe_ms(timeframe)
        finest = timeframe if timeframe in TIMEFRAMES else "1m"
        rows = series.rows(finest, opened, opened + step)
        if not rows:
            return None
        return Candle(
            opened, rows[0].open, max(c.high for c in rows), min(c.low for c in rows), rows[-1].close,
            sum(c.volume for c in rows),
        )

    async def _plans(self, span: Query) -> tuple[list[PlanChanged], bool]:
        """Oldest first, with the row in force at the beginning; whether that is all of them."""
        found: list[PlanChanged] = []
        query, complete = span, False
        for _ in range(_PAGES):
            page: Page[PlanChanged] = await self._ask("targets", query)
            found += page.items
            complete = page.cursor is None
            if complete:
                break
            query = query._replace(cursor=page.cursor)
        if complete:
            before: Page[PlanChanged] = await self._ask(
                "targets", span._replace(from_ms=None, to_ms=span.from_ms, limit=1, cursor=None)
            )
            found += before.items
        return found[::-1], complete

    def _average(self, plan: PlanChanged, fills: tuple[OrderFilled, ...]) -> float | None:
        """Average entry price of the cycle at the time of a row, from the fills before it; None when flat."""
        own = [f for f in fills if f.cycle == plan.target.cycle and f.role == "entry" and f.ts_ms <= plan.ts_ms]
        quantity = sum(f.quantity for f in own)
        if not plan.target.filled or quantity <= 0:
            return None
        return sum(f.quantity * f.price for f in own) / quantity

    async def _ask(self, kind: str, query: Query) -> Page[Any]:
        try:
            async with asyncio.timeout(self._answer_s):  # not wait_for, which may swallow our cancellation
                page: Page[Any] = await getattr(self._ledger, kind).remote(query)
        except InputError:
            raise
        except Exception as error:  # whatever the way to the actor raises when there is none
            raise Unavailable("the ledger does not answer") from error
        return page


def columns(symbol: str, timeframe: str, rows: list[Candle]) -> watch.CandleColumns:
    """Candles as columns."""
    return watch.CandleColumns(
        symbol=symbol, timeframe=timeframe, t=tuple(c.ts_ms for c in rows), open=tuple(c.open for c in rows),
        high=tuple(c.high for c in rows), low=tuple(c.low for c in rows), close=tuple(c.close for c in rows),
        volume=tuple(c.volume for c in rows),
    )


def _fields(model: type[models.Model], told: Any) -> dict[str, Any]:
    return {name: getattr(told, name) for name in model.model_fields}
