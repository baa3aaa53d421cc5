"""Candles, prices, conditions, ladders as they stood, and why a level did not fill."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.filters import Strategy, Symbol, Time
from api.gateway import Gateway
from api.guard import Guard
from api.problems import documented
from api.tagged import Tagged
from api.watch import CandleQuestion
from api.watch_models import CandleColumns, Conditions, GridSpan, Quote, Rules, Why

ChartTimeframe = Literal["1m", "5m", "15m", "1h", "4h", "1d"]
T = TypeVar("T")


class CandleFilter(BaseModel):
    """Of candles."""

    model_config = ConfigDict(extra="forbid")

    symbol: Symbol
    timeframe: ChartTimeframe = "1h"
    from_ms: Time = 0
    to_ms: Time | None = None
    limit: int = Field(500, ge=1, le=1500)


class SpanFilter(BaseModel):
    """Of a ladder."""

    model_config = ConfigDict(extra="forbid")

    from_ms: Time | None = None
    to_ms: Time | None = None
    candles: ChartTimeframe = Field("1h", description="Whose distance from the nearest level is answered.")


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/candles``, ``/api/prices``, ``/api/instruments``, ``/api/conditions``, ``/api/grid/...``."""
    router = APIRouter(tags=["watch"], route_class=Tagged)

    @router.get("/api/candles", responses=documented(404, 422))
    async def candles(which: Annotated[CandleFilter, Query()]) -> CandleColumns:
        """Candles in columns, as the feed told them; the last one may be in progress."""
        return _found(await gateway.watch.candles(CandleQuestion(**which.model_dump())))

    @router.get("/api/prices")
    async def prices() -> tuple[Quote, ...]:
        """Prices of every symbol now, with their change over 24 hours."""
        return await gateway.watch.quotes()

    @router.get("/api/instruments")
    async def instruments() -> tuple[Rules, ...]:
        """Steps, minima, fees and leverage of every symbol."""
        return await gateway.watch.rules()

    @router.get("/api/conditions")
    async def conditions() -> tuple[Conditions, ...]:
        """How near every strategy is to an entry, on every symbol, at its last decision."""
        return await gateway.watch.conditions(None)

    @router.get("/api/conditions/{symbol}", responses=documented(422))
    async def conditions_of(symbol: Annotated[Symbol, Path()]) -> tuple[Conditions, ...]:
        """The same of one symbol."""
        return await gateway.watch.conditions(symbol)

    @router.get("/api/grid/{strategy}/{symbol}", responses=documented(404, 422, 503))
    async def grid(
        strategy: Annotated[Strategy, Path()], symbol: Annotated[Symbol, Path()], span: Annotated[SpanFilter, Query()]
    ) -> GridSpan:
        """Plan rows as they stood, fills, finished cycles, distances; without a span the last seven days."""
        return _found(await gateway.watch.grid(strategy, symbol, span.from_ms, span.to_ms, span.candles))

    @router.get("/api/grid/{strategy}/{symbol}/why", responses=documented(404, 422, 503))
    async def why(
        strategy: Annotated[Strategy, Path()], symbol: Annotated[Symbol, Path()],
        candle: Annotated[int, Query(ge=0, le=2**53, description="When the decision candle opened, UTC ms.")],
    ) -> Why:
        """Each level within one candle: filled, or why not, in words, with how far the price stayed away."""
        return _found(await gateway.watch.why(strategy, symbol, candle))

    return router


def _found(answer: T | None) -> T:
    if answer is None:
        raise HTTPException(404, "nothing is known of that here")
    return answer
