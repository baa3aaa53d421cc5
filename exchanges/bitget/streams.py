"""Sockets that stay: reconnect, resubscribe, notice silence.

ccxt dials, logs in, pings and decodes; the pushes are taken raw, in order and at once, where they arrive. Its
unified ``watch`` calls would hand out a live cache (a dict changes after we read it), drop pushes that come between
two calls, reconnect without a word, and, after one refused subscription, reject everybody and never resubscribe.

A socket is known by its URL with a fragment of ours, which never leaves the process, so one client keeps several.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from loguru import logger

from core.errors import Fatal, RetryLater, VenueError
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect.words import PRODUCT, Row
from exchanges.bitget.errors import translate

MAX_BACKOFF_S: Final = 60.0
_FIRST_BACKOFF_S: Final = 0.25
_ENDS_SESSION: Final = frozenset({"30004", "30007"})
"""Not logged in (any more); over the limit, connection closed: no subscription of this session will work again."""


class Timing(NamedTuple):
    """How patient a socket is, in seconds.

    dead_s : without any frame, pongs included, the connection is given up. stale_s : without any data it is rebuilt,
    0 for never (private streams are silent while nothing happens). ack_s : a subscription unanswered that long is
    sent again. dial_s : for connecting and logging in. steady_s : a session that lasted so long clears the back-off.
    """

    dead_s: float = 25.0
    stale_s: float = 90.0
    ack_s: float = 5.0
    dial_s: float = 10.0
    steady_s: float = 30.0


class Connected(NamedTuple):
    """The socket was (re)established and its subscriptions were confirmed."""

    name: str


def backoffs(chance: random.Random, first_s: float = _FIRST_BACKOFF_S) -> Iterator[float]:
    """Waits in seconds: doubling up to a minute, each cut to between half and all of it so that clients spread."""
    wait = first_s
    while True:
        yield wait * (0.5 + 0.5 * chance.random())
        wait = min(MAX_BACKOFF_S, wait * 2)


class Socket:
    """One connection and its subscriptions, kept up for ever by `run`.

    Parameters
    ----------
    channels : ``(channel, instId)`` to subscribe to, one frame each, ``subscribe_interval_ms`` apart.
    private : log in first, and hold data back until every subscription is confirmed, so that `Connected` comes first.
    """

    def __init__(
        self,
        client: BitgetClient,
        name: str,
        channels: Sequence[tuple[str, str]],
        *,
        private: bool = False,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: random.Random | None = None,
    ) -> None:
        self._client, self._name, self._channels, self._private = client, name, channels, private
        self._timing, self._clock, self._sleep = timing or Timing(), clock, sleep
        self._chance = chance or random.Random()
        self._url = f"{client.socket_url(private=private)}#{name}"
        self._session: _Session | None = None
        self._sink: Callable[[Row | Connected], None] = _nobody

    async def run(self, sink: Callable[[Row | Connected], None]) -> None:
        """Serve until the client is closed: ``sink`` gets every data message and `Connected`, and must not block.

        Raises `Fatal` when the venue refuses the login.
        """
        self._sink = sink
        self._client.routes[self._url] = self._received
        waits = backoffs(self._chance)
        try:
            while True:
                began = self._clock()
                try:
                    await self._serve()
                except Fatal:
                    raise
                except VenueError as error:
                    if self._client.closed:
                        return
                    logger.info("stream {} lost: {}", self._name, error)
                if self._clock() - began > self._timing.steady_s:
                    waits = backoffs(self._chance)
                await self._sleep(next(waits))
        finally:
            self._client.routes.pop(self._url, None)
            await self._drop()

    async def _serve(self) -> None:
        """One session: dial, subscribe, watch over it until it is lost. Always ends with a VenueError."""
        wire, lost = await self._dial()
        session = self._session = _Session(self._channels, lost, hold=self._private, now=self._clock())
        if not self._private:
            self._sink(Connected(self._name))
        subscriber = asyncio.create_task(self._subscribe(wire, session))
        try:
            while not lost.done():
                patience = self._patience(session)
                if patience <= 0:
                    raise RetryLater("silent for too long, rebuilding")
                await asyncio.wait({lost}, timeout=patience)
            raise translate(_reason(lost), writes=False)
        finally:
            self._session = None
            subscriber.cancel()
            await asyncio.gather(subscriber, return_exceptions=True)
            await self._drop()

    def _patience(self, session: _Session) -> float:
        """Seconds until the silence has lasted too long."""
        now = self._clock()
        left = session.last_frame + self._timing.dead_s - now
        if self._timing.stale_s > 0:
            left = min(left, session.last_data + self._timing.stale_s - now)
        return left

    async def _dial(self) -> tuple[Any, asyncio.Future[Any]]:
        """The open (and logged-in) ccxt socket, and a future that ends when it is lost."""
        ccxt = self._client.ccxt
        ccxt.open()
        wire = ccxt.client(self._url)
        # Whatever way ccxt notices a loss, it rejects every future of the socket: so we keep one there.
        lost: asyncio.Future[Any] = wire.future("session")
        lost.add_done_callback(_seen)
        wire.connectionTimeout = int(self._timing.dial_s * 1000)
        opening = asyncio.ensure_future(self._login(wire) if self._private else self._connect(wire))
        try:
            await asyncio.wait({opening, lost}, timeout=self._timing.dial_s, return_when=asyncio.FIRST_COMPLETED)
            if opening.done() and not opening.cancelled() and opening.exception() is None and not lost.done():
                return wire, lost
            if opening.done() and not opening.cancelled() and (error := opening.exception()) is not None:
                raise translate(error, writes=False)
            raise translate(_reason(lost) if lost.done() else TimeoutError("no answer to the dial"), writes=False)
        except BaseException:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
            lost.cancel()
            await self._drop()
            raise

    async def _connect(self, wire: Any) -> None:
        await wire.connect(self._client.ccxt.session)

    async def _login(self, wire: Any) -> None:
        await self._client.ccxt.authenticate({"url": self._url})

    async def _drop(self) -> None:
        """Forget the ccxt socket of this URL, so that the next dial builds a new one."""
        wire = self._client.ccxt.clients.pop(self._url, None)
        if wire is not None:
            await wire.close()

    async def _subscribe(self, wire: Any, session: _Session) -> None:
        """Send one frame per channel, spaced; send again what stays unanswered or was refused."""
        interval = self._client.settings.subscribe_interval_ms / 1000
        waits = backoffs(self._chance, self._timing.ack_s)
        while session.unconfirmed:
            for channel, market_id in list(session.unconfirmed):
                arg = {"instType": PRODUCT, "channel": channel, "instId": market_id}
                await wire.send({"op": "subscribe", "args": [arg]})
                await self._sleep(interval)
            try:
                await asyncio.wait_for(session.confirmed.wait(), next(waits))
            except TimeoutError:
                logger.warning("stream {}: unconfirmed {}", self._name, sorted(session.unconfirmed))
                session.partial = True
                self._release(session)  # one refused channel must not hold the others back

    def _received(self, message: Any) -> bool:
        """Take one decoded frame; True when ccxt must see it too (pongs, and everything while logging in)."""
        session = self._session
        if session is None:
            return True
        session.last_frame = self._clock()
        if not isinstance(message, dict):
            return True
        event = message.get("event")
        if event == "subscribe":
            session.confirm(message.get("arg") or {})
            if not session.unconfirmed:
                self._release(session)
        elif event == "error":
            logger.warning("stream {}: refused {}", self._name, message)
            if str(message.get("code")) in _ENDS_SESSION and not session.lost.done():
                session.lost.set_exception(RetryLater(f"the venue ends the session: {message.get('msg')}"))
        elif "data" in message:
            session.last_data = session.last_frame
            if session.held is None:
                self._sink(message)
            else:
                session.held.append(message)
        return False

    def _release(self, session: _Session) -> None:
        """Say that we are connected, then hand out what came meanwhile.

        Said a second time when a channel was confirmed late: what it had to tell until then is lost as well.
        """
        held, session.held = session.held, None
        if held is not None:
            self._sink(Connected(self._name))
            for message in held:
                self._sink(message)
        elif session.partial and self._private and not session.unconfirmed:
            session.partial = False
            self._sink(Connected(self._name))


class _Session:
    """What is known of one connection while it lasts."""

    def __init__(
        self, channels: Sequence[tuple[str, str]], lost: asyncio.Future[Any], *, hold: bool, now: float
    ) -> None:
        self.lost = lost
        self.unconfirmed = dict.fromkeys(channels)
        self.confirmed = asyncio.Event()
        self.held: list[Row] | None = [] if hold else None
        self.partial = False
        self.last_frame = self.last_data = now

    def confirm(self, arg: Row) -> None:
        self.unconfirmed.pop((str(arg.get("channel")), str(arg.get("instId"))), None)
        if not self.unconfirmed:
            self.confirmed.set()


def _nobody(message: Row | Connected) -> None:
    """Where messages go before `Socket.run` says where."""


def _seen(lost: asyncio.Future[Any]) -> None:
    """Mark the loss as looked at, or asyncio complains when nobody waited for it any more."""
    if not lost.cancelled():
        lost.exception()


def _reason(lost: asyncio.Future[Any]) -> BaseException:
    if lost.cancelled():
        return ConnectionError("closed")
    return lost.exception() or ConnectionError("closed")
