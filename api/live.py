"""``/ws/live``: a snapshot of each topic asked for, then what changed, at most five times a second.

    client  {"op": "subscribe", "topics": ["status", "positions"], "max_per_s": 4}     replaces what was asked before
            {"op": "snapshot", "topic": "positions"}                                     when a ``seq`` was missed
    server  a list of messages for each push:
            {"type": "snapshot", "topic", "seq": 1, "ts_ms", "sent_ms", "data": {key: value}}
            {"type": "change", "topic", "seq", "ts_ms", "sent_ms", "set": {key: value}, "gone": [key]}
            {"type": "heartbeat", ...} every 2 s; {"type": "error", "detail"}

``?topics=a,b`` subscribes at once; without it and without a message, everything is sent. Laws: one slow or silent
client costs nobody else anything: a push that it does not take in time ends its connection. What is pushed is made once
for all clients (`api.board`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, WebSocket
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.websockets import WebSocketDisconnect

from api.board import Board, Shown
from api.gateway import Gateway
from api.topics import TOPICS

MAX_PER_S: Final = 5.0
_USUAL_PER_S: Final = 4.0
MAX_CLIENTS: Final = 250
_HEARTBEAT_S: Final = 2.0
_SEND_TIMEOUT_S: Final = 2.0
_TRY_AGAIN_LATER: Final = 1013


def _known(name: str) -> str:
    if name not in TOPICS:
        raise ValueError("no such topic")
    return name


Topic = Annotated[str, AfterValidator(_known)]


class _Subscribe(BaseModel):
    model_config = ConfigDict(extra="forbid")

    op: Literal["subscribe"]
    topics: tuple[Topic, ...]
    max_per_s: float = Field(_USUAL_PER_S, ge=0.1, le=MAX_PER_S)


class _Snapshot(BaseModel):
    model_config = ConfigDict(extra="forbid")

    op: Literal["snapshot"]
    topic: Topic


_Wish = Annotated[_Subscribe | _Snapshot, Field(discriminator="op")]
_WISHES: Final[TypeAdapter[_Subscribe | _Snapshot]] = TypeAdapter(_Wish)


class Live:
    """Serves every WebSocket client of one gateway. ``clients`` and ``dropped`` count them."""

    def __init__(self, gateway: Gateway, *, send_timeout_s: float = _SEND_TIMEOUT_S) -> None:
        self._gateway, self._send_timeout_s = gateway, send_timeout_s
        self._board = Board(gateway)
        self.clients = 0
        self.dropped = 0

    async def serve(self, socket: WebSocket) -> None:
        """One client, until it leaves or is too slow."""
        if self.clients >= MAX_CLIENTS:
            await socket.close(_TRY_AGAIN_LATER, "too many clients")
            return
        await socket.accept()
        self.clients += 1
        client = _Client(socket, self._gateway, self._board, self._send_timeout_s)
        tasks = [asyncio.create_task(client.listen()), asyncio.create_task(client.push())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except WebSocketDisconnect:
            pass
        except TimeoutError:
            self.dropped += 1
            with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
                async with asyncio.timeout(self._send_timeout_s):
                    await socket.close(_TRY_AGAIN_LATER, "too slow")
        finally:
            self.clients -= 1
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class _Client:
    """What one client asked for and has been sent."""

    def __init__(self, socket: WebSocket, gateway: Gateway, board: Board, send_timeout_s: float) -> None:
        self._socket, self._gateway, self._board, self._send_timeout_s = socket, gateway, board, send_timeout_s
        asked = socket.query_params.get("topics")
        wanted = tuple(TOPICS) if asked is None else tuple(name for name in asked.split(",") if name in TOPICS)
        self._sent: dict[str, tuple[int, Shown] | None] = dict.fromkeys(wanted)
        self._interval_s = 1 / _USUAL_PER_S

    async def listen(self) -> None:
        """Take wishes until the client leaves; they are met with the next push."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                wish = _WISHES.validate_json(message.get("text") or "")
            except ValidationError:
                detail = "allowed are subscribe and snapshot with known topics"
                await self._send([_text({"type": "error", "detail": detail})])
                await asyncio.sleep(self._interval_s)  # a client that sends nonsense is answered at our pace
                continue
            if isinstance(wish, _Snapshot):
                if wish.topic in self._sent:
                    self._sent[wish.topic] = None
            else:
                self._sent = {name: self._sent.get(name) for name in wish.topics}
                self._interval_s = 1 / wish.max_per_s

    async def push(self) -> None:
        """Send snapshots and changes for ever."""
        beat_s = float("-inf")
        while True:
            now_s = time.monotonic()
            news = [text for name in self._sent if (text := self._news(name))]
            if now_s - beat_s >= _HEARTBEAT_S:
                beat_s = now_s
                news.append(_text({"type": "heartbeat", "sent_ms": _now_ms(), **self._gateway.pulse()}))
            if news:
                await self._send(news)
            await asyncio.sleep(self._interval_s)

    def _news(self, name: str) -> str:
        """The message that brings the client up to date with a topic; '' when it is."""
        shown, before = self._board.look(name), self._sent[name]
        if before is not None and before[1].number == shown.number:
            return ""
        sequence = 1 if before is None else before[0] + 1
        if before is None:
            kind, body = "snapshot", self._board.snapshot(name, shown)
        else:
            kind, body = "change", self._board.change(name, before[1], shown)
        self._sent[name] = (sequence, shown)
        ts_ms = self._gateway.exchange_ms()
        head = f'"type":"{kind}","topic":"{name}","seq":{sequence},"ts_ms":{ts_ms},"sent_ms":{_now_ms()}'
        return f"{{{head},{body}}}"

    async def _send(self, messages: list[str]) -> None:
        """One frame for all of them: with many clients a frame costs more than what is in it."""
        async with asyncio.timeout(self._send_timeout_s):
            await self._socket.send_text(f"[{','.join(messages)}]")


def routes(live: Live) -> APIRouter:
    """The WebSocket route."""
    router = APIRouter()

    @router.websocket("/ws/live")
    async def stream(socket: WebSocket) -> None:
        await live.serve(socket)

    return router


def _text(message: dict[str, Any]) -> str:
    return json.dumps(message, allow_nan=False, separators=(",", ":"))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
