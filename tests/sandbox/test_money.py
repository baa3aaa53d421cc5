"""Money: conserved whatever happens; funding, liquidation and fees by hand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.instrument import Instrument, Tier
from core.order import Side
from core.tiers import continuous
from sandbox.account import Account
from sandbox.config import default_instruments
from sandbox.desk import Amendment, amend, cancel
from sandbox.liquidation import liquidation_price
from sandbox.orders import Force, NewTrigger, PlanType
from sandbox.refusal import Refusal
from sandbox.settlement import settle_funding
from sandbox.state import State
from sandbox.trigger_desk import place_trigger
from tests.sandbox.builders import PLAIN, SYMBOL, core, order, walk

TIERED = Instrument(symbol=SYMBOL, tiers=(Tier(500.0, 0.01, 0.0), Tier(1e18, 0.02, 5.0)))

price = st.floats(50.0, 150.0).map(lambda x: round(x, 2))
quantity = st.integers(1, 40).map(lambda n: n / 10)
side = st.sampled_from(["buy", "sell"])
maybe_price = st.none() | price
force = st.sampled_from(list(Force))
placing = st.tuples(st.just("place"), side, quantity, maybe_price, st.booleans(), maybe_price, force)
moving = st.tuples(st.just("candle"), price, price, price, price)
paying = st.tuples(st.just("fund"), st.floats(-0.003, 0.003))
plan = st.sampled_from([PlanType.POS_LOSS, PlanType.POS_PROFIT, PlanType.LOSS])
stopping = st.tuples(st.just("stop"), plan, side, price, quantity)
changing = st.tuples(st.just("amend"), price, quantity)
cancelling = st.tuples(st.just("cancel"))


def act(state: State, account: Account, step: tuple[Any, ...]) -> None:
    match step:
        case ("place", side, quantity, limit, reduce_only, stop, force):
            order(state, account, side, quantity, limit, reduce_only=reduce_only, preset_stop=stop, force=force)
        case ("candle", a, b, c, d):
            walk(state, a, max(a, b, c, d), min(a, b, c, d), b)
            state.now_ms += 60_000
        case ("fund", rate):
            settle_funding(state, SYMBOL, rate, state.prices[SYMBOL])
        case ("stop", plan, side, at, quantity):
            place_trigger(state, account, NewTrigger(SYMBOL, plan, Side(side), at, quantity))
        case ("amend", limit, quantity):
            for resting in list(account.live_orders())[:1]:
                amend(state, account, resting, Amendment(quantity, limit))
        case ("cancel",):
            for resting in list(account.live_orders())[:1]:
                cancel(state, account, resting.order_id)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(placing, moving, placing, moving, paying, stopping, changing, cancelling), max_size=40),
    st.sampled_from(["isolated", "crossed"]),
    st.sampled_from([2.0, 20.0]),
)
def test_money_is_conserved_whatever_is_ordered(
    steps: list[tuple[Any, ...]], mode: str, leverage: float
) -> None:
    state, account = core(wallet=1000.0, mode=mode, leverage=leverage, slippage=0.001)
    funding = 0.0
    for step in steps:
        try:
            act(state, account, step)
        except Refusal:
            continue
    assert state.journal.violations == []
    for event in state.journal.events:
        if event.kind == "funding":
            funding += float(event.note.split()[-1])
    # a third way to the same wallet: from the list of fills alone
    earned = sum(fill.profit - fill.fee for fill in account.fills)
    assert math.isclose(account.wallet, 1000.0 + earned + funding, abs_tol=1e-6)
    # and closed positions tell the same story when nothing is open
    if not account.positions:
        assert math.isclose(account.wallet, 1000.0 + sum(closed.net for closed in account.closed), abs_tol=1e-6)
    held = sum(f.quantity * f.side.sign for f in account.fills)
    position = account.positions.get(SYMBOL)
    assert math.isclose(held, position.quantity * position.direction if position else 0.0, abs_tol=1e-6)


def test_a_fault_in_the_books_is_noticed() -> None:
    state, account = core()
    order(state, account, "buy", 1.0)
    account.wallet += 1.0
    settle_funding(state, SYMBOL, 0.0001, 100.0)
    assert len(state.journal.violations) == 1


@pytest.mark.parametrize(("side", "rate", "paid"), [("buy", 0.001, 0.2), ("sell", 0.001, -0.2), ("buy", -0.001, -0.2)])
def test_longs_pay_a_positive_rate_and_shorts_receive_it(side: str, rate: float, paid: float) -> None:
    state, account = core(rules=PLAIN.model_copy(update={"taker_fee": 0.0}))
    order(state, account, side, 2.0)
    settle_funding(state, SYMBOL, rate, 100.0)
    assert account.wallet == pytest.approx(10_000 - paid)
    assert account.positions[SYMBOL].funding == pytest.approx(paid)


@pytest.mark.parametrize(
    ("side", "quantity", "expected"),
    [
        ("buy", 4.0, (400 - 40 - 0) / (4 * 0.99)),
        ("sell", 4.0, (400 + 40 + 0) / (4 * 1.01)),
        ("buy", 6.0, (600 - 60 - 5) / (6 * 0.98)),
    ],
    ids=["long", "short", "second tier"],
)
def test_the_liquidation_price_of_isolated_margin(side: str, quantity: float, expected: float) -> None:
    state, account = core(leverage=10.0, rules=TIERED)
    order(state, account, side, quantity)
    assert liquidation_price(state, account, account.positions[SYMBOL]) == pytest.approx(expected)


def test_isolated_liquidation_loses_exactly_the_margin() -> None:
    state, account = core(leverage=10.0, rules=TIERED.model_copy(update={"taker_fee": 0.0}))
    order(state, account, "buy", 4.0)
    resting = order(state, account, "buy", 1.0, 80.0)
    walk(state, 100, 100, 70, 75)
    assert account.wallet == pytest.approx(10_000 - 40)
    assert account.positions == {}
    assert resting.reason == "liquidation"
    assert [event.kind for event in state.journal.events].count("liquidation") == 1
    assert account.fills[-1].price == pytest.approx(90.0)


def test_crossed_liquidation_loses_the_wallet() -> None:
    free = TIERED.model_copy(update={"taker_fee": 0.0})
    state, account = core(wallet=100.0, leverage=10.0, mode="crossed", rules=free)
    order(state, account, "buy", 4.0)
    assert liquidation_price(state, account, account.positions[SYMBOL]) == pytest.approx(300 / (4 * 0.99))
    walk(state, 100, 100, 70, 75)
    assert account.wallet == pytest.approx(0.0)
    assert state.journal.violations == []


def test_a_stop_before_liquidation_saves_the_rest_of_the_margin() -> None:
    state, account = core(leverage=10.0, rules=TIERED.model_copy(update={"taker_fee": 0.0}))
    order(state, account, "buy", 4.0, preset_stop=95.0)
    walk(state, 100, 100, 70, 75)
    assert account.wallet == pytest.approx(10_000 - 20)


def test_a_closed_position_tells_its_costs() -> None:
    state, account = core()
    order(state, account, "buy", 2.0)
    settle_funding(state, SYMBOL, 0.001, 100.0)
    order(state, account, "sell", 2.0, 110.0, reduce_only=True)
    walk(state, 100, 111, 99, 110)
    closed = account.closed[0]
    assert (closed.average_open, closed.average_close, closed.pnl) == (100.0, 110.0, 20.0)
    assert (closed.opening_fees, closed.closing_fees, closed.funding) == pytest.approx((-0.12, -0.044, -0.2))
    assert closed.net == pytest.approx(20 - 0.12 - 0.044 - 0.2)


def test_deductions_make_maintenance_margin_continuous() -> None:
    table = continuous([(100.0, 0.01), (500.0, 0.02), (1e18, 0.05)])
    for lower, upper in itertools.pairwise(table):
        edge = lower.max_notional
        assert edge * lower.rate - lower.deduction == pytest.approx(edge * upper.rate - upper.deduction)


@pytest.mark.parametrize("rules", default_instruments().values(), ids=lambda rules: rules.symbol)
def test_default_rules_are_sound(rules: Instrument) -> None:
    assert rules.tick > 0
    assert rules.step > 0
    assert [tier.max_notional for tier in rules.tiers] == sorted(tier.max_notional for tier in rules.tiers)
