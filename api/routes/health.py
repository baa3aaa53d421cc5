"""How everything is, and the five answers."""

from __future__ import annotations

from fastapi import APIRouter

from api.gateway import Gateway
from api.guard import Guard
from api.health_models import Health
from api.watch_models import Now


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /health`` and ``GET /api/now``."""
    router = APIRouter(tags=["health"])

    @router.get("/health")
    async def health() -> Health:
        """Overall word with reasons; actors, feeds, protection, halts. Always 200: the word is in the body."""
        return await gateway.health()

    @router.get("/api/now")
    async def now() -> Now:
        """Safe? What is open? What is the P&L? Is the data fresh? What happens next?"""
        return await gateway.now()

    return router
