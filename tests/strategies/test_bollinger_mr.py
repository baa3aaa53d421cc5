"""Bollinger mean reversion: its signals by hand, where it leaves, and what it says of how near an entry is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.plan import AVERAGE, Level
from engine.backtest import run
from engine.costs import Costs
from engine.span import span
from strategies.bollinger_mr import BollingerMr, BollingerMrParams
from tests.contract.strategies import candles
from tests.strategies.hours import NOTIONAL, closing_at, hours, market, walk

REVERSION = BollingerMr()
SMALL = {"period": 3, "width": 1.2, "min_band_width": 0.01, "stop_fraction": 0.05}


def params(**others: float) -> BollingerMrParams:
    return BollingerMrParams.model_validate(SMALL | others)


def directions(*closes: float, **others: float) -> list[int]:
    plan = REVERSION.plan(market(closing_at(*closes)), params(**others))
    return np.asarray(plan.direction).tolist()


# The last of three closes a, b, c lies |2c - a - b| / 3 from their mean, in deviations at most the square root of 2.
SIGNALS = [
    ("a fall out of the bands is bought", (100, 101, 100, 96), {}, [0, 0, 0, 1]),
    ("a rise out of the bands is sold", (100, 99, 100, 104), {}, [0, 0, 0, -1]),
    ("the row after a crossing is no crossing", (100, 101, 100, 96, 90), {}, [0, 0, 0, 1, 0]),
    ("back inside and out again is another one", (100, 101, 100, 96, 97, 90), {}, [0, 0, 0, 1, 0, 1]),
    ("wider bands hold it", (100, 101, 100, 96), {"width": 1.42}, [0, 0, 0, 0]),
    ("bands near to each other do not pay", (100, 101, 100, 96), {"min_band_width": 0.06}, [0, 0, 0, 0]),
    ("from above one band to below the other is a crossing", (100, 100, 104, 90), {}, [0, 0, 0, 1]),
    ("outside as soon as there are bands is none", (100, 100, 90), {}, [0, 0, 0]),
    ("where nothing moves there is none", (0.1, 0.1, 0.1, 0.1, 0.1), {"min_band_width": 0.0}, [0, 0, 0, 0, 0]),
]


@pytest.mark.parametrize(("closes", "others", "expected"), [s[1:] for s in SIGNALS], ids=[s[0] for s in SIGNALS])
def test_signals(closes: tuple[float, ...], others: dict[str, float], expected: list[int]) -> None:
    assert directions(*closes, **others) == expected


def test_it_enters_at_market_takes_the_middle_as_it_moves_and_stops_a_fraction_away() -> None:
    plan = REVERSION.plan(market(closing_at(100, 101, 100, 96)), params())
    assert [math.isnan(c) for c in plan.coefficients] == [True]
    assert plan.weights == (1.0,)
    assert plan.stop == Level(AVERAGE, -0.05)
    assert plan.target is not None
    assert plan.target.moving
    np.testing.assert_allclose(np.asarray(plan.target.reference), [math.nan, math.nan, 301 / 3, 99.0])


def test_a_long_is_taken_out_at_the_middle_band_of_the_row_before() -> None:
    path = hours([
        (100, 100, 100, 100), (100, 101, 100, 101), (101, 101, 100, 100), (100, 100, 96, 96),
        (96, 98, 96, 97),  # bought at 96; the middle is 99, then 97.67
        (97, 99, 97, 98),
    ])
    (trade,) = walk(REVERSION, params(), path).closed()
    assert (trade.direction, trade.reason, trade.average) == (1, "target", 96.0)
    assert trade.exit_price == pytest.approx(293 / 3, abs=0.01)
    assert trade.net == pytest.approx((trade.exit_price / 96.0 - 1.0) * NOTIONAL, rel=1e-3)


def test_a_short_is_stopped_when_the_rise_goes_on() -> None:
    path = hours([
        (100, 100, 100, 100), (100, 100, 99, 99), (99, 100, 99, 100), (100, 104, 100, 104),
        (104, 110, 104, 110),
    ])
    (trade,) = walk(REVERSION, params(), path).closed()
    assert (trade.direction, trade.reason, trade.average) == (-1, "stop", 104.0)
    assert trade.exit_price == pytest.approx(104.0 * 1.05, abs=0.01)


@given(seed=st.integers(0, 20), row=st.integers(4, 400))
def test_all_conditions_of_a_side_are_met_exactly_where_it_is_entered(seed: int, row: int) -> None:
    c = candles("1h", seed, 400).slice(0, row)
    said = REVERSION.conditions(market(c), params())
    direction = int(np.asarray(REVERSION.plan(market(c), params()).direction)[-1])
    for d in (1, -1):
        mine = [s for s in said if s.direction == d]
        assert len(mine) == 3
        assert all(s.met for s in mine) == (direction == d)
        assert all(0.0 <= s.nearness <= 1.0 and (s.nearness == 1.0) == s.met for s in mine)


def test_nearness_grows_from_the_middle_band_to_the_outer_one() -> None:
    def close(*closes: float) -> float:
        return next(
            s.nearness for s in REVERSION.conditions(market(closing_at(*closes)), params())
            if s.name == "close" and s.direction == 1
        )

    assert close(99, 100, 98, 98) == pytest.approx((2 / 3) / (1.2 * math.sqrt(8) / 3), rel=1e-9)
    assert close(99, 100, 98, 99) == 0.0  # at the middle
    assert close(100, 101, 100, 96) == 1.0


@pytest.mark.parametrize("closes", [(100.0,), (100.0, 101.0), (100.0, 101.0, 90.0)])
def test_before_a_crossing_can_be_known_there_is_nothing_to_say(closes: tuple[float, ...]) -> None:
    assert REVERSION.conditions(market(closing_at(*closes)), params()) == []


def test_it_trades_both_sides_of_a_synthetic_market() -> None:
    c = candles("1h", 1)
    plan = REVERSION.plan(market(c), BollingerMrParams())
    trades = run("X-USDT", span(c), plan, len(c), Costs()).closed()
    assert {(t.direction, t.reason) for t in trades} >= {(d, r) for d in (1, -1) for r in ("target", "stop")}
