"""Every REST method of the unified account, through the real client and its raw methods, with the values it parses."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any

import ccxt
import pytest

from core.instrument import Instrument
from sandbox.config import AccountConfig, default_instruments
from sandbox.source import StoredSource
from tests.sandbox.builders import (
    MINUTE,
    START_MS,
    SYMBOL,
    UNIFIED,
    Running,
    client_of,
    flat,
    running_unified,
    stored,
)

ROWS = [
    (100_000.0, 100_500.0, 99_000.0, 100_200.0),
    (100_200.0, 103_000.0, 100_100.0, 102_000.0),
    (102_000.0, 102_100.0, 96_000.0, 97_000.0),
]
HOUR = 60 * MINUTE
CROSSED = {"marginMode": "crossed"}
CATEGORY = {"category": "USDT-FUTURES"}
BTC = {**CATEGORY, "symbol": "BTCUSDT"}


@pytest.fixture
async def exchange() -> Any:
    rates = [(START_MS - 16 * HOUR, 0.0001), (START_MS - 8 * HOUR, 0.0002)]
    source = stored(ROWS, funding={SYMBOL: rates}, history=1500)
    async with running_unified(source, slippage=0.001) as started:
        await started.client.load_markets()
        yield started


async def enter(exchange: Running, **params: Any) -> dict[str, Any]:
    order: dict[str, Any] = await exchange.client.create_order(
        UNIFIED, "market", "buy", 0.02, None, {**CROSSED, **params}
    )
    return order


async def code_of(request: Awaitable[Any]) -> str:
    """Bitget's code of a refusal."""
    with pytest.raises(ccxt.ExchangeError) as refused:
        await request
    return str(json.loads(str(refused.value).removeprefix("bitget "))["code"])


async def strategies(exchange: Running) -> list[dict[str, Any]]:
    answer = await exchange.client.privateUtaGetV3TradeUnfilledStrategyOrders(CATEGORY)
    rows: list[dict[str, Any]] = answer["data"]
    return rows


async def test_the_probe_tells_the_two_accounts_apart(exchange: Running) -> None:
    answer = await exchange.client.privateUtaGetV3AccountSettings()
    assert answer["data"]["holdMode"] == "one_way_mode"
    assert await code_of(exchange.client.privateMixGetV2MixAccountAccounts({"productType": "USDT-FUTURES"})) == "40085"
    assert await code_of(exchange.client.set_margin_mode("isolated", UNIFIED, {"uta": False})) == "40085"
    classic = client_of(exchange.port, AccountConfig())
    try:
        assert await code_of(classic.privateUtaGetV3AccountSettings()) == "40084"
        assert (await classic.fetch_balance())["USDT"]["total"] == 10_000
    finally:
        await classic.close()


async def test_every_private_path_of_the_other_account_is_refused(exchange: Running) -> None:
    client, classic = exchange.client, client_of(exchange.port, AccountConfig())
    routes = [route for route in exchange.sandbox._app.router.routes() if route.resource is not None]
    paths = {(route.method, route.resource.canonical) for route in routes if route.resource is not None}
    groups = ("/account/", "/position/", "/order/", "/trade/", "/trade-rate")
    asked = 0
    try:
        for method, path in paths:
            if method not in ("GET", "POST") or not any(group in path for group in groups):
                continue
            stranger, api = (client, "mix") if path.startswith("/api/v2/") else (classic, "uta")
            request = stranger.request(path.removeprefix("/api/"), ["private", api], method, {})
            assert await code_of(request) == ("40085" if stranger is client else "40084"), path
            asked += 1
    finally:
        await classic.close()
    assert asked > 50


async def test_markets_have_the_rules_of_the_instrument(exchange: Running) -> None:
    market = exchange.client.markets[UNIFIED]
    assert market["precision"] == {"amount": 0.001, "price": 0.1}
    assert market["limits"]["amount"] == {"min": 0.001, "max": 1_000_000.0}
    assert market["limits"]["cost"]["min"] == 5.0
    assert (market["swap"], market["linear"], market["active"], market["taker"]) == (True, True, True, 0.0006)
    assert (market["info"]["priceMultiplier"], market["info"]["quantityMultiplier"]) == ("0.1", "0.001")
    assert list(exchange.client.markets) == [UNIFIED]


async def test_candles_are_100_unless_said_and_history_the_last_100_of_its_span(exchange: Running) -> None:
    await exchange.sandbox.advance(1)
    client = exchange.client
    assert await client.fetch_ohlcv(UNIFIED, "1m", limit=2) == [
        [START_MS, *ROWS[0], 3.0], [START_MS + MINUTE, *[100_200.0] * 4, 0.0]
    ]
    assert len((await client.publicUtaGetV3MarketCandles({**BTC, "interval": "1m"}))["data"]) == 100
    span = {"startTime": START_MS - 1400 * MINUTE, "endTime": START_MS - 400 * MINUTE}
    rows = (await client.publicUtaGetV3MarketHistoryCandles({**BTC, "interval": "1m", **span}))["data"]
    assert [int(rows[0][0]), int(rows[-1][0])] == [START_MS - 500 * MINUTE, START_MS - 401 * MINUTE]
    (hour,) = await client.fetch_ohlcv(UNIFIED, "1h", limit=1)
    assert hour == [START_MS, 100_000, 100_500, 99_000, 100_200, 3.0]
    marks = await client.fetch_ohlcv(UNIFIED, "1m", limit=1, params={"price": "mark"})
    assert marks[0][0] == START_MS + MINUTE


async def test_ticker_book_trades_funding_and_interest_are_told(exchange: Running) -> None:
    await exchange.sandbox.advance(1)
    client = exchange.client
    ticker = await client.fetch_ticker(UNIFIED)
    assert [ticker[key] for key in ("symbol", "last", "bid", "ask")] == [UNIFIED, 100_200.0, 100_199.9, 100_200.1]
    assert (ticker["markPrice"], ticker["timestamp"]) == (100_200.0, START_MS + MINUTE)
    assert list(await client.fetch_tickers([UNIFIED])) == [UNIFIED]
    book = await client.fetch_order_book(UNIFIED, 5)
    assert (book["bids"][0][0], len(book["asks"])) == (100_199.9, 5)
    trades = await client.fetch_trades(UNIFIED, limit=3)
    assert [trade["price"] for trade in trades] == [100_500.0, 99_000.0, 100_200.0]
    rate = await client.fetch_funding_rate(UNIFIED)
    assert (rate["fundingRate"], rate["interval"], rate["fundingTimestamp"]) == (0.0002, "8h", START_MS + 8 * HOUR)
    history = await client.fetch_funding_rate_history(UNIFIED)
    assert [row["fundingRate"] for row in history] == [0.0001, 0.0002]
    assert (await client.fetch_funding_rates([UNIFIED]))[UNIFIED]["fundingRate"] == 0.0002
    assert (await client.fetch_open_interest(UNIFIED))["openInterestAmount"] > 0
    assert (await client.fetch_trading_fee(UNIFIED))["taker"] == 0.0006
    tiers = (await client.publicUtaGetV3MarketPositionTier(BTC))["data"]
    assert tiers[0] == {
        "tier": "1", "minTierValue": "0", "maxTierValue": "150000", "leverage": "125", "mmr": "0.004"
    }


async def test_an_entry_with_its_stop_and_target_shows_everywhere(exchange: Running) -> None:
    client = exchange.client
    await client.set_leverage(10, UNIFIED, {"marginMode": "isolated"})
    isolated = {"marginMode": "isolated", "slTriggerBy": "mark", "clientOid": "entry"}
    placed = await enter(
        exchange, **isolated, stopLoss={"triggerPrice": 95_000}, takeProfit={"triggerPrice": 105_000, "price": 104_990}
    )
    assert (placed["clientOrderId"], placed["status"]) == ("entry", None)
    order = (await client.fetch_order(placed["id"], UNIFIED))["info"]
    assert (order["orderStatus"], order["reduceOnly"]) == ("filled", "NO")
    assert float(order["avgPrice"]) == pytest.approx(100_100)
    assert (order["slTriggerBy"], order["slLimitPrice"], order["tpLimitPrice"]) == ("mark", None, "104990")
    (position,) = await client.fetch_positions()
    assert (position["side"], position["contracts"]) == ("long", 0.02)
    assert position["entryPrice"] == pytest.approx(100_100)
    assert (position["marginMode"], position["leverage"]) == ("isolated", 10.0)
    assert (await client.fetch_position(UNIFIED))["initialMargin"] == pytest.approx(200.2)
    target, stop = await strategies(exchange)
    assert (stop["stopLoss"], stop["slTriggerBy"], stop["tpslMode"], stop["qty"]) == ("95000", "mark", "full", "0.02")
    assert (target["takeProfit"], target["tpTriggerBy"], target["tpLimitPrice"]) == ("105000", "market", "104990")
    balance = await client.fetch_balance()
    assert balance["USDT"]["free"] == pytest.approx(10_000 - 0.02 * 100_100 * (0.1 + 0.0006))
    assert balance["info"]["data"]["imr"] == "200.2"
    (trade,) = await client.fetch_my_trades(UNIFIED)
    assert (trade["amount"], trade["takerOrMaker"]) == (0.02, "taker")


async def test_an_order_is_edited_under_its_name_and_cancelled(exchange: Running) -> None:
    client = exchange.client
    placed = await client.create_order(UNIFIED, "limit", "buy", 0.02, 98_000, {**CROSSED, "clientOid": "mine"})
    await client.edit_order(placed["id"], UNIFIED, "limit", "buy", 0.03, 97_000)
    (live,) = await client.fetch_open_orders(UNIFIED)
    assert (live["clientOrderId"], live["price"], live["amount"], live["status"]) == ("mine", 97_000, 0.03, "open")
    gone = await client.cancel_order("", UNIFIED, {"clientOid": "mine"})
    assert gone["id"] == placed["id"]
    assert await client.fetch_open_orders(UNIFIED) == []
    (cancelled,) = await client.fetch_canceled_orders(UNIFIED)
    assert (cancelled["id"], cancelled["status"]) == (placed["id"], "canceled")
    assert await code_of(client.cancel_order(placed["id"], UNIFIED)) == "25204"


async def test_a_post_only_order_that_would_take_is_cancelled_and_ioc_takes_or_goes(exchange: Running) -> None:
    client = exchange.client
    crossing = await client.create_order(UNIFIED, "limit", "buy", 0.01, 100_100, {**CROSSED, "postOnly": True})
    assert (await client.fetch_order(crossing["id"], UNIFIED))["status"] == "canceled"
    for price, status in ((99_900, "canceled"), (100_100, "closed")):
        order = await client.create_order(UNIFIED, "limit", "buy", 0.01, price, {**CROSSED, "timeInForce": "IOC"})
        assert (await client.fetch_order(order["id"], UNIFIED))["status"] == status


async def test_a_reduce_only_order_closes_and_is_not_amended(exchange: Running) -> None:
    client = exchange.client
    await enter(exchange)
    target = await client.create_order(UNIFIED, "limit", "sell", 0.02, 101_000, {**CROSSED, "reduceOnly": True})
    assert await code_of(client.edit_order(target["id"], UNIFIED, "limit", "sell", 0.02, 102_000)) == "400172"
    await exchange.sandbox.advance(2)
    assert await client.fetch_positions() == []
    (ended,) = await client.fetch_positions_history([UNIFIED])
    assert (ended["lastPrice"], ended["side"]) == (101_000.0, "long")
    assert ended["entryPrice"] == pytest.approx(100_100)
    fees = 0.02 * 100_100 * 0.0006 + 0.02 * 101_000 * 0.0002
    assert float(ended["info"]["netProfit"]) == pytest.approx(0.02 * 900 - fees)
    assert float(ended["info"]["openFeeTotal"]) == pytest.approx(-0.02 * 100_100 * 0.0006)


async def test_batches_answer_row_by_row(exchange: Running) -> None:
    client = exchange.client
    limit = {"symbol": UNIFIED, "type": "limit", "side": "buy", "price": 90_000.0}
    orders = [
        {**limit, "amount": size, "params": {"clientOid": name}}
        for size, name in ((0.01, "a"), (50.0, "b"), (0.01, "a"))
    ]
    rows = [order["info"] for order in await client.create_orders(orders)]
    assert [(row["clientOid"], row["code"]) for row in rows] == [("a", "00000"), ("b", "25202"), ("a", "40786")]
    assert [bool(row["orderId"]) for row in rows] == [True, False, False]
    body = [{"orderId": rows[0]["orderId"], "qty": "0.02"}, {"orderId": "17"}]
    modified = (await client.privateUtaPostV3TradeBatchModifyOrder(body))["data"]
    assert [row["code"] for row in modified] == ["00000", "25204"]
    cancelled = [order["info"] for order in await client.cancel_orders([rows[0]["orderId"], "17"], UNIFIED)]
    assert [row["code"] for row in cancelled] == ["00000", "25204"]
    assert await client.fetch_open_orders(UNIFIED) == []


async def test_cancelling_a_symbol_spares_its_strategy_orders(exchange: Running) -> None:
    client = exchange.client
    await enter(exchange, stopLoss={"triggerPrice": 95_000})
    entry = await client.create_order(UNIFIED, "limit", "buy", 0.02, 98_000, CROSSED)
    gone = await client.cancel_all_orders(UNIFIED)
    assert [order["id"] for order in gone] == [entry["id"]]
    assert await client.cancel_all_orders(UNIFIED) == []
    assert [row["stopLoss"] for row in await strategies(exchange)] == ["95000"]


async def test_a_position_is_closed_at_market_and_its_stop_with_it(exchange: Running) -> None:
    client = exchange.client
    await enter(exchange, stopLoss={"triggerPrice": 95_000})
    closed = await client.close_position(UNIFIED)
    assert (await client.fetch_order(closed["id"], UNIFIED))["info"]["reduceOnly"] == "YES"
    assert await client.fetch_positions() == []
    assert await strategies(exchange) == []
    with pytest.raises(IndexError):
        await client.close_position(UNIFIED)


async def test_pages_follow_the_cursor_without_gap_or_repetition(exchange: Running) -> None:
    client = exchange.client
    for i in range(7):
        await client.create_order(UNIFIED, "limit", "buy", 0.001, 90_000 + i, CROSSED)
    await client.cancel_all_orders(UNIFIED)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.privateUtaGetV3TradeHistoryOrders({**CATEGORY, "limit": 3, **cursor}))["data"]
        if not page["list"]:
            break
        seen += [row["price"] for row in page["list"]]
        cursor = {"cursor": page["cursor"]}
    assert seen == [str(90_000 + i) for i in reversed(range(7))]
    for path in ("UnfilledOrders", "HistoryOrders", "Fills", "UnfilledStrategyOrders", "HistoryStrategyOrders"):
        assert await code_of(getattr(client, f"privateUtaGetV3Trade{path}")({**CATEGORY, "limit": 101})) == "400172"


async def test_history_and_fills_are_of_every_symbol_unless_one_is_named() -> None:
    eth = Instrument(symbol="ETH-USDT", tick=0.01, step=0.01, min_quantity=0.01, min_notional=5.0)
    source = StoredSource({SYMBOL: flat(100_000.0, 2), "ETH-USDT": flat(2_000.0, 2)}, START_MS)
    rules = {SYMBOL: default_instruments()[SYMBOL], "ETH-USDT": eth}
    async with running_unified(source, instruments=rules) as exchange:
        client = exchange.client
        for symbol, size in ((UNIFIED, 0.01), ("ETH/USDT:USDT", 1.0)):
            await client.create_order(symbol, "market", "buy", size, None, CROSSED)
        for path in ("Fills", "HistoryOrders"):
            ask = getattr(client, f"privateUtaGetV3Trade{path}")
            assert [row["symbol"] for row in (await ask())["data"]["list"]] == ["ETHUSDT", "BTCUSDT"]
            assert [row["symbol"] for row in (await ask(BTC))["data"]["list"]] == ["BTCUSDT"]
        assert len(await client.fetch_positions()) == 2


REFUSED = [
    ("off the tick", {**BTC, "qty": "0.01", "side": "buy", "orderType": "limit", "price": "98000.05"}, "400172"),
    ("off the step", {**BTC, "qty": "0.0105", "side": "buy", "orderType": "limit", "price": "98000"}, "400172"),
    ("below the minimum", {**BTC, "qty": "0.001", "side": "buy", "orderType": "limit", "price": "4000"}, "45110"),
    ("cross", {**BTC, "qty": "0.01", "side": "buy", "orderType": "market", "marginMode": "cross"}, "400172"),
    ("no category", {"symbol": "BTCUSDT", "qty": "0.01", "side": "buy", "orderType": "market"}, "400172"),
    ("spot", {**BTC, "category": "SPOT", "qty": "0.01", "side": "buy", "orderType": "market"}, "400172"),
    ("no such symbol", {**BTC, "symbol": "NOPEUSDT", "qty": "0.01", "side": "buy", "orderType": "market"}, "40034"),
    ("no quantity", {**BTC, "side": "buy", "orderType": "market"}, "40019"),
    ("no price", {**BTC, "qty": "0.01", "side": "buy", "orderType": "limit"}, "40019"),
    ("no such type", {**BTC, "qty": "0.01", "side": "buy", "orderType": "stop"}, "400172"),
    ("no such force", {**BTC, "qty": "0.01", "side": "buy", "orderType": "market", "timeInForce": "day"}, "400172"),
    ("too much", {**BTC, "qty": "50", "side": "buy", "orderType": "market"}, "25202"),
    ("nothing to reduce", {**BTC, "qty": "0.01", "side": "sell", "orderType": "market", "reduceOnly": "yes"}, "25227"),
    ("stop too high", {**BTC, "qty": "0.01", "side": "buy", "orderType": "market", "stopLoss": "101000"}, "40917"),
]


@pytest.mark.parametrize(("why", "body", "code"), REFUSED, ids=[why for why, _, _ in REFUSED])
async def test_an_order_that_may_not_be_is_refused_and_nothing_changes(
    exchange: Running, why: str, body: dict[str, Any], code: str
) -> None:
    assert await code_of(exchange.client.privateUtaPostV3TradePlaceOrder(body)) == code
    (account,) = [a for a in (await exchange.admin("GET", "state"))["accounts"] if a["key"] == "sandbox-unified-key"]
    assert (account["orders"], account["positions"], account["fills"]) == ([], [], 0)


async def test_a_client_id_is_used_once(exchange: Running) -> None:
    await enter(exchange, clientOid="once")
    assert await code_of(enter(exchange, clientOid="once")) == "40786"
    assert (await exchange.client.fetch_order("", UNIFIED, {"clientOid": "once"}))["status"] == "closed"
    assert await code_of(exchange.client.fetch_order("", UNIFIED, {"clientOid": "never"})) == "25204"


async def test_a_key_that_is_wrong_in_any_part_is_refused(exchange: Running) -> None:
    for change, code in (("key", "40006"), ("secret", "40009"), ("passphrase", "40012")):
        mine = AccountConfig.unified()
        values = {name: getattr(mine, name) for name in ("key", "secret", "passphrase", "kind")} | {change: "guess"}
        client = client_of(exchange.port, AccountConfig(**values))
        try:
            assert await code_of(client.fetch_balance()) == code
        finally:
            await client.close()


async def test_what_is_not_offered_is_not_found(exchange: Running) -> None:
    assert await code_of(exchange.client.privateUtaGetV3TradeLoanData()) == "40404"
    answer = await exchange.client.publicUtaGetV3MarketInstruments({"category": "SPOT"})
    assert answer["data"] == []


async def test_exactly_what_may_be_opened_can_be(exchange: Running) -> None:
    client = exchange.client
    room = (await client.privateUtaPostV3AccountMaxOpenAvailable({**BTC, "orderType": "market", "side": "buy"}))["data"]
    assert (room["available"], room["maxOpen"], room["maxBuyOpen"]) == ("10000", "1.976", "1.976")
    body = {**BTC, "side": "buy", "orderType": "market"}
    assert await code_of(client.privateUtaPostV3TradePlaceOrder({**body, "qty": "1.977"})) == "25202"
    await client.privateUtaPostV3TradePlaceOrder({**body, "qty": room["maxOpen"]})
    ranks = (await client.privateUtaGetV3PositionAdlRank())["data"]
    assert [(row["symbol"], row["holdSide"], row["adlRank"]) for row in ranks] == [("BTCUSDT", "long", "0")]


async def test_records_tell_what_moved_the_money() -> None:
    source = stored(ROWS, funding={SYMBOL: [(START_MS + MINUTE, 0.001)]})
    async with running_unified(source, slippage=0.0) as exchange:
        client = exchange.client
        await client.load_markets()
        await enter(exchange)
        await exchange.sandbox.advance(1)
        await client.close_position(UNIFIED)
        page = (await client.privateUtaGetV3AccountFinancialRecords(CATEGORY))["data"]
        closing, funding, opening = page["list"]
        assert [row["type"] for row in (closing, funding, opening)] == ["CLOSE", "SETTLE_FEE", "OPEN"]
        assert float(funding["amount"]) == pytest.approx(-0.02 * 100_200 * 0.001)
        assert float(opening["fee"]) == pytest.approx(-0.02 * 100_000 * 0.0006)
        moved = sum(float(row["amount"]) + float(row["fee"]) for row in page["list"])
        assert 10_000 + moved == pytest.approx((await client.fetch_balance())["USDT"]["total"])
