"""The status page."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.gateway import Gateway
from api.guard import Guard
from api.page import render


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/", response_class=HTMLResponse)
    async def page() -> str:
        """The five answers as HTML."""
        return render(await gateway.now())

    return router
