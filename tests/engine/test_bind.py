"""Binding: columns numbered once, every plan that cannot be walked refused in one line."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from core.errors import InputError
from core.plan import AVERAGE, EXIT_LONG, EXIT_SHORT, FIRST, MARKET, Level, Plan, Trail
from engine.bind import Binder, bind
from engine.records import FROM_AVERAGE, FROM_FIRST, NO_COLUMN

N = 5
COLUMN = np.arange(1.0, N + 1)
STOP = Level(AVERAGE, -0.1)


def plan(**changes: Any) -> Plan:
    """One limit below a column, with what is changed."""
    fields: dict[str, Any] = {"direction": 1, "coefficients": (-0.1,), "weights": (1.0,), "stop": STOP, "base": COLUMN}
    return Plan(**{**fields, **changes})


def int8(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int8)


NAN, INF = math.nan, math.inf
LADDER = tuple(-0.1 * (k + 1) for k in range(9))
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"coefficients": LADDER, "weights": (0.1,) * 9}, "9 coefficients and 9 weights: allowed are 1 to 8"),
    ({"coefficients": (), "weights": ()}, "0 coefficients and 0 weights: allowed are 1 to 8"),
    ({"coefficients": (-0.1, -0.2)}, "2 coefficients and 1 weights: allowed are 1 to 8, as many of each"),
    ({"coefficients": [-0.1]}, "coefficients and weights: allowed are tuples of numbers"),
    ({"weights": [1.0]}, "coefficients and weights: allowed are tuples of numbers"),
    ({"weights": 1.0}, "coefficients and weights: allowed are tuples of numbers"),
    ({"weights": (0.0,)}, "weights (0.0,): allowed is each above 0"),
    ({"weights": (-0.5,)}, "weights (-0.5,): allowed is each above 0"),
    ({"weights": (NAN,)}, "weights (nan,): allowed is each above 0"),
    ({"coefficients": (-0.1, -0.2), "weights": (0.5, NAN)}, "weights (0.5, nan): allowed is each above 0"),
    ({"coefficients": (-0.1, -0.2), "weights": (0.6, 0.5)}, "a sum of at most 1"),
    ({"coefficients": (-0.2, -0.1), "weights": (0.5, 0.5)}, "limits must lie ever farther from the market"),
    ({"coefficients": (-0.1, -0.1), "weights": (0.5, 0.5)}, "limits must lie ever farther from the market"),
    ({"coefficients": (-0.1, MARKET, -0.1), "weights": (0.3,) * 3}, "limits must lie ever farther from the market"),
    ({"coefficients": (-INF,)}, "limits must lie ever farther from the market"),
    ({"base": None}, "limit entries need a base: a column or FIRST"),
    ({"base": AVERAGE}, "limit entries need a base: a column or FIRST"),
    ({"base": None, "coefficients": (MARKET, -0.1), "weights": (0.5, 0.5)}, "limit entries need a base"),
    ({"base": np.ones(N + 1)}, "a column is float64(6,): allowed is float64(5,)"),
    ({"base": np.ones((N, 1))}, "a column is float64(5, 1): allowed is float64(5,)"),
    ({"base": np.ones(N, np.float32)}, "a column is float32(5,): allowed is float64(5,)"),
    ({"base": np.ones(N, np.int64)}, "a column is int64(5,): allowed is float64(5,)"),
    ({"base": [1.0] * N}, "a column is list: allowed is float64(5,)"),
    ({"unit": 2.0}, "a column is float: allowed is float64(5,)"),
    ({"unit": AVERAGE}, "a unit is AVERAGE or FIRST: allowed is a column or None"),
    ({"direction": 2}, "direction 2: allowed is -1, 0, 1 or an int8 column of them"),
    ({"direction": -2}, "direction -2: allowed is -1, 0, 1"),
    ({"direction": int8(0, 1, 2, 0, 0)}, "direction has values outside -1 to 1"),
    ({"direction": np.ones(N)}, "a flag column is float64(5,): allowed is int8(5,)"),
    ({"direction": np.ones(N, np.bool_)}, "a flag column is bool(5,): allowed is int8(5,)"),
    ({"direction": int8(1, 1)}, "a flag column is int8(2,): allowed is int8(5,)"),
    ({"direction": None}, "a flag column is NoneType: allowed is int8(5,)"),
    ({"direction": 1.0}, "a flag column is float: allowed is int8(5,)"),
    ({"exit": np.ones(N, np.int64)}, "a flag column is int64(5,): allowed is int8(5,)"),
    ({"exit": int8(0, 0, 4, 0, 0)}, "exit has values outside 0 to 3"),
    ({"exit": int8(0, 0, -1, 0, 0)}, "exit has values outside 0 to 3"),
    ({"stop": None}, "there is no stop: every plan has one"),
    ({"stop": COLUMN}, "there is no stop: every plan has one"),
    ({"stop": Level(None)}, "stop and target need a reference: a column, AVERAGE or FIRST"),  # type: ignore[arg-type]
    ({"stop": Level(AVERAGE, NAN)}, "coefficients of stop and target: allowed are finite numbers"),
    ({"stop": Level(AVERAGE, -0.1, unit=FIRST)}, "a unit is AVERAGE or FIRST"),  # type: ignore[arg-type]
    ({"target": Level(None)}, "stop and target need a reference"),  # type: ignore[arg-type]
    ({"target": Level(AVERAGE, INF)}, "coefficients of stop and target: allowed are finite numbers"),
    ({"target": Level(np.ones(2))}, "a column is float64(2,): allowed is float64(5,)"),
    ({"trail": Trail(0.0)}, "trail distance 0.0: allowed is above 0"),
    ({"trail": Trail(-1.0)}, "trail distance -1.0: allowed is above 0"),
    ({"trail": Trail(NAN)}, "trail distance nan: allowed is above 0"),
    ({"trail": Trail(1.0, np.ones(2))}, "a column is float64(2,): allowed is float64(5,)"),
    ({"max_hold": -1}, "max_hold -1, cooldown 0: allowed is 0 or more"),
    ({"cooldown": -1}, "max_hold 0, cooldown -1: allowed is 0 or more"),
    ({"max_hold": 2.5}, "max_hold 2.5, cooldown 0: allowed are whole numbers of rows"),
    ({"row_weight": np.full(N, 1.5)}, "row_weight has values outside 0 to 1"),
    ({"row_weight": np.full(N, -0.5)}, "row_weight has values outside 0 to 1"),
    ({"row_weight": FIRST}, "row_weight is AVERAGE or FIRST: allowed is a column or None"),
]


@pytest.mark.parametrize(("changes", "complaint"), WRONG, ids=[f"{i} {c[:40]}" for i, (_, c) in enumerate(WRONG)])
def test_a_plan_that_cannot_be_walked_is_refused_in_one_line(changes: dict[str, Any], complaint: str) -> None:
    for binder in (Binder(N), _used()):
        with pytest.raises(InputError) as caught:
            binder.add(plan(**changes))
        assert str(caught.value).startswith("plan: ")
        assert complaint in str(caught.value)
        assert "\n" not in str(caught.value)


def _used() -> Binder:
    """A binder that has seen a sound plan, whose checks might be remembered."""
    binder = Binder(N)
    binder.add(plan(target=Level(COLUMN), exit=int8(0, 1, 2, 3, 0)))
    return binder


SOUND: list[dict[str, Any]] = [
    {},
    {"coefficients": tuple(LADDER[:8]), "weights": (0.125,) * 8},
    {"coefficients": (MARKET,), "base": None},
    {"coefficients": (MARKET, -0.1), "weights": (0.5, 0.5), "base": FIRST},
    {"coefficients": (0.1, 0.0, MARKET, -0.1), "weights": (0.25,) * 4},
    {"weights": (1.0 + 1e-10,)},
    {"direction": int8(-1, 0, 1, 0, -1), "exit": int8(0, EXIT_LONG, EXIT_SHORT, 3, 0)},
    {"direction": 0},
    {"base": np.full(N, NAN), "row_weight": np.array([0.0, 1.0, NAN, 0.5, 1.0])},
    {"trail": Trail(0.01), "max_hold": 3, "cooldown": 2, "freeze": True},
    {"trail": Trail(2.0, COLUMN, moving=True), "target": Level(FIRST, 2.0, COLUMN)},
]


@pytest.mark.parametrize("changes", SOUND, ids=lambda c: ", ".join(c) or "plain")
def test_a_sound_plan_is_taken(changes: dict[str, Any]) -> None:
    binder = Binder(N)
    assert binder.add(plan(**changes)) == 0
    assert len(binder) == 1


def test_one_array_is_bound_once() -> None:
    other = COLUMN + 1
    plans, columns, flags = bind([plan(), plan(unit=COLUMN), plan(base=other, target=Level(COLUMN))], N)
    assert len(columns) == 2
    assert len(flags) == 1
    assert plans["base"].tolist() == [0, 0, 1]
    assert plans["unit"].tolist() == [NO_COLUMN, 0, NO_COLUMN]
    assert plans["target"][2] == 0
    np.testing.assert_array_equal(columns[1], other)


def test_equal_arrays_are_two_columns() -> None:
    _, columns, _ = bind([plan(), plan(base=COLUMN.copy())], N)
    assert len(columns) == 2


def test_flags_are_shared_too_but_directions_and_exits_are_not_mixed() -> None:
    way, leave = int8(1, 1, 0, 1, 1), int8(0, 1, 0, 1, 1)
    plans, _, flags = bind([plan(direction=way, exit=leave), plan(direction=way), plan(direction=1, exit=leave)], N)
    assert len(flags) == 3
    ways, exits = plans["direction"].tolist(), plans["exit"].tolist()
    assert ways[0] == ways[1] != ways[2]
    assert exits[0] == exits[2]
    assert exits[1] == NO_COLUMN
    np.testing.assert_array_equal(flags[[ways[0], ways[2], exits[0]]], [way, [1] * N, leave])
    with pytest.raises(InputError, match="direction has values outside"):
        bind([plan(exit=int8(2, 0, 0, 0, 0)), plan(direction=int8(2, 0, 0, 0, 0))], N)
    both = int8(0, 1, 0, 2, 0)
    with pytest.raises(InputError, match="direction has values outside"):
        bind([plan(exit=both), plan(direction=both)], N)


def test_columns_of_temporary_plans_stay_alive() -> None:
    """Columns are told apart by identity, which a freed array's successor could inherit."""
    binder = Binder(N)
    for i in range(200):
        binder.add(plan(base=np.full(N, float(i)), direction=np.full(N, i % 3 - 1, np.int8)))
    plans, columns, flags = binder.arrays()
    assert columns[plans["base"], 0].tolist() == [float(i) for i in range(200)]
    assert flags[plans["direction"], 0].tolist() == [i % 3 - 1 for i in range(200)]


def test_every_field_stands_where_the_engine_reads_it() -> None:
    unit, weight = COLUMN * 2, COLUMN / 10
    leave = int8(0, 1, 2, 3, 0)
    rich = plan(
        direction=-1, coefficients=(MARKET, -0.5), weights=(0.75, 0.25), base=FIRST, unit=unit,
        stop=Level(FIRST, -3.0, unit, moving=True), target=Level(COLUMN, 0.5, moving=True),
        trail=Trail(1.5, unit, moving=True), freeze=True, max_hold=7, cooldown=9, exit=leave, row_weight=weight,
    )
    plans, columns, flags = bind([plan(), rich], N)
    p = plans[1]
    assert math.isnan(p["coefficient"][0])
    assert p["coefficient"][1:].tolist() == [-0.5] + [0.0] * 6
    assert p["weight"].tolist() == [0.75, 0.25] + [0.0] * 6
    assert (p["entries"], p["base"], p["stop"]) == (2, FROM_FIRST, FROM_FIRST)
    assert (p["stop_coefficient"], p["target_coefficient"], p["trail_distance"]) == (-3.0, 0.5, 1.5)
    for name in ("unit", "stop_unit", "trail_unit"):
        np.testing.assert_array_equal(columns[p[name]], unit)
    np.testing.assert_array_equal(columns[p["target"]], COLUMN)
    np.testing.assert_array_equal(columns[p["row_weight"]], weight)
    np.testing.assert_array_equal(flags[p["direction"]], [-1] * N)
    np.testing.assert_array_equal(flags[p["exit"]], leave)
    assert [int(p[n]) for n in ("max_hold", "cooldown", "freeze")] == [7, 9, 1]
    assert [int(p[n]) for n in ("has_target", "target_moving", "stop_moving", "trail_moving")] == [1, 1, 1, 1]
    plain = plans[0]
    assert (plain["stop"], plain["stop_unit"], plain["target_unit"]) == (FROM_AVERAGE, NO_COLUMN, NO_COLUMN)
    assert [int(plain[n]) for n in ("has_target", "target_moving", "stop_moving", "trail_moving")] == [0, 0, 0, 0]


def test_binding_no_columns_still_gives_a_row_to_read() -> None:
    plans, columns, flags = bind([plan(coefficients=(MARKET,), base=None)], N)
    assert columns.shape == flags.shape == (1, N)
    assert len(plans) == 1


def test_a_plan_that_is_changed_after_it_was_added_is_bound_as_it_is_now() -> None:
    one, binder = plan(), Binder(N)
    binder.add(one)
    one.cooldown, one.unit, one.coefficients = 3, COLUMN + 1.0, (MARKET,)
    binder.add(one)
    binder.add(plan())
    plans, _, _ = binder.arrays()
    assert plans["cooldown"].tolist() == [0, 3, 0]
    assert plans["unit"].tolist() == [NO_COLUMN, 1, NO_COLUMN]
    assert np.isnan(plans["coefficient"][:, 0]).tolist() == [False, True, False]


def test_a_ladder_with_limits_needs_a_base_after_one_without() -> None:
    binder = Binder(N)
    binder.add(plan(coefficients=(MARKET,), base=None))
    with pytest.raises(InputError, match="limit entries need a base"):
        binder.add(plan(base=None))
    with pytest.raises(InputError, match="limit entries need a base"):
        binder.add(plan(base=None))
    assert len(binder) == 1
