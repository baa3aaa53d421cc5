"""The unified account against a scripted venue: what is sent, and what is believed of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from core.errors import Fatal, Refused, RetryLater, UnknownOutcome
from core.order import OpenOrder, OrderKind, OrderRequest, OrderStatus, Side
from core.position import Balance
from exchanges.bitget.session import Timing
from exchanges.bitget.trading import BitgetTrading
from exchanges.port import Executed, OrderSeen, PositionsSeen, Reconnected
from tests.exchanges.conftest import KEYS, impatient
from tests.exchanges.fake_bitget import FakeBitget, confirm, refusal
from tests.exchanges.test_unified_dialect import FILLED_AT_MARKET, STOP_ROW

V3 = "/api/v3"
PLACE, MODIFY, CANCEL = f"{V3}/trade/place-order", f"{V3}/trade/modify-order", f"{V3}/trade/cancel-order"
INFO, UNFILLED = f"{V3}/trade/order-info", f"{V3}/trade/unfilled-orders"
STOPS, PAST_STOPS = f"{V3}/trade/unfilled-strategy-orders", f"{V3}/trade/history-strategy-orders"
STOP, MOVE, DROP = (f"{V3}/trade/{verb}-strategy-order" for verb in ("place", "modify", "cancel"))
POSITIONS = f"{V3}/position/current-position"
SETTINGS = {
    "holdMode": "one_way_mode",
    "symbolConfigList": [
        {"category": "USDT-FUTURES", "symbol": "BTCUSDT", "marginMode": "isolated", "leverage": "5"},
        {"category": "USDC-FUTURES", "symbol": "ETHUSDT", "marginMode": "crossed", "leverage": "9"},
    ],
}
ENTRY = OrderRequest("e1", "BTC-USDT", Side.BUY, OrderKind.LIMIT, 0.003, 25000.5, stop=20000.1)
RESTING = OpenOrder(
    "7", "e0", "BTC-USDT", Side.BUY, OrderKind.LIMIT, OrderStatus.OPEN, 0.003, price=25000.0, stop=20000.1
)
TARGET = OpenOrder(
    "7", "t0", "BTC-USDT", Side.SELL, OrderKind.LIMIT, OrderStatus.OPEN, 0.003, price=26000.0, reduce_only=True
)
STANDING = OpenOrder("91", "s", "BTC-USDT", Side.SELL, OrderKind.STOP_LOSS, OrderStatus.OPEN, 0.0, trigger=20000.0)


def plain(**changes: Any) -> dict[str, Any]:
    return {
        "orderId": "7", "clientOid": "e1", "category": "USDT-FUTURES", "symbol": "BTCUSDT", "orderType": "limit",
        "side": "buy", "price": "25000.5", "qty": "0.003", "cumExecQty": "0", "avgPrice": "0", "orderStatus": "live",
        "reduceOnly": "NO", "stopLoss": "20000.1", "createdTime": "1",
    } | changes  # fmt: skip


def stop(**changes: Any) -> dict[str, Any]:
    return STOP_ROW | {"stopLoss": "20000"} | changes


def held(**changes: Any) -> dict[str, Any]:
    row = {"symbol": "BTCUSDT", "posSide": "long", "total": "0.02", "avgPrice": "60000", "leverage": "5"} | changes
    return {"list": [row]}


@pytest.fixture
async def unified(venue: FakeBitget) -> AsyncIterator[BitgetTrading]:
    venue.answers |= {f"{V3}/account/settings": SETTINGS, STOPS: [], PAST_STOPS: {"list": None, "cursor": None},
                      POSITIONS: held()}  # fmt: skip
    found = BitgetTrading(venue.settings(account_type="unified"), KEYS, limiter=impatient(venue.settings()))
    await found.open(["BTC-USDT", "ETH-USDT"])
    venue.asked.clear()
    yield found
    await found.close()


async def test_nothing_is_asked_of_the_classic_api(venue: FakeBitget, unified: BitgetTrading):
    venue.answers |= {PLACE: {"orderId": "7"}, UNFILLED: {"list": None}}
    await unified.prepare("BTC-USDT", 5.0, "isolated")
    await unified.place(ENTRY)
    await unified.open_orders("BTC-USDT")
    await unified.facts(["BTC-USDT"])
    await unified.positions()
    assert {a.path.split("/")[2] for a in venue.asked} == {"v3"}


async def test_an_order_says_its_margin_mode_its_stop_and_what_triggers_it(venue: FakeBitget, unified: BitgetTrading):
    venue.answers[PLACE] = {"orderId": "7", "clientOid": "e1"}
    assert await unified.place(ENTRY) == "7"
    assert venue.of("place-order") == [{
        "category": "USDT-FUTURES", "symbol": "BTCUSDT", "marginMode": "isolated", "side": "buy", "orderType": "limit",
        "clientOid": "e1", "qty": "0.003", "reduceOnly": "no", "timeInForce": "gtc", "price": "25000.5",
        "stopLoss": "20000.1", "slOrderType": "market", "slTriggerBy": "mark",
    }]  # fmt: skip


async def test_a_margin_mode_that_the_venue_does_not_tell_is_never_assumed(venue: FakeBitget, unified: BitgetTrading):
    with pytest.raises(Refused, match="margin mode"):
        await unified.place(ENTRY._replace(symbol="ETH-USDT"))
    assert not venue.of("place-order")


async def test_preparing_says_margin_mode_and_side_with_the_leverage(venue: FakeBitget, unified: BitgetTrading):
    venue.answers |= {f"{V3}/account/set-leverage": "success", f"{V3}/account/set-hold-mode": "success",
                      f"{V3}/account/settings": SETTINGS | {"holdMode": "hedge_mode"}}  # fmt: skip
    await unified.prepare("BTC-USDT", 7.0, "isolated")
    await unified.prepare("BTC-USDT", 7.0, "crossed")
    base = {"category": "USDT-FUTURES", "symbol": "BTCUSDT", "leverage": "7"}
    assert venue.of("set-leverage") == [
        base | {"marginMode": "isolated", "posSide": "long"}, base | {"marginMode": "isolated", "posSide": "short"},
        base | {"marginMode": "crossed"},
    ]  # fmt: skip
    assert venue.of("set-hold-mode")[0] == {"holdMode": "one_way_mode"}


async def test_preparing_changes_only_what_differs(venue: FakeBitget, unified: BitgetTrading):
    await unified.prepare("BTC-USDT", 5.0, "isolated")
    assert [a.path.rsplit("/", 1)[-1] for a in venue.asked] == ["settings"]


@pytest.mark.parametrize("code", ["25204", "40109", "43001"])
async def test_not_found_in_the_words_of_this_api_is_none_and_not_unknown(
    venue: FakeBitget, unified: BitgetTrading, code: str
):
    venue.answers[INFO] = lambda _: refusal(code, "Order does not exist")
    assert await unified.order("BTC-USDT", "e1") is None


@pytest.mark.parametrize("code", ["25202", "25203", "40786", "25227"])
async def test_codes_of_its_own_are_refusals(venue: FakeBitget, unified: BitgetTrading, code: str):
    venue.answers[PLACE] = lambda _: refusal(code, "Insufficient balance")
    with pytest.raises(Refused) as caught:
        await unified.place(ENTRY)
    assert caught.value.code == code


async def test_an_answer_without_an_order_id_is_looked_up(venue: FakeBitget, unified: BitgetTrading):
    venue.answers |= {PLACE: lambda _: web.json_response({"code": "00000", "msg": "success", "data": None}),
                      INFO: plain(orderId="8")}  # fmt: skip
    assert await unified.place(ENTRY) == "8"


@pytest.mark.parametrize("past", [False, True])
async def test_a_stop_is_found_by_its_client_id_live_or_ended(venue: FakeBitget, unified: BitgetTrading, past: bool):
    rows = [stop(orderId="1", clientOid="other"), stop(clientOid="mine")]
    venue.answers |= {INFO: lambda _: refusal("25204", "no"),
                      **({PAST_STOPS: {"list": rows, "cursor": ""}} if past else {STOPS: rows})}  # fmt: skip
    found = await unified.order("BTC-USDT", "mine")
    assert found is not None
    assert (found.order_id, found.kind, found.status.live) == ("91", OrderKind.STOP_LOSS, not past)


async def test_lists_say_symbol_and_category_and_are_read_to_their_end_by_cursor(
    venue: FakeBitget, unified: BitgetTrading
):
    fills = [{"execId": str(i), "orderId": "7", "symbol": "BTCUSDT", "category": "USDT-FUTURES", "side": "buy",
              "execPrice": "1", "execQty": "1", "tradeScope": "taker", "createdTime": str(1000 + i),
              "feeDetail": [{"feeCoin": "USDT", "fee": "0.5"}]} for i in range(250, 0, -1)]  # fmt: skip

    def page(asked: dict[str, Any]) -> Any:
        first = int(asked.get("cursor", 0))
        return {"list": fills[first : first + int(asked["limit"])], "cursor": str(first + int(asked["limit"]))}

    venue.answers[f"{V3}/trade/fills"] = page
    found = await unified.executions("BTC-USDT", 1101)
    assert [e.ts_ms for e in found] == list(range(1101, 1251))
    assert "startTime" not in venue.of("/fills")[0]
    assert all(e.fee == 0.5 for e in found)
    asked = venue.of("/fills")
    assert {(a["symbol"], a["category"], a["limit"]) for a in asked} == {("BTCUSDT", "USDT-FUTURES", "100")}
    assert len(asked) == 2  # what is older than wanted is not read


async def test_a_position_that_was_opened_before_and_closed_after_the_time_asked_for_is_told(
    venue: FakeBitget, unified: BitgetTrading
):
    row = {"positionId": "1", "symbol": "BTCUSDT", "posSide": "short", "closeTotalPos": "1", "netProfit": "3",
           "createdTime": "100", "updatedTime": "900"}  # fmt: skip
    older = row | {"positionId": "2", "updatedTime": "400"}
    venue.answers[f"{V3}/position/history-position"] = {"list": [row, older], "cursor": None}
    found = await unified.position_history("BTC-USDT", 500)
    assert [(p.position_id, p.direction, p.net) for p in found] == [("1", -1, 3.0)]
    (asked,) = venue.of("history-position")
    assert "startTime" not in asked  # it would go by when they were opened


async def test_equity_and_what_is_free_come_from_one_answer(unified: BitgetTrading):
    assert await unified.balance() == Balance(1010.0, 940.0)


async def test_an_amendment_leaves_the_order_in_place_and_we_call_it_by_its_new_name(
    venue: FakeBitget, unified: BitgetTrading
):
    now = {"price": "25000", "qty": "0.003", "clientOid": "e0"}
    venue.answers |= {MODIFY: lambda a: now.update(price=a["price"], qty=a["qty"]) or {"orderId": "7"},
                      UNFILLED: lambda _: {"list": [plain(**now)]}, INFO: lambda _: plain(**now)}  # fmt: skip
    assert await unified.amend(RESTING, ENTRY) == "7"
    assert venue.of("modify-order") == [{"orderId": "7", "qty": "0.003", "price": "25000.5", "autoCancel": "no"}]
    (shown,) = await unified.open_orders("BTC-USDT")
    assert (shown.client_id, shown.price) == ("e1", 25000.5)
    found = await unified.order("BTC-USDT", "e1")
    assert found is not None
    assert found.order_id == "7"
    assert not venue.of("place-order")


async def test_an_entry_whose_stop_changes_is_withdrawn_and_placed_anew(venue: FakeBitget, unified: BitgetTrading):
    venue.answers |= {CANCEL: {"orderId": "7"}, INFO: plain(orderStatus="cancelled"), PLACE: {"orderId": "8"}}
    assert await unified.amend(RESTING, ENTRY._replace(stop=21000.0)) == "8"
    (sent,) = venue.of("place-order")
    assert (sent["clientOid"], sent["stopLoss"]) == ("e1", "21000")
    assert not venue.of("modify-order")


async def test_a_take_profit_that_may_not_be_amended_is_replaced_and_the_stop_stays(
    venue: FakeBitget, unified: BitgetTrading
):
    venue.answers |= {MODIFY: lambda _: refusal("40919", "reduce-only orders cannot be modified"),
                      CANCEL: {"orderId": "7"}, INFO: plain(orderStatus="cancelled"),
                      PLACE: {"orderId": "8"}}  # fmt: skip
    moved = OrderRequest("t1", "BTC-USDT", Side.SELL, OrderKind.LIMIT, 0.003, 27000.0, reduce_only=True)
    assert await unified.amend(TARGET, moved) == "8"
    asked = [a.path.rsplit("/", 1)[-1] for a in venue.asked if "strategy" in a.path or "trade" in a.path]
    assert asked.index("cancel-order") < asked.index("place-order")
    assert not [name for name in asked if "strategy" in name]
    assert venue.of("place-order")[0]["reduceOnly"] == "yes"


async def test_an_order_that_began_to_fill_while_it_was_withdrawn_is_not_placed_again(
    venue: FakeBitget, unified: BitgetTrading
):
    venue.answers |= {CANCEL: {"orderId": "7"}, INFO: plain(orderStatus="cancelled", cumExecQty="0.001")}
    with pytest.raises(UnknownOutcome, match="begun to fill"):
        await unified.amend(RESTING, ENTRY._replace(stop=21000.0))
    assert not venue.of("place-order")


async def test_an_order_that_is_gone_cannot_be_amended(venue: FakeBitget, unified: BitgetTrading):
    venue.answers[CANCEL] = lambda _: refusal("25204", "Order does not exist")
    with pytest.raises(Refused, match="gone"):
        await unified.amend(RESTING, ENTRY._replace(stop=21000.0))
    assert not venue.of("place-order")


async def test_a_refused_amendment_leaves_the_name_of_an_entry(venue: FakeBitget, unified: BitgetTrading):
    venue.answers |= {MODIFY: lambda _: refusal("25206", "no"),
                      UNFILLED: {"list": [plain(clientOid="e0", price="25000.5")]}}  # fmt: skip
    with pytest.raises(Refused):
        await unified.amend(RESTING, ENTRY)
    (shown,) = await unified.open_orders("BTC-USDT")
    assert shown.client_id == "e0"


async def test_a_cancelled_stop_is_proven_by_reading_back(venue: FakeBitget, unified: BitgetTrading):
    live = [stop()]
    venue.answers |= {DROP: lambda a: live.clear() if a["orderId"] == "91" else None, STOPS: lambda _: list(live)}
    venue.answers[DROP] = lambda a: (live.clear(), web.json_response({"code": "00000", "msg": "success",
                                                                       "data": None}))[1]  # fmt: skip
    assert await unified.cancel(STANDING) is True
    assert venue.of("cancel-strategy-order") == [{"category": "USDT-FUTURES", "symbol": "BTCUSDT", "orderId": "91"}]
    assert not venue.of("cancel-symbol-order")  # it would cancel the plain ones and leave the stop


async def test_a_stop_that_is_still_shown_was_not_cancelled(venue: FakeBitget, unified: BitgetTrading):
    venue.answers |= {DROP: lambda _: web.json_response({"code": "00000", "msg": "success", "data": None}),
                      STOPS: [stop()]}  # fmt: skip
    with pytest.raises(UnknownOutcome, match="still shown"):
        await unified.cancel(STANDING)


async def test_cancelling_what_is_gone_is_false(venue: FakeBitget, unified: BitgetTrading):
    venue.answers |= {DROP: lambda _: refusal("25204", "no"), CANCEL: lambda _: refusal("25204", "no")}
    assert await unified.cancel(STANDING) is False
    assert await unified.cancel(RESTING) is False


async def test_a_stop_covers_the_whole_position_and_names_its_side_and_source(
    venue: FakeBitget, unified: BitgetTrading
):
    venue.answers |= {STOP: {"orderId": "91"}, STOPS: [stop()]}
    assert await unified.place_stop("BTC-USDT", 1, 20000.0, "s") == "91"
    assert venue.of("place-strategy-order") == [{
        "category": "USDT-FUTURES", "symbol": "BTCUSDT", "clientOid": "s", "type": "tpsl", "tpslMode": "full",
        "side": "sell", "posSide": "long", "qty": "0.02", "stopLoss": "20000", "slOrderType": "market",
        "slTriggerBy": "mark",
    }]  # fmt: skip


async def test_a_stop_for_no_position_is_refused_before_it_is_sent(venue: FakeBitget, unified: BitgetTrading):
    venue.answers[POSITIONS] = {"list": None}
    with pytest.raises(Refused, match="no position"):
        await unified.place_stop("BTC-USDT", 1, 20000.0, "s")
    assert not venue.of("place-strategy-order")


@pytest.mark.parametrize(
    "shown",
    [[], [stop(stopLoss="19000")], [stop(slTriggerBy="market")], [stop(tpslMode="partial")],
     [stop(slOrderType="limit", slLimitPrice="19900")]],
)  # fmt: skip
async def test_a_stop_that_reads_back_differently_is_no_success(
    venue: FakeBitget, unified: BitgetTrading, shown: list[dict[str, Any]]
):
    venue.answers |= {STOP: {"orderId": "91"}, MOVE: {"orderId": "91"}, STOPS: shown}
    with pytest.raises(UnknownOutcome):
        await unified.place_stop("BTC-USDT", 1, 20000.0, "s")
    with pytest.raises(UnknownOutcome):
        await unified.amend_stop(STANDING, 20000.0)


async def test_a_stop_moves_in_place(venue: FakeBitget, unified: BitgetTrading):
    venue.answers |= {MOVE: {"orderId": "91"}, STOPS: [stop(stopLoss="21000")]}
    await unified.amend_stop(STANDING, 21000.0)
    assert venue.of("modify-strategy-order") == [
        {"orderId": "91", "qty": "0.02", "stopLoss": "21000", "slOrderType": "market", "slTriggerBy": "mark"}
    ]
    assert not venue.of("cancel-strategy-order")


async def test_a_list_of_stops_of_unknown_shape_is_not_taken_for_no_stops(venue: FakeBitget, unified: BitgetTrading):
    venue.answers |= {UNFILLED: {"list": None}, STOPS: {"rows": [stop()]}}
    with pytest.raises(RetryLater, match="shape"):
        await unified.all_open_orders()


async def test_what_the_key_may_do_is_told(venue: FakeBitget, unified: BitgetTrading):
    venue.answers[f"{V3}/account/info"] = {
        "permType": "read-and-write", "permissions": ["uta_mgt", "uta_trade", "withdraw"], "ips": "",
    }  # fmt: skip
    facts = await unified.facts(["BTC-USDT"])
    assert (facts.account_type, facts.one_way, facts.margin_mode) == ("unified", True, {"BTC-USDT": "isolated"})
    assert (facts.leverage, facts.can_withdraw, facts.address_bound) == ({"BTC-USDT": 5.0}, True, False)
    assert facts.can_trade is True
    venue.answers[f"{V3}/account/info"] = {"permType": "read-only", "permissions": ["uta_trade"], "ips": "10.0.0.1"}
    facts = await unified.facts(["BTC-USDT"])
    assert (facts.can_withdraw, facts.address_bound, facts.can_trade) == (False, True, False)


# ---- streams


def pushed(topic: str, *data: dict[str, Any], ts: int = 1) -> dict[str, Any]:
    return {"action": "snapshot", "arg": {"instType": "UTA", "topic": topic}, "data": list(data), "ts": ts}


async def taken(events: AsyncIterator[Any], n: int) -> list[Any]:
    async with asyncio.timeout(5):
        return [await anext(events) for _ in range(n)]


async def test_streams_are_read_from_the_venues_own_fields_and_rows_of_other_products_are_left_out(
    venue: FakeBitget, unified: BitgetTrading
):
    position = {"symbol": "BTCUSDT", "posSide": "long", "size": "0.02", "avgPrice": "60000", "liqPrice": "41000.5",
                "leverage": "20", "marginMode": "crossed", "marginSize": "60", "markPrice": "60060"}  # fmt: skip

    async def frame(socket: web.WebSocketResponse, frame: Any) -> None:
        await confirm(socket, frame)
        if frame["args"][0]["topic"] != "fill":
            return
        spot = {"category": "SPOT", "symbol": "BTCUSDT", "orderId": "9"}
        await socket.send_json(pushed("order", spot, FILLED_AT_MARKET))
        await socket.send_json(pushed("position", position))
        await socket.send_json(pushed("position", position | {"symbol": "ETHUSDT"}))
        await socket.send_json(pushed("position", position | {"size": "0"}))
        await socket.send_json(pushed("fill", FILLED_AT_MARKET | {
            "execId": "77", "execPrice": "60000", "execQty": "0.02", "execTime": "5", "tradeScope": "taker"}))

    venue.on_frame = frame
    seen = await taken(unified.events(["BTC-USDT"]), 6)
    assert [type(e) for e in seen] == [Reconnected, OrderSeen, *[PositionsSeen] * 3, Executed]
    assert (seen[1].order.quantity, seen[1].order.filled, seen[1].order.side) == (0.02, 0.02, Side.SELL)
    assert [{p.symbol for p in e.positions} for e in seen[2:5]] == [
        {"BTC-USDT"}, {"BTC-USDT", "ETH-USDT"}, {"ETH-USDT"},  # absence is not flat: only size 0 is
    ]  # fmt: skip
    assert (seen[2].positions[0].liquidation, seen[2].positions[0].margin) == (41000.5, 60.0)
    assert (seen[5].execution.fee, seen[5].execution.ts_ms) == (0.72, 5)
    assert [f["args"][0] for f in venue.frames[1:]] == [
        {"instType": "UTA", "topic": topic} for topic in ("order", "position", "fill")
    ]  # no stream of strategy orders: there is none


async def test_a_login_event_with_a_code_is_a_refusal_though_ccxt_takes_it_for_success(
    venue: FakeBitget, unified: BitgetTrading
):
    venue.login = {"event": "login", "code": "30005", "msg": "error"}
    with pytest.raises(Fatal, match="30005"):
        await taken(unified.events(["BTC-USDT"]), 1)


async def test_a_refused_channel_is_asked_for_again_and_disturbs_nobody(venue: FakeBitget):
    refused = [1, 2]

    async def frame(socket: web.WebSocketResponse, frame: Any) -> None:
        arg = frame["args"][0]
        if arg["topic"] == "fill" and refused:
            refused.pop()
            await socket.send_json({"event": "error", "code": "30001", "msg": "param error", "arg": arg})
            return
        await confirm(socket, frame)
        if arg["topic"] == "order":
            await socket.send_json(pushed("order", FILLED_AT_MARKET))

    venue.on_frame = frame
    settings = venue.settings(account_type="unified")
    trading = BitgetTrading(settings, KEYS, timing=Timing(stale_s=0, ack_s=0.02))
    await trading.open(["BTC-USDT"])
    seen = await taken(trading.events(["BTC-USDT"]), 3)
    assert [type(e) for e in seen] == [Reconnected, OrderSeen, Reconnected]
    assert len(venue.sockets) == 1
    await trading.close()
