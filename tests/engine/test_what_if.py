"""What if prices moved: by hand, and against the engine's own walk of one candle."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.candle import Candle
from core.exposure import Exposure
from core.instrument import Instrument, Tier
from core.plan import AVERAGE, Level, Plan
from core.target import Rung
from engine.costs import Costs
from engine.ladder import Ladder
from engine.what_if import Market, Point, what_if

BTC, ETH = "BTC-USDT", "ETH-USDT"
TIERS = (Tier(1e9, 0.005, 0.0),)
RULES = {s: Instrument(symbol=s, maker_fee=0.001, taker_fee=0.002, tiers=TIERS) for s in (BTC, ETH)}
ISOLATED = Market(RULES, crossed=False, slippage=0.01, fills=True)
CROSSED = ISOLATED._replace(crossed=True)
LONG = Exposure("dca", BTC, 1, 10.0, 100.0, 100.0, 2.0, stop=80.0, target=110.0, rungs=(Rung(1, 90.0, 10.0, 76.0),))
SHORT = Exposure("dca", BTC, -1, 10.0, 100.0, 100.0, 2.0, stop=120.0, target=90.0)


def one(exposure: Exposure, move: float, market: Market = ISOLATED, equity: float = 1000.0) -> Point:
    return what_if([exposure], equity, [move], market)[0]


def kinds(point: Point) -> list[str]:
    return [h.kind for h in point.happened]


BY_HAND = [
    # (exposure, move, fills, change, what happened)
    ("nothing moves", LONG, 0.0, True, 0.0, []),
    ("open and unhurt", LONG, -0.05, True, -50.0, []),
    ("a level fills: 10 x -15 and 10 x -5, fee 0.9", LONG, -0.15, True, -200.9, ["level"]),
    ("the same without fills", LONG, -0.15, False, -150.0, []),
    # sold at 80 x 0.99: 10 x -20.8, fee 1.584
    ("stopped out without fills", LONG, -0.25, False, -209.584, ["stop"]),
    # the stop has moved to 76: 20 x 75.24 - 1900, fees 0.9 and 3.0096
    ("stopped out with the level", LONG, -0.3, True, -399.1096, ["level", "stop"]),
    ("the target, maker fee 1.1", LONG, 0.2, True, 98.9, ["target"]),
    ("a short loses upwards: bought at 120 x 1.01", SHORT, 0.25, True, -10 * 21.2 - 2.424, ["stop"]),
    ("a short wins downwards", SHORT, -0.3, True, 10 * 10 - 0.9, ["target"]),
    ("a stop passed already is met at once, worse", LONG._replace(price=78.0), 0.01, False,
     10 * (78 * 0.99 - 78) - 1.5444, ["stop"]),
    ("a level passed already fills where the market stands", LONG._replace(price=88.0), 0.0, True, -10 * 88 * 0.002,
     ["level"]),
    ("without a stop it is liquidated and loses its margin", LONG._replace(stop=None, rungs=()), -0.6, True, -500.0,
     ["liquidation"]),
    ("a ladder alone", Exposure("dca", BTC, 1, 0.0, 0.0, 100.0, 2.0, rungs=(Rung(0, 90.0, 1.0, 70.0),)), -0.2, True,
     -10 - 0.09, ["level"]),
    ("a ladder alone does not fill the other way",
     Exposure("dca", BTC, 1, 0.0, 0.0, 100.0, 2.0, rungs=(Rung(0, 90.0, 1.0, 70.0),)), 0.2, True, 0.0, []),
]


@pytest.mark.parametrize(
    ("exposure", "move", "fills", "change", "happened"), [c[1:] for c in BY_HAND], ids=[c[0] for c in BY_HAND]
)
def test_by_hand(exposure: Exposure, move: float, fills: bool, change: float, happened: list[str]) -> None:
    point = one(exposure, move, ISOLATED._replace(fills=fills))
    assert point.change == pytest.approx(change)
    assert point.equity == pytest.approx(1000.0 + change)
    assert kinds(point) == happened


def test_what_happens_says_at_which_move_and_price() -> None:
    level, stop = one(LONG, -0.3).happened
    assert (level.symbol, level.level, level.price) == (BTC, 1, 90.0)
    assert level.move == pytest.approx(-0.1)
    assert (stop.price, stop.level) == (76.0, -1)
    assert stop.move == pytest.approx(-0.24)


def test_crossed_margin_stands_together_and_falls_together() -> None:
    """20 of 100 against 1000 of equity: what is left meets 0.5 % of the value where 1000 - 20 x 100 x = 10 (1 - x)."""
    bare = LONG._replace(stop=None, target=None, rungs=())
    both = [bare, bare._replace(symbol=ETH)]
    (before, after) = what_if(both, 1000.0, [-0.49, -0.51], CROSSED)
    assert (kinds(before), before.lost) == ([], False)
    assert before.equity == pytest.approx(1000 - 2 * 10 * 49)
    assert (kinds(after), after.lost, after.equity) == (["liquidation", "liquidation"], True, 0.0)
    assert -after.happened[0].move == pytest.approx((1000 - 10) / (2000 - 10))


def test_a_stop_of_one_keeps_the_other_from_crossed_liquidation() -> None:
    both = [LONG._replace(rungs=()), LONG._replace(symbol=ETH, stop=None, target=None, rungs=())]
    point = what_if(both, 1000.0, [-0.6], CROSSED)[0]
    assert not point.lost
    assert kinds(point) == ["stop"]


def test_points_come_in_the_order_asked_and_do_not_depend_on_one_another() -> None:
    moves = [0.1, -0.3, 0.0, -0.05, 0.3, -0.3]
    together = what_if([LONG, SHORT._replace(symbol=ETH)], 1000.0, moves, ISOLATED)
    alone = [what_if([LONG, SHORT._replace(symbol=ETH)], 1000.0, [m], ISOLATED)[0] for m in moves]
    assert [p.move for p in together] == moves
    assert [p.equity for p in together] == pytest.approx([p.equity for p in alone])
    assert [[(h.kind, h.symbol) for h in p.happened] for p in together] == [
        [(h.kind, h.symbol) for h in p.happened] for p in alone
    ]
    assert "target" in kinds(together[0])  # met exactly


def test_what_has_no_price_or_no_rules_is_left_out() -> None:
    strange = [LONG._replace(price=0.0), LONG._replace(symbol="X-USDT")]
    assert what_if(strange, 1000.0, [-0.2], ISOLATED)[0].change == 0.0


@settings(deadline=None)  # the engine may be compiled first
@given(
    st.sampled_from([1, -1]), st.integers(1, 4), st.floats(0.01, 0.1), st.floats(0.02, 0.5), st.floats(1, 20),
    st.floats(-0.35, 0.1), st.floats(-0.7, 0.7), st.booleans(), st.sampled_from([0.0, 0.1]),
)
def test_it_is_what_the_engine_does_on_a_candle_that_goes_there(
    d: int, levels: int, apart: float, stop: float, leverage: float, dip: float, move: float, aims: bool, tick: float
) -> None:
    costs = Costs(
        maker_fee=0.001, taker_fee=0.002, slippage=0.01, leverage=leverage, capital_fraction=0.9, guard=1.0, tick=tick,
        tiers=TIERS,
    )
    ladder = Ladder(BTC, costs, 1000.0)
    base = np.array([100.0])
    ladder.new_row(
        Plan(
            d, tuple(-apart * (k + 1) for k in range(levels)), (1.0 / levels,) * levels, Level(AVERAGE, -stop),
            base=base, target=Level(np.array([100.0 * (1 + d * 0.05)])) if aims else None,
        ), 0, 1,
    )
    stands = 100.0 * (1 + d * dip)
    ladder.walk(Candle(0, 100.0, max(100.0, stands), min(100.0, stands), stands, 1.0))
    target = ladder.target("dca", stands)
    assume(target.cycle == 0)  # not stopped out already
    exposure = Exposure(
        "dca", BTC, target.direction, target.quantity, target.average, stands, leverage, 0.0, target.stop,
        target.target, target.rungs,
    )
    equity = ladder.equity(stands)
    point, *about = what_if([exposure], equity, [move, move * (1 - 1e-9), move * (1 + 1e-9)], ISOLATED)
    assume(all(kinds(p) == kinds(point) for p in about))  # a price met to the last bit may be met or not
    there = stands * (1 + move)
    stepped = ladder.walk(Candle(60_000, stands, max(stands, there), min(stands, there), there, 1.0))
    assert point.equity == pytest.approx(ladder.equity(there), rel=1e-9, abs=1e-7)
    assert [h.kind for h in point.happened if h.kind != "level"] == [t.reason for t in stepped.trades]
    assert sum(h.kind == "level" for h in point.happened) == sum(f.reason == "entry" for f in stepped.fills)


@given(st.lists(st.floats(-0.9, 0.9), min_size=1, max_size=5), st.booleans(), st.booleans())
def test_money_is_finite_and_isolated_margin_loses_no_more_than_itself(
    moves: list[float], crossed: bool, fills: bool
) -> None:
    market = Market(RULES, crossed=crossed, slippage=0.0005, fills=fills)
    for point in what_if([LONG._replace(stop=None), SHORT._replace(symbol=ETH)], 2000.0, moves, market):
        assert math.isfinite(point.equity)
        if not crossed:
            assert point.change >= -(500.0 + 450.0 + 500.0) - 10.0
        assert not (point.lost and point.equity)
