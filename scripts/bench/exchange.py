"""Speed of the local exchange, in a process of its own: signed orders over HTTP, candles to many subscribers."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp

from sandbox.admin import ADMIN_HEADER
from sandbox.config import AccountConfig
from sandbox.signing import sign
from scripts.bench.figures import Figure, at_least
from scripts.local_exchange import LocalExchange

ORDERS: Final = 3000
CONNECTIONS: Final = 8
SUBSCRIBERS: Final = 20
MINUTES: Final = 200
_MARKETS: Final = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT", "LINKUSDT")
_PATH: Final = "/api/v2/mix/order/place-order"
_KEYS: Final = AccountConfig()


def measure(config: Path) -> list[Figure]:
    """Market orders that fill, and candles of five symbols in lockstep; client and exchange have a core each."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--lockstep", "--history-days", "1", "--balance", "1000000", "--config", str(config)]
        exchange = LocalExchange(arguments, Path(folder) / "exchange.log")
        try:
            url = exchange.listening()
            orders, updates = asyncio.run(_measure(url, exchange.admin_key))
        finally:
            exchange.stop()
    beside = f"{CONNECTIONS} connections, each order fills"
    return [
        at_least("local exchange: signed orders", orders, "orders/s", 1000, beside),
        at_least("local exchange: candles", updates, "updates/s", 500, f"to {SUBSCRIBERS} subscribers each"),
    ]


async def _measure(url: str, admin_key: str) -> tuple[float, float]:
    async with aiohttp.ClientSession(url) as session:
        await _orders(session, ORDERS // 10)  # everything is warm then
        began = time.perf_counter()
        await _orders(session, ORDERS)
        orders = ORDERS / (time.perf_counter() - began)
        return orders, await _updates(session, admin_key)


async def _orders(session: aiohttp.ClientSession, count: int) -> None:
    """Buy and sell in turns, over several connections."""
    each = count // CONNECTIONS
    await asyncio.gather(*(_trade(session, market, each) for market in (_MARKETS * CONNECTIONS)[:CONNECTIONS]))


async def _trade(session: aiohttp.ClientSession, market: str, count: int) -> None:
    size = "0.1" if market in ("BTCUSDT", "ETHUSDT") else "100"
    for number in range(count):
        body = json.dumps({
            "symbol": market, "productType": "USDT-FUTURES", "marginCoin": "USDT", "marginMode": "crossed",
            "side": "sell" if number % 2 else "buy", "orderType": "market", "size": size,
        })
        async with session.post(_PATH, data=body, headers=_signed(body)) as answer:
            said = await answer.json()
        if said["code"] != "00000":
            raise RuntimeError(f"the exchange refused an order: {said}")


def _signed(body: str) -> dict[str, str]:
    stamp = str(int(time.time() * 1000))
    return {
        "ACCESS-KEY": _KEYS.key, "ACCESS-PASSPHRASE": _KEYS.passphrase, "ACCESS-TIMESTAMP": stamp,
        "ACCESS-SIGN": sign(_KEYS.secret, f"{stamp}POST{_PATH}{body}"), "Content-Type": "application/json",
    }


async def _updates(session: aiohttp.ClientSession, admin_key: str) -> float:
    """Candles closed a second, each received by every subscriber before the time is taken."""
    sockets = [await _subscribed(session) for _ in range(SUBSCRIBERS)]
    listening = [asyncio.ensure_future(_hear(socket, MINUTES * len(_MARKETS))) for socket in sockets]
    began = time.perf_counter()
    headers = {ADMIN_HEADER: admin_key}
    async with session.post("/admin/advance", json={"candles": MINUTES}, headers=headers) as answer:
        answer.raise_for_status()
    await asyncio.wait_for(asyncio.gather(*listening), 120)
    spent = time.perf_counter() - began
    for socket in sockets:
        await socket.close()
    return MINUTES * len(_MARKETS) / spent


async def _subscribed(session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    """A socket that has had the first snapshots of all candles."""
    socket = await session.ws_connect("/v2/ws/public", max_msg_size=1 << 24)
    args: Sequence[dict[str, str]] = [
        {"instType": "USDT-FUTURES", "channel": "candle1m", "instId": market} for market in _MARKETS
    ]
    await socket.send_json({"op": "subscribe", "args": args})
    await _hear(socket, len(_MARKETS), "snapshot")
    return socket


async def _hear(socket: aiohttp.ClientWebSocketResponse, count: int, action: str = "update") -> None:
    """Wait for so many pushes."""
    while count:
        message: Any = await socket.receive_str()
        count -= f'"action":"{action}"' in message[:40]
