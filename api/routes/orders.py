"""Orders as last seen on the exchange."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.filters import OrderFilter
from api.gateway import Gateway
from api.guard import Guard
from api.models import OrderPage
from api.problems import documented


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/orders``."""
    router = APIRouter(tags=["history"])

    @router.get("/api/orders", responses=documented(422, 503))
    async def orders(which: Annotated[OrderFilter, Query()]) -> OrderPage:
        """Orders as last seen on the exchange, newest first, a page at a time."""
        return await gateway.orders(which.query())

    return router
