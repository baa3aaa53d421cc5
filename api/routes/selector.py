"""The selector: who may open positions with real money, and why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.filters import ChangeFilter
from api.gateway import Gateway
from api.guard import Guard
from api.monitor_models import ChangePage, Selection
from api.problems import documented


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/selector`` and ``GET /api/selector/history``."""
    router = APIRouter(tags=["now"])

    @router.get("/api/selector")
    async def selector() -> Selection:
        """Who may open positions, every condition with its figure and limit, and when this is looked at again."""
        return await gateway.selection()

    @router.get("/api/selector/history", responses=documented(422, 503))
    async def history(which: Annotated[ChangeFilter, Query()]) -> ChangePage:
        """Decisions that differed from the one before, newest first, a page at a time."""
        return await gateway.selections(which.query())

    return router
