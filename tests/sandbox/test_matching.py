"""What fills, where, in which order: the engine's rules, by hand."""

from __future__ import annotations

import pytest

from core.instrument import Instrument
from core.order import Side
from sandbox.account import Account
from sandbox.desk import Amendment, amend, cancel
from sandbox.orders import Force, NewTrigger, Order, PlanType, Status
from sandbox.refusal import Refusal
from sandbox.state import State
from sandbox.trigger_desk import TriggerAmendment, amend_trigger, place_trigger
from tests.sandbox.builders import PLAIN, SYMBOL, core, order, walk


def stop(state: State, account: Account, price: float, side: str = "sell") -> object:
    return place_trigger(state, account, NewTrigger(SYMBOL, PlanType.POS_LOSS, Side(side), price))


def fills(account: Account) -> list[tuple[str, float, float, bool]]:
    return [(fill.side.value, fill.quantity, fill.price, fill.maker) for fill in account.fills]


@pytest.mark.parametrize(
    ("side", "limit", "candle", "price", "maker"),
    [
        ("buy", 95.0, (100, 101, 94, 99), 95.0, True),
        ("buy", 95.0, (95, 101, 94, 99), 95.0, True),
        ("buy", 95.0, (93, 101, 92, 99), 93.0, False),
        ("sell", 105.0, (100, 106, 99, 101), 105.0, True),
        ("sell", 105.0, (107, 108, 99, 101), 107.0, False),
        ("buy", 94.0, (100, 101, 94, 99), 94.0, True),
    ],
    ids=["reached", "opens at it", "opens beyond", "sell reached", "sell opens beyond", "only just touched"],
)
def test_a_resting_limit_fills_at_its_price_as_maker_or_at_a_better_open_as_taker(
    side: str, limit: float, candle: tuple[float, ...], price: float, maker: bool
) -> None:
    state, account = core()
    order(state, account, side, 1.0, limit)
    walk(state, *candle)
    assert fills(account) == [(side, 1.0, price, maker)]


def test_a_limit_that_is_not_reached_rests() -> None:
    state, account = core()
    resting = order(state, account, "buy", 1.0, 93.9)
    walk(state, 100, 101, 94, 99)
    assert resting.status is Status.LIVE
    assert not account.fills


def test_levels_fill_in_the_order_in_which_the_path_meets_them() -> None:
    state, account = core()
    for limit in (92.0, 96.0, 94.0):
        order(state, account, "buy", 1.0, limit)
    walk(state, 100, 101, 91, 99)
    assert [fill.price for fill in account.fills] == [96.0, 94.0, 92.0]


def test_a_gap_fills_every_level_at_the_open_the_nearest_first() -> None:
    state, account = core()
    far, near = order(state, account, "buy", 1.0, 92.0), order(state, account, "buy", 2.0, 96.0)
    walk(state, 90, 91, 89, 90)
    assert [(fill.order_id, fill.price) for fill in account.fills] == [(near.order_id, 90.0), (far.order_id, 90.0)]


def test_a_stop_met_by_the_path_executes_at_its_price_with_slippage_as_taker() -> None:
    state, account = core(slippage=0.001)
    order(state, account, "buy", 1.0, 95.0, preset_stop=90.0)
    walk(state, 100, 101, 89, 99)
    assert fills(account) == [("buy", 1.0, 95.0, True), ("sell", 1.0, 90.0 * 0.999, False)]
    assert account.positions == {}


def test_a_stop_that_the_open_has_passed_executes_at_the_open() -> None:
    state, account = core()
    order(state, account, "buy", 1.0, preset_stop=90.0)
    walk(state, 85, 99, 84, 95)
    assert fills(account)[-1] == ("sell", 1.0, 85.0, False)


def test_a_stop_is_met_before_an_entry_at_the_same_price() -> None:
    state, account = core()
    order(state, account, "buy", 1.0, preset_stop=90.0)
    order(state, account, "buy", 3.0, 90.0)
    walk(state, 100, 101, 90, 99)
    assert fills(account)[1:] == [("sell", 1.0, 90.0, False), ("buy", 3.0, 90.0, True)]


@pytest.mark.parametrize(
    ("candle", "exit_price"),
    [((100, 106, 94, 100), 95.0), ((100, 105, 94, 100), 105.0)],
    ids=["low nearer or tied: the stop first", "high nearer: the target first"],
)
def test_stop_and_target_in_one_candle_are_decided_by_the_path(candle: tuple[float, ...], exit_price: float) -> None:
    state, account = core()
    order(state, account, "buy", 1.0, preset_stop=95.0)
    order(state, account, "sell", 1.0, 105.0, reduce_only=True)
    walk(state, *candle)
    assert account.fills[-1].price == exit_price
    assert account.positions == {}


def test_a_flat_position_takes_its_stop_and_its_reduce_only_orders_with_it() -> None:
    state, account = core()
    order(state, account, "buy", 1.0, preset_stop=95.0, preset_target=120.0)
    target = order(state, account, "sell", 1.0, 105.0, reduce_only=True)
    walk(state, 100, 101, 94, 100)
    assert target.status is Status.CANCELED
    assert not list(account.live_triggers())
    assert not list(account.live_orders())


def test_a_reduce_only_order_never_opens_the_other_side() -> None:
    state, account = core()
    order(state, account, "buy", 1.0)
    reducing = order(state, account, "sell", 5.0, 105.0, reduce_only=True)
    walk(state, 100, 106, 100, 106)
    assert (reducing.filled, reducing.status) == (1.0, Status.CANCELED)
    assert account.positions == {}


def test_a_later_preset_overwrites_the_stop_in_place() -> None:
    state, account = core()
    order(state, account, "buy", 1.0, preset_stop=80.0)
    first = account.position_stop(SYMBOL)
    assert first is not None
    order(state, account, "buy", 1.0, 95.0, preset_stop=85.0)
    walk(state, 100, 101, 95, 99)
    now = account.position_stop(SYMBOL)
    assert now is not None
    assert (now.order_id, now.trigger) == (first.order_id, 85.0)
    assert len(list(account.live_triggers())) == 1


def test_a_stop_covers_what_was_bought_after_it() -> None:
    state, account = core()
    order(state, account, "buy", 1.0, preset_stop=90.0)
    order(state, account, "buy", 2.0, 95.0)
    walk(state, 100, 101, 89, 99)
    assert fills(account)[-1] == ("sell", 3.0, 90.0, False)


def test_a_fill_against_a_position_closes_it_and_opens_the_rest() -> None:
    state, account = core()
    order(state, account, "buy", 1.0)
    order(state, account, "sell", 3.0)
    position = account.positions[SYMBOL]
    assert (position.direction, position.quantity, position.average) == (-1, 2.0, 100.0)
    assert len(account.closed) == 1


def test_a_market_order_pays_slippage_and_the_taker_fee() -> None:
    state, account = core(slippage=0.01)
    bought = order(state, account, "buy", 1.0)
    assert bought.average == pytest.approx(101.0)
    assert bought.fee == pytest.approx(101.0 * 0.0006)
    assert account.wallet == pytest.approx(10_000 - 101.0 * 0.0006)


@pytest.mark.parametrize(
    ("force", "limit", "status", "filled"),
    [
        (Force.GTC, 101.0, Status.FILLED, 1.0),
        (Force.GTC, 100.0, Status.LIVE, 0.0),
        (Force.IOC, 101.0, Status.FILLED, 1.0),
        (Force.IOC, 99.0, Status.CANCELED, 0.0),
        (Force.FOK, 99.0, Status.CANCELED, 0.0),
        (Force.POST_ONLY, 101.0, Status.CANCELED, 0.0),
        (Force.POST_ONLY, 99.0, Status.LIVE, 0.0),
    ],
)
def test_what_a_limit_order_does_when_it_arrives(force: Force, limit: float, status: Status, filled: float) -> None:
    state, account = core()
    placed: Order = order(state, account, "buy", 1.0, limit, force=force)
    assert (placed.status, placed.filled) == (status, filled)
    assert all(fill.price == 100.0 and not fill.maker for fill in account.fills)


def test_a_post_only_order_that_the_open_lies_beyond_is_cancelled() -> None:
    state, account = core()
    resting = order(state, account, "buy", 1.0, 95.0, force=Force.POST_ONLY)
    walk(state, 94, 96, 93, 95)
    assert resting.status is Status.CANCELED
    assert not account.fills


def test_a_plan_order_becomes_what_it_said_when_its_price_is_met() -> None:
    state, account = core()
    plan = NewTrigger(SYMBOL, PlanType.NORMAL, Side.BUY, 105.0, 2.0, None, False, preset_stop=90.0)
    place_trigger(state, account, plan)
    walk(state, 100, 106, 99, 101)
    assert fills(account) == [("buy", 2.0, 105.0, False)]
    assert account.position_stop(SYMBOL) is not None


def test_an_amended_order_keeps_its_id_and_bears_its_new_name() -> None:
    state, account = core()
    resting = order(state, account, "buy", 1.0, 90.0, client_id="old")
    amend(state, account, resting, Amendment(quantity=2.0, limit=95.0, client_id="new"))
    walk(state, 100, 101, 94, 99)
    assert (resting.client_id, resting.filled, resting.average) == ("new", 2.0, 95.0)
    assert account.order_of_client == {"old": resting.order_id, "new": resting.order_id}


def test_an_amended_price_that_crosses_fills_at_once() -> None:
    state, account = core()
    resting = order(state, account, "buy", 1.0, 90.0)
    amend(state, account, resting, Amendment(limit=101.0))
    assert fills(account) == [("buy", 1.0, 100.0, False)]


def test_a_stop_moved_in_place_counts_from_then_on() -> None:
    state, account = core()
    order(state, account, "buy", 1.0, preset_stop=80.0)
    live = account.position_stop(SYMBOL)
    assert live is not None
    amend_trigger(state, account, live, TriggerAmendment(trigger=95.0))
    walk(state, 100, 101, 94, 99)
    assert fills(account)[-1] == ("sell", 1.0, 95.0, False)


STEPPED = Instrument(symbol=SYMBOL, tick=0.5, step=0.1, min_quantity=0.2, min_notional=50.0)


@pytest.mark.parametrize(
    ("side", "quantity", "limit", "more", "code"),
    [
        ("buy", 1.0, 95.25, {}, "45115"),
        ("buy", 1.05, 95.0, {}, "40808"),
        ("buy", 0.1, 95.0, {}, "45111"),
        ("buy", 0.5, 95.0, {}, "45110"),
        ("buy", 0.0, 95.0, {}, "40808"),
        ("buy", 1.0, 95.0, {"preset_stop": 95.0}, "40917"),
        ("sell", 1.0, 105.0, {"preset_stop": 104.5}, "40917"),
        ("buy", 1.0, 95.0, {"preset_target": 95.0}, "40917"),
        ("buy", 1.0, 95.0, {"preset_stop": 90.0, "preset_execute": (89.25, None)}, "45115"),
        ("buy", 2000.0, 95.0, {}, "40762"),
        ("sell", 1.0, 105.0, {"reduce_only": True}, "22002"),
        ("buy", 1.0, 95.0, {"client_id": "taken"}, "40786"),
    ],
)
def test_an_order_that_breaks_a_rule_is_refused_and_changes_nothing(
    side: str, quantity: float, limit: float, more: dict[str, object], code: str
) -> None:
    state, account = core(rules=STEPPED)
    order(state, account, "buy", 1.0, 60.0, client_id="taken")
    before = state.journal.sequence
    with pytest.raises(Refusal) as caught:
        order(state, account, side, quantity, limit, **more)
    assert caught.value.code == code
    assert state.journal.sequence == before
    assert len(list(account.live_orders())) == 1


def test_a_stop_on_the_wrong_side_or_without_a_position_is_refused() -> None:
    state, account = core()
    with pytest.raises(Refusal, match="22002"):
        stop(state, account, 90.0)
    order(state, account, "buy", 1.0)
    with pytest.raises(Refusal, match="40917"):
        stop(state, account, 100.0)
    stop(state, account, 99.0)


def test_what_rests_reserves_margin_and_a_cancel_gives_it_back() -> None:
    state, account = core(wallet=100.0, leverage=10.0)
    first = order(state, account, "buy", 9.0, 100.0)
    with pytest.raises(Refusal, match="40762"):
        order(state, account, "buy", 2.0, 99.0)
    cancel(state, account, first.order_id)
    order(state, account, "buy", 2.0, 99.0)


def test_a_cancelled_order_cannot_be_cancelled_again() -> None:
    state, account = core()
    resting = order(state, account, "buy", 1.0, 90.0)
    cancel(state, account, resting.order_id)
    with pytest.raises(Refusal, match="40768"):
        cancel(state, account, resting.order_id)


def test_time_goes_on_with_every_meeting_and_stays_within_the_candle() -> None:
    state, account = core(rules=PLAIN)
    for _ in range(3):
        order(state, account, "buy", 1.0, 95.0)
    walked = walk(state, 100, 101, 94, 99)
    times = [fill.ts_ms for fill in account.fills]
    assert len(set(times)) == 3
    assert times == sorted(times)
    assert all(walked.candle.ts_ms < ts < walked.candle.ts_ms + 60_000 for ts in times)


CLOSING = [
    (force, limit, quantity, *ends)
    for force, limit, ends in (
        (Force.GTC, None, ("filled", 0.0)), (Force.GTC, 99.0, ("filled", 0.0)), (Force.GTC, 101.0, ("rests", 2.0)),
        (Force.IOC, 99.0, ("filled", 0.0)), (Force.IOC, 101.0, ("nothing", 2.0)),
        (Force.FOK, 99.0, ("filled", 0.0)), (Force.FOK, 101.0, ("nothing", 2.0)),
        (Force.POST_ONLY, 99.0, ("nothing", 2.0)), (Force.POST_ONLY, 101.0, ("rests", 2.0)),
    )
    for quantity in (1.0, 2.0, 3.0)
]


@pytest.mark.parametrize(("force", "limit", "quantity", "end", "left"), CLOSING)
def test_a_closing_order_of_every_kind_closes_what_there_is_and_opens_nothing(
    force: Force, limit: float | None, quantity: float, end: str, left: float
) -> None:
    state, account = core()
    order(state, account, "buy", 2.0)
    closing = order(state, account, "sell", quantity, limit, force=force, reduce_only=True)
    closed = min(quantity, 2.0) if end == "filled" else 0.0
    assert closing.filled == closed
    whole = closed == quantity
    expected = Status.LIVE if end == "rests" else Status.FILLED if whole else Status.CANCELED
    assert closing.status is expected
    held = account.positions[SYMBOL].quantity if account.positions else 0.0
    assert held == (2.0 - closed if end == "filled" else left)
    if end == "rests":
        walk(state, 100, 102, 99, 101)
        assert closing.filled == min(quantity, 2.0)
        assert all(position.direction > 0 for position in account.positions.values())


@pytest.mark.parametrize(
    ("force", "limit", "status", "filled"),
    [
        (Force.GTC, 101.0, Status.FILLED, 1.0),
        (Force.GTC, 95.0, Status.LIVE, 0.0),
        (Force.POST_ONLY, 101.0, Status.CANCELED, 0.0),
        (Force.POST_ONLY, 95.0, Status.LIVE, 0.0),
    ],
)
def test_an_edited_order_keeps_its_force(force: Force, limit: float, status: Status, filled: float) -> None:
    state, account = core()
    resting = order(state, account, "buy", 1.0, 90.0, force=force)
    amend(state, account, resting, Amendment(limit=limit))
    assert (resting.status, resting.filled) == (status, filled)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (Amendment(limit=95.25), "45115"),
        (Amendment(quantity=1.05), "40808"),
        (Amendment(quantity=0.1), "45111"),
        (Amendment(quantity=2000.0), "40762"),
        (Amendment(preset_stop=95.0), "40917"),
        (Amendment(client_id="taken"), "40786"),
    ],
)
def test_an_edit_that_breaks_a_rule_is_refused_and_changes_nothing(change: Amendment, code: str) -> None:
    state, account = core(rules=STEPPED)
    order(state, account, "buy", 1.0, 60.0, client_id="taken")
    resting = order(state, account, "buy", 1.0, 90.0, client_id="mine", preset_stop=80.0)
    before = resting.limit, resting.quantity, resting.client_id, resting.preset_stop, account.frozen()
    with pytest.raises(Refusal, match=code):
        amend(state, account, resting, change)
    assert (resting.limit, resting.quantity, resting.client_id, resting.preset_stop, account.frozen()) == before


def test_a_preset_may_execute_as_a_limit() -> None:
    state, account = core()
    order(state, account, "buy", 1.0, preset_stop=90.0, preset_target=110.0, preset_execute=(89.0, 111.0))
    executes = {trigger.plan: trigger.execute for trigger in account.live_triggers()}
    assert executes == {PlanType.POS_LOSS: 89.0, PlanType.POS_PROFIT: 111.0}
