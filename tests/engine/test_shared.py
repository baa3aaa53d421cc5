"""Cycles that plans share: a plan among variants of its stop does exactly what it does alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.plan import AVERAGE, EXIT_LONG, FIRST, MARKET, Level, Plan, Trail
from engine import cycles
from engine.bind import Binder
from engine.costs import Costs, Path
from engine.span import span
from engine.sweep import Sweep, Swept
from indicators.moving_average import sma
from indicators.wilder import atr
from tests.contract.strategies import candles

HOURS = candles("1h", 21, 1500)
FUNDING = (HOURS.ts_ms[::8].copy(), np.where(np.arange(188) % 3, 2e-4, -1e-4))
AVERAGE_7 = sma(HOURS.close, 7)
RANGE = atr(HOURS.high, HOURS.low, HOURS.close, 14)
ABOVE = (HOURS.close > AVERAGE_7).astype(np.int8)
LEAVE = (1 - ABOVE) * np.int8(EXIT_LONG)
STOPS = (0.004, 0.01, 0.03, 0.08, 0.2)


def ladder(stop: Level, direction: int = 1, **more: object) -> Plan:
    """Two limits below the average, out at the average."""
    return Plan(
        direction, (-0.015, -0.03), (0.5, 0.5), stop, base=AVERAGE_7, target=Level(AVERAGE_7, moving=True), **more
    )


def crossing(stop: Level, **more: object) -> Plan:
    """In at the market above the average, pyramiding, out below it."""
    return Plan(ABOVE, (MARKET, MARKET, MARKET), (0.3, 0.3, 0.3), stop, exit=LEAVE, **more)


KINDS = {
    "ladder": lambda s: ladder(Level(AVERAGE, -s)),
    "short ladder": lambda s: ladder(Level(AVERAGE, -s), -1),
    "frozen ladder": lambda s: ladder(Level(FIRST, -s), freeze=True, max_hold=6),
    "stop in ranges": lambda s: ladder(Level(AVERAGE, -100 * s, RANGE)),
    "stop at a column": lambda s: ladder(Level(AVERAGE_7, -s - 0.03)),
    "crossing": lambda s: crossing(Level(AVERAGE, -s), cooldown=2),
    "crossing with age": lambda s: crossing(Level(FIRST, -s), max_hold=3),
}
COSTS = {
    "plain": Costs(),
    "ticks": Costs(tick=0.05),
    "fixed capital": Costs(compounding=False, capital_fraction=0.7),
    "at the guard": Costs(capital_fraction=0.7, guard=0.7),
    "beyond the guard": Costs(capital_fraction=1.0, guard=0.6),
    "liquidated first": Costs(leverage=20.0),
    "chance": Costs(fill_probability=0.6, trade_through=0.0005),
    "pessimistic": Costs(path=Path.PESSIMISTIC),
}


def ready(plans: list[Plan], costs: Costs) -> Sweep:
    binder = Binder(len(HOURS))
    for plan in plans:
        binder.add(plan)
    return Sweep("TEST-USDT", span(HOURS, funding=FUNDING), binder, costs)


def sweep(plans: list[Plan], costs: Costs, start: int = 0, end: int | None = None) -> Swept:
    return ready(plans, costs).walk(start, end, daily=True)


@pytest.mark.parametrize("costs", COSTS.values(), ids=COSTS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_statistic_is_that_of_the_plan_alone(kind, costs):
    plans = [kind(s) for s in STOPS[::-1]]  # sharing sorts them, the answer does not
    together = sweep(plans, costs)
    for i, plan in enumerate(plans):
        alone = sweep([plan], costs)
        assert together.stats[i].tobytes() == alone.stats[0].tobytes()
        assert together.daily[i].tobytes() == alone.daily[0].tobytes()


DEEPER = tuple(-0.01 - 0.008 * k for k in range(4))
LADDERS = {  # coefficients and weights of n levels
    "equal weights": lambda n: (DEEPER[:n], (1.0 / n,) * n),
    "growing weights": lambda n: (DEEPER[:n], tuple(0.05 * 2**k for k in range(n))),
    "shares of one": lambda n: (DEEPER[:n], tuple(2**k / (2**n - 1) for k in range(n))),
    "market first": lambda n: ((MARKET, *(-0.01 * k for k in range(1, n))), (1.0 / n,) * n),
    "pyramid": lambda n: ((MARKET,) * n, (1.0 / n,) * n),
    "unlike": lambda n: (tuple(x - 0.001 * n * (k > 1) for k, x in enumerate(DEEPER[:n])), (1.0 / n,) * n),
}


@pytest.mark.parametrize("costs", COSTS.values(), ids=COSTS)
@pytest.mark.parametrize("shape", LADDERS.values(), ids=LADDERS)
def test_ladders_of_several_lengths_do_what_each_does_alone(shape, costs):
    plans = []
    for n in (2, 4, 3, 1):
        for s in (0.02, 0.06):
            coefficients, weights = shape(n)
            base = FIRST if coefficients[0] != coefficients[0] else AVERAGE_7
            plans.append(Plan(
                ABOVE if base is FIRST else 1, coefficients, weights, Level(AVERAGE, -s), base=base,
                target=Level(AVERAGE, 0.01),
            ))
    together = sweep(plans, costs)
    for i, plan in enumerate(plans):
        alone = sweep([plan], costs)
        assert together.stats[i].tobytes() == alone.stats[0].tobytes()
        assert together.daily[i].tobytes() == alone.daily[0].tobytes()


def test_levels_that_are_seldom_reached_cost_little():
    plans = [Plan(
        1, tuple(-0.012 - 0.05 * k for k in range(n)), (1.0 / n,) * n, Level(AVERAGE, -0.3), base=AVERAGE_7,
        target=Level(AVERAGE_7, moving=True),
    ) for n in (1, 2, 3, 4)]
    together = sweep(plans, Costs()).looked_at
    assert together < 0.8 * sum(sweep([plan], Costs()).looked_at for plan in plans)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(list(KINDS)), st.sampled_from(list(COSTS)), st.integers(0, 1300), st.integers(1, 1500),
    st.lists(st.floats(0.001, 0.3), min_size=2, max_size=6),
)
def test_any_window_and_any_stops(kind, costs, start, length, stops):
    plans, end = [KINDS[kind](s) for s in stops], min(start + length, len(HOURS))
    together = sweep(plans, COSTS[costs], start, end)
    for i, plan in enumerate(plans):
        assert together.stats[i].tobytes() == sweep([plan], COSTS[costs], start, end).stats[0].tobytes()


OVERLAPPING = [(0, 600), (200, 800), (400, 1000), (405, 640), (1000, 1001), (900, 1500), (0, 1500)]
MORE_KINDS = KINDS | {
    "trail": lambda s: crossing(Level(AVERAGE, -0.2), trail=Trail(s)),
    "moving stop": lambda s: ladder(Level(AVERAGE_7, -s - 0.03, moving=True)),
}
MORE_COSTS = COSTS | {"by risk": Costs(risk=0.01), "steps": Costs(step=0.01, tick=0.01)}


@pytest.mark.parametrize("costs", MORE_COSTS.values(), ids=MORE_COSTS)
@pytest.mark.parametrize("kind", MORE_KINDS.values(), ids=MORE_KINDS)
def test_windows_that_overlap_are_what_each_is_alone(kind, costs):
    plans = [kind(s) for s in (0.1, 0.02, 0.05)]
    (together,) = ready(plans, costs).windows(OVERLAPPING, daily=True)
    for w, (start, end) in enumerate(OVERLAPPING):
        days = slice(*together.first_day[w : w + 2])
        for i, plan in enumerate(plans):
            alone = sweep([plan], costs, start, end)
            assert together.stats[w, i].tobytes() == alone.stats[0].tobytes()
            assert together.daily[i, days].tobytes() == alone.daily[0].tobytes()


@pytest.mark.parametrize("shape", LADDERS.values(), ids=LADDERS)
def test_ladders_of_several_lengths_in_windows_that_overlap(shape):
    plans = []
    for n in (1, 3, 2, 4):
        for s in (0.05, 0.02):
            coefficients, weights = shape(n)
            base = FIRST if coefficients[0] != coefficients[0] else AVERAGE_7
            plans.append(Plan(
                ABOVE if base is FIRST else 1, coefficients, weights, Level(AVERAGE, -s), base=base,
                target=Level(AVERAGE, 0.01),
            ))
    (together,) = ready(plans, Costs()).windows(OVERLAPPING, daily=True)
    for w, (start, end) in enumerate(OVERLAPPING):
        for i, plan in enumerate(plans):
            assert together.stats[w, i].tobytes() == sweep([plan], Costs(), start, end).stats[0].tobytes()


@pytest.mark.parametrize("most", [(10**5, 10**5), (400, 900), (0, 0)], ids=["all kept", "some kept", "none kept"])
@pytest.mark.parametrize("costs", MORE_COSTS.values(), ids=MORE_COSTS)
def test_windows_of_several_calls_are_what_each_is_alone(costs, most, monkeypatch):
    monkeypatch.setattr(cycles, "MOST_CYCLES", most[0])
    monkeypatch.setattr(cycles, "MOST_MARKS", most[1])
    plans = [kind(s) for kind in MORE_KINDS.values() for s in (0.1, 0.02, 0.05)]
    sweep_ = ready(plans, costs)
    kept = sweep_.room()
    next(sweep_.windows(OVERLAPPING[:2], plans_a_piece=4, cycles=kept))  # a call that is left before its end
    for windows, size in ((OVERLAPPING[:4], 4), (OVERLAPPING[3:], 7), (OVERLAPPING, 64)):
        for together in sweep_.windows(windows, daily=True, plans_a_piece=size, cycles=kept):  # noqa: B007
            pass
        (anew,) = sweep_.windows(windows, daily=True)
        assert together.stats.tobytes() == anew.stats.tobytes()
        assert together.daily.tobytes() == anew.daily.tobytes()


@pytest.mark.parametrize("kind", ["ladder", "crossing", "trail"])
def test_what_calls_have_in_common_is_walked_once(kind):
    sweep_ = ready([MORE_KINDS[kind](s) for s in (0.05, 0.02)], Costs())
    kept = sweep_.room()
    windows = [(0, 900), (300, 1200)]
    (first,) = sweep_.windows(windows, cycles=kept)
    (second,) = sweep_.windows(windows, cycles=kept)
    assert second.stats.tobytes() == first.stats.tobytes()
    assert second.looked_at < 0.1 * first.looked_at


@pytest.mark.parametrize("kind", ["ladder", "crossing", "trail"])
def test_what_windows_have_in_common_is_walked_once(kind):
    windows = [(0, 900), (150, 1050), (300, 1200), (450, 1350)]
    one = [MORE_KINDS[kind](0.05)]
    (together,) = ready(one, Costs()).windows(windows)
    assert together.looked_at < 0.7 * sum(sweep(one, Costs(), *window).looked_at for window in windows)


@pytest.mark.parametrize("kind", ["ladder", "short ladder", "crossing"])
def test_cycles_that_end_at_tight_stops_are_kept_beside_one_another(kind):
    plans = [KINDS[kind](s) for s in (0.006, 0.01, 0.015)]
    (together,) = ready(plans, Costs()).windows([(0, 900), (150, 1050), (300, 1200), (450, 1350)])
    assert together.looked_at < 1.2 * sweep(plans, Costs(), 0, 1350).looked_at


@pytest.mark.parametrize("kind", ["ladder", "short ladder", "stop in ranges", "crossing"])
def test_stops_that_are_seldom_met_cost_little_more_than_one(kind):
    plans = [KINDS[kind](s) for s in (0.15, 0.2, 0.25, 0.3)]
    together = sweep(plans, Costs()).looked_at
    assert together < 0.5 * sum(sweep([plan], Costs()).looked_at for plan in plans)


@pytest.mark.parametrize("kind", KINDS)
def test_where_a_tighter_stop_was_met_a_wider_one_goes_on(kind):
    plans = [KINDS[kind](s) for s in (0.006, 0.008, 0.01, 0.012, 0.015)]
    alone = sum(sweep([plan], Costs()).looked_at for plan in plans)
    assert sweep(plans, Costs()).looked_at < 0.65 * alone  # 0.75 where each stop is walked to from the first fill


def test_sizes_that_are_rounded_are_walked_one_by_one():
    plans = [KINDS["ladder"](s) for s in (0.2, 0.25)]
    costs = Costs(step=0.001)
    assert sweep(plans, costs).looked_at == sum(sweep([plan], costs).looked_at for plan in plans)
