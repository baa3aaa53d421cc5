"""Refusals, halts, commands, alarms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.filters import EventFilter
from api.gateway import Gateway
from api.guard import Guard
from api.models import EventPage
from api.problems import documented


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/events``."""
    router = APIRouter(tags=["history"])

    @router.get("/api/events", responses=documented(422, 503))
    async def events(which: Annotated[EventFilter, Query()]) -> EventPage:
        """Refusals, halts, commands, alarms, newest first, a page at a time."""
        return await gateway.events(which.query())

    return router
