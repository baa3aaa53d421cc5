"""The arena: strategies against one another."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.gateway import Gateway
from api.guard import Guard
from api.models import Scope
from api.monitor_models import Arena
from api.problems import documented


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/arena``."""
    router = APIRouter(tags=["now"])

    @router.get("/api/arena", responses=documented(422))
    async def arena(scope: Annotated[Scope, Query(description="The two are never added up.")] = "paper") -> Arena:
        """Every strategy by rank, with 95 % intervals and who cannot be told apart."""
        return await gateway.arena(scope)

    return router
