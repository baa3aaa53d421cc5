"""Commands in two steps: prepare says what one would do, confirm does it, once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request

from api.command_models import CommandAsked, Confirmed, Prepared
from api.commands import Changed, CommandDesk, Gone
from api.gateway import Gateway
from api.guard import Guard, origin_of
from api.models import CommandResult
from api.problems import documented

Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{16,64}$", examples=["q3Jr0VQ0m3sJ6yJtJ8qk4w"])]


def routes(gateway: Gateway, guard: Guard) -> APIRouter:
    """``POST /api/commands/prepare`` and ``POST /api/commands/{token}/confirm``."""
    router = APIRouter(tags=["control"])

    async def send(asked: CommandAsked, origin: str) -> CommandResult:
        why = asked.reason or "by hand"
        match asked.kind:
            case "halt":
                return await gateway.halt(asked.symbol, why, origin)
            case "reduce":
                return await gateway.reduce(asked.symbol, why, origin)
            case "close":
                return await gateway.close_position(asked.symbol, why, origin)
            case "resume":
                return await gateway.resume(asked.symbol, asked.reason, origin)
            case "reset":
                return await gateway.reset(asked.switch, asked.reason, origin)

    desk = CommandDesk(gateway.house, send)

    @router.post("/api/commands/prepare", responses=documented(400, 413, 422))
    async def prepare(asked: CommandAsked) -> Prepared:
        """What a command would do now, in numbers, and a token that is good for a minute. Changes nothing, no key."""
        return desk.prepare(asked)

    @router.post(
        "/api/commands/{token}/confirm", dependencies=[Depends(guard)],
        responses=documented(400, 401, 403, 409, 410, 413, 422, 429, 503),
    )
    async def confirm(token: Token, request: Request) -> Confirmed:
        """Give the prepared command; again answers the same. 409: it raises risk and the facts have changed."""
        try:
            return await desk.confirm(token, origin_of(request))
        except Gone as error:
            raise HTTPException(410, str(error)) from error
        except Changed as error:
            raise HTTPException(409, str(error)) from error

    return router
