"""A client that does not read is dropped, and costs the others nothing."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from starlette.websockets import WebSocket

from api.live import MAX_CLIENTS, Live
from tests.api.rig import Rig

Message = MutableMapping[str, Any]


class Wire:
    """A WebSocket at ASGI level. A stuck one takes nothing after its acceptance."""

    def __init__(self, *, stuck: bool = False) -> None:
        self.sent: list[Message] = []
        self.left = asyncio.Event()
        self._stuck, self._connected = stuck, False
        scope = {"type": "websocket", "path": "/ws/live", "query_string": b"topics=status", "headers": []}
        self.socket = WebSocket(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        await self.left.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    async def _send(self, message: Message) -> None:
        if self._stuck and message["type"] == "websocket.send":
            await asyncio.Event().wait()
        self.sent.append(message)


async def test_a_slow_client_is_dropped_and_told_to_come_back(rig: Rig) -> None:
    live, slow, quick = Live(rig.gateway, send_timeout_s=0.05), Wire(stuck=True), Wire()
    serving = asyncio.create_task(live.serve(quick.socket))
    async with asyncio.timeout(5):
        await live.serve(slow.socket)
    assert slow.sent[-1]["type"] == "websocket.close"
    assert slow.sent[-1]["code"] == 1013
    assert (live.dropped, live.clients) == (1, 1)
    assert [message["type"] for message in quick.sent][:2] == ["websocket.accept", "websocket.send"]
    quick.left.set()
    async with asyncio.timeout(5):
        await serving
    assert (live.dropped, live.clients) == (1, 0)


async def test_too_many_clients_are_sent_away(rig: Rig, tmp_path: Path) -> None:
    live = Live(rig.gateway)
    live.clients = MAX_CLIENTS
    one_more = Wire()
    await live.serve(one_more.socket)
    assert [message["type"] for message in one_more.sent] == ["websocket.close"]
