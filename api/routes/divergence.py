"""Live trades beside their paper twins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.filters import DivergenceFilter
from api.gateway import Gateway
from api.guard import Guard
from api.monitor_models import DivergencePage
from api.problems import documented


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/divergence``."""
    router = APIRouter(tags=["history"])

    @router.get("/api/divergence", responses=documented(422, 503))
    async def divergence(which: Annotated[DivergenceFilter, Query()]) -> DivergencePage:
        """Each closed trade of live or paper beside its twin, with the cause of the difference, newest first."""
        return await gateway.divergence(which.query())

    return router
