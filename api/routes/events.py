"""Refusals, halts, commands, alarms; and that somebody has seen them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from api.filters import EventFilter
from api.gateway import Gateway
from api.guard import Guard, origin_of
from api.house_models import AcknowledgeBody, Acknowledged
from api.models import EventPage
from api.problems import documented


def routes(gateway: Gateway, guard: Guard) -> APIRouter:
    """``GET /api/events`` and ``POST /api/events/acknowledge``."""
    router = APIRouter(tags=["history"])

    @router.get("/api/events", responses=documented(422, 503))
    async def events(which: Annotated[EventFilter, Query()]) -> EventPage:
        """Refusals, halts, commands, alarms, newest first; filtered pages may be short although there are more."""
        return await gateway.house.events(which.question())

    @router.post(
        "/api/events/acknowledge", dependencies=[Depends(guard)],
        responses=documented(400, 401, 403, 413, 422, 429, 503),
    )
    async def acknowledge(body: AcknowledgeBody, request: Request) -> Acknowledged:
        """Somebody has seen these; they fold away but stay searchable. Again changes nothing."""
        return await gateway.house.acknowledge(body.ids, origin_of(request))

    return router
