"""Trailing orders, stops and targets of a part or of the whole: their life from placing to firing or failing."""

from __future__ import annotations

from typing import Any

import ccxt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.order import Side
from sandbox.account import Account
from sandbox.orders import NewTrigger, PlanType, Trigger, TriggerStatus
from sandbox.refusal import Refusal
from sandbox.state import State
from sandbox.trigger_desk import TriggerAmendment, amend_trigger, place_trigger
from tests.sandbox.builders import SYMBOL, UNIFIED, Running, core, order, running, stored, subscribed, walk

LOSS, PROFIT, POS_LOSS, POS_PROFIT = PlanType.LOSS, PlanType.PROFIT, PlanType.POS_LOSS, PlanType.POS_PROFIT


def trailing(state: State, account: Account, side: str, at: float, callback: float, **more: Any) -> Trigger:
    more = {"reduce_only": True, **more}
    return place_trigger(
        state, account, NewTrigger(SYMBOL, PlanType.TRACK, Side(side), at, 1.0, callback=callback, **more)
    )


def partial(state: State, account: Account, plan: PlanType, at: float, quantity: float, **more: Any) -> Trigger:
    return place_trigger(state, account, NewTrigger(SYMBOL, plan, Side.SELL, at, quantity, **more))


@pytest.mark.parametrize(
    ("side", "at", "callback", "candles", "price"),
    [
        ("sell", 105.0, 0.1, [(100, 120, 99, 119), (119, 119, 100, 101)], 108.0),
        ("sell", 105.0, 0.1, [(100, 106, 99, 105), (130, 131, 110, 111)], 117.9),
        ("sell", 105.0, 0.1, [(100, 106, 99, 105), (130, 160, 110, 150)], 117.0),
        ("sell", 105.0, 0.1, [(100, 104, 80, 90)], None),
        ("sell", 105.0, 0.1, [(100, 110, 99.5, 109.5)], None),
        ("sell", 105.0, 0.1, [(100, 110, 99, 109), (90, 91, 89, 90)], 90.0),
        ("sell", 95.0, 0.1, [(100, 101, 94, 94.5), (94.5, 95, 85, 86)], 85.5),
        ("buy", 95.0, 0.1, [(100, 101, 80, 81), (81, 100, 80.5, 99)], 88.0),
        ("buy", 95.0, 0.05, [(100, 101, 90, 91), (70, 75, 69, 74)], 72.45),
    ],
    ids=[
        "falls back from its best", "an open that is better counts", "also when it falls from there", "never begun",
        "not far enough back", "an open beyond it", "begins below, for what is above it", "a buy rises from its best",
        "a buy after a gap",
    ],
)
def test_a_trailing_order_fires_when_price_comes_back_from_its_best_since_the_trigger(
    side: str, at: float, callback: float, candles: list[tuple[float, ...]], price: float | None
) -> None:
    state, account = core()
    order(state, account, "buy" if side == "sell" else "sell", 1.0)
    placed = trailing(state, account, side, at, callback)
    for candle in candles:
        walk(state, *candle)
        state.now_ms += 60_000
    if price is None:
        assert placed.status is TriggerStatus.LIVE
        assert len(account.fills) == 1
    else:
        assert placed.status is TriggerStatus.EXECUTED
        assert account.fills[-1].price == pytest.approx(price)
        assert account.fills[-1].order_id == placed.became


@given(st.lists(st.integers(85, 160).map(float), max_size=30), st.sampled_from([0.01, 0.05, 0.1]))
def test_a_trailing_sell_executes_where_the_way_says(closes: list[float], callback: float) -> None:
    state, account = core(price=100.0)
    order(state, account, "buy", 1.0)
    placed = trailing(state, account, "sell", 110.0, callback)
    best, expected, here = 0.0, None, 100.0
    for close in closes:
        walk(state, here, max(here, close), min(here, close), close)
        state.now_ms += 60_000
        if expected is None and best and close <= best * (1 - callback):
            expected = best * (1 - callback)
        elif close >= 110.0 or best:
            best = max(best, close)
        here = close
    executed = account.fills[-1].price if placed.status is TriggerStatus.EXECUTED else None
    assert executed == (None if expected is None else pytest.approx(expected))


def test_a_trailing_order_is_moved_until_it_follows_and_its_distance_later_too() -> None:
    state, account = core()
    order(state, account, "buy", 1.0)
    placed = trailing(state, account, "sell", 105.0, 0.1)
    amend_trigger(state, account, placed, TriggerAmendment(trigger=110.0))
    walk(state, 100, 108, 99, 107)
    assert placed.best is None
    walk(state, 107, 120, 106, 119)
    with pytest.raises(Refusal, match="40917"):
        amend_trigger(state, account, placed, TriggerAmendment(trigger=111.0))
    amend_trigger(state, account, placed, TriggerAmendment(callback=0.02))
    walk(state, 119, 119, 100, 101)
    assert account.fills[-1].price == pytest.approx(120 * 0.98)


def test_a_trailing_entry_opens_a_position() -> None:
    state, account = core()
    trailing(state, account, "buy", 95.0, 0.01, reduce_only=False)
    walk(state, 100, 101, 90, 99)
    assert account.fills[-1].price == pytest.approx(90.9)


def test_stops_and_targets_of_a_part_fire_one_by_one_and_the_last_closes() -> None:
    state, account = core()
    order(state, account, "buy", 3.0)
    first, second = partial(state, account, PROFIT, 105.0, 1.0), partial(state, account, PROFIT, 110.0, 1.0)
    stop = partial(state, account, LOSS, 95.0, 5.0)
    walk(state, 100, 111, 99.5, 109)
    assert [(fill.quantity, fill.price) for fill in account.fills[1:]] == [(1.0, 105.0), (1.0, 110.0)]
    assert (first.status, second.status, stop.status) == (
        TriggerStatus.EXECUTED, TriggerStatus.EXECUTED, TriggerStatus.LIVE
    )
    walk(state, 109, 110, 94, 96)
    assert (account.fills[-1].quantity, account.positions) == (1.0, {})
    assert stop.status is TriggerStatus.EXECUTED


def test_what_belongs_to_a_position_is_cancelled_with_it_and_plans_stay() -> None:
    state, account = core()
    order(state, account, "buy", 1.0, preset_stop=90.0, preset_target=120.0)
    parts = [partial(state, account, LOSS, 95.0, 0.5), partial(state, account, PROFIT, 110.0, 0.5)]
    plans = [
        place_trigger(state, account, NewTrigger(SYMBOL, PlanType.NORMAL, Side.BUY, 130.0, 1.0, reduce_only=False)),
        trailing(state, account, "buy", 80.0, 0.05, reduce_only=False),
    ]
    order(state, account, "sell", 1.0, reduce_only=True)
    assert {trigger.status for trigger in parts} == {TriggerStatus.CANCELLED}
    assert list(account.live_triggers()) == plans


def test_a_target_may_execute_as_a_limit_order() -> None:
    state, account = core()
    order(state, account, "buy", 2.0)
    fired = place_trigger(state, account, NewTrigger(SYMBOL, POS_PROFIT, Side.SELL, 105.0, execute=107.0))
    walk(state, 100, 106, 99, 106)
    assert fired.status is TriggerStatus.EXECUTED
    (resting,) = account.live_orders()
    assert (resting.order_id, resting.limit, resting.reduce_only) == (fired.became, 107.0, True)
    walk(state, 106, 108, 105, 107)
    assert (account.fills[-1].price, account.fills[-1].maker, account.positions) == (107.0, True, {})


def test_a_plan_that_cannot_be_paid_when_it_fires_has_failed() -> None:
    state, account = core(wallet=100.0)
    plan = NewTrigger(SYMBOL, PlanType.NORMAL, Side.BUY, 105.0, 50.0, None, False)
    placed = place_trigger(state, account, plan)
    walk(state, 100, 106, 99, 105)
    assert (placed.status, placed.became, account.positions) == (TriggerStatus.FAILED, None, {})


@pytest.mark.parametrize(
    ("plan", "at", "quantity", "code"),
    [
        (LOSS, 101.0, 1.0, "40917"),
        (PROFIT, 99.0, 1.0, "40917"),
        (POS_LOSS, 100.0, 0.0, "40917"),
        (POS_PROFIT, 100.0, 0.0, "40917"),
        (LOSS, 95.0, 0.0, "40808"),
    ],
)
def test_a_stop_or_target_that_makes_no_sense_is_refused(
    plan: PlanType, at: float, quantity: float, code: str
) -> None:
    state, account = core()
    order(state, account, "buy", 2.0)
    with pytest.raises(Refusal, match=code):
        partial(state, account, plan, at, quantity)
    assert not list(account.live_triggers())


@pytest.fixture
async def exchange() -> Any:
    rows = [(100.0, 100.5, 99.5, 100.0), (100.0, 120.0, 99.0, 118.0), (118.0, 118.5, 100.0, 101.0)]
    async with running(stored(rows), slippage=0.0) as started:
        await started.client.load_markets()
        await started.client.set_leverage(5, UNIFIED)
        await started.client.create_order(UNIFIED, "market", "buy", 1.0, None, {"marginMode": "crossed"})
        yield started


async def listed(exchange: Running, plan: str, history: bool = False) -> list[dict[str, Any]]:
    params = {"trigger": True, "planType": plan}
    if history:
        found: list[dict[str, Any]] = await exchange.client.fetch_canceled_and_closed_orders(UNIFIED, params=params)
    else:
        found = await exchange.client.fetch_open_orders(UNIFIED, params=params)
    return found


async def trail(exchange: Running, **params: Any) -> dict[str, Any]:
    wanted = {"trailingPercent": "10", "trailingTriggerPrice": "110", "reduceOnly": True, "marginMode": "crossed"}
    placed: dict[str, Any] = await exchange.client.create_order(
        UNIFIED, "market", "sell", 1.0, None, {**wanted, **params}
    )
    return placed


async def test_the_client_places_edits_and_cancels_a_trailing_order(exchange: Running) -> None:
    placed = await trail(exchange, clientOid="follower")
    (live,) = await listed(exchange, "track_plan")
    assert (live["id"], live["clientOrderId"], live["triggerPrice"]) == (placed["id"], "follower", 110.0)
    assert (live["info"]["callbackRatio"], live["status"]) == ("10", "open")
    assert await listed(exchange, "normal_plan") == []
    assert await listed(exchange, "profit_loss") == []
    change = {"trailingPercent": "5", "trailingTriggerPrice": "112"}
    await exchange.client.edit_order(placed["id"], UNIFIED, "market", "sell", 1.0, None, change)
    (live,) = await listed(exchange, "track_plan")
    assert (live["triggerPrice"], live["info"]["callbackRatio"]) == (112.0, "5")
    ignored = await exchange.client.cancel_order(placed["id"], UNIFIED, {"trigger": True})
    assert ignored["id"] is None
    await exchange.client.cancel_order(placed["id"], UNIFIED, {"trailing": True})
    assert await listed(exchange, "track_plan") == []
    (gone,) = await listed(exchange, "track_plan", history=True)
    assert (gone["id"], gone["status"]) == (placed["id"], "canceled")


async def test_a_trailing_order_executes_on_the_way_back(exchange: Running) -> None:
    task = await subscribed(exchange, exchange.client.watch_orders(UNIFIED, params={"trigger": True}))
    placed = await trail(exchange)
    (seen,) = await task
    assert (seen["id"], seen["info"]["planType"], seen["info"]["callbackRatio"]) == (placed["id"], "track", "10")
    await exchange.sandbox.advance(3)
    (fired,) = await listed(exchange, "track_plan", history=True)
    assert fired["status"] == "closed"
    trades = await exchange.client.fetch_my_trades(UNIFIED)
    assert (trades[-1]["price"], trades[-1]["order"]) == (108.0, fired["info"]["executeOrderId"])
    assert await exchange.client.fetch_positions([UNIFIED]) == []


@pytest.mark.parametrize("percent", ["0", "10.5", "-1"])
async def test_a_distance_that_is_not_offered_is_refused(exchange: Running, percent: str) -> None:
    with pytest.raises(ccxt.BaseError, match="40017"):
        await trail(exchange, trailingPercent=percent)


PLACED = {
    "loss_plan": {"stopLossPrice": 95.0, "planType": "loss_plan", "holdSide": "buy"},
    "profit_plan": {"takeProfitPrice": 110.0, "planType": "profit_plan", "holdSide": "buy"},
    "pos_loss": {"stopLossPrice": 95.0, "holdSide": "buy"},
    "pos_profit": {"takeProfitPrice": 110.0, "holdSide": "buy"},
}


@pytest.mark.parametrize("plan", PLACED)
async def test_every_stop_and_target_is_placed_moved_and_cancelled_by_its_plan_type(
    exchange: Running, plan: str
) -> None:
    placed = await exchange.client.create_order(UNIFIED, "market", "sell", 0.4, None, PLACED[plan])
    (live,) = await listed(exchange, "profit_loss")
    size = "0.4" if plan in ("loss_plan", "profit_plan") else ""
    assert (live["id"], live["info"]["planType"], live["info"]["size"]) == (placed["id"], plan, size)
    name = "stopLossPrice" if "loss" in plan else "takeProfitPrice"
    there = 97.0 if "loss" in plan else 112.0
    await exchange.client.edit_order(placed["id"], UNIFIED, "market", "sell", 0.6, None, {name: there})
    (moved,) = await listed(exchange, "profit_loss")
    assert moved["triggerPrice"] == there
    assert moved["info"]["size"] == ("0.6" if size else "")
    for wrong in ({}, {"planType": "track_plan"}):
        ignored = await exchange.client.cancel_order(placed["id"], UNIFIED, {"trigger": True, **wrong})
        assert ignored["id"] is None
    await exchange.client.cancel_order(placed["id"], UNIFIED, {"trigger": True, "planType": plan})
    assert await listed(exchange, "profit_loss") == []
    (gone,) = await listed(exchange, plan, history=True)
    assert (gone["id"], gone["info"]["planStatus"]) == (placed["id"], "cancelled")


async def test_cancelling_all_of_a_plan_type_leaves_the_others(exchange: Running) -> None:
    for params in PLACED.values():
        await exchange.client.create_order(UNIFIED, "market", "sell", 0.4, None, params)
    await exchange.client.cancel_all_orders(UNIFIED, {"trigger": True, "planType": "loss_plan"})
    left = {row["info"]["planType"] for row in await listed(exchange, "profit_loss")}
    assert left == {"profit_plan", "pos_loss", "pos_profit"}
    await exchange.client.cancel_all_orders(UNIFIED, {"trigger": True, "planType": "profit_loss"})
    assert await listed(exchange, "profit_loss") == []
