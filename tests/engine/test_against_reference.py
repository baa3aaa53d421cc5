"""The compiled engine equals the plain one, trade by trade and to the last bit, in all three uses."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from engine.bind import Binder
from engine.sweep import Sweep
from tests.engine.agreement import disagreements
from tests.engine.engines import SYMBOL, TOTALS, Scene, by_reference, totals_of
from tests.engine.scenarios import Seeded, Studio, scenes
from tests.fuzz import check

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


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_seeded_scenarios_agree(chunk: int) -> None:
    size = SEEDED // CHUNKS
    checked = check(SEED, range(chunk * size, (chunk + 1) * size))
    assert checked.failures == []


def test_the_scenarios_exercise_every_reason() -> None:
    """A generator that has gone tame would make the comparison worthless."""
    reasons: Counter[str] = Counter()
    trades = 0
    for number in range(400):
        outcome = by_reference(Studio(Seeded(SEED, number), 60).scene())
        reasons.update(fill.reason for fill in outcome.fills)
        trades += len(outcome.trades)
    assert trades > 400
    expected = (
        "entry", "target", "stop", "trail", "liquidation", "exit", "age", "no_stop", "stop_passed", "below_minimum",
        "margin_guard", "liquidation_passed", "post_only", "no_capital",
    )
    assert {reason: reasons[reason] for reason in expected if reasons[reason] < 3} == {}


@pytest.mark.parametrize("number", range(40))
def test_many_plans_of_one_sweep_do_not_touch_each_other(number: int) -> None:
    """Columns, next-entry indices, book and account are shared between the plans of a sweep."""
    studio = Studio(Seeded(SEED, 77, number), 80)
    plans, costs = [studio.plan() for _ in range(8)], studio.costs()
    binder = Binder(studio.n_rows)
    for plan in plans:
        binder.add(plan)
    scene = Scene(studio.tape, plans[0], studio.n_rows, studio.row, costs)
    stats = Sweep(SYMBOL, scene.span(), binder, costs, scene.capital).walk().stats
    for plan, mine in zip(plans, stats, strict=True):
        truth = by_reference(Scene(studio.tape, plan, studio.n_rows, studio.row, costs), close_at_end=True)
        assert {name: float(mine[name]) for name in TOTALS} == totals_of(truth)
