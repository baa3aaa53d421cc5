"""Fills on the exchange."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.filters import FillFilter
from api.gateway import Gateway
from api.guard import Guard
from api.models import FillPage
from api.problems import documented


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/fills``."""
    router = APIRouter(tags=["history"])

    @router.get("/api/fills", responses=documented(422, 503))
    async def fills(which: Annotated[FillFilter, Query()]) -> FillPage:
        """Fills on the exchange, newest first, a page at a time."""
        return await gateway.fills(which.query())

    return router
