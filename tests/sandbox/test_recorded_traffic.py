"""Recorded traffic as oracle: what we answer has the recorded keys and types, what was recorded is accepted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.candle import Candle, Candles
from core.instrument import Instrument
from core.order import Side
from sandbox.account import HEDGE, Account
from sandbox.account_rows import (
    balance_push,
    balance_row,
    closed_position_row,
    fill_row,
    order_row,
    position_push,
    position_row,
    trigger_row,
)
from sandbox.config import default_instruments
from sandbox.desk import place
from sandbox.orders import Hold, NewOrder, NewTrigger, PlanType
from sandbox.rows import contract_row, ticker_push, ticker_row
from sandbox.source import StoredSource
from sandbox.trigger_desk import place_trigger
from tests.sandbox.builders import START_MS, SYMBOL, Running, core, flat, order, running
from tests.shared import shared_path

DAY = Candle(0, 100.0, 110.0, 90.0, 100.0, 1000.0)


def examples(kind: str, parser: str, label: str) -> dict[str, Any]:
    text = shared_path("fixtures", "ccxt-bitget", "inline-examples-bitget.json").read_text()
    found = [e["example"] for e in json.loads(text)[kind][parser] if label in (e["label"] or "")]
    example = found[0]
    while isinstance(example, dict) and "data" in example:
        example = example["data"]
        for key in ("entrustedList", "list"):
            example = example.get(key, example) if isinstance(example, dict) else example
        example = example[0] if isinstance(example, list) else example
    return example  # type: ignore[no-any-return]


def rows() -> dict[str, dict[str, Any]]:
    """One of each row that we produce."""
    rules = default_instruments()[SYMBOL]
    state, account = core()
    opened = order(state, account, "buy", 1.0, preset_stop=90.0)
    trigger = place_trigger(state, account, NewTrigger(SYMBOL, PlanType.NORMAL, Side.BUY, 90.0, 1.0, None, False))
    position = account.positions[SYMBOL]
    made = {
        "contract": contract_row(rules),
        "ticker": ticker_row(rules, 100.0, DAY, 0.0001, START_MS),
        "ticker push": ticker_push(ticker_row(rules, 100.0, DAY, 0.0001, START_MS), START_MS),
        "order": order_row(opened),
        "trigger": trigger_row(trigger),
        "fill": fill_row(account.fills[0]),
        "position": position_row(state, account, position),
        "position push": position_push(state, account, position),
        "balance": balance_row(state, account),
        "balance push": balance_push(state, account),
    }
    order(state, account, "sell", 1.0, reduce_only=True)
    return {**made, "closed position": closed_position_row(account.closed[0])}


RECORDED = [
    ("contract", "rest", "fetch_default_markets", "swap and future"),
    ("ticker", "rest", "fetch_ticker", "swap and future"),
    ("ticker push", "ws", "parse_ws_ticker", "contract"),
    ("order", "rest", "fetch_order", "swap and future"),
    ("order", "rest", "fetch_open_orders", "swap and future"),
    ("order", "rest", "fetch_canceled_and_closed_orders", "swap and future"),
    ("fill", "ws", "handle_my_trades", "swap"),
    ("position", "rest", "parse_position", "fetchPosition"),
    ("position push", "ws", "parse_ws_position", ""),
    ("closed position", "rest", "fetch_positions", "HistoryPosition"),
    ("balance", "rest", "fetch_balance", "swap"),
    ("balance push", "ws", "handle_balance", "swap"),
]


@pytest.mark.parametrize(("ours", "kind", "parser", "label"), RECORDED, ids=lambda value: str(value))
def test_our_rows_have_the_recorded_keys_and_types(
    ours: str, kind: str, parser: str, label: str
) -> None:
    recorded, row = examples(kind, parser, label), rows()[ours]
    missing = set(recorded) - set(row)
    assert missing == set()
    for key, value in recorded.items():
        if value is not None and row[key] is not None:
            assert type(row[key]) is type(value), key


def recorded_rules(market: dict[str, Any]) -> Instrument:
    info = market["info"]
    return Instrument(
        symbol=f"{info['baseCoin']}-USDT", tick=10.0 ** -int(info["pricePlace"]), step=float(info["sizeMultiplier"]),
        min_quantity=float(info["minTradeNum"]), min_notional=float(info["minTradeUSDT"]),
        maker_fee=float(info["makerFeeRate"]), taker_fee=float(info["takerFeeRate"]),
        max_leverage=float(info["maxLever"]),
    )


async def test_our_contract_rows_parse_to_the_recorded_markets() -> None:
    text = shared_path("fixtures", "ccxt-bitget", "markets-bitget.json").read_text()
    recorded = json.loads(text)
    rules = {rule.symbol: rule for rule in map(recorded_rules, recorded.values())}
    source = StoredSource({symbol: flat(10.0, 2) for symbol in rules}, START_MS)
    async with running(source, instruments=rules) as exchange:
        markets = await exchange.client.load_markets()
        for symbol, market in recorded.items():
            for key in ("id", "type", "linear", "contractSize", "precision", "taker", "maker", "settle"):
                assert markets[symbol][key] == market[key], (symbol, key)
            for kind in ("amount", "cost"):
                assert markets[symbol]["limits"][kind]["min"] == market["limits"][kind]["min"], symbol


def requests(*methods: str) -> list[tuple[str, Any]]:
    """Recorded classic requests: path and, for what changes something, body."""
    text = shared_path("fixtures", "ccxt-bitget", "request-bitget.json").read_text()
    cases = json.loads(text)["methods"]
    return [
        (case["url"].removeprefix("https://api.bitget.com"), case.get("output"))
        for method in methods
        for case in cases[method]
        if "/v3/" not in case["url"]
    ]


READS = (
    "fetchMyTrades", "fetchOpenOrders", "fetchClosedOrders", "fetchCanceledOrders", "fetchCanceledAndClosedOrders",
    "fetchBalance", "fetchPosition", "fetchPositions", "fetchPositionsHistory", "fetchOHLCV", "fetchOrderBook",
    "fetchTrades", "fetchTradingFee", "fetchOpenInterest", "fetchTime", "fetchTicker", "fetchTickers",
    "fetchFundingRateHistory", "fetchFundingRate", "fetchFundingRates",
)


async def test_every_recorded_reading_request_is_answered() -> None:
    rules = default_instruments()
    ada = {name: rules["DOGE-USDT"].model_copy(update={"symbol": name}) for name in ("ADA-USDT", "LTC-USDT")}
    source = StoredSource({name: flat(100.0, 2) for name in ("BTC-USDT", *ada)}, START_MS)
    async with running(source, instruments={**rules, **ada}) as exchange:
        for url, _ in requests(*READS):
            path, _, query = url.removeprefix("/api/").partition("?")
            signed = any(word in path for word in ("order/", "account/", "position/", "trade-rate"))
            params = dict(pair.split("=") for pair in query.split("&")) if query else {}
            answer = await asked(exchange, "GET", path, params, private=signed)
            assert answer["code"] == "00000", url


async def asked(exchange: Running, method: str, path: str, params: Any, *, private: bool = True) -> dict[str, Any]:
    """What the exchange answers to a request of the real client, byte for byte as recorded."""
    section = "common" if "/common/" in path else "mix"
    api = "private" if private else "public"
    answer: dict[str, Any] = await exchange.client.request(path, [api, section], method, params)
    return answer


TRADES = (
    "createOrder", "createTakeProfitOrder", "createStopLossOrder", "editOrder", "cancelOrder", "cancelAllOrders",
    "closeAllPositions", "setMarginMode", "setPositionMode",
)
SETTINGS = ("set-margin-mode", "set-position-mode")


def ready(exchange: Running, url: str, body: dict[str, Any]) -> None:
    """An account in which a recorded request makes sense: its mode, its positions, the order that it names."""
    state = exchange.sandbox.state
    # the recorded entry with presets was a resting one
    state.prices["LTC-USDT"] = 110.0 if "presetStopLossPrice" in body else 80.0
    hedged = "tradeSide" in body or body.get("holdSide") in ("long", "short")
    account = Account("sandbox-key", "sandbox-secret", "sandbox-passphrase", 10_000.0)
    account.position_mode = HEDGE if hedged else account.position_mode
    state.accounts[account.key] = account
    if any(name in url for name in SETTINGS):
        return
    symbol = f"{body.get('symbol', 'BTCUSDT').removesuffix('USDT')}-USDT"
    account.margin_mode[symbol] = body.get("marginMode", "crossed")
    quantity = 1.0 if symbol == "LTC-USDT" else 0.01
    holds = (Hold.LONG, Hold.SHORT) if hedged else (Hold.NET,)
    short = body.get("holdSide") == "sell"
    for hold in holds:
        side = Side.SELL if short else hold.opening
        place(state, account, NewOrder(symbol, side, quantity, hold=hold))
    listed = body.get("orderIdList", [{}])[0]
    named = body.get("orderId") or listed.get("orderId")
    client = body.get("clientOid") or listed.get("clientOid") or ""
    state.last_id = int(named) - 1 if named else state.last_id
    if "tpsl" in url and named:
        place_trigger(state, account, NewTrigger(symbol, PlanType.POS_LOSS, Side.SELL, 20_000.0))
    elif "-plan-order" in url and (named or client):
        plan = PlanType(body.get("planType", "normal_plan"))
        callback = 0.01 if plan is PlanType.TRACK else None
        wanted = NewTrigger(symbol, plan, Side.BUY, 25_000.0, 0.002, None, False, client, callback=callback)
        place_trigger(state, account, wanted)
    elif named or client or "cancel" in url:
        place(state, account, NewOrder(symbol, Side.BUY, 0.002, 25_000.0, client_id=client))


async def test_every_recorded_trading_request_is_done_as_it_stands() -> None:
    rules = {
        "BTC-USDT": default_instruments()["BTC-USDT"],
        "LTC-USDT": Instrument(symbol="LTC-USDT", tick=0.01, step=0.1, min_quantity=0.1, min_notional=5.0),
    }
    source = StoredSource({"BTC-USDT": flat(30_000.0, 2), "LTC-USDT": flat(80.0, 2)}, START_MS)
    async with running(source, instruments=rules) as exchange:
        cases = requests(*TRADES)
        assert len(cases) > 20
        for url, body in cases:
            ready(exchange, url, body)
            answer = await asked(exchange, "POST", url.removeprefix("/api/"), body)
            assert answer["code"] == "00000", url
            assert not answer["data"].get("failureList"), (url, body, answer)
            if "successList" in answer["data"]:
                assert answer["data"]["successList"], (url, body)


ANSWERS = [
    ("fetch_open_interest", 0, "GET", "open-interest", {"symbol": "BTCUSDT"}),
    ("fetch_funding_rate", 0, "GET", "current-fund-rate", {"symbol": "BTCUSDT"}),
    ("fetch_funding_rate", 1, "GET", "funding-time", {"symbol": "BTCUSDT"}),
    ("fetch_funding_rates", 1, "GET", "current-fund-rate", {}),
    ("fetch_funding_rate_history", 1, "GET", "history-fund-rate", {"symbol": "BTCUSDT"}),
    ("parse_ticker", 1, "GET", "tickers", {}),
    ("parse_trade", 0, "GET", "fills-history", {"symbol": "BTCUSDT"}),
    ("parse_trade", 2, "GET", "order/fills", {"symbol": "BTCUSDT"}),
    ("fetch_leverage", 0, "GET", "account/account", {"symbol": "BTCUSDT"}),
    ("set_leverage", 1, "POST", "account/set-leverage", {"symbol": "BTCUSDT", "leverage": "25"}),
    ("set_margin_mode", 0, "POST", "account/set-margin-mode", {"symbol": "LTCUSDT", "marginMode": "isolated"}),
    ("create_order", 0, "POST", "order/place-order", {
        "symbol": "BTCUSDT", "side": "buy", "orderType": "limit", "price": "29000", "size": "0.001",
        "marginMode": "crossed", "clientOid": "mine",
    }),
    ("cancel_order", 0, "POST", "order/cancel-order", {"symbol": "BTCUSDT", "clientOid": "mine"}),
    ("cancel_all_orders", 2, "POST", "order/batch-cancel-orders", {"symbol": "BTCUSDT"}),
    ("close_position", 1, "POST", "order/close-positions", {"symbol": "BTCUSDT"}),
]


async def test_our_answers_have_the_recorded_keys_and_types() -> None:
    recorded = json.loads(shared_path("fixtures", "ccxt-bitget", "inline-examples-bitget.json").read_text())["rest"]
    rules = {"BTC-USDT": default_instruments()["BTC-USDT"]}
    rules["LTC-USDT"] = Instrument(symbol="LTC-USDT", tick=0.01, step=0.1)
    rates = {"BTC-USDT": [(START_MS - 60_000, 0.0001)]}
    both = Candles.of("1m", [*flat(30_000.0, 5, START_MS - 300_000).rows(), *flat(30_000.0, 3).rows()])
    source = StoredSource({"BTC-USDT": both, "LTC-USDT": flat(80.0, 3)}, START_MS, rates)
    async with running(source, instruments=rules) as exchange:
        await exchange.sandbox.advance(1)
        bought = {"symbol": "BTCUSDT", "side": "buy", "orderType": "market", "size": "0.01", "marginMode": "crossed"}
        await asked(exchange, "POST", "v2/mix/order/place-order", bought)
        for parser, number, method, name, params in ANSWERS:
            private = "/" in name
            path = f"v2/mix/{name if private else f'market/{name}'}"
            ours = (await asked(exchange, method, path, {"productType": "USDT-FUTURES", **params}, private=private))
            example = recorded[parser][number]["example"]
            agree(ours["data"], example.get("data", example), f"{parser} {number}")


def agree(ours: Any, recorded: Any, where: str) -> None:
    """Every recorded key is there, and of the recorded type, all the way down; of lists the first rows are compared."""
    if isinstance(ours, dict) and "fillList" in ours:
        ours = ours["fillList"]
    if isinstance(ours, list) and isinstance(recorded, dict):
        ours = ours[0]
    if ours is None or recorded is None:
        return
    assert type(ours) is type(recorded), (where, ours, recorded)
    if isinstance(recorded, dict):
        assert set(recorded) <= set(ours), (where, set(recorded) - set(ours))
        for key, value in recorded.items():
            agree(ours[key], value, f"{where}.{key}")
    elif isinstance(recorded, list) and recorded and ours:
        agree(ours[0], recorded[0], f"{where}[0]")
