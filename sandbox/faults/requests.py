"""Faults of requests, as a layer around whatever answers them, of either generation of the protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from sandbox.faults.kinds import FaultKind, Where
from sandbox.faults.occasion import Occasion, request_roles, trigger_named
from sandbox.faults.plan import Injection
from sandbox.state import State

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MESSAGES: Final = {
    "429": "Too Many Requests", "30006": "request too many", "40200": "Server upgrade, please try again later",
    "45001": "Server upgrade, please try again later", "40762": "The order amount exceeds the balance",
}
"""Bitget's sentence for a code; others are said to be refused."""
_GATEWAY: Final = "<html><head><title>{0} Bad Gateway</title></head><body><h1>{0} Bad Gateway</h1></body></html>"
_SPARED: Final = ("/admin",)


def envelope(code: str, message: str, now_ms: int, status: int = 400) -> web.Response:
    """A refusal in Bitget's words."""
    body = {"code": code, "msg": message, "requestTime": now_ms, "data": None}
    return web.json_response(body, status=status)


class RequestFaults:
    """Refuses, delays, loses, answers late or never.

    Parameters
    ----------
    symbols : ours by market id. restart : breaks every connection and listens again after so many seconds.
    """

    def __init__(self, state: State, symbols: Mapping[str, str], restart: Callable[[float], None]) -> None:
        self._state, self._symbols, self._restart = state, symbols, restart
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let go of every request that is being kept waiting."""
        self._ended.set()

    @web.middleware
    async def layer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The layer, for aiohttp."""
        faults = self._state.faults
        if request.path.startswith(_SPARED):
            return await handler(request)
        injection = None
        if faults.any(Where.REQUEST):
            injection = faults.strike(Where.REQUEST, await self._occasion(request))
        response = await (handler(request) if injection is None else self._struck(request, handler, injection))
        return self._skewed(request, response) if faults.any(Where.CLOCK) else response

    async def _struck(self, request: web.Request, handler: Handler, fault: Injection) -> web.StreamResponse:
        code = str(fault.argument)
        now_ms = self._state.now_ms
        match fault.kind:
            case FaultKind.TOO_MANY_REQUESTS:
                return envelope("429", MESSAGES["429"], now_ms, 429)
            case FaultKind.RATE_CODE:
                return envelope("30006", MESSAGES["30006"], now_ms)
            case FaultKind.SERVER_ERROR:
                return web.Response(status=int(code), text=_GATEWAY.format(code), content_type="text/html")
            case FaultKind.MAINTENANCE | FaultKind.REFUSE:
                return envelope(code, MESSAGES.get(code, "The request was refused"), now_ms)
            case FaultKind.REQUEST_LOST:
                await self._wait(fault.seconds)
                return _hung_up(request)
        if fault.kind is FaultKind.DELAY:
            await self._wait(fault.seconds)
            return await handler(request)
        response = await handler(request)
        if fault.kind is FaultKind.RESTART:
            self._restart(fault.seconds)
            return _hung_up(request)
        await self._wait(fault.seconds)
        return _hung_up(request) if fault.kind is FaultKind.ACCEPT_SILENT else response

    async def _wait(self, seconds: float) -> None:
        """Wait, but not beyond the exchange's own end."""
        try:
            async with asyncio.timeout(seconds):  # not wait_for, which may swallow our cancellation
                await self._ended.wait()
        except TimeoutError:
            return

    async def _occasion(self, request: web.Request) -> Occasion:
        values: Mapping[str, Any] = request.query
        roles: frozenset[str] = frozenset()
        if request.method == "POST":
            values = _object(await request.text())
            roles = request_roles(request.path, values, lambda name: trigger_named(self._state.accounts, name))
        symbol = self._symbols.get(str(values.get("symbol", "")).upper(), "")
        return Occasion(request.path, "", symbol, roles)

    def _skewed(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """An answer as a clock that is off would have stamped it."""
        body = response.body if isinstance(response, web.Response) else None
        if response.content_type != "application/json" or not isinstance(body, bytes):
            return response
        answer = _object(body.decode())
        skew_ms = self._state.faults.skew_ms
        if "requestTime" in answer:
            answer["requestTime"] += skew_ms
        if request.path.endswith("/public/time") and isinstance(answer.get("data"), dict):
            answer["data"]["serverTime"] = str(int(answer["data"]["serverTime"]) + skew_ms)
        return web.json_response(answer, status=response.status)


def _hung_up(request: web.Request) -> web.Response:
    """Nothing more reaches the client: the connection is gone before this is written."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _object(body: str) -> dict[str, Any]:
    """The JSON object, empty when it is none: what it means is for the endpoint to refuse."""
    try:
        values = json.loads(body)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
