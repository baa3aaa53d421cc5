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
from contextlib import suppress
from math import inf
from typing import Any, Final, NamedTuple

from loguru import logger

from core.errors import Fatal, RetryLater, VenueError
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect.words import Channel, Row
from exchanges.bitget.errors import translate
from exchanges.bitget.session import Session, Timing

MAX_BACKOFF_S: Final = 60.0
_FIRST_BACKOFF_S: Final = 0.25
_TOGETHER: Final = 10
"""Channels in one frame: the venue counts frames, ten a second, however close they arrive; one may have 4096 bytes."""
_ENDS_SESSION: Final = frozenset({"30004", "30007"})
"""Not logged in (any more); over the limit, connection closed: no subscription of this session will work again."""


class Connected(NamedTuple):
    """The socket was (re)established and its subscriptions were confirmed."""

    name: str


class Lost(NamedTuple):
    """The socket was lost after `Connected`, or is not believed any more: it is being rebuilt."""

    name: str
    reason: str


News = Row | Connected | Lost


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
    channels : what to subscribe to, some in a frame, ``subscribe_interval_ms`` apart.
    private : log in first, and hold data back until every subscription is confirmed, so that `Connected` comes first.
    overdue : seconds until something that the stream must show is overdue; the connection is rebuilt then.
    """

    def __init__(
        self,
        client: BitgetClient,
        name: str,
        channels: Sequence[Channel],
        *,
        private: bool = False,
        timing: Timing | None = None,
        overdue: Callable[[], float] = lambda: inf,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: random.Random | None = None,
    ) -> None:
        self._client, self._name, self._channels, self._private = client, name, channels, private
        self._timing, self._clock, self._sleep = timing or Timing(), clock, sleep
        self._chance, self._overdue = chance or random.Random(), overdue
        self._url = f"{client.socket_url(private=private)}#{name}"
        self._session: Session | None = None
        self._dialling: asyncio.Future[Any] | None = None
        self._up = False
        self._sink: Callable[[News], None] = _nobody

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What it is subscribed to."""
        return tuple(self._channels)

    def rebuild(self, reason: str) -> None:
        """Give the present connection up and build another: what it says is not believed."""
        if self._session is not None and not self._session.lost.done():
            self._session.lost.set_exception(RetryLater(reason))

    async def run(self, sink: Callable[[News], None]) -> None:
        """Serve until the client is closed: ``sink`` gets every data message, `Connected`, `Lost`; it must not block.

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
                    if self._up:
                        self._up = False
                        self._sink(Lost(self._name, str(error)))
                if self._clock() - began > self._timing.steady_s:
                    waits = backoffs(self._chance)
                await self._sleep(next(waits))
        finally:
            self._client.routes.pop(self._url, None)
            self._drop()

    async def _serve(self) -> None:
        """One session: dial, subscribe, watch over it until it is lost. Always ends with a VenueError."""
        wire, lost = await self._dial()
        session = self._session = Session(self._channels, lost, hold=self._private, now=self._clock())
        if not self._private:
            self._say_connected()
        subscriber = asyncio.create_task(self._subscribe(wire, session))
        try:
            while not lost.done():
                patience, why = self._patience(session)
                if patience <= 0:
                    raise RetryLater(f"{why}, rebuilding")
                await asyncio.wait({lost}, timeout=min(patience, self._timing.echo_s / 2))
            raise translate(_reason(lost), writes=False)
        finally:
            self._session = None
            subscriber.cancel()
            await asyncio.gather(subscriber, return_exceptions=True)
            self._drop()

    def _patience(self, session: Session) -> tuple[float, str]:
        """Seconds until this connection has to be rebuilt, and why."""
        now, timing = self._clock(), self._timing
        limits = [
            (session.last_frame + timing.dead_s - now, "silent for too long"),
            (session.began + timing.recycle_s - now, "old enough"),
            (self._overdue(), "what was sent does not show"),
        ]
        if timing.stale_s > 0:
            limits.append((session.last_news + timing.stale_s - now, "nothing new for too long"))
        return min(limits)

    async def _dial(self) -> tuple[Any, asyncio.Future[Any]]:
        """The open (and logged-in) ccxt socket, and a future that ends when it is lost."""
        ccxt = self._client.ccxt
        ccxt.open()
        wire = ccxt.client(self._url)
        # Whatever way ccxt notices a loss, it rejects every future of the socket: so we keep one there.
        lost: asyncio.Future[Any] = wire.future("session")
        lost.add_done_callback(_seen)
        self._dialling = lost
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
            self._drop()
            raise
        finally:
            self._dialling = None

    async def _connect(self, wire: Any) -> None:
        await wire.connect(self._client.ccxt.session)

    async def _login(self, wire: Any) -> None:
        await self._client.ccxt.authenticate({"url": self._url})

    def _drop(self) -> None:
        """Forget the ccxt socket of this URL, so that the next dial builds a new one.

        It is closed beside that: who does not answer any more does not answer to a farewell either.
        """
        wire = self._client.ccxt.clients.pop(self._url, None)
        if wire is not None:
            self._client.start(_closed(wire))

    async def _subscribe(self, wire: Any, session: Session) -> None:
        """Ask for some channels a frame, spaced; for each alone that stays unanswered or was refused."""
        interval = self._client.settings.subscribe_interval_ms / 1000
        waits, together = backoffs(self._chance, self._timing.ack_s), _TOGETHER
        while session.unconfirmed:
            channels = list(session.unconfirmed.values())
            for i in range(0, len(channels), together):
                await wire.send({"op": "subscribe", "args": channels[i : i + together]})
                await self._sleep(interval)
            together = 1  # a bad one may have taken the others of its frame along
            try:
                async with asyncio.timeout(next(waits)):  # not wait_for, which may swallow our cancellation
                    await session.confirmed.wait()
            except TimeoutError:
                logger.warning("stream {}: unconfirmed {}", self._name, sorted(session.unconfirmed))
                session.partial = True
                self._release(session)  # one refused channel must not hold the others back

    def _received(self, message: Any) -> bool:
        """Take one decoded frame; True when ccxt must see it too (pongs, and everything while logging in)."""
        session = self._session
        if session is None:
            return self._login_is_fine(message)
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
            session.data(message)
            if session.held is None:
                self._sink(message)
            else:
                session.held.append(message)
        return False

    def _login_is_fine(self, message: Any) -> bool:
        """Ccxt takes any answer to a login for a success, whatever its code."""
        if not isinstance(message, dict) or message.get("event") != "login":
            return True
        if str(message.get("code", "0")) in ("0", "00000"):
            return True
        if self._dialling is not None and not self._dialling.done():
            self._dialling.set_exception(Fatal(f"the venue refuses the login: {message}", code=str(message["code"])))
        return False

    def _say_connected(self) -> None:
        self._up = True
        self._sink(Connected(self._name))

    def _release(self, session: Session) -> None:
        """Say that we are connected, then hand out what came meanwhile.

        Said a second time when a channel was confirmed late: what it had to tell until then is lost as well.
        """
        held, session.held = session.held, None
        if held is not None:
            self._say_connected()
            for message in held:
                self._sink(message)
        elif session.partial and self._private and not session.unconfirmed:
            session.partial = False
            self._say_connected()


async def _closed(wire: Any) -> None:
    with suppress(Exception):  # it was lost anyway
        await wire.close()


def _nobody(message: News) -> None:
    """Where messages go before `Socket.run` says where."""


def _seen(lost: asyncio.Future[Any]) -> None:
    """Mark the loss as looked at, or asyncio complains when nobody waited for it any more."""
    if not lost.cancelled():
        lost.exception()


def _reason(lost: asyncio.Future[Any]) -> BaseException:
    if lost.cancelled():
        return ConnectionError("closed")
    return lost.exception() or ConnectionError("closed")
