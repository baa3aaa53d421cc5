"""Optimisations to come: what can be optimised, what it would take, and the queue."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Path

from api.gateway import Gateway
from api.guard import Guard
from api.problems import documented
from api.queue_models import Estimates, GridView, JobOrder, Optimisable, Submission
from core.errors import InputError

_JOBS_A_MINUTE: Final = 60


def routes(gateway: Gateway, guard: Guard) -> APIRouter:
    """``/api/optimization/...``; queueing and cancelling need the key, at a rate of their own."""
    router = APIRouter(tags=["optimisation"])
    queue = gateway.queue
    door = guard.apart(_JOBS_A_MINUTE)

    @router.get("/api/optimization/strategies", responses=documented(503))
    async def strategies() -> Optimisable:
        """What can be optimised, and over which candles."""
        return await queue.strategies()

    @router.get("/api/optimization/grids/{strategy}", responses=documented(404, 422, 503))
    async def grid(strategy: Annotated[str, Path(pattern=r"^[A-Za-z0-9_]{1,64}$")]) -> GridView:
        """The parameters of a strategy: bounds, defaults, what the grid tries."""
        try:
            return await queue.grid(strategy)
        except InputError as error:
            raise HTTPException(404, str(error)) from error

    @router.post("/api/optimization/estimate", responses=documented(422, 503))
    async def estimate(order: JobOrder) -> Estimates:
        """What a job would take. Changes nothing, so it needs no key."""
        return await queue.estimate(order)

    @router.post(
        "/api/optimization/jobs", status_code=202, dependencies=[Depends(door)],
        responses=documented(401, 403, 409, 422, 429, 503),
    )
    async def submit(order: JobOrder) -> Submission:
        """Queue a job; refused (409) with the reason when it cannot be run or too many wait."""
        try:
            return await queue.submit(order)
        except InputError as error:
            raise HTTPException(409, str(error)) from error

    @router.delete(
        "/api/optimization/jobs/{job_id}", status_code=204, dependencies=[Depends(door)],
        responses=documented(401, 403, 404, 422, 429, 503),
    )
    async def cancel(job_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]) -> None:
        """End a job that waits or runs."""
        if not await queue.cancel(job_id):
            raise HTTPException(404, "there is no such job that waits or runs")

    return router
