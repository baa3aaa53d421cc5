"""Every REST method of the classic account, through the real client, with the values it parses."""

from __future__ import annotations

from typing import Any

import ccxt
import pytest

from sandbox.config import AccountConfig
from tests.sandbox.builders import MINUTE, START_MS, SYMBOL, UNIFIED, Running, client_of, running, stored

ROWS = [
    (100_000.0, 100_500.0, 99_000.0, 100_200.0),
    (100_200.0, 103_000.0, 100_100.0, 102_000.0),
    (102_000.0, 102_100.0, 96_000.0, 97_000.0),
]
HOUR = 60 * MINUTE
TPSL = {"trigger": True, "planType": "profit_loss"}
ISOLATED = {"marginMode": "isolated"}


@pytest.fixture
async def exchange() -> Any:
    rates = [(START_MS - 16 * HOUR, 0.0001), (START_MS - 8 * HOUR, 0.0002)]
    source = stored(ROWS, funding={SYMBOL: rates}, history=1500)
    async with running(source, slippage=0.001) as started:
        await started.client.load_markets()
        await started.client.set_margin_mode("isolated", UNIFIED)
        await started.client.set_leverage(10, UNIFIED)
        yield started


async def enter(exchange: Running, **params: Any) -> dict[str, Any]:
    params = {**ISOLATED, **params}
    order: dict[str, Any] = await exchange.client.create_order(UNIFIED, "market", "buy", 0.02, None, params)
    return order


async def test_markets_have_the_rules_of_the_instrument(exchange: Running) -> None:
    market = exchange.client.markets[UNIFIED]
    assert market["precision"] == {"amount": 0.001, "price": 0.1}
    assert market["limits"]["amount"]["min"] == 0.001
    assert market["limits"]["cost"]["min"] == 5.0
    assert market["limits"]["leverage"] == {"min": 1.0, "max": 125.0}
    assert (market["maker"], market["taker"]) == (0.0002, 0.0006)
    assert (market["swap"], market["linear"], market["contractSize"], market["active"]) == (True, True, 1.0, True)


async def test_time_is_the_simulated_one(exchange: Running) -> None:
    assert await exchange.client.fetch_time() == START_MS
    await exchange.sandbox.advance(2)
    assert await exchange.client.fetch_time() == START_MS + 2 * MINUTE


async def test_recent_candles_end_with_the_one_in_progress(exchange: Running) -> None:
    await exchange.sandbox.advance(1)
    rows = await exchange.client.fetch_ohlcv(UNIFIED, "1m", limit=3)
    assert rows == [
        [START_MS - MINUTE, 100_000, 100_000, 100_000, 100_000, 3.0],
        [START_MS, *ROWS[0], 3.0],
        [START_MS + MINUTE, *[100_200.0] * 4, 0.0],
    ]
    (hour,) = await exchange.client.fetch_ohlcv(UNIFIED, "1h", limit=1)
    assert hour == [START_MS, 100_000, 100_500, 99_000, 100_200, 3.0]


@pytest.mark.parametrize("timeframe", ["1m", "5m", "15m", "30m", "1h", "4h", "1d"])
async def test_candles_of_every_length_can_be_had_from_a_time_on(exchange: Running, timeframe: str) -> None:
    length = exchange.client.parse_timeframe(timeframe) * 1000
    since = START_MS - START_MS % length - length
    rows = await exchange.client.fetch_ohlcv(UNIFIED, timeframe, since, 2)
    assert [row[0] for row in rows] == [since, since + length]


async def test_the_history_endpoint_gives_at_most_200_rows(exchange: Running) -> None:
    rows = await exchange.client.fetch_ohlcv(UNIFIED, "1m", START_MS - 1400 * MINUTE, 1000)
    assert len(rows) == 200
    assert rows[-1][0] == START_MS - 401 * MINUTE


async def test_ticker_book_and_trades_stand_around_the_last_price(exchange: Running) -> None:
    await exchange.sandbox.advance(1)
    ticker = await exchange.client.fetch_ticker(UNIFIED)
    assert (ticker["last"], ticker["bid"], ticker["ask"]) == (100_200.0, 100_199.9, 100_200.1)
    assert (ticker["markPrice"], ticker["indexPrice"]) == (100_200.0, 100_200.0)
    assert (ticker["high"], ticker["low"], ticker["timestamp"]) == (100_500.0, 99_000.0, START_MS + MINUTE)
    assert list(await exchange.client.fetch_tickers([UNIFIED])) == [UNIFIED]
    book = await exchange.client.fetch_order_book(UNIFIED, 5)
    assert book["bids"][0][0] == 100_199.9
    assert [level[0] for level in book["asks"]] == [100_200.1, 100_200.2, 100_200.3, 100_200.4, 100_200.5]
    trades = await exchange.client.fetch_trades(UNIFIED, limit=3)
    assert [trade["price"] for trade in trades] == [100_500.0, 99_000.0, 100_200.0]
    assert (await exchange.client.fetch_mark_price(UNIFIED))["markPrice"] == 100_200.0


async def test_funding_and_open_interest_are_told(exchange: Running) -> None:
    rate = await exchange.client.fetch_funding_rate(UNIFIED)
    assert (rate["fundingRate"], rate["interval"]) == (0.0002, "8h")
    assert rate["fundingTimestamp"] == START_MS + 8 * HOUR
    history = await exchange.client.fetch_funding_rate_history(UNIFIED)
    assert [(row["timestamp"], row["fundingRate"]) for row in history] == [
        (START_MS - 16 * HOUR, 0.0001), (START_MS - 8 * HOUR, 0.0002)
    ]
    assert UNIFIED in await exchange.client.fetch_funding_rates([UNIFIED])
    assert (await exchange.client.fetch_open_interest(UNIFIED))["openInterestAmount"] > 0
    fee = await exchange.client.fetch_trading_fee(UNIFIED)
    assert (fee["maker"], fee["taker"]) == (0.0002, 0.0006)


async def test_modes_and_leverage_are_what_was_set(exchange: Running) -> None:
    await exchange.client.set_position_mode(False, UNIFIED)
    assert (await exchange.client.fetch_margin_mode(UNIFIED))["marginMode"] == "isolated"
    leverage = await exchange.client.fetch_leverage(UNIFIED)
    assert (leverage["longLeverage"], leverage["shortLeverage"]) == (10, 10)
    with pytest.raises(ccxt.ExchangeError, match="40797"):
        await exchange.client.set_leverage(126, UNIFIED)
    await exchange.client.set_position_mode(True, UNIFIED)


async def test_a_market_entry_with_its_preset_stop_is_a_protected_position(exchange: Running) -> None:
    order = await enter(exchange, clientOid="entry-1", stopLoss={"triggerPrice": 95_000})
    price = 100_000 * 1.001
    position = (await exchange.client.fetch_positions([UNIFIED]))[0]
    assert (position["side"], position["contracts"]) == ("long", 0.02)
    assert (position["leverage"], position["marginMode"]) == (10.0, "isolated")
    assert position["entryPrice"] == pytest.approx(price)
    assert position["initialMargin"] == pytest.approx(0.02 * price / 10)
    assert position["unrealizedPnl"] == pytest.approx(-0.02 * 100)
    assert 90_000 < position["liquidationPrice"] < 92_000
    assert (await exchange.client.fetch_position(UNIFIED))["contracts"] == 0.02
    (stop,) = await exchange.client.fetch_open_orders(UNIFIED, params=TPSL)
    assert (stop["info"]["planType"], stop["triggerPrice"]) == ("pos_loss", 95_000.0)
    assert (stop["side"], stop["type"]) == ("sell", "market")
    assert await exchange.client.fetch_open_orders(UNIFIED, params={"trigger": True}) == []
    found = await exchange.client.fetch_order("", UNIFIED, {"clientOid": "entry-1"})
    assert (found["id"], found["status"], found["filled"]) == (order["id"], "closed", 0.02)
    assert found["average"] == pytest.approx(price)
    assert found["fee"]["cost"] == pytest.approx(0.02 * price * 0.0006)
    balance = (await exchange.client.fetch_balance())["USDT"]
    fee = 0.02 * price * 0.0006
    assert balance["total"] == pytest.approx(10_000 - fee - 2.0)
    assert balance["free"] == pytest.approx(10_000 - fee - 0.02 * price / 10)
    (trade,) = await exchange.client.fetch_my_trades(UNIFIED)
    assert (trade["order"], trade["takerOrMaker"]) == (order["id"], "taker")
    assert (trade["amount"], trade["timestamp"]) == (0.02, START_MS)


async def test_the_preset_stop_executes_and_history_tells(exchange: Running) -> None:
    await enter(exchange, stopLoss={"triggerPrice": 98_000})
    await exchange.sandbox.advance(3)
    assert await exchange.client.fetch_positions([UNIFIED]) == []
    trade = (await exchange.client.fetch_my_trades(UNIFIED))[-1]
    assert (trade["side"], trade["takerOrMaker"]) == ("sell", "taker")
    assert trade["price"] == pytest.approx(98_000 * 0.999)
    (closed,) = await exchange.client.fetch_positions_history([UNIFIED])
    assert closed["entryPrice"] == pytest.approx(100_100)
    assert closed["info"]["closeAvgPrice"] == "97902"
    gross = 0.02 * (97_902 - 100_100)
    assert float(closed["info"]["pnl"]) == pytest.approx(gross)
    assert float(closed["info"]["netProfit"]) == pytest.approx(gross - 0.02 * (97_902 + 100_100) * 0.0006)
    past = await exchange.client.fetch_canceled_and_closed_orders(UNIFIED, params=TPSL)
    assert [order["status"] for order in past] == ["closed"]


async def test_a_limit_order_lives_is_edited_and_cancelled(exchange: Running) -> None:
    order = await exchange.client.create_order(UNIFIED, "limit", "buy", 0.02, 90_000.0, {**ISOLATED, "clientOid": "a"})
    (live,) = await exchange.client.fetch_open_orders(UNIFIED)
    assert (live["id"], live["clientOrderId"], live["status"]) == (order["id"], "a", "open")
    assert (live["price"], live["amount"]) == (90_000.0, 0.02)
    named = {"newClientOid": "b"}
    edited = await exchange.client.edit_order(order["id"], UNIFIED, "limit", "buy", 0.03, 91_000.0, named)
    assert edited["id"] == order["id"]
    (live,) = await exchange.client.fetch_open_orders(UNIFIED)
    assert (live["clientOrderId"], live["price"], live["amount"]) == ("b", 91_000.0, 0.03)
    await exchange.client.cancel_order(order["id"], UNIFIED)
    assert await exchange.client.fetch_open_orders(UNIFIED) == []
    (gone,) = await exchange.client.fetch_canceled_orders(UNIFIED)
    assert (gone["id"], gone["status"]) == (order["id"], "canceled")
    with pytest.raises(ccxt.OrderNotFound):
        await exchange.client.cancel_order(order["id"], UNIFIED)


async def test_an_edit_without_a_name_changes_the_client_id(exchange: Running) -> None:
    order = await exchange.client.create_order(UNIFIED, "limit", "buy", 0.02, 90_000.0, {**ISOLATED, "clientOid": "a"})
    await exchange.client.edit_order(order["id"], UNIFIED, "limit", "buy", 0.02, 91_000.0)
    (live,) = await exchange.client.fetch_open_orders(UNIFIED)
    assert live["clientOrderId"] not in ("a", "")


async def test_a_position_stop_is_placed_moved_and_cancelled_only_by_its_plan_type(exchange: Running) -> None:
    await enter(exchange)
    params = {"stopLossPrice": 95_000.0, "holdSide": "buy", "clientOid": "stop-1"}
    stop = await exchange.client.create_order(UNIFIED, "market", "sell", 0.02, None, params)
    await exchange.client.edit_order(stop["id"], UNIFIED, "market", "sell", 0.02, None, {"stopLossPrice": 96_000.0})
    (live,) = await exchange.client.fetch_open_orders(UNIFIED, params=TPSL)
    assert (live["id"], live["triggerPrice"], live["clientOrderId"]) == (stop["id"], 96_000.0, "stop-1")
    ignored = await exchange.client.cancel_order(stop["id"], UNIFIED, {"trigger": True})
    assert ignored["id"] is None
    assert len(await exchange.client.fetch_open_orders(UNIFIED, params=TPSL)) == 1
    await exchange.client.cancel_order(stop["id"], UNIFIED, {"trigger": True, "planType": "pos_loss"})
    assert await exchange.client.fetch_open_orders(UNIFIED, params=TPSL) == []


async def test_a_plan_order_is_listed_edited_and_becomes_an_order(exchange: Running) -> None:
    wanted = {**ISOLATED, "triggerPrice": 101_500.0}
    plan = await exchange.client.create_order(UNIFIED, "market", "buy", 0.02, None, wanted)
    (live,) = await exchange.client.fetch_open_orders(UNIFIED, params={"trigger": True})
    assert (live["id"], live["triggerPrice"], live["status"]) == (plan["id"], 101_500.0, "open")
    await exchange.client.edit_order(plan["id"], UNIFIED, "market", "buy", 0.02, None, {"triggerPrice": 102_500.0})
    await exchange.sandbox.advance(2)
    (trade,) = await exchange.client.fetch_my_trades(UNIFIED)
    assert trade["price"] == pytest.approx(102_500 * 1.001)


async def test_cancel_all_and_close_position_clear_the_symbol(exchange: Running) -> None:
    await enter(exchange)
    for price in (90_000.0, 91_000.0):
        await exchange.client.create_order(UNIFIED, "limit", "buy", 0.01, price, ISOLATED)
    await exchange.client.cancel_all_orders(UNIFIED)
    assert await exchange.client.fetch_open_orders(UNIFIED) == []
    await exchange.client.close_position(UNIFIED)
    assert await exchange.client.fetch_positions([UNIFIED]) == []
    with pytest.raises(IndexError):
        await exchange.client.close_position(UNIFIED)


REFUSALS = [
    ({"amount": 500.0}, ccxt.InsufficientFunds),
    ({"params": {"stopLoss": {"triggerPrice": 100_500}}}, ccxt.InvalidOrder),
    ({"type": "limit", "price": 1000.0, "amount": 0.001}, ccxt.InvalidOrder),
    ({"params": {"reduceOnly": True}}, ccxt.ExchangeError),
    ({"params": {"clientOid": "taken"}}, ccxt.ExchangeError),
]


@pytest.mark.parametrize(
    ("change", "error"), REFUSALS, ids=["margin", "stop side", "notional", "no position", "doubled id"]
)
async def test_refusals_arrive_as_the_errors_of_the_map(
    exchange: Running, change: dict[str, Any], error: type[Exception]
) -> None:
    await exchange.client.create_order(UNIFIED, "limit", "buy", 0.001, 90_000.0, {**ISOLATED, "clientOid": "taken"})
    order = {"type": "market", "amount": 0.02, "price": None, "params": {}, **change}
    with pytest.raises(error):
        await exchange.client.create_order(
            UNIFIED, order["type"], "buy", order["amount"], order["price"], {**ISOLATED, **order["params"]}
        )
    assert await exchange.client.fetch_positions([UNIFIED]) == []


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (AccountConfig(key="unknown"), "40006"),
        (AccountConfig(secret="wrong"), "40009"),
        (AccountConfig(passphrase="wrong"), "40012"),
    ],
    ids=["key", "secret", "passphrase"],
)
async def test_wrong_keys_are_refused(exchange: Running, keys: AccountConfig, code: str) -> None:
    stranger = client_of(exchange.port, keys)
    try:
        with pytest.raises(ccxt.AuthenticationError, match=code):
            await stranger.fetch_balance()
    finally:
        await stranger.close()


async def test_an_old_timestamp_is_refused(exchange: Running) -> None:
    exchange.client.options["timeDifference"] = 60_000
    with pytest.raises(ccxt.InvalidNonce, match="40008"):
        await exchange.client.fetch_balance()


async def test_the_unified_interface_is_told_that_this_account_is_classic(exchange: Running) -> None:
    with pytest.raises(ccxt.BaseError, match="40084"):
        await exchange.client.request("v3/account/settings", ["private", "uta"], "GET", {})
    async with exchange.http.get(f"http://127.0.0.1:{exchange.port}/api/v2/mix/nothing") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("ticker?symbol=NOUSDT&productType=USDT-FUTURES", "40034"),
        ("candles?symbol=BTCUSDT&granularity=7m", "400171"),
        ("candles?symbol=BTCUSDT&granularity=1m&limit=many", "40017"),
        ("candles?granularity=1m", "40019"),
        ("merge-depth?symbol=BTCUSDT&limit=0", "40017"),
    ],
)
async def test_nonsense_is_refused_with_a_code(exchange: Running, path: str, code: str) -> None:
    async with exchange.http.get(f"http://127.0.0.1:{exchange.port}/api/v2/mix/market/{path}") as answer:
        assert (await answer.json())["code"] == code
