"""What is settled before a request reaches a route: host, origin, size of the body, security headers.

Law: an address that is not ours (DNS rebinding) and a foreign page (cross-site requests, foreign WebSockets) get
nothing. Requests without an Origin header come from no page: command lines and scripts.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.page import STYLE

MAX_BODY_BYTES: Final = 16_384
_BODY_TIMEOUT_S: Final = 10.0
_BODYLESS: Final = ("GET", "HEAD", "OPTIONS")
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Perimeter:
    """ASGI middleware. ``hosts``: names and addresses we may be called by, besides loopback; '*' for any.

    ``streamed``: paths whose route reads the body itself, within bounds of its own and after the key was checked.
    """

    def __init__(
        self, app: ASGIApp, hosts: tuple[str, ...] = (), max_body_bytes: int = MAX_BODY_BYTES,
        streamed: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._hosts = frozenset(name.lower() for name in (*LOOPBACK, *hosts))
        self._max_body_bytes, self._streamed = max_body_bytes, streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(headers)
        if scope["type"] == "websocket":
            if refusal:
                await send({"type": "websocket.close", "code": 1008, "reason": refusal})
            else:
                await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    given.setdefault(name, value)  # a route that knows better has said so
            await send(message)

        if refusal:
            await problems.response(403, refusal, scope["path"])(scope, receive, guarded)
        elif scope["method"] in _BODYLESS or scope["path"] in self._streamed:
            await self._app(scope, receive, guarded)
        else:
            await self._with_body(scope, receive, guarded, headers)

    def _refusal(self, headers: Headers) -> str:
        """Why this request gets nothing, or ''."""
        if "*" in self._hosts:
            return ""
        host = headers.get("host", "")
        if _name(host) not in self._hosts:
            return "this address is not one of ours"
        origin = headers.get("origin")
        if origin is not None and urlsplit_netloc(origin) != host.lower():
            return "requests from other pages are refused"
        return ""

    async def _with_body(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        """Read the whole body within its bounds, then pass it on."""
        declared = headers.get("content-length", "0")
        too_large = not declared.isdecimal() or int(declared[:12]) > self._max_body_bytes
        body = bytearray()
        try:
            async with asyncio.timeout(_BODY_TIMEOUT_S):
                more = not too_large
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    body += message.get("body", b"")
                    too_large = len(body) > self._max_body_bytes
                    more = message.get("more_body", False) and not too_large
        except TimeoutError:
            await problems.response(408, "the body did not come in time", scope["path"])(scope, receive, send)
            return
        if too_large:
            detail = f"the body is larger than {self._max_body_bytes} bytes"
            await problems.response(413, detail, scope["path"])(scope, receive, send)
            return
        delivered = False

        async def replay() -> Message:
            nonlocal delivered
            if delivered:
                return await receive()
            delivered = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, replay, send)


def urlsplit_netloc(origin: str) -> str:
    """Host and port of an origin in lower case; '' for one that cannot be read."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _name(host: str) -> str:
    """The host without its port and brackets."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
