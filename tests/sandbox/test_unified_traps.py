"""What the unified account does to a client that does not look twice: the venue's side of each known trap.

The client is the real one. Each test shows what it makes of our answers where a careful adapter must not follow it;
the countermeasures are tested beside the adapter.
"""

from __future__ import annotations

import asyncio
from typing import Any

import ccxt
import pytest

from core.instrument import Instrument
from sandbox.config import AccountConfig, default_instruments
from sandbox.source import StoredSource
from tests.sandbox.builders import MINUTE, START_MS, SYMBOL, UNIFIED, Running, client_of, flat, running_unified, stored
from tests.sandbox.test_unified_rest_through_ccxt import BTC, CATEGORY, CROSSED, code_of, strategies

ROWS = [(100_000.0, 100_500.0, 99_000.0, 100_200.0), (100_200.0, 103_000.0, 100_100.0, 102_000.0)] * 4
ETH = "ETH/USDT:USDT"
RULES = {
    SYMBOL: default_instruments()[SYMBOL],
    "ETH-USDT": Instrument(symbol="ETH-USDT", tick=0.05, step=0.01, min_quantity=0.01, min_notional=5.0),
}


@pytest.fixture
async def exchange() -> Any:
    async with running_unified(stored(ROWS, history=1500)) as started:
        await started.client.load_markets()
        yield started


@pytest.fixture
async def two_symbols() -> Any:
    source = StoredSource({SYMBOL: flat(100_000.0, 9), "ETH-USDT": flat(3_000.0, 9)}, START_MS)
    async with running_unified(source, instruments=RULES) as started:
        await started.client.load_markets()
        yield started


async def buy(exchange: Running, market: str = UNIFIED, size: float = 0.02, /, **params: Any) -> Any:
    return await exchange.client.create_order(market, "market", "buy", size, None, {**CROSSED, **params})


async def unsettled(watching: Any) -> bool:
    """Whether a watch is still waiting after everything that was sent has been read."""
    task = asyncio.ensure_future(watching)
    for _ in range(20):
        await asyncio.sleep(0.005)
    waiting = not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return waiting


@pytest.mark.parametrize(("account", "pinned"), [(AccountConfig.unified(), True), (AccountConfig(), False)])
async def test_1_a_client_that_is_not_told_probes_and_pins_what_it_finds(
    exchange: Running, account: AccountConfig, pinned: bool
) -> None:
    client = client_of(exchange.port, account)
    client.options["uta"] = None
    try:
        await client.fetch_balance()
        assert client.options["uta"] is pinned
    finally:
        await client.close()


@pytest.mark.parametrize("stray", ["triggerPrice", "stopPrice", "trailingPercent"])
async def test_2_a_conditional_order_is_executed_at_once_and_an_alarm_is_told(exchange: Running, stray: str) -> None:
    params: dict[str, Any] = {stray: 1 if stray == "trailingPercent" else 105_000}
    order = await buy(exchange, **params)
    assert (await exchange.client.fetch_order(order["id"], UNIFIED))["status"] == "closed"
    events = (await exchange.admin("GET", "events", since=0))["events"]
    (alarm,) = [event for event in events if event["kind"] == "alarm"]
    assert stray in alarm["note"]


async def test_3_cancelling_all_triggers_cancels_the_plain_orders_and_leaves_the_stops(exchange: Running) -> None:
    client = exchange.client
    await buy(exchange, stopLoss={"triggerPrice": 95_000})
    await client.create_order(UNIFIED, "limit", "buy", 0.01, 90_000, CROSSED)
    await client.cancel_all_orders(UNIFIED, {"trigger": True})
    assert await client.fetch_open_orders(UNIFIED) == []
    assert len(await strategies(exchange)) == 1


async def test_4_a_stop_names_no_position_without_reduce_only_and_the_wrong_one_when_hedged(exchange: Running) -> None:
    client = exchange.client
    await buy(exchange)
    stop = {"stopLossPrice": 95_000}
    assert await code_of(client.create_order(UNIFIED, "market", "sell", 0.02, None, stop)) == "400172"
    wrong = {**stop, "hedged": True}
    assert await code_of(client.create_order(UNIFIED, "market", "sell", 0.02, None, wrong)) == "25227"
    both = {**stop, "takeProfitPrice": 105_000, "reduceOnly": True}
    await client.create_order(UNIFIED, "market", "sell", 0.02, None, both)
    assert [(row["stopLoss"], row["takeProfit"]) for row in await strategies(exchange)] == [("95000", "")]


async def test_5_an_attached_stop_watches_the_last_price_and_is_lost_without_a_word(exchange: Running) -> None:
    client = exchange.client
    await buy(exchange, stopLoss={"triggerPrice": 95_000, "type": "mark"})
    assert [row["slTriggerBy"] for row in await strategies(exchange)] == ["market"]
    await client.close_position(UNIFIED)
    await buy(exchange, stopLoss={"price": 95_000})
    assert await strategies(exchange) == []
    entry = await client.create_order(UNIFIED, "limit", "buy", 0.01, 90_000, CROSSED)
    await client.edit_order(
        entry["id"], UNIFIED, "limit", "buy", 0.01, 91_000, {"stopLoss": {"triggerPrice": 80_000}}
    )
    order = (await client.fetch_order(entry["id"], UNIFIED))["info"]
    assert (order["price"], order["stopLoss"]) == ("91000", None)


async def test_6_the_margin_mode_is_the_symbols_unless_it_is_said_as_the_venue_says_it(exchange: Running) -> None:
    client = exchange.client
    await client.create_order(UNIFIED, "market", "buy", 0.02)
    assert (await client.fetch_position(UNIFIED))["info"]["marginMode"] == "crossed"
    for mode, code in (("cross", "400172"), ("isolated", "45117")):
        order = client.create_order(UNIFIED, "market", "buy", 0.02, None, {"marginMode": mode})
        assert await code_of(order) == code


async def test_7_28_the_order_stream_shows_quantities_that_were_never_asked_for(exchange: Running) -> None:
    client = exchange.client
    task = asyncio.ensure_future(client.watch_orders(UNIFIED))
    while not any(session.topics for session in exchange.sandbox.subscriptions.sessions):
        await asyncio.sleep(0.005)
    await client.create_order(UNIFIED, "market", "sell", 0.02, None, CROSSED)
    (seen,) = await asyncio.wait_for(task, 15)
    while seen["info"]["orderStatus"] != "filled":  # trap 28: what was handed out is the cache, and changes
        await asyncio.sleep(0.005)
    assert "posMode" not in seen["info"]
    assert (seen["info"]["qty"], seen["amount"]) == ("0.02", pytest.approx(0.02 * 99_950))


async def test_8_9_10_a_filled_order_has_no_average_a_negative_fee_and_a_flag_in_capitals(exchange: Running) -> None:
    client = exchange.client
    placed = await buy(exchange)
    order = await client.fetch_order(placed["id"], UNIFIED)
    assert (order["average"], order["price"], order["cost"]) == (None, None, None)
    assert (order["info"]["avgPrice"], order["info"]["cumExecValue"]) == ("100050", "2001")
    assert order["fee"]["cost"] == pytest.approx(-1.2006)
    (trade,) = await client.fetch_my_trades(UNIFIED)
    assert trade["fee"]["cost"] == pytest.approx(-1.2006)
    closed = await client.close_position(UNIFIED)
    flags = [(await client.fetch_order(one["id"], UNIFIED))["info"]["reduceOnly"] for one in (placed, closed)]
    assert flags == ["NO", "YES"]


async def test_11_12_an_ended_stop_is_in_no_list_and_its_cancel_answers_nothing(exchange: Running) -> None:
    client = exchange.client
    await buy(exchange, stopLoss={"triggerPrice": 95_000})
    (row,) = await strategies(exchange)
    assert await code_of(client.fetch_order(row["orderId"], UNIFIED, {"trigger": True})) == "25204"
    answer = await client.cancel_order(row["orderId"], UNIFIED, {"trigger": True})
    assert (answer["id"], await strategies(exchange)) == (None, [])
    for fetch in (client.fetch_closed_orders, client.fetch_canceled_orders):
        assert await fetch(UNIFIED, params={"trigger": True}) == []
    page = (await client.privateUtaGetV3TradeHistoryStrategyOrders(CATEGORY))["data"]
    assert [(old["orderId"], page["cursor"]) for old in page["list"]] == [(row["orderId"], row["orderId"])]


async def test_13_another_symbols_traffic_fills_the_page(two_symbols: Running) -> None:
    client = two_symbols.client
    await buy(two_symbols)
    await buy(two_symbols, ETH, 1.0)
    assert await client.fetch_closed_orders(UNIFIED, limit=1) == []
    assert await client.fetch_my_trades(UNIFIED, limit=1) == []
    assert len(await client.fetch_closed_orders(UNIFIED, limit=1, params=BTC)) == 1
    assert len(await client.fetch_my_trades(UNIFIED, limit=1, params=BTC)) == 1


async def test_14_what_began_before_and_ended_after_is_not_found_by_since(exchange: Running) -> None:
    await buy(exchange)
    await exchange.sandbox.advance(1)
    await exchange.client.close_position(UNIFIED)
    assert await exchange.client.fetch_positions_history([UNIFIED], START_MS + 1) == []
    assert len(await exchange.client.fetch_positions_history([UNIFIED])) == 1


async def test_15_a_second_timeframe_of_a_symbol_gets_the_first_ones_candles(exchange: Running) -> None:
    client = exchange.client
    client.newUpdates = True
    await client.watch_ohlcv(UNIFIED, "1m")
    task = asyncio.ensure_future(client.watch_ohlcv(UNIFIED, "5m"))
    await asyncio.sleep(0)
    await exchange.sandbox.advance(2)
    rows = await asyncio.wait_for(task, 15)
    assert rows[-1][0] % (5 * MINUTE) != 0
    (session,) = exchange.sandbox.subscriptions.sessions
    assert [topic.channel for topic in session.topics] == ["kline/1m"]


async def test_16_17_history_has_holes_and_long_candles_have_no_name(exchange: Running) -> None:
    client = exchange.client
    since = START_MS - 1400 * MINUTE
    rows = await client.fetch_ohlcv(UNIFIED, "1m", since, 1000)
    assert (len(rows), rows[0][0] - since) == (100, 900 * MINUTE)
    gapless: list[int] = []
    at = since
    while len(gapless) < 300:
        page = await client.fetch_ohlcv(UNIFIED, "1m", at, 100)
        gapless += [row[0] for row in page]
        at = page[-1][0] + MINUTE
    assert gapless == [since + i * MINUTE for i in range(300)]
    assert await code_of(client.fetch_ohlcv(UNIFIED, "1w", limit=2)) == "400172"
    assert await code_of(client.fetch_open_orders(UNIFIED, params={"paginate": True, "limit": 1000})) == "400172"


async def test_18_the_client_rounds_to_digits_and_the_venue_wants_multiples(two_symbols: Running) -> None:
    client = two_symbols.client
    assert client.price_to_precision(ETH, 2_900.03) == "2900.03"
    assert await code_of(client.create_order(ETH, "limit", "buy", 1.0, 2_900.03, CROSSED)) == "400172"
    await client.create_order(ETH, "limit", "buy", 1.0, 2_900.05, CROSSED)


async def test_19_a_snapshot_after_a_reconnect_is_mixed_with_the_old_book(exchange: Running) -> None:
    client = exchange.client
    await client.watch_order_book(UNIFIED)
    for session in list(exchange.sandbox.subscriptions.sessions):
        session.drop()
    with pytest.raises(ccxt.NetworkError):
        await asyncio.wait_for(client.watch_order_book(UNIFIED), 15)
    await exchange.sandbox.advance(1)
    book = await asyncio.wait_for(client.watch_order_book(UNIFIED), 15)
    assert book["asks"][0][0] < book["bids"][0][0]


async def test_20_no_stream_tells_of_stops(exchange: Running) -> None:
    client = exchange.client
    await buy(exchange, stopLoss={"triggerPrice": 95_000})
    assert await unsettled(client.watch_orders(UNIFIED, params={"trigger": True}))


async def test_22_a_push_of_positions_holds_only_what_changed(two_symbols: Running) -> None:
    client = two_symbols.client
    client.newUpdates = False
    await buy(two_symbols)
    await client.watch_positions()
    task = asyncio.ensure_future(client.watch_positions())
    await asyncio.sleep(0)
    await buy(two_symbols, ETH, 1.0)
    pushed = await asyncio.wait_for(task, 15)
    assert [position["symbol"] for position in pushed] == [ETH]
    assert len(await client.fetch_positions()) == 2


async def test_23_total_is_equity_over_rest_and_the_wallet_on_the_socket(exchange: Running) -> None:
    client = exchange.client
    await buy(exchange)
    await exchange.sandbox.advance(1)
    rest, pushed = await client.fetch_balance(), await client.watch_balance()
    profit = 0.02 * (100_200 - 100_050)
    assert rest["USDT"]["total"] - pushed["USDT"]["total"] == pytest.approx(profit)
    assert float(pushed["info"]["data"][0]["totalEquity"]) == pytest.approx(rest["USDT"]["total"])


async def test_24_a_refused_subscription_rejects_other_waiters(exchange: Running) -> None:
    client = exchange.client
    await client.watch_ticker(UNIFIED)
    waiting = asyncio.ensure_future(client.watch_ticker(UNIFIED))
    await asyncio.sleep(0)
    client.markets["NOPE/USDT:USDT"] = {**client.markets[UNIFIED], "id": "NOPEUSDT", "symbol": "NOPE/USDT:USDT"}
    for watch in (client.watch_ticker("NOPE/USDT:USDT"), waiting):
        with pytest.raises(ccxt.BadRequest, match="30001"):
            await asyncio.wait_for(watch, 15)


async def test_25_an_order_is_found_by_its_client_id_and_an_unknown_one_is_a_plain_error(exchange: Running) -> None:
    await buy(exchange, clientOid="mine")
    assert (await exchange.client.fetch_order("", UNIFIED, {"clientOid": "mine"}))["status"] == "closed"
    with pytest.raises(ccxt.ExchangeError) as refused:
        await exchange.client.fetch_order("", UNIFIED, {"clientOid": "other"})
    assert type(refused.value) is ccxt.ExchangeError


@pytest.mark.parametrize("batch", [False, True])
async def test_27_a_reduce_only_order_is_replaced_not_amended(exchange: Running, batch: bool) -> None:
    client = exchange.client
    await buy(exchange)
    target = await client.create_order(UNIFIED, "limit", "sell", 0.02, 105_000, {**CROSSED, "reduceOnly": True})
    change = {"orderId": target["id"], "price": "104000"}
    if batch:
        (row,) = (await client.privateUtaPostV3TradeBatchModifyOrder([change]))["data"]
        assert row["code"] == "400172"
    else:
        assert await code_of(client.privateUtaPostV3TradeModifyOrder(change)) == "400172"
    assert [order["price"] for order in await client.fetch_open_orders(UNIFIED)] == [105_000]
    await client.cancel_order(target["id"], UNIFIED)
    await client.create_order(UNIFIED, "limit", "sell", 0.02, 104_000, {**CROSSED, "reduceOnly": True})
