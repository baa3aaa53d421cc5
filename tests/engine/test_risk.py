from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.instrument import Instrument, Tier
from core.position import VenuePosition
from core.restriction import Cause, State
from core.settings import Risk
from core.target import Rung, Target
from engine.risk import Decision, Terms, View, approve, liquidation_price

RULES = Instrument(
    symbol="BTC-USDT", tick=0.1, step=0.001, min_quantity=0.001, min_notional=5, tiers=(Tier(1e9, 0.005, 0),)
)
TERMS = Terms(RULES, "majors", 3.0, 1000.0, 0.0005)
GROUPS = {"BTC-USDT": "majors", "ETH-USDT": "majors", "SOL-USDT": "alts", "DOGE-USDT": "memes"}
VIEW = View((), "", 1000.0, {}, GROUPS, 100.0)
RUNGS = (Rung(0, 90.0, 5.0, 80.0), Rung(1, 85.0, 5.0, 77.0), Rung(2, 82.0, 5.0, 75.0))
LADDER = Target("dca", "BTC-USDT", 0, 0, 1, RUNGS)


def position(symbol: str, direction: int = 1, margin: float = 100.0) -> VenuePosition:
    return VenuePosition(symbol, direction, 1.0, 90.0, 3, "isolated", margin, 90, None, 0, 1)


def cause(code: str, state: State = State.REDUCING) -> Cause:
    return Cause(code, state, "", "", "because", 0, "rule")


def held(*symbols: str, direction: int = 1, margin: float = 0.0) -> dict[str, VenuePosition]:
    return {s: position(s, direction, margin) for s in symbols}


CASES = [
    ("an ordinary ladder passes", {}, {}, {}, 3, []),
    ("halted", {"causes": (cause("halted", State.HALTED),)}, {}, {}, 0, ["halted"]),
    ("reducing", {"causes": (cause("reducing"),)}, {}, {}, 0, ["reducing"]),
    ("the day has lost enough", {"causes": (cause("daily_loss"),)}, {}, {}, 0, ["daily_loss"]),
    ("two causes are two refusals", {"causes": (cause("kill_global", State.HALTED), cause("drawdown_24h"))}, {}, {}, 0,
     ["kill_global", "drawdown_24h"]),
    ("owned by another", {"owner": "grid_atr"}, {}, {}, 0, ["symbol_owned"]),
    ("owned by itself", {"owner": "dca"}, {}, {}, 3, []),
    ("what is forbidden altogether is not measured", {"owner": "grid_atr"}, {"max_margin_use": 0.01}, {}, 0,
     ["symbol_owned"]),
    ("stale data", {"causes": (cause("stale_data"),)}, {}, {}, 0, ["stale_data"]),
    ("a position that nobody opened", {"positions": held("BTC-USDT")}, {}, {}, 0, ["foreign_position"]),
    ("leverage of the asset", {}, {}, {"most_leverage": 2.0}, 0, ["leverage"]),
    ("leverage of the asset, just so", {}, {}, {"most_leverage": 3.0}, 3, []),
    ("leverage of the venue", {}, {}, {"instrument": RULES.model_copy(update={"max_leverage": 2.0})}, 0, ["leverage"]),
    ("a free place", {"positions": held("SOL-USDT")}, {"max_positions": 2}, {}, 3, []),
    ("no free place", {"positions": held("SOL-USDT", "DOGE-USDT")}, {"max_positions": 2}, {}, 0, ["max_positions"]),
    ("its own position takes no second place", {"positions": held("BTC-USDT", "SOL-USDT"), "owner": "dca"},
     {"max_positions": 2}, {}, 3, []),
    ("a foreign position takes a place", {"positions": held("XRP-USDT", "SOL-USDT")}, {"max_positions": 2}, {}, 0,
     ["max_positions"]),
    ("same direction in the group", {"positions": held("ETH-USDT")}, {"max_same_direction_per_group": 1}, {}, 0,
     ["correlation"]),
    ("other direction in the group", {"positions": held("ETH-USDT", direction=-1)},
     {"max_same_direction_per_group": 1}, {}, 3, []),
    ("other group", {"positions": held("SOL-USDT")}, {"max_same_direction_per_group": 1}, {}, 3, []),
    # 5 x 90 / 3 = 150, + 5 x 85 / 3 = 291.67, + 5 x 82 / 3 = 428.33
    ("margin for two rungs", {}, {"max_margin_use": 0.3}, {}, 2, ["margin_use"]),
    ("margin exactly enough", {}, {"max_margin_use": 0.4283333333333333}, {}, 3, []),
    ("margin that others hold", {"positions": held("SOL-USDT", margin=450.0)}, {}, {}, 1, ["margin_use"]),
    ("free margin", {}, {"min_free_margin_usdt": 800.0}, {}, 1, ["min_free_margin"]),
    # isolated at 3x: liquidation of the first rung at 90 x (1 - 1/3) / 0.995 = 60.3
    ("liquidation too near", {}, {"liquidation_margin": 0.25}, {}, 0, ["liquidation_before_stop"]),
    ("liquidation far enough at 1x", {}, {"liquidation_margin": 0.25, "max_margin_use": 1.0},
     {"leverage": 1.0, "capital": 2000.0}, 2, ["margin_use"]),
    # losses at the stop: 50.9, 107.0, 165.3 with costs
    ("risk spent by the first rung", {}, {"risk_per_trade": 0.06}, {}, 1, ["risk_per_trade"]),
    ("risk for all", {}, {"risk_per_trade": 0.17}, {}, 3, []),
    ("below the minimum", {}, {}, {"instrument": RULES.model_copy(update={"min_notional": 420.0})}, 2,
     ["below_minimum"]),
]


@pytest.mark.parametrize(
    ("view", "limits", "terms", "kept", "codes"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_what_is_cut(view: dict, limits: dict, terms: dict, kept: int, codes: list[str]) -> None:
    settings = Risk(max_same_direction_per_group=5).model_copy(update=limits)
    decision = approve(LADDER, VIEW._replace(**view), TERMS._replace(**terms), settings, 7, 1234)
    assert [r.code for r in decision.refusals] == codes
    assert decision.approved == (LADDER._replace(rungs=LADDER.rungs[:kept]), 7, 1234)


@pytest.mark.parametrize("rungs", [RUNGS, ()], ids=["more to come", "all filled"])
def test_what_is_closed_by_hand_leaves_with_its_stop_and_target_in_place(rungs: tuple[Rung, ...]) -> None:
    held_one = LADDER._replace(rungs=rungs, filled=1, quantity=5.0, stop=80.0, target=95.0)
    view = VIEW._replace(causes=(cause("closing"),), owner="dca", positions=held("BTC-USDT"))
    decision = approve(held_one, view, TERMS, Risk(), 1, 0)
    assert decision.approved.target == held_one._replace(rungs=(), leave=True)
    flat = approve(LADDER, view, TERMS, Risk(), 1, 0)
    assert flat.approved.target == LADDER._replace(rungs=()), "there is nothing that could leave"


def test_a_refusal_below_the_minimum_says_which_capital_would_do() -> None:
    terms = TERMS._replace(instrument=RULES.model_copy(update={"min_notional": 900.0}))
    decision = approve(LADDER, VIEW, terms, Risk(), 1, 0)
    assert "capital of 2000 USDT would do" in decision.refusals[0].detail


# By hand, of capital 1000, taker fee 0.06 %, slippage 0.05 %. The third rung at 0.15: what is open loses at its stop of
# 75 875 - 750 + 0.525 + 0.825 = 126.35, each more 7 + 0.0492 + 0.0825 = 7.1317, so 23.65 / 7.1317 = 3.3162.
SIZES = [
    ("nothing to cut", 0.17, 0.0, 0.0, [5.0, 5.0, 5.0]),
    ("the third shrinks", 0.15, 0.0, 0.0, [5.0, 5.0, 3.3162]),
    ("floored to the step", 0.15, 0.5, 0.0, [5.0, 5.0, 3.0]),
    ("the second shrinks, the third falls", 0.08, 0.0, 0.0, [5.0, 1.7585]),
    ("the first shrinks", 0.02, 0.0, 0.0, [1.9720]),
    ("what is left is below the minimum", 0.15, 0.0, 4.0, [5.0, 5.0]),
    ("not even the first reaches the minimum", 0.02, 0.0, 4.0, []),
]


@pytest.mark.parametrize(("risk", "step", "least", "kept"), [c[1:] for c in SIZES], ids=[c[0] for c in SIZES])
def test_sizes_come_from_the_stop(risk: float, step: float, least: float, kept: list[float]) -> None:
    rules = RULES.model_copy(update={"step": step, "min_quantity": least, "min_notional": 0.0})
    decision = approve(LADDER, VIEW, TERMS._replace(instrument=rules), Risk(risk_per_trade=risk), 1, 0)
    assert [r.quantity for r in decision.approved.target.rungs] == pytest.approx(kept, abs=1e-3)
    if len(kept) < 3 or kept[-1] < 5:
        (refusal,) = decision.refusals
        cut_down = bool(kept) and kept[-1] < 5
        assert (refusal.code, refusal.level) == ("risk_per_trade", len(kept) - cut_down)
        assert refusal.wanted == 5.0
        assert refusal.granted == pytest.approx(kept[-1] if cut_down else 0.0, abs=1e-3)


def test_what_was_cut_down_loses_exactly_what_may_be_risked() -> None:
    (rung,) = approve(LADDER, VIEW, TERMS, Risk(risk_per_trade=0.02), 1, 0).approved.target.rungs
    exit_value = rung.quantity * 80.0
    loss = rung.quantity * 10.0 + rung.quantity * 90.0 * 0.0006 + exit_value * (0.0006 + 0.0005)
    assert 19.98 < loss <= 20.0


def test_capital_that_would_do_is_enough_and_not_much_more() -> None:
    rules = RULES.model_copy(update={"min_quantity": 4.0})
    limits = Risk(risk_per_trade=0.02, max_margin_use=1)

    def judged(capital: float) -> Decision:
        terms = TERMS._replace(instrument=rules, capital=capital)
        return approve(LADDER, VIEW._replace(equity=1e6), terms, limits, 1, 0)

    detail = judged(1000.0).refusals[0].detail
    enough = float(detail.split("capital of ")[1].split(" ")[0])
    assert judged(enough + 1).approved.target.rungs
    assert not judged(enough - 1).approved.target.rungs


@pytest.mark.parametrize("state", list(State))
def test_exits_pass_in_every_state(state: State) -> None:
    leaving = LADDER._replace(filled=1, quantity=5.0, stop=80.0, target=95.0, leave=True)
    view = VIEW._replace(causes=(cause("x", state), cause("stale_data")), owner="x", equity=0.0)
    approved = approve(leaving, view, TERMS, Risk(), 1, 0).approved.target
    assert (approved.stop, approved.target, approved.leave, approved.quantity) == (80.0, 95.0, True, 5.0)
    assert not approved.rungs


prices = st.floats(20.0, 200.0)


@st.composite
def ladders(draw: st.DrawFn) -> Target:
    """Ladders as strategies make them: away from the market, each rung with the stop of the whole position."""
    d = draw(st.sampled_from([1, -1]))
    price, stop, rungs, cost, quantity = draw(prices), draw(st.floats(0.01, 0.6)), [], 0.0, 0.0
    for level in range(draw(st.integers(1, 6))):
        size = draw(st.floats(0.0, 50.0))
        cost, quantity = cost + size * price, quantity + size
        average = cost / quantity if quantity else price
        rungs.append(Rung(level, price, size, average * (1 - d * stop)))
        price *= 1 - d * draw(st.floats(0.0, 0.2))
    return Target("dca", "BTC-USDT", 0, 0, d, tuple(rungs), stop=50.0, target=70.0, leave=draw(st.booleans()))


views = st.builds(
    lambda equity, states, places, own: VIEW._replace(
        equity=equity, causes=tuple(cause(f"c{i}", s) for i, s in enumerate(states)),
        positions=held(*places, margin=30.0) | ({"BTC-USDT": position("BTC-USDT", own)} if own else {}),
        owner="dca" if own else "",
    ),
    st.floats(0, 5000), st.lists(st.sampled_from([State.REDUCING, State.HALTED]), max_size=1),
    st.sets(st.sampled_from(["ETH-USDT", "SOL-USDT", "DOGE-USDT"])), st.sampled_from([0, 0, 1]),
)
limits_drawn = st.builds(
    Risk, max_positions=st.integers(1, 5), max_margin_use=st.floats(0.01, 1), risk_per_trade=st.floats(0.001, 1),
    liquidation_margin=st.floats(0, 0.5), margin_mode=st.sampled_from(["isolated", "crossed"]),
    min_free_margin_usdt=st.floats(0, 500), max_same_direction_per_group=st.integers(1, 3),
)


@given(ladders(), views, limits_drawn, st.sampled_from([0.0, 0.001, 0.5]))
def test_approval_only_ever_takes_away_and_says_why(target: Target, view: View, limits: Risk, step: float) -> None:
    if "BTC-USDT" in view.positions:
        target = target._replace(direction=1, quantity=1.0)
    terms = TERMS._replace(instrument=RULES.model_copy(update={"step": step}))
    decision = approve(target, view, terms, limits, 1, 0)
    kept = decision.approved.target.rungs
    assert decision.approved.target._replace(rungs=()) == target._replace(rungs=())
    assert kept[:-1] == target.rungs[: len(kept)][:-1]
    for mine, wanted in zip(kept, target.rungs, strict=False):
        assert mine._replace(quantity=0) == wanted._replace(quantity=0)
        assert 0 < mine.quantity <= wanted.quantity
    assert (kept == target.rungs) == (not decision.refusals)
    if view.causes:
        assert not kept


@given(ladders(), views, limits_drawn)
def test_nothing_approved_is_over_a_limit(target: Target, view: View, limits: Risk) -> None:
    """Counted anew here, from the words of the limits."""
    held_now = view.positions.get("BTC-USDT")
    if held_now:
        target = target._replace(direction=1, quantity=1.0)
    d, rungs = target.direction, approve(target, view, TERMS, limits, 1, 0).approved.target.rungs
    quantity, cost = (held_now.quantity, held_now.quantity * held_now.average) if held_now else (0.0, 0.0)
    margin = sum(p.margin for p in view.positions.values())
    for rung in rungs:
        quantity, cost = quantity + rung.quantity, cost + rung.quantity * rung.price
        margin += rung.quantity * rung.price / 3.0
        out = quantity * rung.stop * (1 - d * 0.0005)
        loss = d * (cost - out) + cost * 0.0006 + quantity * rung.stop * 0.0006
        assert loss <= limits.risk_per_trade * 1000.0 * (1 + 1e-6)
        assert rung.quantity * rung.price >= 5 * (1 - 1e-6)
        if limits.margin_mode == "isolated":
            gone = liquidation_price(d, quantity, cost, cost / 3.0, RULES)
            assert gone <= 0 or d * (rung.stop - gone) >= limits.liquidation_margin * cost / quantity * (1 - 1e-6)
    if rungs:
        assert margin <= limits.max_margin_use * view.equity * (1 + 1e-6)
        assert view.equity - margin >= limits.min_free_margin_usdt * (1 - 1e-6) - 1e-6
        others = [p for s, p in view.positions.items() if s != "BTC-USDT"]
        assert held_now or len(others) < limits.max_positions


@given(ladders(), st.floats(0.001, 1))
def test_what_was_granted_neither_grows_nor_shrinks_when_it_fills(target: Target, risk: float) -> None:
    wide = Risk(max_margin_use=1, liquidation_margin=0, risk_per_trade=risk)
    view, terms = VIEW._replace(equity=1e6), TERMS._replace(leverage=1.0)
    granted = approve(target, view, terms, wide, 1, 0).approved.target.rungs
    if not granted:
        return
    first, wanted = granted[0], target.rungs[0].quantity
    rest = target.rungs[1:] if first.quantity == wanted else (
        first._replace(quantity=wanted - first.quantity), *target.rungs[1:]
    )
    filled = position("BTC-USDT", target.direction)._replace(quantity=first.quantity, average=first.price, margin=0.0)
    again = approve(
        target._replace(rungs=rest, quantity=first.quantity),
        view._replace(positions={"BTC-USDT": filled}, owner="dca"),
        terms, wide, 2, 0,
    ).approved.target.rungs
    assert [r.level for r in again] == [r.level for r in granted[1:]]
    assert [r.quantity for r in again] == pytest.approx([r.quantity for r in granted[1:]], rel=1e-6, abs=0.0011)


@pytest.mark.parametrize(
    ("direction", "expected"), [(1, (90 - 30) / (1 - 0.005)), (-1, (90 + 30) / (1 + 0.005))]
)
def test_the_liquidation_price_is_where_margin_meets_maintenance(direction: int, expected: float) -> None:
    price = liquidation_price(direction, 1.0, 90.0, 30.0, RULES)
    assert price == pytest.approx(expected)
    assert 30.0 + direction * (price - 90.0) == pytest.approx(0.005 * price)
