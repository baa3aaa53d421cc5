"""The house itself: how actors and the account are, and what there is of market data."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Path

from api.filters import Symbol
from api.gateway import Gateway
from api.guard import Guard
from api.house_models import Coverage, Holes, System
from api.problems import documented

Exchange = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", examples=["bitget"])]
Timeframe = Annotated[str, Path(pattern=r"^[a-z0-9]{1,12}$", examples=["1m"], description="Or funding, oi, ...")]
COVERAGE: Final = "/api/data/coverage"


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /api/system``, ``GET /api/data/coverage``, ``GET /api/data/coverage/{exchange}/{symbol}/{timeframe}``."""
    router = APIRouter(tags=["house"])
    house = gateway.house

    @router.get("/api/system", responses=documented(503))
    async def system() -> System:
        """Actors with their state, restarts and delays, facts of the account, versions, licences."""
        return await house.system()

    @router.get(COVERAGE)
    async def coverage() -> Coverage:
        """Candles in memory, and at rest as looked at once a minute: from when to when, how many, how many lack."""
        return await house.coverage()

    @router.get(COVERAGE + "/{exchange}/{symbol}/{timeframe}", responses=documented(404, 422))
    async def holes(exchange: Exchange, symbol: Annotated[Symbol, Path()], timeframe: Timeframe) -> Holes:
        """Gaps and spikes of one stored series, each gap with the command that fills it."""
        found = await house.holes(exchange, symbol, timeframe)
        if found is None:
            raise HTTPException(404, "nothing is stored of that")
        return found

    return router
