"""Recorded traffic of unified accounts as oracle: its requests are accepted as they stand, our answers are as its."""

from __future__ import annotations

import json
from typing import Any

import ccxt
import pytest

from core.instrument import Instrument
from sandbox.source import StoredSource
from tests.sandbox.builders import START_MS, SYMBOL, UNIFIED, Running, flat, running_unified
from tests.shared import shared_path


def fixture(name: str) -> dict[str, Any]:
    """A file of recorded traffic."""
    found: dict[str, Any] = json.loads(shared_path("fixtures", "ccxt-bitget", name).read_text())
    return found


def exchange(price: float = 105_000.0) -> Any:
    """A unified account by the rules of the recordings."""
    rules = Instrument(symbol=SYMBOL, tick=0.1, step=0.0001, min_quantity=0.0001, min_notional=5.0, max_leverage=125)
    return running_unified(StoredSource({SYMBOL: flat(price, 600)}, START_MS), instruments={SYMBOL: rules})


async def test_every_recorded_request_is_answered_as_it_stands() -> None:
    """Above the highest stop that was recorded; only the ids of another exchange are unknown here."""
    unknown = {"1320240021595639809", "1320244799629316096"}
    cases = [case for cases in fixture("request-bitget.json")["methods"].values() for case in cases]
    cases = [case for case in cases if "/api/v3/" in case["url"]]
    async with exchange(120_000.0) as started:
        for case in cases:  # a market order of theirs opens what a stop of theirs protects
            path, _, query = case["url"].removeprefix("https://api.bitget.com/api/").partition("?")
            body = case.get("output") or dict(pair.split("=") for pair in query.split("&") if pair)
            api = "public" if "/market/" in path else "private"
            method = "POST" if case.get("output") else "GET"
            try:
                code = (await started.client.request(path, [api, "uta"], method, body))["code"]
            except ccxt.BaseError as error:
                code = json.loads(str(error).removeprefix("bitget "))["code"]
            assert code == ("25204" if unknown & set(body.values()) else "00000"), case["description"]
    assert len(cases) == 19


async def test_every_recorded_call_sends_what_was_recorded_and_is_understood() -> None:
    """The whole way: the unified method of the case, through the client, against our answers."""
    async with exchange() as started:
        client = started.client
        await client.load_markets()
        entry = await client.create_order(UNIFIED, "market", "buy", 0.001, None, {"stopLoss": {"triggerPrice": 95_000}})
        limit = await client.create_order(UNIFIED, "limit", "buy", 0.001, 50_000, {"posSide": "long"})
        await client.edit_order(limit["id"], UNIFIED, "limit", "buy", 0.0011, 51_000)
        target = {"takeProfitPrice": 114_000, "reduceOnly": True, "tpslMode": "partial"}
        strategy = await client.create_order(UNIFIED, "limit", "sell", 0.001, 113_000, target)
        (live,) = await client.fetch_open_orders(UNIFIED)
        assert (live["id"], live["amount"], live["price"], live["status"]) == (limit["id"], 0.0011, 51_000, "open")
        triggers = await client.fetch_open_orders(UNIFIED, params={"trigger": True})
        assert [(t["id"] == strategy["id"], t["takeProfitPrice"], t["price"]) for t in triggers] == [
            (True, 114_000, 113_000), (False, None, None)
        ]
        assert (await client.fetch_closed_orders(UNIFIED))[0]["id"] == entry["id"]
        assert (await client.cancel_order(limit["id"], UNIFIED))["id"] == limit["id"]
        assert (await client.cancel_order(strategy["id"], UNIFIED, {"trigger": True}))["id"] is None


Case = tuple[str, str, str, str]

ROWS: list[Case] = [
    ("orderbook", "rest", "fetch_order_book", "uta and tokenized stocks"),
    ("ticker", "rest", "parse_ticker", "swap and future uta"),
    ("ticker", "rest", "fetch_ticker", "swap and future uta"),
    ("ticker", "rest", "fetch_tickers", "swap and future uta"),
    ("trade", "rest", "parse_trade", "uta fetchTrades"),
    ("fill", "rest", "parse_trade", "uta fetchMyTrades"),
    ("coin", "rest", "parse_uta_balance", "uta"),
    ("live order", "rest", "fetch_order", "uta"),
    ("filled order", "rest", "fetch_uta_canceled_and_closed_orders", "uta"),
    ("ended strategy", "rest", "fetch_uta_canceled_and_closed_orders", "uta trigger"),
    ("position", "rest", "fetch_position", ""),
    ("position", "rest", "parse_position", "fetchPosition"),
    ("ended position", "rest", "parse_position", "closeAllPositions"),
    ("open interest", "rest", "parse_open_interest", "uta"),
    ("kline push", "ws", "handle_ohlcv", "uta"),
    ("position push", "ws", "handle_positions", "uta"),
    ("ended position push", "ws", "parse_ws_position", "uta"),
    ("order push", "ws", "parse_ws_order", "uta"),
    ("fill push", "ws", "handle_my_trades", "uta"),
    ("account push", "ws", "handle_balance", "uta"),
]


def example(kind: str, parser: str, label: str) -> Any:
    """The recorded row of a unified account (its first one, where a list was recorded)."""
    found = [e["example"] for e in fixture("inline-examples-bitget.json")[kind][parser] if (e["label"] or "") == label]
    return inner(next((one for one in found if "category" in json.dumps(one)), found[0]))


def inner(answer: Any) -> Any:
    """What an answer or push carries, without its wrapping."""
    while True:
        if isinstance(answer, list):
            answer = answer[0]
        elif "data" in answer:
            answer = answer["data"]
        elif "list" in answer and "ts" not in answer:
            answer = answer["list"]
        else:
            return answer


async def ours(started: Running) -> dict[str, Any]:
    """One of each of our answers and pushes, as they went over the wire."""
    client = started.client
    await client.load_markets()
    pushed: dict[str, list[Any]] = {}

    def hear(connection: Any, message: Any) -> None:
        forward(connection, message)
        if isinstance(message, dict) and "data" in message:
            pushed.setdefault(message["arg"]["topic"], []).append(message)

    forward, client.handle_message = client.handle_message, hear
    await client.watch_ohlcv(UNIFIED, "1m")
    watches = [client.watch_positions(), client.watch_balance()]
    for watch in watches:
        await watch
    subscriptions = [{"instType": "UTA", "topic": topic} for topic in ("order", "fill")]
    url = client.urls["api"]["ws"]["utaPrivate"]
    await client.clients[url].send({"op": "subscribe", "args": subscriptions})
    btc = {"category": "USDT-FUTURES", "symbol": "BTCUSDT"}
    await started.sandbox.advance(1)
    live = await client.create_order(UNIFIED, "limit", "buy", 0.001, 50_000, {"clientOid": "live"})
    filled = await client.create_order(UNIFIED, "market", "buy", 0.001, None, {"clientOid": "filled"})
    whole = {"stopLossPrice": 100_000, "reduceOnly": True, "tpslMode": "full"}
    strategy = await client.create_order(UNIFIED, "market", "sell", 0.001, None, whole)
    answers = {
        "orderbook": await client.publicUtaGetV3MarketOrderbook(btc),
        "ticker": await client.publicUtaGetV3MarketTickers(btc),
        "trade": await client.publicUtaGetV3MarketFills(btc),
        "open interest": await client.publicUtaGetV3MarketOpenInterest(btc),
        "live order": await client.privateUtaGetV3TradeOrderInfo({"orderId": live["id"]}),
        "filled order": await client.privateUtaGetV3TradeOrderInfo({"orderId": filled["id"]}),
        "position": await client.privateUtaGetV3PositionCurrentPosition(btc),
        "fill": await client.privateUtaGetV3TradeFills(btc),
        "coin": {"data": (await client.privateUtaGetV3AccountAssets())["data"]["assets"]},
        "live strategy": await client.privateUtaGetV3TradeUnfilledStrategyOrders(btc),
        "assets": await client.privateUtaGetV3AccountAssets(),
        "live orders": await client.privateUtaGetV3TradeUnfilledOrders(btc),
    }
    await client.privateUtaPostV3TradeCancelStrategyOrder({"orderId": strategy["id"]})
    answers["ended strategy"] = await client.privateUtaGetV3TradeHistoryStrategyOrders(btc)
    await client.close_position(UNIFIED)
    answers["ended position"] = await client.privateUtaGetV3PositionHistoryPosition(btc)
    await started.sandbox.subscriptions.drained(5)
    while not any(row["size"] == "0" for message in pushed.get("position", []) for row in message["data"]):
        await client.watch_positions()
    positions = [row for message in pushed["position"] for row in message["data"]]
    return {
        **{name: inner(answer) for name, answer in answers.items()},
        "kline push": inner(pushed["kline"][0]), "order push": inner(pushed["order"][0]),
        "fill push": inner(pushed["fill"][0]), "account push": inner(pushed["account"][0]),
        "position push": positions[0], "ended position push": positions[-1],
    }


def differences(recorded: Any, answered: Any, where: str = "") -> list[str]:
    """Keys that ours lacks, and values of another type (null is of any)."""
    if isinstance(recorded, dict) and isinstance(answered, dict):
        lacking = [f"{where}.{key} is missing" for key in recorded if key not in answered]
        shared = [key for key in recorded if key in answered]
        return lacking + [d for key in shared for d in differences(recorded[key], answered[key], f"{where}.{key}")]
    if isinstance(recorded, list) and isinstance(answered, list):
        return differences(recorded[0], answered[0], f"{where}[0]") if recorded and answered else []
    if recorded is None or answered is None or type(recorded) is type(answered):
        return []
    number = isinstance(recorded, int | float) and isinstance(answered, int | float)
    return [] if number else [f"{where} is {type(answered).__name__}, recorded was {type(recorded).__name__}"]


async def test_our_answers_and_pushes_have_the_recorded_keys_and_types() -> None:
    async with exchange() as started:
        made = await ours(started)
        found = {
            f"{kind}/{parser}/{label}": differences(example(kind, parser, label), made[name])
            for name, kind, parser, label in ROWS
        }
        responses = {
            "fetchOpenOrders/uta swap fetchOpenOrders": "live order",
            "fetchOpenOrders/uta trigger stopLossPrice fetchOpenOrders": "live strategy",
            "fetchBalance/Fetch the uta balance": "assets", "fetchPositions/fetchPositions uta": "position",
            "fetchTicker/uta swap ticker": "ticker",
        }
        recorded = fixture("response-bitget.json")["methods"]
        for place, name in responses.items():
            method, description = place.split("/")
            (case,) = [case for case in recorded[method] if case["description"] == description]
            found[place] = differences(inner(case["httpResponse"]), made[name])
    assert {place: lacks for place, lacks in found.items() if lacks} == {}


@pytest.mark.parametrize(
    ("recorded", "answered", "count"),
    [({"a": "1"}, {"a": 1}, 1), ({"a": "1"}, {}, 1), ({"a": None}, {"a": "1"}, 0), ([{"a": "1"}], [{"a": 1.0}], 1)],
)
def test_the_comparison_sees_what_differs(recorded: Any, answered: Any, count: int) -> None:
    assert len(differences(recorded, answered)) == count
