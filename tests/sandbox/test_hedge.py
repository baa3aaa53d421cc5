"""Hedge mode: a long and a short position of one symbol, each with its own stop, orders and margin."""

from __future__ import annotations

from typing import Any

import ccxt
import pytest

from core.order import Side
from sandbox.account import HEDGE, Account
from sandbox.desk import Amendment, amend, cancel, close
from sandbox.orders import Hold, NewTrigger, Order, PlanType, Status
from sandbox.refusal import Refusal
from sandbox.settlement import settle_funding
from sandbox.state import State
from sandbox.trigger_desk import place_trigger
from tests.sandbox.builders import SYMBOL, UNIFIED, Running, core, order, running, stored, walk

LONG, SHORT = Hold.LONG, Hold.SHORT
ROWS = [(100.0, 104.0, 98.0, 101.0)] * 3


def hedged(**more: Any) -> tuple[State, Account]:
    state, account = core(**more)
    account.position_mode = HEDGE
    return state, account


def opened(state: State, account: Account, hold: Hold, quantity: float, limit: float | None = None, **more: Any) -> Any:
    return order(state, account, hold.opening.value, quantity, limit, hold=hold, **more)


def closing(state: State, account: Account, hold: Hold, quantity: float, limit: float | None = None) -> Order:
    side = "sell" if hold is LONG else "buy"
    return order(state, account, side, quantity, limit, hold=hold, reduce_only=True)


def held(account: Account) -> dict[Hold, float]:
    return {position.hold: position.quantity for position in account.positions.values()}


def test_a_symbol_has_a_long_and_a_short_position_at_once() -> None:
    state, account = hedged()
    opened(state, account, LONG, 2.0)
    opened(state, account, SHORT, 3.0)
    assert held(account) == {LONG: 2.0, SHORT: 3.0}
    assert account.reserved() == pytest.approx((200 + 300) / 4)
    closing(state, account, LONG, 2.0)
    assert held(account) == {SHORT: 3.0}
    assert [(closed.hold, closed.quantity) for closed in account.closed] == [(LONG, 2.0)]


@pytest.mark.parametrize("hold", [LONG, SHORT])
def test_the_stop_of_one_side_leaves_the_other_alone(hold: Hold) -> None:
    state, account = hedged()
    opened(state, account, LONG, 1.0, preset_stop=96.0, preset_target=120.0)
    opened(state, account, SHORT, 1.0, preset_stop=104.0, preset_target=80.0)
    walk(state, *((100, 101, 95, 100) if hold is LONG else (100, 105, 99, 100)))
    other = SHORT if hold is LONG else LONG
    assert held(account) == {other: 1.0}
    assert {(trigger.plan, trigger.hold) for trigger in account.live_triggers()} == {
        (PlanType.POS_LOSS, other), (PlanType.POS_PROFIT, other)
    }
    assert account.position_stop(SYMBOL, hold) is None


def test_each_side_has_its_own_time_without_stop() -> None:
    state, account = hedged()
    opened(state, account, LONG, 1.0, preset_stop=90.0)
    opened(state, account, SHORT, 1.0)
    state.now_ms += 250
    naked = {guarded.direction: guarded.until(state.now_ms) for guarded in state.protection.all()}
    assert naked == {1: 0, -1: 250}


def test_a_closed_side_takes_its_closing_orders_with_it_and_no_others() -> None:
    state, account = hedged()
    opened(state, account, LONG, 1.0)
    opened(state, account, SHORT, 1.0)
    mine, theirs = closing(state, account, LONG, 1.0, 120.0), closing(state, account, SHORT, 1.0, 80.0)
    position = account.position(SYMBOL, LONG)
    assert position is not None
    close(state, account, position)
    assert (mine.status, theirs.status) == (Status.CANCELED, Status.LIVE)
    assert held(account) == {SHORT: 1.0}


def test_what_a_resting_order_closes_is_locked_until_it_is_cancelled() -> None:
    state, account = hedged()
    opened(state, account, LONG, 3.0)
    resting = closing(state, account, LONG, 2.0, 120.0)
    assert account.locked(SYMBOL, LONG) == 2.0
    with pytest.raises(Refusal, match="40757"):
        closing(state, account, LONG, 2.0)
    cancel(state, account, resting.order_id)
    closing(state, account, LONG, 3.0)
    assert held(account) == {}


def test_an_order_of_one_side_reserves_margin_whatever_the_other_side_holds() -> None:
    state, account = hedged(leverage=10.0)
    opened(state, account, LONG, 5.0)
    opened(state, account, SHORT, 5.0, 110.0)
    assert account.frozen() == pytest.approx(5 * 110 / 10)


def test_funding_is_paid_by_one_side_and_received_by_the_other() -> None:
    state, account = hedged()
    opened(state, account, LONG, 2.0)
    opened(state, account, SHORT, 2.0)
    before = account.wallet
    settle_funding(state, SYMBOL, 0.001, 100.0)
    assert account.wallet == pytest.approx(before)
    assert [position.funding for position in account.positions.values()] == pytest.approx([0.2, -0.2])


def test_an_amended_closing_order_stays_one() -> None:
    state, account = hedged()
    opened(state, account, SHORT, 2.0)
    resting = closing(state, account, SHORT, 2.0, 90.0)
    amend(state, account, resting, Amendment(limit=95.0))
    walk(state, 100, 101, 94, 99)
    assert held(account) == {}
    assert account.fills[-1].price == 95.0


@pytest.mark.parametrize(
    ("mode", "more", "code"),
    [
        ("one", {"hold": LONG}, "40774"),
        ("hedge", {}, "40774"),
        ("hedge", {"hold": SHORT}, "40017"),
        ("hedge", {"hold": LONG, "reduce_only": True}, "40017"),
        ("hedge", {"hold": SHORT, "reduce_only": True}, "22002"),
    ],
    ids=["sided in one-way", "unsided in hedge", "a buy opens no short", "a buy closes no long", "nothing to close"],
)
def test_an_order_must_speak_of_positions_as_the_account_holds_them(
    mode: str, more: dict[str, Any], code: str
) -> None:
    state, account = hedged() if mode == "hedge" else core()
    before = state.journal.sequence
    with pytest.raises(Refusal, match=code):
        order(state, account, "buy", 1.0, **more)
    assert state.journal.sequence == before


def test_a_stop_of_a_side_without_position_is_refused() -> None:
    state, account = hedged()
    opened(state, account, LONG, 1.0)
    with pytest.raises(Refusal, match="22002"):
        place_trigger(state, account, NewTrigger(SYMBOL, PlanType.POS_LOSS, Side.BUY, 110.0, hold=SHORT))
    place_trigger(state, account, NewTrigger(SYMBOL, PlanType.POS_LOSS, Side.SELL, 90.0, hold=LONG))
    assert account.position_stop(SYMBOL, LONG) is not None


@pytest.fixture
async def exchange() -> Any:
    async with running(stored(ROWS), slippage=0.0) as started:
        await started.client.load_markets()
        await started.client.set_position_mode(True)
        yield started


async def trade(exchange: Running, side: str, amount: float, price: float | None = None, **params: Any) -> Any:
    kind = "market" if price is None else "limit"
    wanted = {"marginMode": "isolated", "hedged": True, **params}
    return await exchange.client.create_order(UNIFIED, kind, side, amount, price, wanted)


async def sides(exchange: Running) -> dict[str, float]:
    positions = await exchange.client.fetch_positions([UNIFIED])
    assert all(position["hedged"] for position in positions)
    return {position["side"]: position["contracts"] for position in positions}


async def test_the_client_opens_and_closes_both_sides(exchange: Running) -> None:
    await trade(exchange, "buy", 0.3)
    await trade(exchange, "sell", 0.2)
    assert await sides(exchange) == {"long": 0.3, "short": 0.2}
    await trade(exchange, "sell", 0.1, reduceOnly=True)
    closed = await trade(exchange, "buy", 0.2, reduceOnly=True)
    assert await sides(exchange) == {"long": 0.2}
    shown = await exchange.client.fetch_order(closed["id"], UNIFIED)
    assert (shown["side"], shown["reduceOnly"], shown["status"]) == ("buy", True, "closed")
    assert (shown["info"]["side"], shown["info"]["tradeSide"], shown["info"]["posSide"]) == ("sell", "close", "short")


async def test_stops_are_placed_and_listed_by_side(exchange: Running) -> None:
    await trade(exchange, "buy", 0.3, stopLoss={"triggerPrice": 90.0})
    await trade(exchange, "sell", 0.2)
    stop = {"stopLossPrice": 103.0, "holdSide": "short", "hedged": True}
    await exchange.client.create_order(UNIFIED, "market", "buy", 0.2, None, stop)
    live = await exchange.client.fetch_open_orders(UNIFIED, params={"trigger": True, "planType": "profit_loss"})
    assert {(row["info"]["posSide"], row["triggerPrice"]) for row in live} == {("long", 90.0), ("short", 103.0)}
    await exchange.sandbox.advance(1)
    assert await sides(exchange) == {"long": 0.3}


async def test_one_side_is_closed_at_market_by_its_name(exchange: Running) -> None:
    await trade(exchange, "buy", 0.3)
    await trade(exchange, "sell", 0.2)
    await exchange.client.close_position(UNIFIED, None, {"holdSide": "short"})
    assert await sides(exchange) == {"long": 0.3}


async def test_leverage_may_differ_by_side_when_margin_is_isolated(exchange: Running) -> None:
    await exchange.client.set_margin_mode("isolated", UNIFIED)
    await exchange.client.set_leverage(10, UNIFIED)
    await exchange.client.set_leverage(5, UNIFIED, {"holdSide": "short"})
    leverage = await exchange.client.fetch_leverage(UNIFIED)
    assert (leverage["longLeverage"], leverage["shortLeverage"]) == (10, 5)
    await trade(exchange, "buy", 0.3)
    await trade(exchange, "sell", 0.3)
    positions = await exchange.client.fetch_positions([UNIFIED])
    assert {position["side"]: position["initialMargin"] for position in positions} == {"long": 3.0, "short": 6.0}


@pytest.mark.parametrize("busy", ["position", "order", "trigger"])
async def test_the_mode_changes_only_when_nothing_is_open_or_waiting(exchange: Running, busy: str) -> None:
    if busy == "position":
        await trade(exchange, "buy", 0.3)
    elif busy == "order":
        await trade(exchange, "buy", 0.3, 90.0)
    else:
        await trade(exchange, "buy", 0.3, triggerPrice=110.0)
    with pytest.raises(ccxt.ExchangeError, match="40920"):
        await exchange.client.set_position_mode(False)
    await exchange.client.set_position_mode(True)


async def test_an_order_without_a_side_of_the_position_is_refused(exchange: Running) -> None:
    with pytest.raises(ccxt.InvalidOrder, match="40774"):
        await trade(exchange, "buy", 0.3, hedged=False)
    await exchange.client.set_position_mode(False)
    with pytest.raises(ccxt.InvalidOrder, match="40774"):
        await trade(exchange, "buy", 0.3)


async def test_the_streams_tell_which_side_was_meant(exchange: Running) -> None:
    watching = await exchange.client.watch_positions([UNIFIED])
    assert watching == []
    await trade(exchange, "buy", 0.3)
    await trade(exchange, "sell", 0.2)
    seen: set[tuple[str, float]] = set()
    while seen != {("long", 0.3), ("short", 0.2)}:
        seen |= {(row["side"], row["contracts"]) for row in await exchange.client.watch_positions([UNIFIED])}
