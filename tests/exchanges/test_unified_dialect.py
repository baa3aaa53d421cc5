"""The unified account's words and ours, against recorded traffic and against what ccxt misreads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RetryLater
from core.instrument import Instrument
from core.order import OpenOrder, OrderKind, OrderRequest, OrderStatus, Side
from exchanges.bitget.dialect.market import Symbols
from exchanges.bitget.dialect.unified import market, requests, rows
from tests.exchanges.fake_bitget import INSTRUMENTS
from tests.shared import shared_path

BTC = Instrument(symbol="BTC-USDT", tick=0.1, step=0.0001)
NO_SYMBOLS = Symbols([])
KNOWN_TO_PLACE_ORDER = {
    "category", "symbol", "marginMode", "side", "orderType", "clientOid", "qty", "reduceOnly", "timeInForce", "price",
    "stopLoss", "slOrderType", "slTriggerBy",
}  # fmt: skip
STOP_ROW = {
    "orderId": "91", "clientOid": "s", "category": "USDT-FUTURES", "symbol": "BTCUSDT", "qty": "0.02",
    "posSide": "long", "type": "tpsl", "slTriggerBy": "mark", "takeProfit": "", "stopLoss": "48500",
    "slOrderType": "market", "slLimitPrice": "", "createdTime": "7",
}  # fmt: skip
FILLED_AT_MARKET = {
    "category": "usdt-futures", "symbol": "BTCUSDT", "orderId": "3", "clientOid": "sr-3", "price": "", "qty": "0.02",
    "amount": "0", "holdMode": "one_way_mode", "orderType": "market", "timeInForce": "gtc", "side": "sell",
    "reduceOnly": "no", "cumExecQty": "0.02", "cumExecValue": "1200", "avgPrice": "60000", "orderStatus": "filled",
    "feeDetail": [{"feeCoin": "USDT", "fee": "0.72"}], "createdTime": "1767225658000",
}  # fmt: skip


def recorded(name: str) -> Any:
    return json.loads(shared_path("fixtures", "ccxt-bitget", name).read_text())


def sent(method: str, description: str) -> dict[str, Any]:
    (case,) = [c for c in recorded("request-bitget.json")["methods"][method] if c["description"] == description]
    body: dict[str, Any] = json.loads(case["output"]) if isinstance(case["output"], str) else case["output"]
    return body


def example(section: str, parser: str, label: str) -> Any:
    found = recorded("inline-examples-bitget.json")[section][parser]
    return next(e["example"] for e in found if e["label"] == label)


REQUESTS = st.builds(
    OrderRequest,
    client_id=st.just("c"), symbol=st.just("BTC-USDT"), side=st.sampled_from(Side),
    kind=st.sampled_from([OrderKind.MARKET, OrderKind.LIMIT]), quantity=st.integers(1, 10**6).map(lambda n: n / 10**4),
    price=st.none() | st.integers(1, 10**6).map(lambda n: n / 10), reduce_only=st.booleans(), post_only=st.booleans(),
    stop=st.none() | st.integers(1, 10**6).map(lambda n: n / 10),
)  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(REQUESTS, st.sampled_from(["isolated", "crossed"]), st.sampled_from(["mark", "last"]))
def test_an_order_says_everything_that_could_hurt_and_nothing_that_would_be_executed_at_once(
    request_: OrderRequest, mode: str, source: str
):
    ours = requests.place_params("BTCUSDT", request_, BTC, mode, source)
    assert set(ours) <= KNOWN_TO_PLACE_ORDER  # no triggerPrice, stopPrice, trailingPercent
    assert (ours["marginMode"], ours["reduceOnly"]) == (mode, "yes" if request_.reduce_only else "no")
    assert ("stopLoss" in ours) == (request_.stop is not None)
    if request_.stop is not None:
        assert (ours["slTriggerBy"], ours["slOrderType"]) == ({"mark": "mark", "last": "market"}[source], "market")
    assert all(isinstance(value, str) for value in ours.values())


def test_an_entry_goes_out_as_ccxt_would_send_it_with_the_trigger_source_where_it_is_heard():
    theirs = sent("createOrder", "uta one way mode market order with a stopLoss attached")
    entry = OrderRequest("c", "BTC-USDT", Side.BUY, OrderKind.MARKET, 0.001, stop=95_000.0)
    ours = requests.place_params(theirs["symbol"], entry, BTC, "isolated", "mark")
    assert {k: v for k, v in ours.items() if k in theirs} == theirs
    assert set(ours) - set(theirs) == {"clientOid", "marginMode", "reduceOnly", "slTriggerBy"}


def test_a_stop_goes_out_as_ccxt_would_send_it_for_the_whole_position_at_market():
    theirs = sent("createOrder", "uta strategy order using stopLossPrice and reduceOnly")
    ours = requests.stop_params("BTCUSDT", 1, 114_000.0, 0.001, "c", BTC, "mark")
    same = {"category", "symbol", "qty", "side", "slTriggerBy", "stopLoss", "posSide"}
    assert {k: ours[k] for k in same} == {k: theirs[k] for k in same}
    assert (ours["tpslMode"], ours["slOrderType"]) == ("full", "market")
    assert "takeProfit" not in ours  # given together, the target is lost without a word
    assert requests.stop_params("BTCUSDT", -1, 1.0, 0.001, "c", BTC, "mark")["posSide"] == "short"


def test_an_amendment_goes_out_as_ccxt_would_send_it():
    theirs = sent("editOrder", "uta swap editOrder")
    order = OpenOrder(theirs["orderId"], "a", "BTC-USDT", Side.BUY, OrderKind.LIMIT, OrderStatus.OPEN, 0.001)
    asked = OrderRequest("b", "BTC-USDT", Side.BUY, OrderKind.LIMIT, 0.0011, 51_000.0)
    assert requests.modify_params(order, asked, BTC) == theirs | {"autoCancel": "no"}


def test_a_recorded_order_is_read():
    row = example("rest", "fetch_order", "uta")["data"]
    assert rows.order(row, NO_SYMBOLS) == OpenOrder(
        "1320244799629316096", "1320244799633510400", "BTC-USDT", Side.BUY, OrderKind.LIMIT, OrderStatus.OPEN, 0.001,
        price=50_000.0, created_ms=1750496809871,
    )  # fmt: skip


def test_a_recorded_strategy_order_of_the_history_has_ended_and_one_that_executes_at_a_limit_is_no_protection():
    (row,) = example("rest", "fetch_uta_canceled_and_closed_orders", "uta trigger")["data"]["list"]
    found = rows.strategy_order(row, NO_SYMBOLS, ended=True)
    assert (found.kind, found.status, found.side) == (OrderKind.TRIGGER, OrderStatus.CANCELLED, Side.SELL)
    assert (found.trigger, found.trigger_source, found.price) == (112_000.0, "mark", 111_000.0)


def test_a_recorded_fill_is_read_and_its_fee_is_a_cost():
    for section, parser, label in (("rest", "parse_trade", "uta fetchMyTrades"), ("ws", "handle_my_trades", "uta")):
        found = example(section, parser, label)
        fill = rows.execution(found["data"][0] if "data" in found else found, NO_SYMBOLS)
        assert fill.fee > 0
        assert fill.ts_ms > 1_700_000_000_000
        assert fill.price * fill.quantity == pytest.approx(float((found["data"][0] if "data" in found else found)
                                                                 ["execValue"]), rel=1e-3)  # fmt: skip


def test_a_recorded_candle_of_a_push_and_one_of_rest_are_the_same():
    (row,) = example("ws", "handle_ohlcv", "uta")["data"]
    cells = [row[name] for name in ("start", "open", "high", "low", "close", "volume", "turnover")]
    assert market.candle(row) == market.candle(cells)


@pytest.mark.parametrize("shape", ["push", "rest"])
def test_an_order_at_market_has_its_own_amount_and_average_not_its_value(shape: str):
    row = FILLED_AT_MARKET if shape == "push" else FILLED_AT_MARKET | {"category": "USDT-FUTURES", "reduceOnly": "NO"}
    found = rows.order(row, NO_SYMBOLS)
    assert (found.side, found.quantity, found.filled, found.average) == (Side.SELL, 0.02, 0.02, 60_000.0)
    assert (found.status, found.price) == (OrderStatus.FILLED, None)


@pytest.mark.parametrize(("word", "reduces"), [("no", False), ("NO", False), ("yes", True), ("YES", True), ("", False)])
def test_reduce_only_is_read_in_every_spelling(word: str, reduces: bool):
    assert rows.order(FILLED_AT_MARKET | {"reduceOnly": word}, NO_SYMBOLS).reduce_only is reduces


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({}, OrderKind.STOP_LOSS), ({"tpslMode": "full"}, OrderKind.STOP_LOSS),
     ({"tpslMode": "partial"}, OrderKind.TRIGGER),
     ({"stopLoss": "", "takeProfit": "66000", "tpTriggerBy": "mark"}, OrderKind.TAKE_PROFIT),
     ({"takeProfit": "66000"}, OrderKind.TRIGGER), ({"type": "trigger"}, OrderKind.TRIGGER),
     ({"slOrderType": "limit", "slLimitPrice": "48000"}, OrderKind.TRIGGER)],
)  # fmt: skip
def test_only_what_protects_the_whole_position_at_market_is_a_stop(changes: dict[str, str], kind: OrderKind):
    found = rows.strategy_order(STOP_ROW | changes, NO_SYMBOLS)
    assert found.kind is kind
    assert found.quantity == (0.02 if kind is OrderKind.TRIGGER else 0.0)


def test_a_strategy_order_without_a_status_or_a_side_is_live_and_closes_its_position():
    found = rows.strategy_order(STOP_ROW, NO_SYMBOLS)
    assert (found.status, found.side, found.reduce_only) == (OrderStatus.OPEN, Side.SELL, True)
    assert rows.strategy_order(STOP_ROW | {"posSide": "short"}, NO_SYMBOLS).side is Side.BUY


@pytest.mark.parametrize("shape", [[STOP_ROW], {"list": [STOP_ROW], "cursor": ""}])
def test_the_open_list_of_strategy_orders_is_read_in_both_shapes(shape: Any):
    assert rows.strategy_orders(shape) == [STOP_ROW]


def test_an_empty_list_of_strategy_orders_is_empty_and_any_third_shape_is_an_error():
    assert rows.strategy_orders([]) == rows.strategy_orders({"list": None}) == rows.strategy_orders(None) == []
    for strange in ({"rows": [STOP_ROW]}, "success", {"list": "x"}):
        with pytest.raises(RetryLater):
            rows.strategy_orders(strange)


def test_the_grid_is_the_multiplier_not_the_number_of_digits():
    (eth,) = [row for row in INSTRUMENTS if row["symbol"] == "ETHUSDT"]
    rules = market.instrument("ETH-USDT", eth, [])
    assert (rules.tick, rules.step) == (0.05, 0.001)
    ours = OrderRequest("c", "ETH-USDT", Side.BUY, OrderKind.LIMIT, 1.0, 3000.03, stop=2900.07)
    sent = requests.place_params("ETHUSDT", ours, rules, "isolated", "mark")
    assert (sent["price"], sent["stopLoss"]) == ("3000.05", "2900.05")
    without = market.instrument("ETH-USDT", eth | {"priceMultiplier": "", "quantityMultiplier": ""}, [])
    assert (without.tick, without.step) == (0.01, 0.001)


def test_a_closed_position_has_its_net_profit_with_funding_and_both_fees():
    row = {
        "positionId": "777", "symbol": "BTCUSDT", "posSide": "long", "openPriceAvg": "60000", "closePriceAvg": "60600",
        "closeTotalPos": "0.02", "cumRealisedPnl": "12", "netProfit": "10.5", "totalFunding": "-0.05",
        "openFeeTotal": "-0.72", "closeFeeTotal": "-0.73", "createdTime": "1", "updatedTime": "2",
    }  # fmt: skip
    found = rows.closed_position(row, NO_SYMBOLS)
    assert (found.gross, found.funding, found.fees, found.net) == (12.0, -0.05, pytest.approx(1.45), 10.5)
    assert found.net == pytest.approx(found.gross + found.funding - found.fees)


def test_only_minutes_are_subscribed_to():
    assert market.candle_channel("BTCUSDT")["interval"] == "1m"
