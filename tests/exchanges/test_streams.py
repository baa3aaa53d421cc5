"""Sockets that stay, against a venue that drops, refuses and falls silent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import pytest
from aiohttp import web

from core.errors import Fatal
from core.order import OrderStatus
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.merging import merged
from exchanges.bitget.public import BitgetPublic
from exchanges.bitget.session import Timing
from exchanges.bitget.streams import MAX_BACKOFF_S, Socket, backoffs
from exchanges.bitget.trading import BitgetTrading
from exchanges.port import AccountEvent, CandleRows, Executed, OrderSeen, PositionsSeen, Reconnected, StreamLost
from exchanges.rate import RateLimiter
from tests.exchanges.conftest import KEYS
from tests.exchanges.fake_bitget import CONTRACTS, FakeBitget, confirm, push

T = TypeVar("T")
CANDLES = {"instType": "USDT-FUTURES", "channel": "candle1m", "instId": "BTCUSDT"}
ROW = ["60000", "1", "3", "0.5", "2", "10", "20"]
FILL = {
    "tradeId": "1", "orderId": "7", "symbol": "BTCUSDT", "price": "100", "baseVolume": "0.5", "side": "sell",
    "tradeScope": "maker", "cTime": "5", "posMode": "one_way_mode",
    "feeDetail": [{"feeCoin": "USDT", "totalFee": "-0.01"}],
}  # fmt: skip
ORDER = {
    "orderId": "7", "clientOid": "c", "instId": "BTCUSDT", "size": "2", "price": "100", "accBaseVolume": "0.5",
    "baseVolume": "0.1", "status": "partially_filled", "side": "buy", "orderType": "limit", "reduceOnly": "no",
}  # fmt: skip


async def take(events: AsyncIterator[T], n: int) -> list[T]:
    async with asyncio.timeout(5):
        return [await anext(events) for _ in range(n)]


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_candles_come_in_our_words_oldest_first(venue: FakeBitget, public: BitgetPublic):
    async def frame(socket: web.WebSocketResponse, frame: Any) -> None:
        await confirm(socket, frame)
        await socket.send_json(push("candle1m", "BTCUSDT", [["120000", *ROW[1:]], ROW]))

    venue.on_frame = frame
    events = public.watch_candles(["BTC-USDT", "NO-USDT"])
    ((symbol, rows),) = await take(events, 1)
    assert symbol == "BTC-USDT"
    assert [r.ts_ms for r in rows] == [60000, 120000]
    assert rows[0].high == 3.0
    assert len(venue.frames) == 1  # what the venue does not list is never subscribed to
    await events.aclose()  # type: ignore[attr-defined]


async def test_a_refused_channel_is_asked_for_again_and_disturbs_nobody(venue: FakeBitget):
    refused = {"ETHUSDT": 2}

    async def frame(socket: web.WebSocketResponse, frame: Any) -> None:
        arg = frame["args"][0]
        if refused.get(arg["instId"], 0):
            refused[arg["instId"]] -= 1
            await socket.send_json({"event": "error", "arg": arg, "code": 30006, "msg": "too many requests"})
            return
        await confirm(socket, frame)
        await socket.send_json(push("candle1m", arg["instId"], [ROW]))

    venue.on_frame = frame
    public = BitgetPublic(venue.settings(), timing=Timing(ack_s=0.02))
    await public.open(["BTC-USDT", "ETH-USDT"])
    events = public.watch_candles(["BTC-USDT", "ETH-USDT"])
    assert {e.symbol for e in await take(events, 2)} == {"BTC-USDT", "ETH-USDT"}
    assert [f["args"][0]["instId"] for f in venue.frames].count("BTCUSDT") == 1
    assert [f["args"][0]["instId"] for f in venue.frames].count("ETHUSDT") == 3
    assert len(venue.sockets) == 1
    await public.close()


async def test_every_private_reconnection_is_told_before_anything_that_follows_it(
    venue: FakeBitget, trading: BitgetTrading
):
    async def frame(socket: web.WebSocketResponse, frame: Any) -> None:
        channel = frame["args"][0]["channel"]
        await confirm(socket, frame)
        if channel == "orders":  # data may come before the other channels are confirmed
            await socket.send_json(push("orders", "default", [ORDER]))

    venue.on_frame = frame
    events = trading.events(["BTC-USDT"])
    seen = await take(events, 2)
    await venue.sockets[0].close()
    seen += await take(events, 3)
    assert [type(e) for e in seen] == [Reconnected, OrderSeen, StreamLost, Reconnected, OrderSeen]
    await events.aclose()  # type: ignore[attr-defined]


async def test_a_channel_that_is_confirmed_late_holds_nobody_back_and_is_told_like_a_reconnection(venue: FakeBitget):
    refused = [1, 2]

    async def frame(socket: web.WebSocketResponse, frame: Any) -> None:
        channel = frame["args"][0]["channel"]
        if channel == "fill" and refused:
            refused.pop()
            return
        await confirm(socket, frame)
        if channel == "orders":
            await socket.send_json(push("orders", "default", [ORDER]))

    venue.on_frame = frame
    trading = BitgetTrading(venue.settings(), KEYS, timing=Timing(stale_s=0, ack_s=0.02))
    await trading.open(["BTC-USDT"])
    seen = await take(trading.events(["BTC-USDT"]), 3)
    assert [type(e) for e in seen] == [Reconnected, OrderSeen, Reconnected]
    assert len(venue.sockets) == 1
    await trading.close()


async def test_pushes_that_come_at_once_are_all_delivered_as_they_were(venue: FakeBitget, trading: BitgetTrading):
    states = ["live", "partially_filled", "filled"]

    async def frame(socket: web.WebSocketResponse, frame: Any) -> None:
        await confirm(socket, frame)
        if frame["args"][0]["channel"] == "fill":
            for state in states:
                await socket.send_json(push("orders", "default", [ORDER | {"status": state}]))
            await socket.send_json(push("positions", "default", []))
            await socket.send_json(push("fill", "default", [FILL, FILL | {"tradeId": "2", "symbol": "LTCUSDT"}]))

    venue.on_frame = frame
    events = trading.events(["BTC-USDT"])
    seen: list[AccountEvent] = await take(events, 6)
    orders = [e.order for e in seen if isinstance(e, OrderSeen)]
    assert [o.status for o in orders] == [OrderStatus.OPEN, OrderStatus.PARTIAL, OrderStatus.FILLED]
    assert orders[0].filled == 0.5  # the sum, not the last fill
    assert seen[4] == PositionsSeen((), 1)
    assert isinstance(seen[5], Executed)
    assert seen[5].execution[4:] == ("sell", 100.0, 0.5, 0.01, True, 5)
    await events.aclose()  # type: ignore[attr-defined]


async def test_a_stream_without_data_is_rebuilt_though_pongs_still_come(venue: FakeBitget):
    public = BitgetPublic(venue.settings(), timing=Timing(stale_s=0.05))
    await public.open(["BTC-USDT"])
    events = public.watch_candles(["BTC-USDT"])
    waiting = asyncio.ensure_future(take(events, 1))
    await until(lambda: len(venue.sockets) >= 2)
    await venue.sockets[-1].send_json(push("candle1m", "BTCUSDT", [ROW]))
    assert (await waiting)[0].symbol == "BTC-USDT"
    await public.close()


async def test_a_socket_that_answers_nothing_at_all_is_given_up(venue: FakeBitget):
    venue.pong = False
    trading = BitgetTrading(venue.settings(), KEYS, timing=Timing(stale_s=0, dead_s=0.05))
    await trading.open(["BTC-USDT"])
    events = trading.events(["BTC-USDT"])
    assert [type(e) for e in await take(events, 3)] == [Reconnected, StreamLost, Reconnected]
    await trading.close()


async def test_a_private_stream_is_not_rebuilt_for_being_quiet(venue: FakeBitget):
    trading = BitgetTrading(venue.settings(), KEYS, timing=Timing(stale_s=0, dead_s=0.4))
    await trading.open(["BTC-USDT"])
    trading._client.ccxt.streaming["keepAlive"] = 50
    events = trading.events(["BTC-USDT"])
    await take(events, 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await anext(events)
    assert len(venue.sockets) == 1
    await trading.close()


async def test_every_failed_dial_is_followed_by_a_longer_wait(venue: FakeBitget):
    client = BitgetClient(venue.settings(), None, RateLimiter(venue.settings().rate))
    await venue.stop()
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 6:
            enough.set()
            await asyncio.Event().wait()

    enough = asyncio.Event()
    socket = Socket(client, "s", [CANDLES], sleep=sleep, chance=random.Random(1))
    client.start(socket.run(lambda _: None))
    async with asyncio.timeout(5):
        await enough.wait()
    await client.close()
    assert waits[-1] > 2.0


async def test_a_venue_that_was_down_is_found_when_it_is_back(venue: FakeBitget):
    public = BitgetPublic(venue.settings())
    await public.open(["BTC-USDT"])
    port = venue.port
    await venue.stop()
    events = public.watch_candles(["BTC-USDT"])
    waiting = asyncio.ensure_future(take(events, 1))
    again = FakeBitget()
    again.port = port

    async def frame(socket: web.WebSocketResponse, frame: Any) -> None:
        await confirm(socket, frame)
        await socket.send_json(push("candle1m", "BTCUSDT", [ROW]))

    again.on_frame = frame
    await again.start(port)
    assert isinstance((await waiting)[0], CandleRows)
    await public.close()
    await again.stop()


async def test_a_session_that_the_venue_has_logged_out_is_begun_again(venue: FakeBitget, trading: BitgetTrading):
    logged_out = [True]

    async def frame(socket: web.WebSocketResponse, frame: Any) -> None:
        if logged_out:
            logged_out.clear()
            await socket.send_json({"event": "error", "code": 30004, "msg": "User not logged in"})
        else:
            await confirm(socket, frame)

    venue.on_frame = frame
    assert isinstance((await take(trading.events(["BTC-USDT"]), 1))[0], Reconnected)
    assert len(venue.sockets) == 2


async def test_a_refused_login_is_fatal(venue: FakeBitget, trading: BitgetTrading):
    venue.login = {"event": "error", "code": 30015, "msg": "Invalid sign"}
    with pytest.raises(Fatal):
        await take(trading.events(["BTC-USDT"]), 1)


async def test_closing_the_venue_ends_its_streams_and_may_be_done_twice(venue: FakeBitget, trading: BitgetTrading):
    events = trading.events(["BTC-USDT"])
    await take(events, 1)
    await trading.close()
    with pytest.raises(StopAsyncIteration):
        await take(events, 1)
    await trading.close()


async def test_a_connection_carries_so_many_symbols_and_asks_for_some_of_them_at_a_time(venue: FakeBitget):
    names = [f"A{n}" for n in range(120)]
    venue.answers["/api/v2/mix/market/contracts"] = [
        CONTRACTS[0] | {"symbol": f"{name}USDT", "baseCoin": name} for name in names
    ]
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)
        await asyncio.sleep(0)

    public = BitgetPublic(venue.settings(subscribe_interval_ms=120))
    await public.open([f"{name}-USDT" for name in names])
    made = public._opened_sockets("candle1m", public._dialect.candle_channel, [f"{name}-USDT" for name in names])
    assert [len(socket.channels) for socket in made] == [50, 50, 20]
    made[2]._sleep = sleep
    public._client.start(made[2].run(lambda _: None))
    await until(lambda: len(venue.frames) == 20)
    assert venue.together == [10, 10]
    await until(lambda: len(paused) == 2)
    assert set(paused) == {0.12}
    await public.close()


async def test_a_slow_reader_of_tickers_gets_the_newest_of_each_symbol(venue: FakeBitget, public: BitgetPublic):
    async def frame(socket: web.WebSocketResponse, frame: Any) -> None:
        await confirm(socket, frame)
        for last in range(1, 6):
            row = {"instId": "BTCUSDT", "lastPr": str(last), "markPrice": "", "ts": str(last)}
            await socket.send_json(push("ticker", "BTCUSDT", [row]))

    venue.on_frame = frame
    events = public.watch_tickers(["BTC-USDT"])
    (first,) = await take(events, 1)
    if first.last < 5:
        (first,) = await take(events, 1)
    assert (first.last, first.mark, first.ts_ms) == (5.0, 5.0, 5)
    await events.aclose()  # type: ignore[attr-defined]


def test_waits_double_with_jitter_up_to_a_minute():
    waits = backoffs(random.Random(1))
    seen = [next(waits) for _ in range(12)]
    assert all(0 < w <= MAX_BACKOFF_S for w in seen)
    assert seen[-1] >= MAX_BACKOFF_S / 2
    assert all(0.125 * 2**i <= w <= 0.25 * 2**i for i, w in enumerate(seen[:7]))


async def test_a_reader_that_lags_too_far_is_told_to_look_again(venue: FakeBitget, public: BitgetPublic):
    async def frame(socket: web.WebSocketResponse, frame: Any) -> None:
        await confirm(socket, frame)
        for i in range(10):
            await socket.send_json(push("candle1m", "BTCUSDT", [[str(i * 60000), *ROW[1:]]], ts=i))

    def read(message: Any) -> list[str]:
        if not isinstance(message, dict):
            return []
        seen.append(message["ts"])
        return [str(message["ts"])]

    seen: list[int] = []
    venue.on_frame = frame
    socket = Socket(public._client, "s", [CANDLES])
    events = merged(public._client, [socket], read, lagging=["look again"], capacity=3)
    first = await take(events, 1)
    await until(lambda: len(seen) == 10)  # nobody reads meanwhile
    rest = await take(events, 1)
    assert "look again" in first + rest
    await events.aclose()  # type: ignore[attr-defined]
