"""Open positions with their protection."""

from __future__ import annotations

from fastapi import APIRouter

from api.gateway import Gateway
from api.guard import Guard
from api.models import Position


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/positions``."""
    router = APIRouter(tags=["now"])

    @router.get("/api/positions")
    async def positions() -> tuple[Position, ...]:
        """As read back from the exchange; those without a stop first."""
        return await gateway.positions()

    return router
