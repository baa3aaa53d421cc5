"""The compiled engine equals the plain one, trade by trade and to the last bit, in all three uses."""

from __future__ import annotations

import functools

import pytest
from hypothesis import HealthCheck, given, settings

from tests.engine.agreement import bounds, crowd_disagreements, disagreements, halted_disagreements
from tests.engine.coverage import REASONS, RULES, Exercise, exercised
from tests.engine.engines import Scene, by_reference
from tests.engine.scenarios import Seeded, Studio, scenes, seeded_scene
from tests.fuzz import Checked, check

pytestmark = pytest.mark.slow

SEED = 20_250_301
CHUNKS = 10
SEEDED = 5000


@settings(
    max_examples=300, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(scene=scenes())
def test_fold_steps_and_sweep_equal_the_reference(scene: Scene) -> None:
    assert disagreements(scene, interrupted=True) == []


@functools.cache
def checked(chunk: int) -> Checked:
    """A part of the seeded scenarios, compared once, whichever test asks first."""
    size = SEEDED // CHUNKS
    return check(SEED, range(chunk * size, (chunk + 1) * size))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_seeded_scenarios_agree(chunk: int) -> None:
    assert checked(chunk).failures == []


def test_the_scenarios_exercise_every_reason_and_rule() -> None:
    """A generator that has gone tame would make the comparison worthless."""
    exercise = Exercise()
    for chunk in range(CHUNKS):
        exercise.add(checked(chunk).exercise)
    assert exercise.scenarios == SEEDED
    assert exercise.trades > 1000
    assert {reason: exercise.reasons[reason] for reason in REASONS if exercise.reasons[reason] < 3} == {}
    assert {rule: exercise.rules[rule] for rule in RULES if exercise.rules[rule] < 3} == {}


def test_a_scenario_without_trades_exercises_nothing() -> None:
    """What is counted is what the rules changed, not what the costs and the plan said."""
    quiet = next(scene for n in range(99) if not by_reference(scene := seeded_scene(SEED, n)).fills)
    assert list(exercised(quiet, by_reference(quiet, close_at_end=True))) == []


def test_a_halted_account_enters_nothing_and_leaves_by_the_same_rules() -> None:
    """Against the reference, and so that halting mattered."""
    mattered = 0
    for number in range(200):
        scene = seeded_scene(SEED, number)
        assert halted_disagreements(scene) == []
        everything_halted = by_reference(scene, halted=lambda t: True)
        assert everything_halted.fills == []
        start, end = bounds(scene)
        paused = by_reference(scene, halted=lambda t, start=start, end=end: start <= t < end)
        mattered += paused != by_reference(scene)
    assert mattered > 50


@pytest.mark.parametrize("number", range(40))
def test_many_plans_of_one_sweep_do_not_touch_each_other(number: int) -> None:
    """Columns, next-entry indices, book and account are shared between the plans of a sweep."""
    studio = Studio(Seeded(SEED, 77, number), 80)
    assert crowd_disagreements(studio.scene(), studio.crowd()) == []
