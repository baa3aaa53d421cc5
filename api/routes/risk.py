"""Risk: limits and what is used of them, what if prices moved, one trade worked out, kill switches."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from api.gateway import Gateway
from api.guard import Guard, origin_of
from api.models import CommandResult
from api.problems import documented
from api.risk_models import RiskReport, TradeAsked, TradeWorkedOut, WhatIf
from core.errors import InputError

POINTS: Final = tuple(n / 100 for n in range(-30, 31))
"""From -30 % to +30 %, a point a per cent."""

_MOST_MOVES: Final = 200


class ResetBody(BaseModel):
    """Which kill switch, by its name, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"switch": "kill_global", "reason": "understood"}]}
    )

    switch: str = Field(min_length=1, max_length=100)
    reason: str = Field("", max_length=200)


def routes(gateway: Gateway, guard: Guard) -> APIRouter:
    """``GET /api/risk``, ``GET /api/risk/what-if``, ``POST /api/risk/calculate``, ``POST /api/risk/reset``."""
    router = APIRouter(tags=["risk"])

    @router.get("/api/risk", responses=documented(503))
    async def risk() -> RiskReport:
        """Limits with what is used of them, causes, kill switches, owners, cooldowns, the last refusals."""
        return await gateway.risk.report()

    @router.get("/api/risk/what-if", responses=documented(422, 503))
    async def what_if(
        moves: Annotated[str, Query(
            max_length=2_000, description="Moves of all prices, fractions separated by commas; else -0.30 to 0.30.",
            examples=["-0.05,-0.1,-0.2"],
        )] = "",
        fills: Annotated[bool, Query(description="Whether entries that rest fill on the way.")] = True,
    ) -> WhatIf:
        """Equity, stops, liquidations, targets and fills if every price moved by so much, all together."""
        return await gateway.risk.what_if(parsed(moves) or POINTS, fills=fills)

    @router.post("/api/risk/calculate", responses=documented(413, 422, 503))
    async def calculate(asked: TradeAsked) -> TradeWorkedOut:
        """Size, margin, loss at the stop, liquidation, fees and the capital it takes. Changes nothing, needs no key."""
        return await gateway.risk.calculate(asked)

    @router.post(
        "/api/risk/reset", dependencies=[Depends(guard)], responses=documented(400, 401, 403, 413, 422, 429, 503)
    )
    async def reset(command: ResetBody, request: Request) -> CommandResult:
        """Reset a kill switch that has tripped: what it watches begins anew from what there is now."""
        return await gateway.reset(command.switch, command.reason, origin_of(request))

    return router


def parsed(text: str) -> tuple[float, ...]:
    """Moves of a list such as ``-0.05,-0.1``. Raises InputError."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if len(words) > _MOST_MOVES:
        raise InputError(f"moves: {len(words)} of them; at most {_MOST_MOVES}")
    found = []
    for word in words:
        try:
            move = float(word)
        except ValueError:
            raise InputError(f"moves: {word[:40]!r} is no number such as -0.05") from None
        if not -1 < move <= 10:
            raise InputError(f"moves: {word[:40]!r} must be above -1 and at most 10")
        found.append(move)
    return tuple(found)
