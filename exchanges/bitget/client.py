"""One ccxt client: built with everything said, called through the rate budget, errors in our words.

What ccxt is kept from doing: guessing the account type (``uta`` is always explicit), throttling (its queue knows no
priority; ours does), loading currencies and the five contract families that we do not trade.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from core.errors import RetryLater, UnknownOutcome
from core.settings import Exchange
from exchanges.bitget.dialect.words import Endpoint, Params
from exchanges.bitget.errors import translate
from exchanges.loading import ccxt_class
from exchanges.port import Credentials
from exchanges.rate import Priority, RateLimiter

_PING_MS: Final = 10_000
_SOCKETS: Final = {"public": "/v2/ws/public", "private": "/v2/ws/private",
                   "utaPublic": "/v3/ws/public", "utaPrivate": "/v3/ws/private"}  # fmt: skip


class BitgetClient:
    """ccxt's Bitget client behind our budget and errors.

    Parameters
    ----------
    settings : the venue as configured; its URLs replace the venue's own when given.
    credentials : None for public data only; such a client never sends a key.
    limiter : the budget; one per account.
    """

    def __init__(self, settings: Exchange, credentials: Credentials | None, limiter: RateLimiter) -> None:
        self.settings, self._limiter = settings, limiter
        self.ccxt: Any = _built(settings, credentials)
        self.closed = False
        self.routes: dict[str, Callable[[Any], bool]] = {}
        """Who takes the decoded frames of a socket, by its URL; the answer says whether ccxt must see them too."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._ccxt_takes = self.ccxt.handle_message
        self.ccxt.handle_message = self._route

    def socket_url(self, *, private: bool) -> str:
        """Where the classic streams are."""
        return str(self.ccxt.urls["api"]["ws"]["private" if private else "public"])

    async def call(self, endpoint: Endpoint, params: Params, priority: Priority = Priority.READ) -> Any:
        """The ``data`` of the venue's answer; waits for the budget first.

        Raises as the port says: for a call that writes, `UnknownOutcome` whenever it may have worked.
        """
        if self.closed:
            raise RetryLater("the connection to the venue is closed")
        await self._limiter.acquire(endpoint.category, priority)
        try:
            answer = await getattr(self.ccxt, endpoint.method)(params)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # ccxt lets aiohttp's and json's own errors through
            raise translate(error, writes=endpoint.writes) from error
        if not isinstance(answer, dict) or "data" not in answer:
            text = f"{endpoint.method}: an answer without data"
            raise UnknownOutcome(text) if endpoint.writes else RetryLater(text)
        return answer["data"]

    def _route(self, wire: Any, message: Any) -> None:
        receiver = self.routes.get(wire.url)
        if receiver is None or receiver(message):
            self._ccxt_takes(wire, message)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that ends, at the latest, when the client is closed."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Close session and sockets; safe to call twice."""
        if not self.closed:
            self.closed = True
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.ccxt.close()


def _built(settings: Exchange, credentials: Credentials | None) -> Any:
    config: dict[str, Any] = {
        "enableRateLimit": False,
        "timeout": int(settings.request_timeout_s * 1000),
        "options": {
            "defaultType": "swap", "defaultSubType": "linear", "uta": False,
            "fetchMarkets": {"types": ["swap"]},
        },
    }  # fmt: skip
    if credentials is not None:
        config |= {"apiKey": credentials.key, "secret": credentials.secret, "password": credentials.passphrase}
    exchange = ccxt_class("bitget")(config)
    exchange.has["fetchCurrencies"] = False
    exchange.streaming["keepAlive"] = _PING_MS  # three pings before our watchdog gives a silent socket up
    urls = exchange.urls["api"]
    if settings.rest_url is not None:
        rest = settings.rest_url.rstrip("/")
        for family, url in urls.items():
            if isinstance(url, str):
                urls[family] = rest
        if rest.startswith("http:"):
            exchange.timeout_on_exit = 0  # the wait is for TLS connections to close
    if settings.ws_url is not None:
        root = settings.ws_url.rstrip("/")
        urls["ws"] = {name: root + path for name, path in _SOCKETS.items()}
        urls["demo"] = dict(urls["ws"])
    return exchange
