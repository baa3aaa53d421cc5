"""Closed trades: a list with its sums, one with everything around it, all of them as a file."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Response

from api.filters import TradeFilter
from api.gateway import Gateway
from api.guard import Guard
from api.problems import documented
from api.review import TradeKey
from api.review_models import TradeDetail, TradeList
from api.tagged import Tagged

_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_ID = r"^(live|paper)\.[A-Za-z0-9_]{1,64}\.[A-Z0-9]{1,20}-[A-Z0-9]{2,10}\.[0-9]{1,15}$"


class ExportFilter(TradeFilter):
    """Which trades, and as what; limit and cursor do not matter."""

    format: Literal["csv", "parquet"] = "csv"


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/trades``, ``/api/trades/{id}``, ``/api/trades/export``."""
    router = APIRouter(tags=["history"], route_class=Tagged)

    @router.get("/api/trades", responses=documented(422, 503))
    async def trades(which: Annotated[TradeFilter, Query()]) -> TradeList:
        """Closed trades, newest first, a page at a time; the first page of a scope has the sums of all that match."""
        return await gateway.review.trades(which.query())

    @router.get("/api/trades/export", response_class=Response, responses=documented(422, 503))
    async def export(which: Annotated[ExportFilter, Query()]) -> Response:
        """Everything that matches, at most 100,000, as CSV or Parquet: full numbers, times in UTC."""
        body = await gateway.review.export(which.query(), which.format)
        named = {"Content-Disposition": f'attachment; filename="trades.{which.format}"'}
        return Response(body, media_type=_TYPES[which.format], headers=named)

    @router.get("/api/trades/{trade}", responses=documented(404, 422, 503))
    async def trade(
        trade: Annotated[str, Path(pattern=_ID, examples=["live.envelope_dca.BTC-USDT.13"])],
    ) -> TradeDetail:
        """One trade: from gross to net, its twin, plan rows, fills, the order log."""
        found = await gateway.review.trade(TradeKey.parsed(trade))
        if found is None:
            raise HTTPException(404, f"no trade {trade} was recorded")
        return found

    return router
