"""The way in to the admin endpoint: its key for programs, a ticket that is good once for a browser.

Whoever has the key may do everything. A ticket, shown where the exchange says that it listens or made by
``POST /admin/ticket``, becomes a cookie that may look, and no more.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from sandbox.admin import ADMIN_HEADER, AdminEndpoint
from sandbox.refusal import Refusal

COOKIE: Final = "scalp_radar_exchange"
_PAGE: Final = Path(__file__).with_name("admin_page.html")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AdminWeb:
    """Serves admin endpoints and the page that shows them."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._tickets: set[str] = set()
        self._session = secrets.token_urlsafe(24)

    def ticket(self) -> str:
        """The page's path with a way in that is good once."""
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return f"/admin/?ticket={ticket}"

    def route(self, router: web.UrlDispatcher, routes: dict[tuple[str, str], AdminEndpoint]) -> None:
        """Add everything to a router."""
        for (method, path), endpoint in routes.items():
            router.add_route(method, path, self._endpoint(endpoint))
        router.add_post("/admin/ticket", self._endpoint(self._new_ticket))
        router.add_get("/admin/", self._page)

    async def _new_ticket(self, _: dict[str, Any]) -> Any:
        return {"page": self.ticket()}

    def _endpoint(self, endpoint: AdminEndpoint) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if not self._admits(request):
                return web.json_response({"error": f"{ADMIN_HEADER} is missing or wrong"}, status=403)
            body = await request.text()
            try:
                return web.json_response(await endpoint(_asked(body) if body else dict(request.query)))
            except Refusal as refusal:
                return web.json_response({"error": refusal.message}, status=400)

        return handle

    async def _page(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket")
        if ticket is not None and ticket in self._tickets:
            self._tickets.discard(ticket)
            answer = web.Response(status=303, headers={"Location": "/admin/"})
            answer.set_cookie(COOKIE, self._session, httponly=True, samesite="Strict", path="/admin/")
            return answer
        if not self._admits(request):
            return web.Response(status=403, text=f"{ADMIN_HEADER}, or a ticket that nobody has used, is needed here.\n")
        nonce = secrets.token_urlsafe(16)
        policy = f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'"
        headers = {
            "Content-Security-Policy": f"{policy}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
            "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
        }
        page = _PAGE.read_text(encoding="utf-8").replace("NONCE", nonce)
        return web.Response(text=page, content_type="text/html", headers=headers)

    def _admits(self, request: web.Request) -> bool:
        """The key opens everything, the cookie what only looks."""
        if hmac.compare_digest(request.headers.get(ADMIN_HEADER, "").encode(), self._key.encode()):
            return True
        shown = request.cookies.get(COOKIE, "")
        return request.method == "GET" and hmac.compare_digest(shown.encode(), self._session.encode())


def _asked(body: str) -> dict[str, Any]:
    """A request's parameters; a bare list is a list of faults."""
    try:
        values = json.loads(body)
    except ValueError:
        raise Refusal("admin", "the body is not JSON") from None
    if isinstance(values, list):
        return {"faults": values}
    if not isinstance(values, dict):
        raise Refusal("admin", "the body is not an object")
    return values
