"""Closed trades."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.filters import TradeFilter
from api.gateway import Gateway
from api.guard import Guard
from api.models import TradePage
from api.problems import documented


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/trades``."""
    router = APIRouter(tags=["history"])

    @router.get("/api/trades", responses=documented(422, 503))
    async def trades(which: Annotated[TradeFilter, Query()]) -> TradePage:
        """Closed trades, newest first, a page at a time."""
        return await gateway.trades(which.query())

    return router
