"""Recorded traffic as oracle: what we answer has the recorded keys and types, what was recorded is accepted."""

from __future__ import annotations

import json
from typing import Any

import ccxt
import pytest

from core.candle import Candle
from core.instrument import Instrument
from core.order import Side
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
from sandbox.orders import NewTrigger, PlanType
from sandbox.rows import contract_row, ticker_push, ticker_row
from sandbox.source import StoredSource
from sandbox.trigger_desk import place_trigger
from tests.sandbox.builders import START_MS, SYMBOL, core, flat, order, running
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
        if "/v3/" not in case["url"] and "hedged" not in case["description"]
    ]


READS = (
    "fetchMyTrades", "fetchOpenOrders", "fetchClosedOrders", "fetchCanceledOrders", "fetchBalance", "fetchPositions",
    "fetchPositionsHistory", "fetchOHLCV", "fetchOrderBook", "fetchTrades", "fetchTradingFee", "fetchOpenInterest",
    "fetchTime", "fetchTicker", "fetchTickers", "fetchFundingRateHistory", "fetchFundingRate", "fetchFundingRates",
)


async def test_every_recorded_reading_request_is_answered() -> None:
    rules = default_instruments()
    ada = {name: rules["DOGE-USDT"].model_copy(update={"symbol": name}) for name in ("ADA-USDT", "LTC-USDT")}
    source = StoredSource({name: flat(100.0, 2) for name in ("BTC-USDT", *ada)}, START_MS)
    async with running(source, instruments={**rules, **ada}) as exchange:
        for url, _ in requests(*READS):
            path, _, query = url.removeprefix("/api/").partition("?")
            signed = any(word in path for word in ("order/", "account/", "position/", "trade-rate"))
            api = "private" if signed else "public"
            params = dict(pair.split("=") for pair in query.split("&")) if query else {}
            section = "common" if "/common/" in path else "mix"
            answer = await exchange.client.request(path, [api, section], "GET", params)
            assert answer["code"] == "00000", url


TRADES = ("createOrder", "createTakeProfitOrder", "editOrder", "cancelOrder", "cancelAllOrders")


async def test_every_recorded_trading_body_is_understood() -> None:
    rules = {
        "BTC-USDT": default_instruments()["BTC-USDT"],
        "LTC-USDT": Instrument(symbol="LTC-USDT", tick=0.01, step=0.1, min_quantity=0.1, min_notional=5.0),
    }
    source = StoredSource({"BTC-USDT": flat(30_000.0, 2), "LTC-USDT": flat(80.0, 2)}, START_MS)
    understood = {"00000", "22002", "40768", "40917"}  # done, or: no position, no such order, price has passed
    async with running(source, instruments=rules) as exchange:
        for url, body in requests(*TRADES):
            if body.get("planType") == "track_plan":
                continue
            path = url.removeprefix("/api/")
            try:
                answer = await exchange.client.request(path, ["private", "mix"], "POST", body)
                code = answer["code"]
            except ccxt.BaseError as error:
                code = json.loads(str(error).removeprefix("bitget "))["code"]
            assert code in understood, (url, body, code)
