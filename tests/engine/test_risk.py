from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.instrument import Instrument, Tier
from core.position import VenuePosition
from core.settings import Risk
from core.target import Rung, Target
from engine.risk import State, Terms, View, approve, liquidation_price

RULES = Instrument(
    symbol="BTC-USDT", tick=0.1, step=0.001, min_quantity=0.001, min_notional=5, tiers=(Tier(1e9, 0.005, 0),)
)
TERMS = Terms(RULES, "majors", 3.0, 1000.0, 0.0005)
GROUPS = {"BTC-USDT": "majors", "ETH-USDT": "majors", "SOL-USDT": "alts", "DOGE-USDT": "memes"}
VIEW = View(State.ACTIVE, "", False, 1000.0, {}, GROUPS, 100.0)
RUNGS = (Rung(0, 90.0, 5.0, 80.0), Rung(1, 85.0, 5.0, 77.0), Rung(2, 82.0, 5.0, 75.0))
LADDER = Target("dca", "BTC-USDT", 0, 0, 1, RUNGS)


def position(symbol: str, direction: int = 1, margin: float = 100.0) -> VenuePosition:
    return VenuePosition(symbol, direction, 1.0, 90.0, 3, "isolated", margin, 90, None, 0, 1)


def held(*symbols: str, direction: int = 1, margin: float = 0.0) -> dict[str, VenuePosition]:
    return {s: position(s, direction, margin) for s in symbols}


CASES = [
    ("an ordinary ladder passes", {}, {}, {}, 3, []),
    ("halted", {"state": State.HALTED}, {}, {}, 0, ["halted"]),
    ("reducing", {"state": State.REDUCING}, {}, {}, 0, ["reducing"]),
    ("owned by another", {"owner": "grid_atr"}, {}, {}, 0, ["symbol_owned"]),
    ("owned by itself", {"owner": "dca"}, {}, {}, 3, []),
    ("stale data", {"stale": True}, {}, {}, 0, ["stale_data"]),
    ("a free place", {"positions": held("SOL-USDT")}, {"max_positions": 2}, {}, 3, []),
    ("no free place", {"positions": held("SOL-USDT", "DOGE-USDT")}, {"max_positions": 2}, {}, 0, ["max_positions"]),
    ("its own position takes no second place", {"positions": held("BTC-USDT", "SOL-USDT")}, {"max_positions": 2}, {},
     3, []),
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
    ("risk for one rung", {}, {"risk_per_trade": 0.1}, {}, 1, ["risk_per_trade"]),
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


def test_a_refusal_below_the_minimum_says_which_capital_would_do() -> None:
    terms = TERMS._replace(instrument=RULES.model_copy(update={"min_notional": 900.0}))
    decision = approve(LADDER, VIEW, terms, Risk(), 1, 0)
    assert "capital of 2000 USDT would do" in decision.refusals[0].detail


@pytest.mark.parametrize("state", list(State))
def test_exits_pass_in_every_state(state: State) -> None:
    leaving = LADDER._replace(filled=1, quantity=5.0, stop=80.0, target=95.0, leave=True)
    decision = approve(leaving, VIEW._replace(state=state, stale=True, owner="x", equity=0.0), TERMS, Risk(), 1, 0)
    approved = decision.approved.target
    assert (approved.stop, approved.target, approved.leave, approved.quantity) == (80.0, 95.0, True, 5.0)


@given(
    st.floats(0, 5000), st.sampled_from(list(State)), st.booleans(), st.integers(1, 5),
    st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0, 0.5),
)
def test_a_cut_is_always_from_the_far_end_and_has_a_reason(
    equity: float, state: State, stale: bool, most: int, margin: float, risk: float, liquidation: float
) -> None:
    limits = Risk(max_positions=most, max_margin_use=margin, risk_per_trade=risk, liquidation_margin=liquidation)
    decision = approve(LADDER, VIEW._replace(equity=equity, state=state, stale=stale), TERMS, limits, 1, 0)
    kept = decision.approved.target.rungs
    assert kept == LADDER.rungs[: len(kept)]
    assert (len(kept) < 3) == bool(decision.refusals)
    assert decision.approved.target._replace(rungs=()) == LADDER._replace(rungs=())


@pytest.mark.parametrize(
    ("direction", "expected"), [(1, (90 - 30) / (1 - 0.005)), (-1, (90 + 30) / (1 + 0.005))]
)
def test_the_liquidation_price_is_where_margin_meets_maintenance(direction: int, expected: float) -> None:
    price = liquidation_price(direction, 1.0, 90.0, 30.0, RULES)
    assert price == pytest.approx(expected)
    assert 30.0 + direction * (price - 90.0) == pytest.approx(0.005 * price)
