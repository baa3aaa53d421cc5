"""WebSocket channels through the real client."""

from __future__ import annotations

import asyncio
from typing import Any

import ccxt
import pytest

from sandbox.config import AccountConfig
from tests.sandbox.builders import MINUTE, START_MS, SYMBOL, UNIFIED, Running, client_of, running, stored, subscribed

ROWS = [(100_000.0, 100_500.0, 99_000.0, 100_200.0), (100_200.0, 103_000.0, 100_100.0, 102_000.0)] * 4
ISOLATED = {"marginMode": "isolated"}


@pytest.fixture
async def exchange() -> Any:
    async with running(stored(ROWS)) as started:
        await started.client.load_markets()
        await started.client.set_margin_mode("isolated", UNIFIED)
        yield started


async def heard(task: asyncio.Task[Any]) -> Any:
    return await asyncio.wait_for(task, 15)


async def test_candles_begin_with_500_rows_and_a_newer_row_tells_that_one_closed(exchange: Running) -> None:
    exchange.client.newUpdates = False
    first = await exchange.client.watch_ohlcv(UNIFIED, "1m")
    assert len(first) == 500
    assert first[-1] == [START_MS, 100_000, 100_000, 100_000, 100_000, 0.0]
    task = asyncio.ensure_future(exchange.client.watch_ohlcv(UNIFIED, "1m"))
    await asyncio.sleep(0)
    await exchange.sandbox.advance(1)
    rows = await heard(task)
    assert rows[-2:] == [[START_MS, *ROWS[0], 3.0], [START_MS + MINUTE, *[100_200.0] * 4, 0.0]]


async def test_longer_candles_grow_and_turn(exchange: Running) -> None:
    exchange.client.newUpdates = False
    await exchange.client.watch_ohlcv(UNIFIED, "5m")
    last: list[Any] = []
    for _ in range(5):
        task = asyncio.ensure_future(exchange.client.watch_ohlcv(UNIFIED, "5m"))
        await asyncio.sleep(0)
        await exchange.sandbox.advance(1)
        last = await heard(task)
    assert last[-2:] == [
        [START_MS, 100_000, 103_000, 99_000, 100_200, 15.0], [START_MS + 5 * MINUTE, *[100_200.0] * 4, 0.0]
    ]


async def test_ticker_book_and_trades_are_pushed_when_a_minute_closes(exchange: Running) -> None:
    await exchange.client.watch_ticker(UNIFIED)
    await exchange.client.watch_order_book(UNIFIED, 5)
    await exchange.client.watch_trades(UNIFIED)
    tasks = [
        asyncio.ensure_future(watch)
        for watch in (
            exchange.client.watch_ticker(UNIFIED), exchange.client.watch_order_book(UNIFIED, 5),
            exchange.client.watch_trades(UNIFIED),
        )
    ]
    await asyncio.sleep(0)
    await exchange.sandbox.advance(1)
    ticker, book, trades = [await heard(task) for task in tasks]
    assert (ticker["last"], ticker["timestamp"]) == (100_200.0, START_MS + MINUTE)
    assert ticker["info"]["markPrice"] == "100200"
    assert (book["bids"][0][0], len(book["asks"])) == (100_199.9, 5)
    assert [trade["price"] for trade in trades] == [100_500.0, 99_000.0, 100_200.0]


async def test_an_order_is_seen_live_filled_and_cancelled(exchange: Running) -> None:
    task = await subscribed(exchange, exchange.client.watch_orders())
    await exchange.client.create_order(UNIFIED, "limit", "buy", 0.02, 99_500.0, {**ISOLATED, "clientOid": "mine"})
    (seen,) = await heard(task)
    assert (seen["clientOrderId"], seen["status"], seen["price"], seen["amount"]) == ("mine", "open", 99_500.0, 0.02)
    task = asyncio.ensure_future(exchange.client.watch_orders())
    await asyncio.sleep(0)
    await exchange.sandbox.advance(1)
    (seen,) = await heard(task)
    assert (seen["status"], seen["filled"], seen["average"]) == ("closed", 0.02, 99_500.0)
    assert seen["fee"]["cost"] == pytest.approx(0.02 * 99_500 * 0.0002)
    placed = await exchange.client.create_order(UNIFIED, "limit", "buy", 0.02, 90_000.0, ISOLATED)
    await exchange.client.cancel_order(placed["id"], UNIFIED)
    while seen["id"] != placed["id"] or seen["status"] != "canceled":
        seen = (await heard(asyncio.ensure_future(exchange.client.watch_orders())))[-1]


async def test_positions_are_seen_and_an_empty_list_is_flat(exchange: Running) -> None:
    exchange.client.newUpdates = True
    assert await heard(asyncio.ensure_future(exchange.client.watch_positions())) == []
    task = asyncio.ensure_future(exchange.client.watch_positions())
    await asyncio.sleep(0)
    await exchange.client.create_order(UNIFIED, "market", "buy", 0.02, None, ISOLATED)
    (position,) = await heard(task)
    assert (position["side"], position["contracts"], position["leverage"]) == ("long", 0.02, 20)
    assert position["entryPrice"] == pytest.approx(100_000 * 1.0005)
    task = asyncio.ensure_future(exchange.client.watch_positions())
    await asyncio.sleep(0)
    await exchange.client.close_position(UNIFIED)
    assert await heard(task) == []


async def test_the_fill_stream_tells_each_execution(exchange: Running) -> None:
    task = await subscribed(exchange, exchange.client.watch_my_trades())
    order = await exchange.client.create_order(UNIFIED, "market", "sell", 0.02, None, ISOLATED)
    (trade,) = await heard(task)
    assert (trade["order"], trade["symbol"], trade["side"], trade["amount"]) == (order["id"], UNIFIED, "sell", 0.02)
    assert (trade["takerOrMaker"], trade["timestamp"]) == ("taker", START_MS)
    assert trade["fee"]["cost"] == pytest.approx(0.02 * 100_000 * 0.9995 * 0.0006)


async def test_the_balance_stream_begins_with_what_there_is(exchange: Running) -> None:
    balance = await heard(asyncio.ensure_future(exchange.client.watch_balance()))
    assert balance["USDT"] == {"free": 10_000.0, "used": 0.0, "total": 10_000.0}


async def test_the_stop_of_an_entry_is_seen_on_the_trigger_stream(exchange: Running) -> None:
    task = await subscribed(exchange, exchange.client.watch_orders(UNIFIED, params={"trigger": True}))
    entry = {**ISOLATED, "stopLoss": {"triggerPrice": 95_000}}
    await exchange.client.create_order(UNIFIED, "market", "buy", 0.02, None, entry)
    (seen,) = await heard(task)
    assert (seen["info"]["planType"], seen["triggerPrice"], seen["status"]) == ("psl", 95_000.0, "open")


async def test_a_stop_placed_by_name_is_seen_by_that_name(exchange: Running) -> None:
    await exchange.client.create_order(UNIFIED, "market", "buy", 0.02, None, ISOLATED)
    task = await subscribed(exchange, exchange.client.watch_orders(UNIFIED, params={"trigger": True}))
    params = {"stopLossPrice": 95_000.0, "clientOid": "my-stop"}
    await exchange.client.create_order(UNIFIED, "market", "sell", 0.02, None, params)
    (seen,) = await heard(task)
    assert (seen["clientOrderId"], seen["triggerPrice"]) == ("my-stop", 95_000.0)


async def test_streams_need_the_right_secret(exchange: Running) -> None:
    stranger = client_of(exchange.port, AccountConfig(secret="wrong"))
    try:
        await stranger.load_markets()
        with pytest.raises(ccxt.AuthenticationError, match="30015"):
            await stranger.watch_orders()
    finally:
        await stranger.close()


async def talk(exchange: Running, kind: str, *messages: Any) -> list[Any]:
    url = f"http://127.0.0.1:{exchange.port}/v2/ws/{kind}"
    answers = []
    async with exchange.http.ws_connect(url) as socket:
        for message in messages:
            await (socket.send_str(message) if isinstance(message, str) else socket.send_json(message))
            answer = await asyncio.wait_for(socket.receive(), 15)
            answers.append(answer.data if answer.data == "pong" else answer.json())
    return answers


def subscribe(**arg: str) -> dict[str, Any]:
    return {"op": "subscribe", "args": [{"instType": "USDT-FUTURES", **arg}]}


async def test_a_ping_is_answered(exchange: Running) -> None:
    assert await talk(exchange, "public", "ping") == ["pong"]


@pytest.mark.parametrize(
    ("kind", "message", "code"),
    [
        ("public", subscribe(channel="candle7m", instId="BTCUSDT"), 30001),
        ("public", subscribe(channel="ticker", instId="NOUSDT"), 30001),
        ("private", subscribe(channel="orders", instId="default"), 30004),
        ("public", {"op": "dance", "args": [{}]}, 30003),
        ("public", "not json", 30002),
        ("private", {"op": "login", "args": [{"apiKey": "nobody"}]}, 30011),
    ],
)
async def test_nonsense_is_answered_with_an_error_event(exchange: Running, kind: str, message: Any, code: int) -> None:
    (answer,) = await talk(exchange, kind, message)
    assert (answer["event"], answer["code"]) == ("error", code)


async def test_a_subscription_is_confirmed_and_can_be_ended(exchange: Running) -> None:
    topic = {"instType": "USDT-FUTURES", "channel": "ticker", "instId": "BTCUSDT"}
    url = f"http://127.0.0.1:{exchange.port}/v2/ws/public"
    async with exchange.http.ws_connect(url) as socket:
        await socket.send_json({"op": "subscribe", "args": [topic]})
        assert await socket.receive_json() == {"event": "subscribe", "arg": topic}
        assert (await socket.receive_json())["data"][0]["symbol"] == SYMBOL.replace("-", "")
        await socket.send_json({"op": "unsubscribe", "args": [topic]})
        assert await socket.receive_json() == {"event": "unsubscribe", "arg": topic}
        await exchange.sandbox.advance(1)
        await socket.send_str("ping")
        assert (await socket.receive()).data == "pong"
