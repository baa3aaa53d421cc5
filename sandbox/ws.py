"""WebSocket sessions and who subscribed to what: transport only, it knows no market."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from aiohttp import WSMsgType, web

from sandbox.account import Account
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


class Session:
    """One client's connection, with its own queue so that a slow one delays nobody.

    ``write`` sends one text frame; ``abort`` breaks the connection, which is what becomes of a client that does not
    read.
    """

    def __init__(self, write: Callable[[str], Awaitable[None]], abort: Callable[[], None], private: bool) -> None:
        self.private = private
        self._write, self._abort = write, abort
        self.account: Account | None = None
        self.topics: set[Topic] = set()
        self._queue: deque[str] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def send(self, message: str) -> None:
        """Queue a text frame; a client that is too far behind is disconnected instead."""
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
    ) -> None:
        self._log_in, self._check, self._welcome = log_in, check, welcome
        self.sessions: set[Session] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        self._by_topic: dict[Topic, set[Session]] = {}
        self._by_account: dict[tuple[str, str], set[Session]] = {}

    def listeners(self, channel: str, instrument: str) -> set[Session]:
        """Sessions on a public topic."""
        return self._by_topic.get(Topic(PRODUCT, channel, instrument), set())

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

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection from its opening to its end."""
        # uncompressed: on loopback deflate costs more than it saves
        socket = web.WebSocketResponse(compress=False, max_msg_size=1 << 20)
        await socket.prepare(request)
        transport = request.transport
        session = Session(
            socket.send_str, transport.abort if transport else lambda: None, request.path.endswith("/private")
        )
        self.sessions.add(session)
        self._sockets.add(socket)
        writer = asyncio.ensure_future(session.write())
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._receive(session, message.data)
        finally:
            self.sessions.discard(session)
            self._sockets.discard(socket)
            for topic in list(session.topics):
                self._forget(session, topic)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return socket

    def _receive(self, session: Session, data: str) -> None:
        if data == "ping":
            session.send("pong")
            return
        try:
            message = json.loads(data)
            operation, args = message["op"], message["args"]
        except (ValueError, KeyError, TypeError):
            _complain(session, "30002", "Illegal request", {})
            return
        for arg in args:
            try:
                self._operate(session, operation, arg)
            except Refusal as refusal:
                _complain(session, refusal.code, refusal.message, {"arg": arg, "op": operation})

    def _operate(self, session: Session, operation: str, arg: dict[str, Any]) -> None:
        if operation == "login":
            session.account = self._log_in(arg)
            session.send('{"event":"login","code":0}')
        elif operation in ("subscribe", "unsubscribe"):
            instrument = str(arg.get("instId") or arg.get("coin") or "default")
            topic = Topic(str(arg.get("instType", "")).upper(), str(arg.get("channel", "")), instrument)
            if operation == "unsubscribe":
                self._forget(session, topic)
            else:
                if session.private and session.account is None:
                    raise Refusal("30004", "User not logged in")
                self._check(topic)
            session.send(json.dumps({"event": operation, "arg": arg}, separators=(",", ":")))
            if operation == "subscribe" and topic not in session.topics:
                self._remember(session, topic)
                self._welcome(session, topic)
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


def _complain(session: Session, code: str, message: str, more: dict[str, Any]) -> None:
    error = {"event": "error", "code": int(code), "msg": message, **more}
    session.send(json.dumps(error, separators=(",", ":")))
