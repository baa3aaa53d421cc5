"""Streams that look alive and are not: they repeat themselves, owe an answer, or have lived too long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from math import inf
from typing import Any

import pytest
from aiohttp import web

from exchanges.bitget.echoes import Echoes
from exchanges.bitget.merging import CAPACITY
from exchanges.bitget.public import BitgetPublic
from exchanges.bitget.session import Session, Timing
from exchanges.bitget.trading import BitgetTrading
from exchanges.port import Reconnected, StreamLost
from tests.exchanges.conftest import KEYS
from tests.exchanges.fake_bitget import FakeBitget, confirm, push

ROW = ["60000", "1", "3", "0.5", "2", "10", "20"]
CANDLES = {"instType": "USDT-FUTURES", "channel": "candle1m", "instId": "BTCUSDT"}


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def taken(events: AsyncIterator[Any], n: int) -> list[Any]:
    async with asyncio.timeout(5):
        return [await anext(events) for _ in range(n)]


def echoes() -> tuple[Echoes, Time]:
    time = Time()
    return Echoes(10.0, time), time


def test_an_order_that_does_not_show_is_overdue_and_one_that_does_is_not():
    owed, time = echoes()
    owed.listen()
    assert owed.overdue_in_s() == inf
    owed.expect("1")
    time.now = 4.0
    owed.expect("2")
    assert owed.overdue_in_s() == 6.0
    owed.saw("1")
    assert owed.overdue_in_s() == 10.0
    time.now = 15.0
    assert owed.overdue_in_s() == -1.0


def test_a_push_that_was_faster_than_its_answer_is_not_waited_for():
    owed, _ = echoes()
    owed.listen()
    owed.saw("1")
    owed.expect("1")
    assert owed.overdue_in_s() == inf


def test_nothing_is_owed_by_a_stream_that_is_down_or_that_came_up_later():
    owed, _ = echoes()
    owed.expect("1")
    owed.listen()
    owed.expect("2")
    owed.pause()
    owed.expect("3")
    owed.listen()
    assert owed.overdue_in_s() == inf


def test_patience_grows_while_a_push_never_comes_and_is_the_usual_one_again_once_one_came():
    owed, time = echoes()
    for patience in (10.0, 20.0, 40.0):
        owed.listen()
        owed.expect(f"never {patience}")
        assert owed.overdue_in_s() == patience
        time.now += patience
        owed.pause()
    owed.listen()
    owed.pause()  # lost for another reason
    owed.listen()
    owed.expect("comes")
    assert owed.overdue_in_s() == 80.0
    owed.saw("comes")
    owed.expect("next")
    assert owed.overdue_in_s() == 10.0


def test_what_is_remembered_of_orders_is_bounded():
    owed, _ = echoes()
    owed.listen()
    for n in range(5_000):
        owed.expect(str(n))
        owed.saw(str(-n))
    assert len(owed._owed) == len(owed._seen) == 1_000


async def test_news_is_what_is_newer_by_the_exchanges_clock():
    lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    session = Session([CANDLES], lost, hold=False, now=0.0)
    for second, ts, news in ((1.0, 500, 1.0), (2.0, 500, 1.0), (3.0, 400, 1.0), (4.0, 501, 4.0), (5.0, 0, 5.0)):
        session.last_frame = second
        session.data({"arg": CANDLES, "ts": ts})
        assert session.last_news == news


async def test_a_stream_that_repeats_itself_is_rebuilt_at_once_though_it_does_not_say_goodbye(venue: FakeBitget):
    enough = asyncio.Event()

    async def frame(socket: web.WebSocketResponse, frame: Any) -> None:
        await confirm(socket, frame)
        with suppress(ConnectionError):
            while not enough.is_set():
                await socket.send_json(push("candle1m", "BTCUSDT", [ROW], ts=7))
                await asyncio.sleep(0.005)

    venue.on_frame = frame
    public = BitgetPublic(venue.settings(), timing=Timing(stale_s=0.5, echo_s=0.1))
    await public.open(["BTC-USDT"])
    events = public.watch_candles(["BTC-USDT"])
    async with asyncio.timeout(5):
        while len(venue.sockets) < 2:
            await anext(events)
    enough.set()
    await public.close()


async def test_no_connection_is_kept_longer_than_it_should_be(venue: FakeBitget):
    trading = BitgetTrading(venue.settings(), KEYS, timing=Timing(stale_s=0, echo_s=0.1, recycle_s=0.1))
    await trading.open(["BTC-USDT"])
    seen = await taken(trading.events(["BTC-USDT"]), 3)
    assert [type(e) for e in seen] == [Reconnected, StreamLost, Reconnected]
    assert "old enough" in seen[1].reason
    assert len(venue.sockets) == 2
    await trading.close()


@pytest.mark.parametrize("kind", ["classic", "unified"])
async def test_a_long_watch_leaves_nothing_in_the_client(venue: FakeBitget, kind: str):
    count, sent = 3_000, asyncio.Event()

    async def frame(socket: web.WebSocketResponse, frame: Any) -> None:
        await confirm(socket, frame)
        arg = frame["args"][0]
        for n in range(count):
            row = [str(60_000 * n), *ROW[1:]]
            await socket.send_json({"action": "update", "arg": arg, "data": [row], "ts": n + 1})
        sent.set()

    venue.on_frame = frame
    public = BitgetPublic(venue.settings(account_type=kind))
    await public.open(["BTC-USDT"])
    seen = await taken(public.watch_candles(["BTC-USDT"]), count)
    assert seen[-1].rows[0].ts_ms == 60_000 * (count - 1)
    ccxt = public._client.ccxt
    assert not ccxt.ohlcvs
    assert not ccxt.tickers
    assert ccxt.orders is None
    (wire,) = ccxt.clients.values()
    assert len(wire.futures) + len(wire.subscriptions) + len(wire.rejections) < 5
    assert count < CAPACITY
    await public.close()
