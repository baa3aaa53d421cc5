"""Commands: reduce, halt, close and resume. They need the key, and every attempt is kept."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from api.filters import Symbol
from api.gateway import Gateway
from api.guard import Guard, origin_of
from api.models import CommandResult
from api.problems import documented


class CommandBody(BaseModel):
    """Which symbol ('' for everything), and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"symbol": "BTC-USDT", "reason": "news at 14:00"}]}
    )

    symbol: Symbol | Literal[""] = ""
    reason: str = Field("", max_length=200)


class CloseBody(BaseModel):
    """Which position, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"symbol": "BTC-USDT", "reason": "out before the news"}]}
    )

    symbol: Symbol
    reason: str = Field("", max_length=200)


def routes(gateway: Gateway, guard: Guard) -> APIRouter:
    """``POST /api/reduce``, ``/api/halt``, ``/api/close`` and ``/api/resume``."""
    router = APIRouter(
        tags=["control"], dependencies=[Depends(guard)], responses=documented(400, 401, 403, 413, 422, 429, 503)
    )

    @router.post("/api/halt")
    async def halt(command: CommandBody, request: Request) -> CommandResult:
        """No new entries until a human resumes; positions keep their stops and targets."""
        return await gateway.halt(command.symbol, command.reason or "by hand", origin_of(request))

    @router.post("/api/reduce")
    async def reduce(command: CommandBody, request: Request) -> CommandResult:
        """Only exits until the last position there has closed, or a human resumes; stops and targets stay."""
        return await gateway.reduce(command.symbol, command.reason or "by hand", origin_of(request))

    @router.post("/api/close")
    async def close(command: CloseBody, request: Request) -> CommandResult:
        """Close a position at market; nothing opens on its symbol until a human resumes. 422: there is none of ours."""
        return await gateway.close_position(command.symbol, command.reason or "closed by hand", origin_of(request))

    @router.post("/api/resume")
    async def resume(command: CommandBody, request: Request) -> CommandResult:
        """End halt and reduction of this symbol, or the general ones; kill switches stay."""
        return await gateway.resume(command.symbol, command.reason, origin_of(request))

    return router

