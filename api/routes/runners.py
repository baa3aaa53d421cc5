"""Strategies: money, plans in force, last refusals."""

from __future__ import annotations

from fastapi import APIRouter

from api.gateway import Gateway
from api.guard import Guard
from api.models import Runner


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/runners``."""
    router = APIRouter(tags=["now"])

    @router.get("/api/runners")
    async def runners() -> tuple[Runner, ...]:
        """Every strategy, by name."""
        return await gateway.runners()

    return router
