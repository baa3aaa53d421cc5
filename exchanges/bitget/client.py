"""One ccxt client: built with everything said, called through the rate budget, errors in our words.

What ccxt is kept from doing: guessing the account type (``uta`` is always explicit), throttling (its queue knows no
priority; ours does), loading currencies and the five contract families that we do not trade.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, Literal

from core.errors import Fatal, RetryLater, UnknownOutcome, VenueError
from core.settings import Exchange
from exchanges.bitget.dialect.words import Ask, Endpoint, Params
from exchanges.bitget.errors import CLASSIC_ON_UNIFIED, TOO_MANY, UNIFIED_ON_CLASSIC, translate
from exchanges.loading import ccxt_class
from exchanges.port import Credentials
from exchanges.rate import Category, Priority, RateLimiter

AccountType = Literal["classic", "unified"]

_PING_MS: Final = 10_000
_TRIES: Final = 3
_USUAL_COST: Final = {Category.MARKET: 1.0, Category.TRADE: 2.0, Category.ACCOUNT: 2.0, Category.POSITION: 2.0}
"""What ccxt's table of costs says for the calls that a category's budget is meant for: 20 and 10 a second."""
_SOCKETS: Final = {"public": "/v2/ws/public", "private": "/v2/ws/private",
                   "utaPublic": "/v3/ws/public", "utaPrivate": "/v3/ws/private"}  # fmt: skip


class BitgetClient:
    """ccxt's Bitget client behind our budget and errors.

    Parameters
    ----------
    settings : the venue as configured; its URLs replace the venue's own when given.
    credentials : None for public data only; such a client never sends a key.
    limiter : the budget; one per account.
    account_type : which of the venue's APIs it speaks; `speak` changes it once the account has been asked.
    """

    def __init__(
        self,
        settings: Exchange,
        credentials: Credentials | None,
        limiter: RateLimiter,
        account_type: AccountType = "classic",
    ) -> None:
        self.settings, self._limiter = settings, limiter
        self.ccxt: Any = _built(settings, credentials)
        self.account_type = account_type
        self.speak(account_type)
        self.closed = False
        self.routes: dict[str, Callable[[Any], bool]] = {}
        """Who takes the decoded frames of a socket, by its URL; the answer says whether ccxt must see them too."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._ccxt_takes = self.ccxt.handle_message
        self.ccxt.handle_message = self._route

    def speak(self, account_type: AccountType) -> None:
        """Choose the API. Said to ccxt as well: left unsaid, it asks the venue and takes a time-out for an answer."""
        self.account_type = account_type
        self.ccxt.options["uta"] = account_type == "unified"

    def socket_url(self, *, private: bool) -> str:
        """Where the streams are."""
        which = "private" if private else "public"
        if self.account_type == "unified":
            which = f"uta{which.capitalize()}"
        return str(self.ccxt.urls["api"]["ws"][which])

    async def ask(self, ask: Ask, priority: Priority = Priority.READ) -> Any:
        """`call` for a question that is written down already."""
        return await self.call(ask.endpoint, ask.params, priority)

    async def call(self, endpoint: Endpoint, params: Params, priority: Priority = Priority.READ) -> Any:
        """The ``data`` of the venue's answer; waits for the budget first.

        What the venue refused only because there were too many requests waits and is sent again, some times. Raises as
        the port says: for a call that writes, `UnknownOutcome` whenever it may have worked.
        """
        for tried in range(1, _TRIES + 1):
            try:
                return await self._once(endpoint, params, priority)
            except VenueError as error:
                if error.code in TOO_MANY:
                    self._limiter.back_off(endpoint.category, float(2 ** (tried - 1)))
                if not isinstance(error, RetryLater) or error.code not in TOO_MANY or tried == _TRIES:
                    raise
        raise AssertionError("unreachable")

    async def _once(self, endpoint: Endpoint, params: Params, priority: Priority) -> Any:
        if self.closed:
            raise RetryLater("the connection to the venue is closed")
        await self._limiter.acquire(endpoint.category, priority, self.weight(endpoint))
        try:
            answer = await getattr(self.ccxt, endpoint.method)(params)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # ccxt lets aiohttp's and json's own errors through
            raise _named(translate(error, writes=endpoint.writes)) from error
        if not isinstance(answer, dict) or "data" not in answer:
            text = f"{endpoint.method}: an answer without data"
            raise UnknownOutcome(text) if endpoint.writes else RetryLater(text)
        return answer["data"]

    def weight(self, endpoint: Endpoint) -> float:
        """How much of its budget a call takes: the venue allows some less often, which ccxt has tabulated."""
        usual = _USUAL_COST[endpoint.category]
        # Instances bind the table's entries away, the class that ccxt generated keeps them.
        entries = (vars(kind).get(endpoint.method) for kind in type(self.ccxt).__mro__)
        tables = (getattr(entry, "config", None) for entry in entries)
        costs = (float(table["cost"]) for table in tables if table and "cost" in table)
        return max(next(costs, usual) / usual, 0.5)

    def _route(self, wire: Any, message: Any) -> None:
        receiver = self.routes.get(wire.url)
        if receiver is not None and self.ccxt.clients.get(wire.url) is not wire:
            return  # a connection that was given up and is not closed yet
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


def _named(error: VenueError) -> VenueError:
    """The same error, with advice where the account is of the other kind than configured."""
    if isinstance(error, Fatal) and error.code in CLASSIC_ON_UNIFIED | UNIFIED_ON_CLASSIC:
        kind = "unified" if error.code in CLASSIC_ON_UNIFIED else "classic"
        return Fatal(f"{error} (the account is {kind}: account_type must say so, or 'probe')", code=error.code)
    return error


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
