"""The key for whatever changes state.

Law: a right key is never locked out by somebody else's wrong ones (halting must not wait); wrong keys are slowed
down and counted, right ones are limited to a sane rate. Keys are compared in constant time and never shown.
"""

from __future__ import annotations

import hmac
import time
from collections import deque
from collections.abc import Callable
from copy import copy
from typing import Annotated, Final

from fastapi import Header, HTTPException, Request

from api.gateway import Gateway
from core.errors import ConfigurationError

MIN_KEY_LENGTH: Final = 12
_WINDOW_S: Final = 60.0
_WRONG_ALLOWED: Final = 3
_COMMANDS_ALLOWED: Final = 20


class Window:
    """At most ``allowed`` events in ``seconds``, sliding."""

    def __init__(self, allowed: int, seconds: float, monotonic_s: Callable[[], float]) -> None:
        self._allowed, self._seconds, self._monotonic_s = allowed, seconds, monotonic_s
        self._at_s: deque[float] = deque(maxlen=allowed)

    def wait_s(self) -> float:
        """0 and the event counts, or the seconds until one may happen again."""
        now = self._monotonic_s()
        if len(self._at_s) == self._allowed and now - self._at_s[0] < self._seconds:
            return self._seconds - (now - self._at_s[0])
        self._at_s.append(now)
        return 0.0


class Guard:
    """A FastAPI dependency that lets a request with the right ``X-API-Key`` pass.

    Parameters
    ----------
    api_key : None means that nothing may change state through the API.

    Raises ConfigurationError for a key shorter than 12 characters.
    """

    def __init__(
        self, api_key: str | None, gateway: Gateway, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        if api_key is not None and len(api_key) < MIN_KEY_LENGTH:
            allowed = f"must have at least {MIN_KEY_LENGTH} characters"
            raise ConfigurationError("environment", "API key", f"{len(api_key)} characters", allowed)
        self._key = None if api_key is None else api_key.encode()
        self._gateway, self._monotonic_s = gateway, monotonic_s
        self._wrong = Window(_WRONG_ALLOWED, _WINDOW_S, monotonic_s)
        self._commands = Window(_COMMANDS_ALLOWED, _WINDOW_S, monotonic_s)

    def apart(self, allowed: int) -> Guard:
        """The same door with a rate of its own, ``allowed`` a minute: what is sent there delays no command."""
        other = copy(self)
        other._commands = Window(allowed, _WINDOW_S, self._monotonic_s)
        return other

    async def __call__(
        self,
        request: Request,
        x_api_key: Annotated[str | None, Header(description="The key for state-changing calls.")] = None,
    ) -> None:
        """Raises HTTPException: 403 without a configured key, 401 for a wrong one, 429 for too many."""
        if self._key is None:
            raise HTTPException(403, "no API key is configured, so nothing can be changed through the API")
        given = (x_api_key or "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._key):
            _limit(self._wrong, "too many wrong keys")
            await self._gateway.refused(request.url.path.rpartition("/")[2], origin_of(request))
            raise HTTPException(401, "the header X-API-Key is missing or wrong", {"WWW-Authenticate": "X-API-Key"})
        _limit(self._commands, "too many commands")


def origin_of(request: Request) -> str:
    """The network address that a request came from."""
    return request.client.host if request.client else ""


def _limit(window: Window, detail: str) -> None:
    wait_s = window.wait_s()
    if wait_s > 0:
        raise HTTPException(429, f"{detail}; again in {wait_s:.0f} s", {"Retry-After": str(int(wait_s) + 1)})
