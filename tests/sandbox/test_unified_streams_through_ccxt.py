"""v3 sockets through the real client and, where it hides something, frame by frame."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import ccxt
import pytest

from sandbox.config import AccountConfig
from sandbox.signing import sign
from sandbox.unified.books import DeltaBook
from tests.sandbox.builders import MINUTE, START_MS, UNIFIED, Running, client_of, running_unified, stored, subscribed
from tests.sandbox.test_unified_rest_through_ccxt import CROSSED

ROWS = [(100_000.0, 100_500.0, 99_000.0, 100_200.0), (100_200.0, 103_000.0, 100_100.0, 102_000.0)] * 4


@pytest.fixture
async def exchange() -> Any:
    async with running_unified(stored(ROWS)) as started:
        await started.client.load_markets()
        yield started


async def heard(task: asyncio.Task[Any]) -> Any:
    return await asyncio.wait_for(task, 15)


async def next_of(exchange: Running, watching: Any) -> Any:
    """What a watch gives after one candle more."""
    task = asyncio.ensure_future(watching)
    await asyncio.sleep(0)
    await exchange.sandbox.advance(1)
    return await heard(task)


class Socket:
    """A v3 socket without a client's parsing."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    async def say(self, frame: Any) -> None:
        await (self._socket.send_str(frame) if isinstance(frame, str) else self._socket.send_json(frame))

    async def hear(self) -> Any:
        """The next frame."""
        message = await asyncio.wait_for(self._socket.receive(), 15)
        return message.data if message.data == "pong" else json.loads(message.data)

    async def pushes(self) -> list[Any]:
        """All frames that were sent before a ping was answered."""
        await self.say("ping")
        frames: list[Any] = []
        while not frames or frames[-1] != "pong":
            frames.append(await self.hear())
        return frames[:-1]


def socket(exchange: Running, kind: str) -> Any:
    return exchange.http.ws_connect(f"http://127.0.0.1:{exchange.port}/v3/ws/{kind}")


def login_frame(account: AccountConfig, stamp: int) -> dict[str, Any]:
    shown = str(stamp)
    arg = {
        "apiKey": account.key, "passphrase": account.passphrase, "timestamp": shown,
        "sign": sign(account.secret, shown + "GET/user/verify"),
    }
    return {"op": "login", "args": [arg], "url": "wss://anything"}


def public(**arg: str) -> dict[str, Any]:
    return {"op": "subscribe", "args": [{"instType": "usdt-futures", **arg}], "uta": True}


def private(*topics: str) -> dict[str, Any]:
    return {"op": "subscribe", "args": [{"instType": "UTA", "topic": topic} for topic in topics], "uta": True}


async def test_candles_begin_with_500_rows_and_a_newer_row_tells_that_one_closed(exchange: Running) -> None:
    exchange.client.newUpdates = False
    first = await exchange.client.watch_ohlcv(UNIFIED, "1m")
    assert len(first) == 500
    assert first[-1] == [START_MS, 100_000, 100_000, 100_000, 100_000, 0.0]
    rows = await next_of(exchange, exchange.client.watch_ohlcv(UNIFIED, "1m"))
    assert rows[-2:] == [[START_MS, *ROWS[0], 3.0], [START_MS + MINUTE, *[100_200.0] * 4, 0.0]]


async def test_longer_candles_grow_and_turn(exchange: Running) -> None:
    exchange.client.newUpdates = False
    await exchange.client.watch_ohlcv(UNIFIED, "5m")
    last: list[Any] = []
    for _ in range(5):
        last = await next_of(exchange, exchange.client.watch_ohlcv(UNIFIED, "5m"))
    assert last[-2:] == [
        [START_MS, 100_000, 103_000, 99_000, 100_200, 15.0], [START_MS + 5 * MINUTE, *[100_200.0] * 4, 0.0]
    ]


async def test_ticker_and_trades_are_pushed_when_a_minute_closes(exchange: Running) -> None:
    await exchange.client.watch_ticker(UNIFIED)
    await exchange.client.watch_trades(UNIFIED)
    ticker = await next_of(exchange, exchange.client.watch_ticker(UNIFIED))
    assert (ticker["last"], ticker["bid"], ticker["timestamp"]) == (100_200.0, 100_199.9, START_MS + MINUTE)
    assert (ticker["markPrice"], ticker["info"]["markPrice"]) == (None, "100200")
    trades = await next_of(exchange, exchange.client.watch_trades(UNIFIED))
    assert [trade["price"] for trade in trades][-3:] == [100_100.0, 103_000.0, 102_000.0]


@pytest.mark.parametrize("limit", [5, 15, 50, None])
async def test_the_book_is_told_whole_or_by_what_changed(exchange: Running, limit: int | None) -> None:
    first = await exchange.client.watch_order_book(UNIFIED, limit)
    assert first["bids"][0][0] == 99_999.9
    book = await next_of(exchange, exchange.client.watch_order_book(UNIFIED, limit))
    assert (book["bids"][0][0], book["asks"][0][0], len(book["asks"])) == (100_199.9, 100_200.1, limit or 50)


def test_what_changed_of_a_book_makes_the_new_one_of_the_old_one() -> None:
    before = [["101", "1"], ["102", "2"]], [["99", "1"], ["98", "2"]]
    after = [["102", "3"], ["103", "1"]], [["101", "4"], ["99", "1"]]
    book = DeltaBook(*before)
    assert book.moved_to(*before, START_MS) is None
    change = book.moved_to(*after, START_MS)
    assert change is not None
    assert (change["pseq"], change["seq"], "checksum" in change) == (1, 2, False)
    for side, old, new in zip(("a", "b"), before, after, strict=True):
        levels = dict(old)
        levels.update(dict(change[side]))
        assert {price: size for price, size in levels.items() if size != "0"} == dict(new)
    assert (book.whole(START_MS)["a"], book.whole(START_MS)["b"]) == after


async def test_an_order_is_pushed_live_filled_and_cancelled_and_not_before(exchange: Running) -> None:
    client = exchange.client
    task = await subscribed(exchange, client.watch_orders(UNIFIED))
    assert not task.done()
    placed = await client.create_order(UNIFIED, "limit", "buy", 0.02, 99_500.0, {**CROSSED, "clientOid": "mine"})
    (seen,) = await heard(task)
    assert (seen["id"], seen["clientOrderId"], seen["status"], seen["price"]) == (placed["id"], "mine", "open", 99_500)
    info = seen["info"]
    assert (info["category"], info["reduceOnly"], info["holdMode"]) == ("usdt-futures", "no", "one_way_mode")
    (filled,) = await next_of(exchange, client.watch_orders(UNIFIED))
    assert (filled["status"], filled["filled"], filled["average"]) == ("closed", 0.02, 99_500)
    task = asyncio.ensure_future(client.watch_orders(UNIFIED))
    second = await client.create_order(UNIFIED, "limit", "buy", 0.02, 90_000.0, CROSSED)
    await heard(task)
    task = asyncio.ensure_future(client.watch_orders(UNIFIED))
    await asyncio.sleep(0)
    await client.cancel_order(second["id"], UNIFIED)
    (seen,) = await heard(task)
    assert (seen["id"], seen["status"], seen["info"]["orderStatus"]) == (second["id"], "canceled", "cancelled")


async def test_a_fill_is_pushed_with_what_was_paid(exchange: Running) -> None:
    task = await subscribed(exchange, exchange.client.watch_my_trades(UNIFIED))
    order = await exchange.client.create_order(UNIFIED, "market", "buy", 0.02, None, CROSSED)
    (trade,) = await heard(task)
    assert (trade["order"], trade["side"], trade["amount"]) == (order["id"], "buy", 0.02)
    assert trade["takerOrMaker"] == "taker"
    assert trade["fee"]["cost"] == pytest.approx(0.02 * 100_050 * 0.0006)


async def test_money_is_pushed_at_once_and_when_it_moves(exchange: Running) -> None:
    first = await exchange.client.watch_balance()
    assert (first["USDT"]["free"], first["USDT"]["total"]) == (10_000, 10_000)
    task = asyncio.ensure_future(exchange.client.watch_balance())
    await exchange.client.create_order(UNIFIED, "limit", "buy", 0.02, 99_000.0, CROSSED)
    assert (await heard(task))["USDT"]["used"] == pytest.approx(99.0)


async def test_a_position_is_pushed_when_it_changes_and_once_more_when_it_is_gone(exchange: Running) -> None:
    client = exchange.client
    client.newUpdates = True
    await client.watch_positions()
    task = asyncio.ensure_future(client.watch_positions())
    await asyncio.sleep(0)
    await client.create_order(UNIFIED, "market", "sell", 0.02, None, CROSSED)
    (position,) = await heard(task)
    assert (position["side"], position["contracts"], position["info"]["positionStatus"]) == ("short", 0.02, "opening")
    task = asyncio.ensure_future(client.watch_positions())
    await asyncio.sleep(0)
    await client.close_position(UNIFIED)
    (position,) = await heard(task)
    assert (position["contracts"], position["info"]["positionStatus"]) == (0, "ended")


async def test_the_frames_of_a_login_and_of_subscriptions(exchange: Running) -> None:
    stamp = exchange.client.seconds()
    async with socket(exchange, "private") as raw:
        wire = Socket(raw)
        await wire.say(private("order"))
        refused = await wire.hear()
        assert (refused["code"], refused["arg"]) == ("30004", {"instType": "UTA", "topic": "order"})
        await wire.say(login_frame(AccountConfig.unified(), stamp))
        assert await wire.hear() == {"event": "login", "code": "0", "msg": ""}
        await wire.say(private("order", "fill", "position", "account"))
        frames = await wire.pushes()
        confirmed = [frame["arg"]["topic"] for frame in frames if frame.get("event") == "subscribe"]
        assert confirmed == ["order", "fill", "position", "account"]
        told = [(frame["arg"], frame["data"]) for frame in frames if "data" in frame]
        assert [arg for arg, _ in told] == [{"instType": "UTA", "topic": t} for t in ("position", "account")]
        await exchange.client.create_order(UNIFIED, "market", "buy", 0.02, None, CROSSED)
        pushed = [(f["arg"]["topic"], f["action"]) for f in await wire.pushes()]
        assert pushed == [(t, "snapshot") for t in ("order", "fill", "order", "position", "account")]
        await wire.say({"op": "unsubscribe", "args": [{"instType": "UTA", "topic": "order"}]})
        await wire.pushes()
        await exchange.client.create_order(UNIFIED, "market", "buy", 0.02, None, CROSSED)
        assert "order" not in {frame["arg"]["topic"] for frame in await wire.pushes()}


async def test_a_stop_is_pushed_by_no_topic_but_the_order_that_it_becomes_is(exchange: Running) -> None:
    client = exchange.client
    async with socket(exchange, "private") as raw:
        wire = Socket(raw)
        await wire.say(login_frame(AccountConfig.unified(), client.seconds()))
        await wire.say(private("order", "fill"))
        await client.create_order(UNIFIED, "market", "buy", 0.02, None, CROSSED)
        await wire.pushes()
        stop = {"stopLossPrice": 99_500, "reduceOnly": True, "tpslMode": "full"}
        await client.create_order(UNIFIED, "market", "sell", 0.02, None, stop)
        assert await wire.pushes() == []
        await exchange.sandbox.advance(1)
        fill, order = [row for frame in await wire.pushes() for row in frame["data"]]
        assert (fill["side"], order["side"], order["orderStatus"]) == ("sell", "sell", "filled")


@pytest.mark.parametrize(
    ("kind", "frame", "code"),
    [
        ("public", public(topic="kline", symbol="BTCUSDT", interval="7m"), "30001"),
        ("public", public(topic="kline", symbol="BTCUSDT", interval="2H"), "30001"),
        ("public", public(topic="kline", symbol="BTCUSDT"), "30001"),
        ("public", public(topic="ticker", symbol="NOPEUSDT"), "30001"),
        ("public", public(topic="candles", symbol="BTCUSDT"), "30001"),
        ("public", private("order"), "30004"),
        ("public", {"op": "login", "args": [{"apiKey": "nobody"}]}, "30005"),
        ("public", public(topic="books7", symbol="BTCUSDT"), "30001"),
        ("public", {"op": "subscribe", "args": [{"instType": "USDT-FUTURES", "channel": "ticker"}]}, "30001"),
        ("private", private("position"), "30004"),
        ("private", {"op": "login", "args": [{"apiKey": "nobody"}]}, "30011"),
        ("private", login_frame(AccountConfig.unified(), 1), "30013"),
        ("public", {"op": "dance", "args": [{}]}, "30003"),
        ("public", "not json", "30002"),
    ],
)
async def test_nonsense_is_answered_with_an_error_event(exchange: Running, kind: str, frame: Any, code: str) -> None:
    async with socket(exchange, kind) as raw:
        wire = Socket(raw)
        await wire.say(frame)
        answer = await wire.hear()
    assert (answer["event"], answer["code"]) == ("error", code)


async def test_each_account_logs_in_on_its_own_sockets_only(exchange: Running) -> None:
    async with socket(exchange, "private") as raw:
        wire = Socket(raw)
        await wire.say(login_frame(AccountConfig(), exchange.client.seconds()))
        assert (await wire.hear())["code"] == "30005"
        await wire.say(login_frame(AccountConfig.unified(), exchange.client.seconds()))
        await wire.hear()
        await wire.say(private("strategy-order"))
        assert (await wire.hear())["code"] == "30001"
    stranger = client_of(exchange.port, AccountConfig.unified())
    stranger.options["uta"] = False
    try:
        await stranger.load_markets()
        with pytest.raises(ccxt.AuthenticationError, match="30005"):
            await stranger.watch_orders()
    finally:
        await stranger.close()


async def test_nobody_hears_of_another_account(exchange: Running) -> None:
    other = AccountConfig("second", "secret", "passphrase", kind="unified")
    async with running_unified(stored(ROWS), accounts=(AccountConfig.unified(), other)) as both:
        await both.client.load_markets()
        async with socket(both, "private") as raw:
            wire = Socket(raw)
            await wire.say(login_frame(other, both.client.seconds()))
            await wire.say(private("order", "fill"))
            await wire.pushes()
            await both.client.create_order(UNIFIED, "market", "buy", 0.02, None, CROSSED)
            assert await wire.pushes() == []


async def test_an_order_that_fills_in_parts_is_pushed_part_by_part() -> None:
    async with running_unified(stored(ROWS), depth=1_000.0, slippage=0.0) as exchange:
        await exchange.client.load_markets()
        async with socket(exchange, "private") as raw:
            wire = Socket(raw)
            await wire.say(login_frame(AccountConfig.unified(), exchange.client.seconds()))
            await wire.say(private("order", "fill"))
            await wire.pushes()
            placed = await exchange.client.create_order(UNIFIED, "market", "buy", 0.05, None, CROSSED)
            rows = [(frame["arg"]["topic"], row) for frame in await wire.pushes() for row in frame["data"]]
        fills = [row for topic, row in rows if topic == "fill"]
        states = [(row["orderStatus"], float(row["cumExecQty"])) for topic, row in rows if topic == "order"]
        assert len({row["execPrice"] for row in fills}) == len(fills) > 1
        assert sum(float(row["execQty"]) for row in fills) == pytest.approx(0.05)
        assert [status for status, _ in states] == ["live", *["partially_filled"] * (len(fills) - 1), "filled"]
        assert [filled for _, filled in states] == sorted(filled for _, filled in states)
        order = (await exchange.client.fetch_order(placed["id"], UNIFIED))["info"]
        paid = sum(float(row["execValue"]) for row in fills)
        assert float(order["cumExecValue"]) == pytest.approx(paid)
        assert float(order["avgPrice"]) == pytest.approx(paid / 0.05)
