"""Answers that bear a tag of what they say: who has it already is told so instead of being sent it again.

Law: the tag follows from the answer itself, so that it can never say "unchanged" of another one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute

CACHING: Final = "private, no-cache"
"""Kept by the browser, and asked about each time."""


class Tagged(APIRoute):
    """A route of a router with large answers: ``APIRouter(route_class=Tagged)``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As FastAPI has it, then the tag."""
        handle = super().get_route_handler()

        async def tagged(request: Request) -> Response:
            response = await handle(request)
            if response.status_code != 200:
                return response
            tag = f'"{hashlib.blake2b(response.body, digest_size=12).hexdigest()}"'
            headers = {"ETag": tag, "Cache-Control": CACHING}
            if tag in request.headers.get("if-none-match", ""):
                return Response(status_code=304, headers=headers)
            response.headers.update(headers)
            return response

        return tagged
