"""Bitget's words and ours, against recorded traffic."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.instrument import Instrument
from core.order import OpenOrder, OrderKind, OrderRequest, OrderStatus, Side
from exchanges.bitget.dialect.classic import market, requests, rows
from exchanges.bitget.dialect.market import Symbols
from exchanges.bitget.dialect.words import written
from tests.shared import shared_path

LTC = Instrument(symbol="LTC-USDT", tick=0.01, step=0.1)
BTC = Instrument(symbol="BTC-USDT", tick=0.1, step=0.0001)
NO_SYMBOLS = Symbols([])


def recorded(name: str) -> Any:
    return json.loads(shared_path("fixtures", "ccxt-bitget", name).read_text())


def sent(method: str, description: str) -> dict[str, Any]:
    (case,) = [c for c in recorded("request-bitget.json")["methods"][method] if c["description"] == description]
    body: dict[str, Any] = json.loads(case["output"]) if isinstance(case["output"], str) else case["output"]
    return body


def example(section: str, parser: str, label: str) -> Any:
    found = recorded("inline-examples-bitget.json")[section][parser]
    return next(e["example"] for e in found if e["label"] == label)


@pytest.mark.parametrize(
    ("description", "request_", "rules", "mode"),
    [
        ("Swap oneWayMode limit buy order",
         OrderRequest("c", "BTC-USDT", Side.BUY, OrderKind.LIMIT, 0.001, 40000.0), BTC, "isolated"),
        ("Swap limit sell order with postOnly and reduceOnly",
         OrderRequest("c", "BTC-USDT", Side.SELL, OrderKind.LIMIT, 0.001, 38000.0, reduce_only=True, post_only=True),
         BTC, "crossed"),
        ("swap limit order with attached takeProfit and stopLoss limit execute prices",
         OrderRequest("c", "LTC-USDT", Side.BUY, OrderKind.LIMIT, 0.2, 100.0, stop=90.0), LTC, "crossed"),
    ],
)  # fmt: skip
def test_an_order_goes_out_as_ccxt_would_send_it_with_everything_said(
    description: str, request_: OrderRequest, rules: Instrument, mode: str
):
    theirs = sent("createOrder", description)
    ours = requests.place_params(theirs["symbol"], request_, rules, mode)
    # Not ours: a take profit as preset, limit execution of triggers.
    theirs = {k: v for k, v in theirs.items() if "Surplus" not in k and "ExecutePrice" not in k}
    assert {k: v.lower() for k, v in ours.items() if k in theirs} == {k: v.lower() for k, v in theirs.items()}
    assert set(ours) - set(theirs) <= {"clientOid", "reduceOnly"}


def test_a_stop_goes_out_as_ccxt_would_send_it_without_a_size():
    theirs = sent("createOrder", "limit sl order type 2")
    ours = requests.stop_params("LTCUSDT", 1, 50.0, "c", LTC, "mark")
    assert ours == {k: theirs[k] for k in ours if k != "clientOid"} | {"clientOid": "c"}
    assert "size" not in ours
    off_grid = requests.stop_params("LTCUSDT", 1, 50.004, "c", LTC, "mark")
    assert off_grid["triggerPrice"] == "50"  # ccxt sends what it is given


def test_an_amendment_goes_out_as_ccxt_would_send_it_with_our_client_id():
    theirs = sent("editOrder", "Swap edit order")
    order = OpenOrder(theirs["orderId"], "a", "BTC-USDT", Side.BUY, OrderKind.LIMIT, OrderStatus.OPEN, 0.001)
    asked = OrderRequest("b", "BTC-USDT", Side.BUY, OrderKind.LIMIT, 0.002, 27000.0)
    ours = requests.modify_params("BTCUSDT", order, asked, BTC)
    assert ours == theirs | {"newClientOid": "b", "marginCoin": "USDT"}


def test_a_pending_order_is_read():
    (row,) = example("rest", "fetch_open_orders", "swap and future")["data"]["entrustedList"]
    assert rows.order(row, NO_SYMBOLS) == OpenOrder(
        "1111488897767604224", "1111488897805352960", "BTC-USDT", Side.BUY, OrderKind.LIMIT, OrderStatus.OPEN,
        0.002, price=25000.0, created_ms=1700725524378,
    )  # fmt: skip


def test_a_position_is_read():
    row = example("rest", "parse_position", "fetchPosition")
    found = rows.position(row, NO_SYMBOLS)
    assert found is not None
    assert (found.symbol, found.direction, found.quantity, found.average) == ("BTC-USDT", 1, 0.002, 37355.5)
    assert (found.leverage, found.mark, found.liquidation) == (20.0, 37359.0, 31724.970702417)


def test_a_flat_position_is_none():
    row = example("rest", "parse_position", "fetchPosition") | {"total": "0"}
    assert rows.position(row, NO_SYMBOLS) is None


def test_a_pushed_fill_is_read_and_a_cost_is_positive():
    (row,) = example("ws", "handle_my_trades", "swap")["data"]
    fill = rows.execution(row, NO_SYMBOLS)
    assert (fill.symbol, fill.side, fill.price, fill.quantity) == ("LTC-USDT", Side.BUY, 80.87, 0.1)
    assert fill.fee == pytest.approx(0.0048522)
    assert fill.maker is False


def test_contracts_are_read():
    contracts = [m["info"] for m in recorded("markets-bitget.json").values()]
    symbols = Symbols([c for c in contracts if market.tradable(c)])
    assert "BTC-USDT" in symbols
    assert symbols.symbol(symbols.id("ETH-USDT")) == "ETH-USDT"
    rules = market.instrument("BTC-USDT", symbols.row("BTC-USDT"), [])
    theirs = recorded("markets-bitget.json")["BTC/USDT:USDT"]
    assert rules.tick == pytest.approx(theirs["precision"]["price"])
    assert rules.step == pytest.approx(theirs["precision"]["amount"])


def test_an_order_of_an_unlisted_contract_keeps_a_readable_symbol():
    assert NO_SYMBOLS.symbol("OLDUSDT") == "OLD-USDT"


@pytest.mark.parametrize(
    ("word", "status"),
    [("live", OrderStatus.OPEN), ("partially_filled", OrderStatus.PARTIAL), ("filled", OrderStatus.FILLED),
     ("canceled", OrderStatus.CANCELLED), ("cancelled", OrderStatus.CANCELLED)],
)  # fmt: skip
def test_states_are_read_in_lists_details_and_pushes(word: str, status: OrderStatus):
    row = {"symbol": "BTCUSDT", "orderId": "1", "side": "buy", "orderType": "limit", "size": "1", "price": "2"}
    assert rows.order(row | {"status": word}, NO_SYMBOLS).status is status
    assert rows.order(row | {"state": word}, NO_SYMBOLS).status is status


@pytest.mark.parametrize(
    ("word", "status"),
    [("live", OrderStatus.OPEN), ("not_trigger", OrderStatus.OPEN), ("executed", OrderStatus.FILLED),
     ("fail_trigger", OrderStatus.REJECTED), ("fail_execute", OrderStatus.REJECTED),
     ("a new word", OrderStatus.REJECTED)],
)  # fmt: skip
def test_states_of_triggers_are_read_and_an_unknown_one_is_not_live(word: str, status: OrderStatus):
    row = {"symbol": "BTCUSDT", "orderId": "1", "side": "sell", "planType": "pos_loss", "triggerPrice": "2"}
    assert rows.order(row | {"planStatus": word}, NO_SYMBOLS).status is status


@settings(deadline=None)
@given(st.integers(1, 10**9), st.sampled_from([1.0, 0.5, 0.1, 0.05, 0.01, 0.001, 1e-4, 1e-6, 1e-8, 10.0]))
def test_written_prices_stand_on_the_grid_without_binary_dust(n: int, tick: float):
    text = written(n * tick, tick)
    assert "e" not in text.lower()
    assert Decimal(text) == n * Decimal(repr(tick))


@settings(deadline=None)
@given(st.floats(1e-9, 1e9))
def test_without_a_grid_a_number_is_written_exactly(value: float):
    assert float(written(value, 0)) == value


TIERS = st.lists(
    st.tuples(st.floats(1e3, 1e6), st.floats(0.001, 0.5)), min_size=1, max_size=8, unique_by=lambda t: t[0]
)


@settings(deadline=None)
@given(TIERS)
def test_maintenance_margin_is_continuous_over_the_tiers(given_tiers: list[tuple[float, float]]):
    ends, rates = sorted(t[0] for t in given_tiers), sorted(t[1] for t in given_tiers)
    raw = [
        {"startUnit": repr(start), "endUnit": repr(end), "keepMarginRate": repr(rate)}
        for start, end, rate in zip([0.0, *ends[:-1]], ends, rates, strict=True)
    ]
    contract = {"priceEndStep": "1", "pricePlace": "1", "sizeMultiplier": "1", "minTradeNum": "1",
                "makerFeeRate": "0.0002", "takerFeeRate": "0.0006"}  # fmt: skip
    tiers = market.instrument("BTC-USDT", contract, raw[::-1]).tiers
    for below, above in itertools.pairwise(tiers):
        edge = below.max_notional
        assert edge * below.rate - below.deduction == pytest.approx(edge * above.rate - above.deduction, abs=1e-6)
    assert tiers[-1].max_notional >= 1e18


@pytest.mark.parametrize(
    ("word", "kind"),
    [("pos_loss", OrderKind.STOP_LOSS), ("psl", OrderKind.STOP_LOSS), ("pos_profit", OrderKind.TAKE_PROFIT),
     ("ptp", OrderKind.TAKE_PROFIT), ("loss_plan", OrderKind.TRIGGER), ("sl", OrderKind.TRIGGER),
     ("normal_plan", OrderKind.TRIGGER), ("pl", OrderKind.TRIGGER), ("track_plan", OrderKind.TRIGGER)],
)  # fmt: skip
def test_triggers_are_told_apart_in_lists_and_in_pushes(word: str, kind: OrderKind):
    row = {"instId": "BTCUSDT", "orderId": "1", "side": "sell", "planType": word, "triggerPrice": "2", "size": "3"}
    found = rows.order(row, NO_SYMBOLS)
    assert found.kind is kind
    assert found.quantity == (3.0 if kind is OrderKind.TRIGGER else 0.0)


def test_a_pushed_stop_may_say_its_price_in_the_field_of_its_kind():
    row = {"instId": "BTCUSDT", "orderId": "1", "side": "sell", "planType": "psl", "triggerPrice": "",
           "stopLossTriggerPrice": "2", "stopLossTriggerType": "mark_price"}  # fmt: skip
    found = rows.order(row, NO_SYMBOLS)
    assert (found.trigger, found.trigger_source, found.stop) == (2.0, "mark", None)


@pytest.mark.parametrize(
    ("row", "side"),
    [({"side": "buy"}, Side.BUY), ({"side": "sell"}, Side.SELL), ({"side": "sell_single"}, Side.SELL),
     ({"tradeSide": "buy_single"}, Side.BUY), ({"side": "", "tradeSide": "sell_single"}, Side.SELL)],
)  # fmt: skip
def test_sides_are_read_in_the_words_of_one_way_mode(row: dict[str, str], side: Side):
    whole = {"symbol": "BTCUSDT", "orderId": "1", "orderType": "limit", "size": "1", "price": "2", "status": "live"}
    assert rows.order(whole | row, NO_SYMBOLS).side is side


@pytest.mark.parametrize(
    ("word", "source"), [("mark_price", "mark"), ("fill_price", "last"), ("index_price", "index_price")]
)
def test_a_trigger_source_that_we_do_not_use_is_not_taken_for_ours(word: str, source: str):
    row = {"symbol": "BTCUSDT", "orderId": "1", "side": "sell", "planType": "pos_loss", "triggerPrice": "2"}
    assert rows.order(row | {"triggerType": word}, NO_SYMBOLS).trigger_source == source
