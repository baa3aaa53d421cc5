"""Equity points by strategy."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.filters import EquityFilter
from api.gateway import Gateway
from api.guard import Guard
from api.models import EquityPage
from api.problems import documented


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/equity``."""
    router = APIRouter(tags=["history"])

    @router.get("/api/equity", responses=documented(422, 503))
    async def equity(which: Annotated[EquityFilter, Query()]) -> EquityPage:
        """Equity points by strategy, newest first, a page at a time."""
        return await gateway.equity(which.query())

    return router
