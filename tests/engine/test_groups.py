"""Groups of plans that share cycles, and their order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from core.ladders import distances, resting
from core.plan import AVERAGE, Level, Plan, Trail
from engine.bind import bind
from engine.groups import sharing

COLUMN = np.linspace(1.0, 2.0, 5)
FALLING = np.linspace(1.0, -2.0, 5)


def plan(levels: int, stop: float, step: float = 0.01, **rest: object) -> Plan:
    coefficients, weights = resting(distances(levels, 0.02, step))
    given = {"base": COLUMN, **rest}
    return Plan(1, coefficients, weights, given.pop("level", None) or Level(AVERAGE, -stop), **given)


def groups(plans: list[Plan], by_unit: bool = True, by_risk: bool = False) -> list[list[int]]:
    """The groups of several plans, in the order of walking; those of one as [[i]] too."""
    records, columns, _ = bind(plans, 5)
    order, group = sharing(records, columns, by_unit, by_risk)
    assert sorted(order) == list(range(len(plans)))
    assert all(g >= len(plans) for g, count in zip(*np.unique(group, return_counts=True), strict=True) if count == 1)
    found: list[list[int]] = [[int(order[0])]]
    for (_, before), (i, g) in pairwise(zip(order, group, strict=True)):
        if g == before:
            found[-1].append(int(i))
        else:
            found.append([int(i)])
    assert len(found) == len(set(group))  # each stands together
    return found


def test_the_longest_ladders_come_first_and_of_those_the_tightest_stops():
    plans = [plan(levels, stop) for stop in (0.3, 0.1, 0.2) for levels in (2, 4, 3)]
    assert groups(plans) == [[4, 7, 1, 5, 8, 2, 3, 6, 0]]


def test_plans_of_one_group_differ_in_nothing_else():
    plans = [plan(2, stop, step) for step in (0.01, 0.02) for stop in (0.2, 0.1)] + [plan(2, 0.1, cooldown=1)]
    assert groups(plans) == [[1, 0], [3, 2], [4]]


def test_a_ladder_that_begins_otherwise_is_alone():
    bent = plan(3, 0.1)
    bent.coefficients = (*bent.coefficients[:2], -0.5)
    assert groups([bent, plan(4, 0.1), plan(2, 0.1)]) == [[1, 2], [0]]


@pytest.mark.parametrize("rest", [
    {"trail": Trail(0.1)}, {"level": Level(AVERAGE, -0.1, FALLING)}, {"level": Level(COLUMN, -0.1, moving=True)},
])
def test_cycles_that_depend_on_the_stop_are_not_shared(rest):
    assert groups([plan(2, 0.1, **rest)] * 3) == [[0], [1], [2]]


def test_a_stop_by_a_unit_that_never_falls_below_zero_is_shared():
    plans = [plan(2, 0.0, level=Level(AVERAGE, -x, COLUMN)) for x in (0.1, 0.3, 0.2)]
    assert groups(plans) == [[0, 2, 1]]


def test_sizes_chosen_by_risk_depend_on_the_stop():
    assert groups([plan(2, x) for x in (0.1, 0.2)], by_risk=True) == [[0], [1]]


def test_nothing_is_shared_when_sizes_are_not_proportional():
    order, group = sharing(bind([plan(2, 0.1)] * 3, 5)[0], np.zeros((1, 5)), False, False)
    assert order.tolist() == [0, 1, 2]
    assert group.tolist() == [-1, -1, -1]
