"""What is sent for an order, and what is believed of the answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from core.errors import Fatal, Refused, RetryLater, UnknownOutcome
from core.order import OpenOrder, OrderKind, OrderRequest, OrderStatus, Side
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect.classic import words
from exchanges.bitget.trading import BitgetTrading
from exchanges.rate import Category, Priority, RateLimiter
from tests.exchanges.conftest import KEYS
from tests.exchanges.fake_bitget import FakeBitget, refusal

PLACE = "/api/v2/mix/order/place-order"
MODIFY = "/api/v2/mix/order/modify-order"
DETAIL = "/api/v2/mix/order/detail"
PENDING = "/api/v2/mix/order/orders-pending"
PLANS = "/api/v2/mix/order/orders-plan-pending"
PAST_PLANS = "/api/v2/mix/order/orders-plan-history"
CANCEL = "/api/v2/mix/order/cancel-order"
CANCEL_PLAN = "/api/v2/mix/order/cancel-plan-order"
STOP = "/api/v2/mix/order/place-tpsl-order"
MODIFY_STOP = "/api/v2/mix/order/modify-tpsl-order"

ENTRY = OrderRequest("e1", "BTC-USDT", Side.BUY, OrderKind.LIMIT, 0.003, 25000.5, stop=20000.1)
RESTING = OpenOrder(
    "7", "e0", "BTC-USDT", Side.BUY, OrderKind.LIMIT, OrderStatus.OPEN, 0.003, price=25000.0, stop=20000.1
)
STANDING = OpenOrder("9", "s", "BTC-USDT", Side.SELL, OrderKind.STOP_LOSS, OrderStatus.OPEN, 0.0, trigger=20000.0)


def plain(**changes: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT", "size": "0.003", "orderId": "7", "clientOid": "e1", "baseVolume": "0", "price": "25000.5",
        "priceAvg": "", "state": "live", "side": "buy", "orderType": "limit", "reduceOnly": "NO",
        "presetStopLossPrice": "20000.1", "cTime": "1",
    } | changes  # fmt: skip


def plan(**changes: Any) -> dict[str, Any]:
    return {
        "planType": "pos_loss", "symbol": "BTCUSDT", "size": "", "orderId": "9", "clientOid": "s", "executePrice": "",
        "triggerPrice": "20000", "triggerType": "mark_price", "planStatus": "live", "side": "sell",
        "orderType": "market", "cTime": "1",
    } | changes  # fmt: skip


def listed(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"entrustedList": list(rows) or None, "endId": None}


def by_namespace(**namespaces: list[dict[str, Any]]) -> Any:
    return lambda asked: listed(*namespaces.get(asked["planType"], []))


async def test_an_entry_says_its_stop_its_margin_mode_and_its_client_id(venue: FakeBitget, trading: BitgetTrading):
    venue.answers[PLACE] = {"orderId": "7", "clientOid": "e1"}
    assert await trading.place(ENTRY) == "7"
    assert venue.of("place-order") == [{
        "symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT", "marginMode": "isolated",
        "side": "buy", "orderType": "limit", "clientOid": "e1", "size": "0.003", "reduceOnly": "NO", "force": "gtc",
        "price": "25000.5", "presetStopLossPrice": "20000.1",
    }]  # fmt: skip


async def test_a_prepared_margin_mode_is_said_without_asking_again(venue: FakeBitget, trading: BitgetTrading):
    venue.answers |= {PLACE: {"orderId": "7"}, "/api/v2/mix/account/set-margin-mode": {},
                      "/api/v2/mix/account/set-leverage": {}}  # fmt: skip
    await trading.prepare("BTC-USDT", 3.0, "crossed")
    asked = len(venue.of("/account/account"))
    await trading.place(ENTRY)
    assert venue.of("place-order")[0]["marginMode"] == "crossed"
    assert len(venue.of("/account/account")) == asked
    assert venue.of("set-leverage")[0]["leverage"] == "3"
    assert not venue.of("set-position-mode")  # it was one-way already


async def test_a_reduce_only_answer_without_order_id_is_looked_up(venue: FakeBitget, trading: BitgetTrading):
    venue.answers |= {PLACE: {"clientOid": "e1"}, DETAIL: plain(orderId="8")}
    assert await trading.place(ENTRY._replace(stop=None, reduce_only=True)) == "8"


async def test_an_order_whose_answer_never_comes_has_an_unknown_outcome_and_is_found_by_its_client_id(
    venue: FakeBitget, trading: BitgetTrading
):
    never = asyncio.Event()

    async def silent(_: Any) -> Any:
        await never.wait()

    venue.answers |= {PLACE: silent, DETAIL: plain()}
    await trading.prepare("BTC-USDT", 5.0, "isolated")
    trading._client.ccxt.timeout = 100
    with pytest.raises(UnknownOutcome):
        await trading.place(ENTRY)
    trading._client.ccxt.timeout = 10_000
    never.set()
    assert len(venue.of("place-order")) == 1  # never sent again by itself
    found = await trading.order("BTC-USDT", "e1")
    assert found is not None
    assert found.order_id == "7"


@pytest.mark.parametrize("status", [500, 502, 504, 429])
async def test_trouble_without_a_word_of_the_venue_is_unknown_for_a_post_and_retried_for_a_get(
    venue: FakeBitget, trading: BitgetTrading, status: int
):
    venue.answers |= {PLACE: lambda _: web.Response(status=status, text="<html>"),
                      PENDING: lambda _: web.Response(status=status, text="<html>"),
                      PLANS: listed()}  # fmt: skip
    with pytest.raises(UnknownOutcome):
        await trading.place(ENTRY)
    with pytest.raises(RetryLater):
        await trading.open_orders("BTC-USDT")


@pytest.mark.parametrize(
    ("code", "kind"),
    [("40762", Refused), ("40786", Refused), ("40917", Refused), ("40009", Fatal), ("40085", Fatal),
     ("30006", RetryLater), ("40200", RetryLater), ("40604", UnknownOutcome), ("50008", UnknownOutcome)],
)  # fmt: skip
async def test_the_venues_codes_say_what_to_do_next(
    venue: FakeBitget, trading: BitgetTrading, code: str, kind: type[Exception]
):
    venue.answers[PLACE] = lambda _: refusal(code, "no")
    with pytest.raises(kind) as caught:
        await trading.place(ENTRY)
    assert caught.value.code == code  # type: ignore[attr-defined]


async def test_nothing_was_sent_when_nobody_listens(venue: FakeBitget):
    await venue.stop()
    client = BitgetClient(venue.settings(), KEYS, RateLimiter(venue.settings().rate))
    with pytest.raises(RetryLater):
        await client.call(words.PLACE, {})
    await client.close()


@pytest.mark.parametrize("code", ["40109", "40768", "43001"])
async def test_an_order_that_the_venue_does_not_know_is_none(venue: FakeBitget, trading: BitgetTrading, code: str):
    venue.answers |= {DETAIL: lambda _: refusal(code, "order does not exist"), PLANS: listed(), PAST_PLANS: listed()}
    assert await trading.order("BTC-USDT", "e1") is None


@pytest.mark.parametrize("namespace", ["normal_plan", "profit_loss", "track_plan"])
@pytest.mark.parametrize("where", [PLANS, PAST_PLANS])
async def test_an_order_is_found_by_its_client_id_in_whatever_namespace_it_stands(
    venue: FakeBitget, trading: BitgetTrading, namespace: str, where: str
):
    there = plan(clientOid="s7", planStatus="live" if where == PLANS else "executed")
    venue.answers |= {DETAIL: lambda _: refusal("40109", "order does not exist"), PLANS: listed(), PAST_PLANS: listed(),
                      where: by_namespace(**{namespace: [plan(orderId="1", clientOid="other"), there]})}  # fmt: skip
    found = await trading.order("BTC-USDT", "s7")
    assert found is not None
    assert (found.order_id, found.status.live) == ("9", where == PLANS)


async def test_open_orders_are_read_from_every_namespace_and_told_apart_by_their_plan_type(
    venue: FakeBitget, trading: BitgetTrading
):
    venue.answers |= {
        PENDING: listed(plain()),
        PLANS: by_namespace(
            normal_plan=[plan(orderId="1", planType="normal_plan", size="0.1")],
            profit_loss=[plan(orderId="2"), plan(orderId="3", planType="pos_profit"),
                         plan(orderId="4", planType="loss_plan", size="0.1")],
            track_plan=[plan(orderId="5", planType="track_plan", size="0.1")],
        ),
    }  # fmt: skip
    found = {o.order_id: o.kind for o in await trading.open_orders("BTC-USDT")}
    assert found == {
        "7": OrderKind.LIMIT, "1": OrderKind.TRIGGER, "2": OrderKind.STOP_LOSS, "3": OrderKind.TAKE_PROFIT,
        "4": OrderKind.TRIGGER, "5": OrderKind.TRIGGER,
    }  # fmt: skip


async def test_an_audit_of_all_symbols_costs_four_requests(venue: FakeBitget, trading: BitgetTrading):
    venue.answers |= {PENDING: listed(plain(), plain(orderId="6", symbol="ETHUSDT")),
                      PLANS: by_namespace(profit_loss=[plan()])}  # fmt: skip
    assert {(o.order_id, o.symbol) for o in await trading.all_open_orders()} == {
        ("7", "BTC-USDT"), ("6", "ETH-USDT"), ("9", "BTC-USDT"),
    }  # fmt: skip
    assert len(venue.asked) == 4


async def test_a_long_list_of_orders_is_read_to_its_end(venue: FakeBitget, trading: BitgetTrading):
    rows = [plain(orderId=str(1000 - i), clientOid=f"c{i}") for i in range(150)]

    def page(asked: dict[str, Any]) -> Any:
        before = int(asked.get("idLessThan", 10**9))
        part = [r for r in rows if int(r["orderId"]) < before][: int(asked["limit"])]
        return {"entrustedList": part, "endId": part[-1]["orderId"] if part else ""}

    venue.answers |= {PENDING: page, PLANS: listed()}
    assert len(await trading.open_orders("BTC-USDT")) == 150


async def test_an_amendment_keeps_our_client_id_and_leaves_an_unchanged_stop_alone(
    venue: FakeBitget, trading: BitgetTrading
):
    venue.answers[MODIFY] = {"orderId": "8"}
    assert await trading.amend(RESTING, ENTRY) == "8"
    (sent,) = venue.of("modify-order")
    assert sent["newClientOid"] == "e1"
    assert (sent["newPrice"], sent["newSize"]) == ("25000.5", "0.003")
    assert "newPresetStopLossPrice" not in sent


async def test_what_takes_risk_away_goes_before_entries_when_it_is_placed_and_when_it_is_moved(
    venue: FakeBitget, trading: BitgetTrading, monkeypatch: pytest.MonkeyPatch
):
    seen: list[Priority] = []
    acquire = RateLimiter.acquire

    async def noted(limits: RateLimiter, category: Category, priority: Priority, weight: float) -> None:
        if category is Category.TRADE:
            seen.append(priority)
        await acquire(limits, category, priority, weight)

    monkeypatch.setattr(RateLimiter, "acquire", noted)
    venue.answers |= {PLACE: {"orderId": "7"}, MODIFY: {"orderId": "8"}}
    target = ENTRY._replace(side=Side.SELL, reduce_only=True, stop=None)
    await trading.place(ENTRY)
    await trading.place(target)
    await trading.amend(RESTING, ENTRY)
    await trading.amend(RESTING._replace(side=Side.SELL, reduce_only=True, stop=None), target)
    assert seen == [Priority.TRADE, Priority.PROTECTION] * 2


async def test_a_changed_stop_that_the_first_request_did_not_take_is_set_by_a_second_one(
    venue: FakeBitget, trading: BitgetTrading
):
    stop = {"now": "20000.1"}

    def modify(asked: dict[str, Any]) -> Any:
        if "newPrice" not in asked:  # as documented: the preset moves only when nothing else does
            stop["now"] = asked["newPresetStopLossPrice"]
        return {"orderId": "8"}

    venue.answers |= {MODIFY: modify, DETAIL: lambda _: plain(presetStopLossPrice=stop["now"])}
    await trading.amend(RESTING, ENTRY._replace(stop=21000.0))
    assert stop["now"] == "21000"
    assert len(venue.of("modify-order")) == 2


async def test_a_stop_that_stays_is_not_passed_over_in_silence(venue: FakeBitget, trading: BitgetTrading):
    venue.answers |= {MODIFY: {"orderId": "8"}, DETAIL: plain(presetStopLossPrice="")}
    with pytest.raises(UnknownOutcome, match="preset stop"):
        await trading.amend(RESTING, ENTRY._replace(stop=21000.0))


async def test_cancelling_a_stop_says_its_plan_type_and_reads_back(venue: FakeBitget, trading: BitgetTrading):
    live = {"9": plan()}

    def cancel(asked: dict[str, Any]) -> Any:
        if asked.get("planType") == "pos_loss":  # without it the venue looks among normal plans and says success
            live.clear()
            return {"successList": [{"orderId": "9"}], "failureList": []}
        return {"successList": [], "failureList": [{"orderId": "9", "errorMsg": "no"}]}

    venue.answers |= {CANCEL_PLAN: cancel, PENDING: listed(), PLANS: lambda _: listed(*live.values())}
    assert await trading.cancel(STANDING) is True


async def test_a_stop_that_is_still_shown_was_not_cancelled(venue: FakeBitget, trading: BitgetTrading):
    venue.answers |= {CANCEL_PLAN: {"successList": [], "failureList": []}, PENDING: listed(),
                      PLANS: by_namespace(profit_loss=[plan()])}  # fmt: skip
    with pytest.raises(UnknownOutcome):
        await trading.cancel(STANDING)


async def test_a_trigger_of_unknown_make_is_looked_for_under_every_plan_type(
    venue: FakeBitget, trading: BitgetTrading
):
    def cancel(asked: dict[str, Any]) -> Any:
        if asked["planType"] == "normal_plan":
            return {"successList": [], "failureList": [{"orderId": "9"}]}
        if asked["planType"] == "loss_plan":
            return refusal("43025", "Plan order does not exist")
        return {"successList": [{"orderId": "9"}], "failureList": []}

    venue.answers |= {CANCEL_PLAN: cancel, PENDING: listed(), PLANS: listed()}
    assert await trading.cancel(STANDING._replace(kind=OrderKind.TRIGGER)) is True
    assert [a["planType"] for a in venue.of("cancel-plan-order")] == ["normal_plan", "loss_plan", "profit_plan"]


async def test_cancelling_what_is_gone_is_false(venue: FakeBitget, trading: BitgetTrading):
    venue.answers |= {CANCEL: lambda _: refusal("43001", "order does not exist"),
                      CANCEL_PLAN: {"successList": [], "failureList": []},
                      PENDING: listed(), PLANS: listed()}  # fmt: skip
    assert await trading.cancel(RESTING) is False
    assert await trading.cancel(STANDING) is False


@pytest.mark.parametrize(("direction", "side"), [(1, "buy"), (-1, "sell")])
async def test_a_stop_covers_the_position_at_market_and_names_its_trigger_source(
    venue: FakeBitget, trading: BitgetTrading, direction: int, side: str
):
    venue.answers |= {STOP: {"orderId": "9"}, PLANS: by_namespace(profit_loss=[plan()])}
    assert await trading.place_stop("BTC-USDT", direction, 20000.0, "s") == "9"
    assert venue.of("place-tpsl-order") == [{
        "symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT", "planType": "pos_loss",
        "triggerPrice": "20000", "triggerType": "mark_price", "holdSide": side, "clientOid": "s",
    }]  # fmt: skip


@pytest.mark.parametrize("shown", [[], [plan(triggerPrice="19000")], [plan(triggerType="fill_price")],
                                   [plan(planType="loss_plan", size="0.1")]])  # fmt: skip
async def test_a_stop_that_reads_back_differently_is_no_success(
    venue: FakeBitget, trading: BitgetTrading, shown: list[dict[str, Any]]
):
    venue.answers |= {STOP: {"orderId": "9"}, MODIFY_STOP: {"orderId": "9"}, PLANS: by_namespace(profit_loss=shown)}
    with pytest.raises(UnknownOutcome):
        await trading.place_stop("BTC-USDT", 1, 20000.0, "s")
    with pytest.raises(UnknownOutcome):
        await trading.amend_stop(STANDING, 20000.0)


async def test_a_stop_moves_in_place(venue: FakeBitget, trading: BitgetTrading):
    venue.answers |= {MODIFY_STOP: {"orderId": "9"}, PLANS: by_namespace(profit_loss=[plan(triggerPrice="21000")])}
    await trading.amend_stop(STANDING, 21000.0)
    (sent,) = venue.of("modify-tpsl-order")
    assert (sent["orderId"], sent["triggerPrice"]) == ("9", "21000")
    assert (sent["triggerType"], sent["size"]) == ("mark_price", "")
    assert not venue.of("cancel-plan-order")


async def test_a_reading_that_fails_after_a_change_is_an_unknown_outcome(venue: FakeBitget, trading: BitgetTrading):
    venue.answers |= {STOP: {"orderId": "9"}, PLANS: lambda _: web.Response(status=502, text="")}
    with pytest.raises(UnknownOutcome):
        await trading.place_stop("BTC-USDT", 1, 20000.0, "s")


async def test_fills_are_read_from_the_newest_back_to_where_they_are_wanted(venue: FakeBitget, trading: BitgetTrading):
    fills = [{"tradeId": str(i), "orderId": "7", "symbol": "BTCUSDT", "side": "buy", "price": "1", "baseVolume": "1",
              "tradeScope": "taker", "cTime": str(1000 + i), "feeDetail": [{"feeCoin": "USDT", "totalFee": "-0.5"}]}
             for i in range(250, 0, -1)]  # fmt: skip

    def page(asked: dict[str, Any]) -> Any:
        before = int(asked.get("idLessThan", 10**9))
        rows = [f for f in fills if int(f["tradeId"]) < before][: int(asked["limit"])]
        return {"fillList": rows, "endId": rows[-1]["tradeId"] if rows else ""}

    venue.answers |= {"/api/v2/mix/order/fills": page, DETAIL: plain()}
    found = await trading.executions("BTC-USDT", 1120)
    assert [e.ts_ms for e in found] == list(range(1120, 1251))
    assert {e.client_id for e in found} == {"e1"}
    assert [asked["orderId"] for asked in venue.of("/order/detail")] == ["7"]  # one order, asked for once
    assert all(e.fee == 0.5 for e in found)
    asked = venue.of("/order/fills")
    assert len(asked) == 2
    assert "startTime" not in asked[0]  # the venue limits how far apart the ends of a span may lie
