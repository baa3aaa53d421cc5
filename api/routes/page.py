"""The plain status page: always at ``/plain``, and at ``/`` where no dashboard was built."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.gateway import Gateway
from api.guard import Guard
from api.page import render


def routes(gateway: Gateway, _guard: Guard) -> APIRouter:
    """``GET /plain``."""
    return _at("/plain", gateway, unbuilt=False)


def home(gateway: Gateway) -> APIRouter:
    """``GET /``, with a line that says how the dashboard is built."""
    return _at("/", gateway, unbuilt=True)


def _at(path: str, gateway: Gateway, *, unbuilt: bool) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get(path, response_class=HTMLResponse)
    async def page() -> str:
        """The five answers as HTML."""
        return render(await gateway.now(), unbuilt=unbuilt)

    return router
