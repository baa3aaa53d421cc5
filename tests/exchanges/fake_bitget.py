"""A venue that says what a test tells it to: scripted REST answers and sockets on loopback, everything recorded.

Not an exchange (that is `sandbox/`): it exists to misbehave in ways that a correct exchange does not.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from core.settings import Exchange, RateBudget

Body = dict[str, Any]
Answer = Body | list[Any] | web.Response | Callable[[Body], Any]

CONTRACTS = [
    {
        "symbol": f"{base}USDT", "baseCoin": base, "quoteCoin": "USDT", "symbolType": "perpetual",
        "symbolStatus": "normal", "pricePlace": place, "priceEndStep": "1", "volumePlace": "3",
        "sizeMultiplier": "0.001", "minTradeUSDT": "5", "minTradeNum": "0.001", "maxLever": "125",
        "makerFeeRate": "0.0002", "takerFeeRate": "0.0006",
    }
    for base, place in (("BTC", "1"), ("ETH", "2"))
]  # fmt: skip

ACCOUNT = {
    "marginCoin": "USDT", "accountEquity": "1000", "maxTransferOut": "900", "available": "950",
    "marginMode": "isolated", "posMode": "one_way_mode", "crossedMarginLeverage": 10,
    "isolatedLongLever": 5, "isolatedShortLever": 5,
}  # fmt: skip

INSTRUMENTS = [
    {
        "symbol": f"{base}USDT", "category": "USDT-FUTURES", "baseCoin": base, "quoteCoin": "USDT", "type": "perpetual",
        "status": "online", "pricePrecision": "2", "priceMultiplier": multiplier, "quantityPrecision": "3",
        "quantityMultiplier": "0.001", "minOrderQty": "0.001", "minOrderAmount": "5", "maxLeverage": "125",
        "makerFeeRate": "0.0002", "takerFeeRate": "0.0006",
    }
    for base, multiplier in (("BTC", "0.1"), ("ETH", "0.05"))
]  # fmt: skip

ASSETS = {"coin": "USDT", "equity": "1010", "balance": "1000", "available": "940", "locked": "25", "debt": "0"}
"""Equity, balance and what is free all differ: a reader that takes the wrong one shows."""


@dataclass
class Asked:
    """One recorded request."""

    path: str
    values: Body


@dataclass
class FakeBitget:
    """Scripted answers by path; a callable gets the request's values, a list is consumed answer by answer."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    on_frame: Callable[[web.WebSocketResponse, Body], Awaitable[None]] | None = None
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    frames: list[Body] = field(default_factory=list)
    """Subscriptions one by one, however many came in one frame; and logins."""
    together: list[int] = field(default_factory=list)
    """How many came in each frame."""
    pong: bool = True
    login: Body = field(default_factory=lambda: {"event": "login", "code": 0})
    port: int = 0
    _runner: web.AppRunner | None = None

    def __post_init__(self) -> None:
        defaults: dict[str, Answer] = {
            "/api/v2/mix/market/contracts": CONTRACTS,
            "/api/v2/mix/market/query-position-lever": [],
            "/api/v2/mix/account/accounts": [ACCOUNT],
            "/api/v2/mix/account/account": ACCOUNT,
            "/api/v2/public/time": {"serverTime": "1700000000000"},
            "/api/v3/market/instruments": INSTRUMENTS,
            "/api/v3/market/position-tier": [],
            "/api/v3/account/assets": {"assets": [ASSETS]},
            "/api/v3/account/settings": lambda _: refusal("40084", "You are in Classic Account mode"),
        }
        self.answers = defaults | self.answers

    async def start(self, port: int = 0) -> FakeBitget:
        app = web.Application()
        app.router.add_get("/{version:v2|v3}/ws/{which}", self._socket)
        app.router.add_route("*", "/{path:.*}", self._rest)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        for socket in self.sockets:
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def settings(self, **changes: Any) -> Exchange:
        fast = RateBudget(market=1e6, trade=1e6, account=1e6, position=1e6)
        return Exchange(**({
            "rest_url": f"http://127.0.0.1:{self.port}", "ws_url": f"ws://127.0.0.1:{self.port}",
            "subscribe_interval_ms": 0, "rate": fast, "request_timeout_s": 10.0,
        } | changes))  # fmt: skip

    def of(self, path: str) -> list[Body]:
        """What was asked of a path, oldest first."""
        return [a.values for a in self.asked if a.path.endswith(path)]

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        values: Body = await request.json() if request.method == "POST" else dict(request.query)
        self.asked.append(Asked(request.path, values))
        answer = self.answers.get(request.path)
        if callable(answer):
            answer = answer(values)
            if asyncio.iscoroutine(answer):
                answer = await answer
        if answer is None:
            return refusal("40404", "Request URL NOT FOUND", 404)
        if isinstance(answer, web.StreamResponse):
            return answer
        return web.json_response({"code": "00000", "msg": "success", "requestTime": 0, "data": answer})

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            if message.data == "ping":
                if self.pong:
                    await socket.send_str("pong")
                continue
            frame = json.loads(message.data)
            self.together.append(len(frame["args"]))
            for arg in frame["args"]:
                await self._answer(socket, frame | {"args": [arg]})
        return socket

    async def _answer(self, socket: web.WebSocketResponse, frame: Body) -> None:
        self.frames.append(frame)
        if frame["op"] == "login":
            await socket.send_json(self.login)
        elif self.on_frame is not None:
            await self.on_frame(socket, frame)
        else:
            await confirm(socket, frame)


async def confirm(socket: web.WebSocketResponse, frame: Body) -> None:
    """Confirm a subscription."""
    await socket.send_json({"event": "subscribe", "arg": frame["args"][0]})


def refusal(code: str, message: str, status: int = 400) -> web.Response:
    """An error in the venue's form."""
    return web.json_response({"code": code, "msg": message, "requestTime": 0, "data": None}, status=status)


def push(channel: str, market_id: str, data: list[Any], ts: int = 1) -> Body:
    """A data message."""
    arg = {"instType": "USDT-FUTURES", "channel": channel, "instId": market_id}
    return {"action": "update", "arg": arg, "data": data, "ts": ts}
