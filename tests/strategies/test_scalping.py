"""vwap_rsi and momentum: each condition stands between a signal and an entry, and what a plan then says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from core.candle import Candles
from core.market import Market
from core.plan import AVERAGE, EXIT_LONG, EXIT_SHORT, MARKET
from core.strategy import Parameters
from indicators.directional import adx
from strategies.discovery import AnyStrategy
from strategies.momentum import Momentum, MomentumParams
from strategies.vwap_rsi import VwapRsi, VwapRsiParams

FIVE_MS = 300_000
BOTH = EXIT_LONG | EXIT_SHORT


def market(closes: list[float], volumes: list[float] | None = None, spread: float = 0.01) -> Market:
    """Candles of 5m that open at the close before, from an hour's beginning on."""
    close = np.array(closes)
    opened = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(opened, close) + spread, np.minimum(opened, close) - spread
    ts_ms = np.arange(len(close), dtype=np.int64) * FIVE_MS
    volume = np.array(volumes or [100.0] * len(close))
    return Market("X-USDT", Candles("5m", ts_ms, opened, high, low, close, volume).checked("test"))


def noise(n: int, size: float, d: int = 1) -> list[float]:
    """Seeded movement without a direction, turned over by ``d``."""
    return [d * size * x for x in np.random.default_rng(5).uniform(-1.0, 1.0, n).tolist()]


def direction_at(strategy: AnyStrategy, m: Market, params: Parameters) -> int:
    """Of the last row."""
    direction = strategy.plan(m, params).direction
    assert isinstance(direction, np.ndarray)
    return int(direction[-1])


# vwap_rsi: little movement about 100, then one candle that falls by 0.2 on five times the volume.
FADE: dict[str, Any] = {"vwap_period": 20, "rsi_period": 5, "volume_period": 5, "adx_period": 5, "trend_period": 2}


def fade(d: int = 1) -> Market:
    quiet = [100.0 + x for x in noise(60, 0.02, d)]
    return market([*quiet, 100.0 - d * 0.2], [100.0] * 60 + [500.0])


EACH_CONDITION = [
    ({}, 1),
    ({"vwap_deviation": 0.0001}, 0),  # too far from the VWAP
    ({"rsi_extreme": 1.0}, 0),  # RSI is not that low
    ({"volume_factor": 3.0}, 0),  # volume is 500 against an average of 180
    ({"volume_factor": 2.7}, 1),
    ({"adx_trending": 0.5}, 0),  # that is a trend then
]


@pytest.mark.parametrize(("changed", "expected"), EACH_CONDITION)
@pytest.mark.parametrize("d", [1, -1])
def test_vwap_rsi_fades_a_burst_only_when_every_condition_is_met(
    d: int, changed: dict[str, Any], expected: int
) -> None:
    params = VwapRsiParams(**{**FADE, "adx_trending": 60.0, **changed})
    assert direction_at(VwapRsi(), fade(d), params) == d * expected


def test_vwap_rsi_never_trades_against_the_trend_of_15m() -> None:
    params = VwapRsiParams(**{**FADE, "trend_period": 3, "adx_trending": 100.0, "vwap_deviation": 0.1})
    for d in (1, -1):  # the burst goes down, then up
        for along, expected in ((d, d), (-d, 0)):
            way = [100.0 + along * 0.05 * t + x for t, x in enumerate(noise(60, 0.1))]
            m = market([*way, way[-1] - d], [100.0] * 60 + [500.0])
            others = [c for c in VwapRsi().conditions(m, params) if c.direction == d and c.name != "15m trend"]
            assert all(c.met for c in others)
            assert direction_at(VwapRsi(), m, params) == expected


def test_vwap_rsi_enters_at_market_and_leaves_where_the_market_trends() -> None:
    params = VwapRsiParams(**FADE)
    m = market([100.0 + x for x in noise(40, 0.02)] + [100.0 + t for t in range(1, 21)])
    plan = VwapRsi().plan(m, params)
    assert (plan.coefficients, plan.weights) == ((MARKET,), (1.0,))
    assert (plan.stop.reference, plan.stop.coefficient) == (AVERAGE, -0.003)
    assert plan.target is not None
    assert (plan.target.reference, plan.target.coefficient) == (AVERAGE, 0.008)
    assert plan.exit is not None
    strength = m.column(adx, "high", "low", "close", 5)
    assert (strength[20:40] < 25.0).any()
    assert strength[-1] >= 25.0
    np.testing.assert_array_equal(plan.exit, np.where(strength >= 25.0, BOTH, 0))


def test_the_distance_counts_on_both_sides_of_the_vwap() -> None:
    conditions = VwapRsi().conditions(fade(), VwapRsiParams(**FADE, adx_trending=60.0))
    long = {c.name: c for c in conditions if c.direction > 0}
    assert [c.name for c in conditions if c.direction < 0] == list(long)
    assert set(long) == {"distance from VWAP", "RSI", "volume / average", "ADX", "15m trend"}
    assert all(c.met and c.nearness == 1.0 for c in long.values())
    assert long["distance from VWAP"].value == pytest.approx(0.2 / 100, rel=0.3)
    short = {c.name: c for c in conditions if c.direction < 0}
    assert not short["RSI"].met
    assert 0.0 <= short["RSI"].nearness < 1.0
    assert short["RSI"].threshold == 75.0


# momentum: movement that rises slowly, then a candle beyond the range on volume.
FOLLOW: dict[str, Any] = {
    "range_period": 5, "volume_period": 5, "adx_period": 3, "trend_fast": 2, "trend_slow": 4, "atr_period": 3,
}


def follow(d: int = 1, last: float = 1.0, volume: float = 500.0, before: int = 1) -> Market:
    """``before``: the direction of the way there."""
    quiet = [100.0 + before * 0.02 * t + x for t, x in enumerate(noise(60, 0.1, before))]
    return market([*quiet, quiet[-1] + d * last], [100.0] * 60 + [volume])


FOLLOWED = [
    ({}, {}, 1),
    ({"last": 0.005}, {}, 0),  # within the wicks of the range
    ({"volume": 300.0}, {}, 1),  # 300 against an average of 140
    ({"volume": 290.0}, {"volume_factor": 2.2}, 0),
    ({"before": -1}, {}, 0),  # against the trend of 15m
    ({}, {"adx_min": 95.0}, 0),
]


@pytest.mark.parametrize(("made", "changed", "expected"), FOLLOWED)
@pytest.mark.parametrize("d", [1, -1])
def test_momentum_follows_a_break_only_when_every_condition_is_met(
    d: int, made: dict[str, Any], changed: dict[str, Any], expected: int
) -> None:
    params = MomentumParams(**{**FOLLOW, "adx_min": 5.0, **changed})
    made = {**made, "before": d * made.get("before", 1)}
    assert direction_at(Momentum(), follow(d, **made), params) == d * expected


def test_momentum_needs_an_adx_that_rises() -> None:
    params = MomentumParams(**{**FOLLOW, "adx_min": 0.0, "volume_factor": 0.0, "trend_fast": 4, "trend_slow": 4})
    m = market([100.0 + t for t in range(60)])
    plan = Momentum().plan(m, params.model_copy(update={"trend_fast": 2}))
    assert isinstance(plan.direction, np.ndarray)
    assert not plan.direction[30:].any()  # every candle breaks the range, but the ADX stands at 100


def test_momentum_measures_target_stop_and_trail_in_the_atr_of_the_fill() -> None:
    plan = Momentum().plan(follow(), MomentumParams(**FOLLOW, trail_atr=1.5))
    assert plan.target is not None
    assert plan.trail is not None
    assert (plan.target.coefficient, plan.stop.coefficient, plan.trail.distance) == (2.0, -1.0, 1.5)
    assert plan.target.unit is plan.stop.unit is plan.trail.unit
    assert {plan.target.moving, plan.stop.moving, plan.trail.moving} == {False}
    assert Momentum().plan(follow(), MomentumParams(**FOLLOW)).trail is None


def test_momentum_leaves_where_the_adx_is_below_its_threshold() -> None:
    m = market([100.0 + t for t in range(30)] + [130.0 + x for x in noise(40, 0.5)])
    plan = Momentum().plan(m, MomentumParams(**FOLLOW, adx_min=45.0))
    assert plan.exit is not None
    strength = m.column(adx, "high", "low", "close", 3)
    assert (strength[30:] < 45.0).any()
    np.testing.assert_array_equal(plan.exit, np.where(strength < 45.0, BOTH, 0))


def test_momentum_says_how_near_each_condition_is() -> None:
    conditions = Momentum().conditions(follow(), MomentumParams(**FOLLOW, adx_min=5.0))
    names = ["close", "volume / average", "ADX", "ADX against the row before", "15m trend"]
    assert [(c.direction, c.name) for c in conditions] == [(d, name) for d in (1, -1) for name in names]
    assert all(c.met for c in conditions if c.direction > 0)
    assert not conditions[5].met
    assert Momentum().conditions(market([100.0]), MomentumParams()) == []


def test_nothing_is_known_of_a_market_that_has_just_begun() -> None:
    for strategy in (VwapRsi(), Momentum()):
        params = strategy.Params()
        plan = strategy.plan(market([100.0, 101.0, 102.0]), params)
        assert isinstance(plan.direction, np.ndarray)
        assert not plan.direction.any()
        assert strategy.conditions(market([100.0, 101.0, 102.0]), params) is not None


@pytest.mark.parametrize(
    ("model", "values"),
    [(VwapRsiParams, {"rsi_extreme": 50.0}), (VwapRsiParams, {"stop_fraction": 0.0}), (MomentumParams, {"stop_atr": 0}),
     (MomentumParams, {"trail_atr": -1.0})],
)
def test_parameters_out_of_bounds_are_refused(model: type[Parameters], values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        model(**values)
