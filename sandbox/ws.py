"""WebSocket sessions and who subscribed to what: transport only, it knows no market."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from aiohttp import WSMsgType, web

from sandbox.account import CLASSIC, UNIFIED, Account
from sandbox.faults.pushes import PushFaults
from sandbox.limits import Limits
from sandbox.refusal import Refusal
from sandbox.rows import PRODUCT

MAX_BACKLOG: Final = 20_000
"""Messages a client may be behind before it is disconnected."""


class Topic(NamedTuple):
    """A subscription: instType, channel, and what of it (a market id, or ``default``)."""

    product: str
    channel: str
    instrument: str

    def arg(self) -> dict[str, str]:
        """As Bitget echoes it; the account channel goes by coin."""
        last = "coin" if self.channel == "account" else "instId"
        return {"instType": self.product, "channel": self.channel, last: self.instrument}


class Dialect(NamedTuple):
    """What differs between the generations of the protocol: words, and who answers.

    ``private`` : channels that need a login wherever they are asked for; on a private socket all do.
    """

    log_in: Callable[[dict[str, Any]], Account]
    check: Callable[[Topic], None]
    welcome: Callable[[Session, Topic], None]
    topic: Callable[[Mapping[str, Any]], Topic]
    logged_in: str
    code: Callable[[str], int | str]
    private: frozenset[str]


class Session:
    """One client's connection, with its own queue so that a slow one delays nobody.

    ``write`` sends one text frame; ``abort`` breaks the connection, which is what becomes of a client that does not
    read. ``faults`` stands between what is sent and what is queued; a ``frozen`` session says and hears nothing, and
    ``held`` waits for the next push to go first.
    """

    path = ""
    frozen = False
    held: str | None = None
    faults: PushFaults | None = None

    def __init__(self, write: Callable[[str], Awaitable[None]], abort: Callable[[], None], private: bool) -> None:
        self.private, self.generation = private, CLASSIC
        self._write, self._abort = write, abort
        self.account: Account | None = None
        self.topics: set[Topic] = set()
        self._queue: deque[str] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def send(self, message: str) -> None:
        """Send a text frame, or what a fault makes of it."""
        if self.faults is None:
            self.put(message)
        else:
            self.faults.send(self, message)

    def put(self, message: str) -> None:
        """Queue a text frame; a client that is too far behind is disconnected instead."""
        if self.frozen:
            return
        if len(self._queue) >= MAX_BACKLOG:
            self.drop()
            return
        self._queue.append(message)
        self._wake.set()
        self._idle.clear()

    def drop(self) -> None:
        """Disconnect, whatever is still queued."""
        self._queue.clear()
        self._idle.set()
        self._abort()

    @property
    def channels(self) -> int:
        """How many it is subscribed to."""
        return len(self.topics)

    @property
    def backlog(self) -> int:
        """Messages not yet written."""
        return len(self._queue)

    async def drained(self) -> None:
        """Wait until everything queued was written, or the connection ended."""
        await self._idle.wait()

    async def write(self) -> None:
        """Write what is queued until cancelled or the connection breaks."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._queue:
                    await self._write(self._queue.popleft())
                self._idle.set()
        except (ConnectionError, RuntimeError):
            return  # the peer is gone; the reader ends the session
        finally:
            self._idle.set()


class Subscriptions:
    """Sessions by topic, and how they come and go. Calls back for checks and first snapshots."""

    def __init__(
        self,
        log_in: Callable[[dict[str, Any]], Account],
        check: Callable[[Topic], None],
        welcome: Callable[[Session, Topic], None],
        unified: Dialect | None = None,
    ) -> None:
        classic = Dialect(log_in, check, welcome, classic_topic, '{"event":"login","code":0}', int, frozenset())
        self._dialects = {CLASSIC: classic, UNIFIED: unified or classic}
        self.faults: PushFaults | None = None
        self.limits: Limits | None = None
        self.sessions: set[Session] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        self._by_topic: dict[Topic, set[Session]] = {}
        self._by_account: dict[tuple[str, str], set[Session]] = {}

    def listeners(self, channel: str, instrument: str, product: str = PRODUCT) -> set[Session]:
        """Sessions on a public topic."""
        return self._by_topic.get(Topic(product, channel, instrument), set())

    def private_listeners(self, account: Account, channel: str) -> set[Session]:
        """An account's sessions on a private channel."""
        return self._by_account.get((account.key, channel), set())

    async def drained(self, timeout_s: float) -> None:
        """Wait until every session has been written to, at most so long; who does not read is disconnected."""
        waiting = {asyncio.ensure_future(session.drained()): session for session in self.sessions if session.backlog}
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=timeout_s)
            for task in late:
                task.cancel()
                waiting[task].drop()

    async def close(self) -> None:
        """Disconnect everybody."""
        for socket in list(self._sockets):
            await socket.close()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection from its opening to its end."""
        if self.limits is not None and self.limits.too_many_connections(len(self.sessions)):
            return web.Response(status=429)
        # uncompressed: on loopback deflate costs more than it saves
        socket = web.WebSocketResponse(compress=False, autoping=False, max_msg_size=1 << 20)
        await socket.prepare(request)
        transport = request.transport
        session = Session(
            socket.send_str, transport.abort if transport else lambda: None, request.path.endswith("/private")
        )
        session.generation = UNIFIED if request.path.startswith("/v3/") else CLASSIC
        session.path, session.faults = request.path, self.faults
        self.sessions.add(session)
        self._sockets.add(socket)
        writer = asyncio.ensure_future(session.write())
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._receive(session, message.data)
                elif message.type is WSMsgType.PING and not session.frozen:
                    await socket.pong(message.data)
        finally:
            self.sessions.discard(session)
            self._sockets.discard(socket)
            if self.limits is not None:
                self.limits.forget(session)
            for topic in list(session.topics):
                self._forget(session, topic)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return socket

    def _receive(self, session: Session, data: str) -> None:
        if session.frozen:
            return
        if data == "ping":
            session.send("pong")
            return
        try:
            if self.limits is not None:
                self.limits.check_frame(session, data)
        except Refusal as refusal:
            self._complain(session, refusal.code, refusal.message, {})
            return
        try:
            message = json.loads(data)
            operation, args = message["op"], message["args"]
        except (ValueError, KeyError, TypeError):
            self._complain(session, "30002", "Illegal request", {})
            return
        for arg in args:
            try:
                self._operate(session, operation, arg)
            except Refusal as refusal:
                self._complain(session, refusal.code, refusal.message, {"arg": arg, "op": operation})

    def _operate(self, session: Session, operation: str, arg: dict[str, Any]) -> None:
        dialect = self._dialects[session.generation]
        if operation == "login":
            if not session.private:
                raise Refusal("30005", "login is for the private socket")
            session.account = dialect.log_in(arg)
            session.send(dialect.logged_in)
        elif operation in ("subscribe", "unsubscribe"):
            topic = dialect.topic(arg)
            if operation == "unsubscribe":
                self._forget(session, topic)
            else:
                if session.account is None and (session.private or topic.channel in dialect.private):
                    raise Refusal("30004", "User not logged in")
                dialect.check(topic)
                if self.faults is not None:
                    self.faults.check(session, arg)
            session.send(json.dumps({"event": operation, "arg": arg}, separators=(",", ":")))
            if operation == "subscribe" and topic not in session.topics:
                self._remember(session, topic)
                dialect.welcome(session, topic)
        else:
            raise Refusal("30003", f"Invalid op {operation}")

    def _remember(self, session: Session, topic: Topic) -> None:
        session.topics.add(topic)
        if session.account is not None:
            self._by_account.setdefault((session.account.key, topic.channel), set()).add(session)
        else:
            self._by_topic.setdefault(topic, set()).add(session)

    def _forget(self, session: Session, topic: Topic) -> None:
        session.topics.discard(topic)
        if session.account is not None:
            self._by_account.get((session.account.key, topic.channel), set()).discard(session)
        else:
            self._by_topic.get(topic, set()).discard(session)

    def _complain(self, session: Session, code: str, message: str, more: dict[str, Any]) -> None:
        shown = self._dialects[session.generation].code(code)
        session.send(json.dumps({"event": "error", "code": shown, "msg": message, **more}, separators=(",", ":")))


def classic_topic(arg: Mapping[str, Any]) -> Topic:
    """What a classic frame subscribes to."""
    instrument = str(arg.get("instId") or arg.get("coin") or "default")
    return Topic(str(arg.get("instType", "")).upper(), str(arg.get("channel", "")), instrument)
