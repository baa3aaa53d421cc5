"""Optimisations: runs, combinations, heatmaps, jobs; and results sent by other machines."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final, Literal, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect

from api.filters import Cursor, Strategy, Symbol, Time
from api.gateway import Gateway
from api.guard import Guard, origin_of
from api.problems import documented
from api.research import BestQuestion, BodyQuestion, HeatmapQuestion
from api.research_models import CombinationPage, Heatmap, JobPage, JobView, Receipt, RunDetail, RunPage
from storage.records import MAX_LIMIT
from storage.research_records import Conflict, JobQuery, JobState, RunQuery

RESULTS: Final = "/api/optimization/results"
MAX_RESULT_BYTES: Final = 64 * 1024 * 1024
MEDIA_TYPE: Final = "application/vnd.apache.arrow.file"
BODY_TYPE: Final = "application/vnd.scalp-radar.combinations"
_RECEIVE_S: Final = 120.0
_SENT_A_MINUTE: Final = 120

T = TypeVar("T")

Fingerprint = Annotated[str, Path(pattern=r"^[0-9a-f]{4,64}$", description="Four digits of it or more.")]
Figure = Literal[
    "in.sharpe", "in.return", "in.drawdown", "in.trades", "out.sharpe", "out.return", "out.drawdown", "out.trades"
]
Parameter = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,64}$", examples=["ma_period"])]
Window = Annotated[int, Field(ge=0, le=100_000, description="Of one window only; else the mean over all of them.")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RunFilter(_Strict):
    """Of runs."""

    strategy: Strategy | None = None
    symbol: Symbol | None = None
    grade: list[Literal["A", "B", "C", "D", "F"]] = Field([], description="Any of these.")
    gate_passed: bool | None = None
    latest_only: bool = Field(False, description="The latest run of each strategy and asset.")
    origin: str | None = Field(None, max_length=100)
    from_ms: Time | None = Field(None, description="Finished then or later, UTC ms.")
    to_ms: Time | None = Field(None, description="Finished before then, UTC ms.")
    limit: int = Field(100, ge=1, le=MAX_LIMIT)
    cursor: Cursor | None = None

    def query(self) -> RunQuery:
        """The same for the store."""
        values = self.model_dump()
        return RunQuery(grades=tuple(values.pop("grade")), **values)


class JobFilter(_Strict):
    """Of jobs."""

    state: list[JobState] = Field([], description="Any of these.")
    strategy: Strategy | None = None
    limit: int = Field(100, ge=1, le=MAX_LIMIT)
    cursor: Cursor | None = None

    def query(self) -> JobQuery:
        """The same for the store."""
        values = self.model_dump()
        return JobQuery(states=tuple(values.pop("state")), **values)


class BestFilter(_Strict):
    """Of combinations."""

    by: Figure = "out.sharpe"
    window: Window | None = None
    limit: int = Field(10, ge=1, le=MAX_LIMIT)
    offset: int = Field(0, ge=0, le=10_000_000)


class HeatmapFilter(_Strict):
    """Which two parameters, and what is shown over them."""

    x: Parameter
    y: Parameter
    figure: Figure = "out.sharpe"
    aggregate: Literal["median", "mean", "min", "positive", "max"] = Field(
        "median", description="How combinations that share a cell are brought together."
    )
    window: Window | None = None
    fix: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,64}:[0-9]{1,6}$", examples=["ma_period:1"])]] = Field(
        [], max_length=64, description="Only combinations with this value: parameter, colon, position in its values."
    )

    def question(self, fingerprint: str) -> HeatmapQuestion:
        """The same for the store."""
        fixed = tuple((name, int(position)) for name, _, position in (one.partition(":") for one in self.fix))
        return HeatmapQuestion(fingerprint, **self.model_dump(exclude={"fix"}), fixed=fixed)


class BodyFilter(_Strict):
    """Which figures of all combinations."""

    figure: list[Figure] = Field(["out.sharpe", "in.sharpe", "in.trades"], min_length=1, max_length=8)
    window: Window | None = None


class _Unchanged(HTTPException):
    """Whoever asks has it already."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(304, "not changed", headers)


def routes(gateway: Gateway, guard: Guard) -> APIRouter:
    """``/api/optimization/...``; only sending results needs the key."""
    router = APIRouter(tags=["optimisation"])
    research = gateway.research

    @router.get("/api/optimization/runs", responses=documented(422, 503))
    async def runs(which: Annotated[RunFilter, Query()]) -> RunPage:
        """Runs, newest first, a page at a time."""
        return await research.runs(which.query())

    async def fresh(fingerprint: Fingerprint, request: Request, response: Response) -> None:
        """Nothing about a run changes without its tag. Raises HTTPException: 404, 304 for who has it already."""
        headers = {"ETag": _there(await research.tag(fingerprint), "run"), "Cache-Control": "private, no-cache"}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            raise _Unchanged(headers)
        response.headers.update(headers)

    tagged = [Depends(fresh)]

    @router.get("/api/optimization/runs/{fingerprint}", responses=documented(404, 422, 503), dependencies=tagged)
    async def run(fingerprint: Fingerprint) -> RunDetail:
        """One run with its windows, grade, gate and curve."""
        return _there(await research.run(fingerprint), "run")

    @router.get(
        "/api/optimization/runs/{fingerprint}/combos", dependencies=tagged, response_class=Response,
        responses={**documented(404, 422, 503), 200: {"content": {BODY_TYPE: {
            "schema": {"type": "string", "format": "binary"},
        }}}},
    )
    async def combos(
        fingerprint: Fingerprint, which: Annotated[BodyFilter, Query()], response: Response
    ) -> Response:
        """All combinations as one binary body: length of the header, JSON header, columns (docs/results.md)."""
        body = _there(await research.body(BodyQuestion(fingerprint, tuple(which.figure), which.window)), "run")
        return Response(body, media_type=BODY_TYPE, headers=dict(response.headers))

    @router.get(
        "/api/optimization/runs/{fingerprint}/combinations", responses=documented(404, 422, 503), dependencies=tagged
    )
    async def combinations(fingerprint: Fingerprint, which: Annotated[BestFilter, Query()]) -> CombinationPage:
        """Its combinations, best first. The best out of sample is for looking at, not for choosing."""
        return _there(await research.combinations(BestQuestion(fingerprint, **which.model_dump())), "run")

    @router.get(
        "/api/optimization/runs/{fingerprint}/heatmap", responses=documented(404, 422, 503), dependencies=tagged
    )
    async def heatmap(fingerprint: Fingerprint, which: Annotated[HeatmapFilter, Query()]) -> Heatmap:
        """A figure over two parameters."""
        return _there(await research.heatmap(which.question(fingerprint)), "run")

    @router.get("/api/optimization/jobs", responses=documented(422, 503))
    async def jobs(which: Annotated[JobFilter, Query()]) -> JobPage:
        """Jobs, newest first, a page at a time."""
        return await research.jobs(which.query())

    @router.get("/api/optimization/jobs/{job_id}", responses=documented(404, 422, 503))
    async def job(job_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]) -> JobView:
        """One job."""
        return _there(await research.job(job_id), "job")

    @router.post(
        RESULTS, status_code=200, dependencies=[Depends(guard.apart(_SENT_A_MINUTE))],
        responses=documented(400, 401, 403, 408, 409, 413, 415, 422, 429, 503),
        openapi_extra={"requestBody": {
            "required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        }},
    )
    async def receive(request: Request) -> Receipt:
        """Store the file of a run, as `results push` sends it; again changes nothing."""
        if request.headers.get("content-type", "").partition(";")[0].strip() != MEDIA_TYPE:
            raise HTTPException(415, f"the content type must be {MEDIA_TYPE}")
        try:
            return await research.receive(await _body(request), origin_of(request))
        except Conflict as error:
            raise HTTPException(409, str(error)) from error

    return router


async def _body(request: Request) -> bytes:
    """The whole body, read after the key was found to be right. Raises HTTPException: 408 too slow, 413 too large."""
    too_large = HTTPException(413, f"the body is larger than {MAX_RESULT_BYTES} bytes")
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:12]) > MAX_RESULT_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(_RECEIVE_S):
            async for part in request.stream():
                body += part
                if len(body) > MAX_RESULT_BYTES:
                    raise too_large
    except TimeoutError as error:
        raise HTTPException(408, "the body did not come in time") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the connection ended before the body") from error
    return bytes(body)


def _there(found: T | None, what: str) -> T:
    if found is None:
        raise HTTPException(404, f"there is no such {what}")
    return found
