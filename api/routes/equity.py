"""Equity: points as they were recorded, curves with their figures, returns by month."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.filters import EquityFilter, Strategy, Time
from api.gateway import Gateway
from api.guard import Guard
from api.models import EquityPage, Scope
from api.problems import documented
from api.review import CurveQuestion
from api.review_models import By, EquityCurves, Measure, Monthly
from api.tagged import Tagged


class CurveFilter(BaseModel):
    """Of curves; one scope, since scopes are never added up."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope
    by: By = "total"
    measure: Measure = "net"
    strategy: Strategy | None = None
    from_ms: Time | None = Field(None, description="Since when, UTC ms; without it since the beginning.")
    points: int = Field(1000, ge=8, le=2000, description="Most points of each curve.")


class MonthFilter(BaseModel):
    """Of months."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope
    strategy: Strategy | None = None


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/equity``, ``/api/equity/curves``, ``/api/equity/monthly``."""
    router = APIRouter(tags=["history"], route_class=Tagged)

    @router.get("/api/equity", responses=documented(422, 503))
    async def equity(which: Annotated[EquityFilter, Query()]) -> EquityPage:
        """Equity points by strategy, newest first, a page at a time."""
        return await gateway.equity(which.query())

    @router.get("/api/equity/curves", responses=documented(422, 503))
    async def curves(which: Annotated[CurveFilter, Query()]) -> EquityCurves:
        """Curves in columns with peaks and troughs kept, the worst drawdowns, and figures of everything together."""
        return await gateway.review.curves(CurveQuestion(**which.model_dump()))

    @router.get("/api/equity/monthly", responses=documented(422, 503))
    async def monthly(which: Annotated[MonthFilter, Query()]) -> Monthly:
        """Net returns by month and year, and by the regime of the reference market."""
        return await gateway.review.monthly(which.scope, which.strategy)

    return router
