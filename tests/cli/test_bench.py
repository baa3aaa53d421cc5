"""What the benchmark measures: candles that are sound, every strategy with a grid, medians, goals from both sides."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from core.settings import StrategyEntry
from core.strategy import Parameters
from scripts.bench import engine, figures, plans, task
from scripts.bench.system import deciding_every_minute
from scripts.configuration import find_strategies, read_settings
from tests.cli.command import REPOSITORY

CONFIG = REPOSITORY / "config"


class Pair(Parameters):
    """Two numbers of which the second is the larger."""

    low: int = 1
    high: int = 2

    def model_post_init(self, context: object) -> None:
        if self.low >= self.high:
            raise ValueError("low is not below high")


@pytest.mark.parametrize("timeframe", ["1m", "15m", "1h"])
def test_the_walk_is_sound_on_its_timeframe_and_the_same_every_time(timeframe: str) -> None:
    walked = task.walk(2000, timeframe).checked("walk")
    assert len(walked) == 2000
    np.testing.assert_array_equal(walked.close, task.walk(2000, timeframe).close)


def test_hours_are_as_restless_whether_walked_as_hours_or_as_minutes() -> None:
    hourly = np.diff(np.log(task.walk(4000).close)).std()
    minutes = np.diff(np.log(task.walk(240_000, "1m").close[::60])).std()
    assert minutes == pytest.approx(hourly, rel=0.1)


def test_without_data_minutes_are_a_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALP_RADAR_SHARED", str(tmp_path))
    assert task.tape("").source == task.minutes("").source == "a seeded random walk"
    assert len(task.minutes("").candles) == task.MINUTES


def test_a_grid_gives_the_combinations_that_its_parameters_allow() -> None:
    entry = StrategyEntry(grid={"low": (1, 5), "high": (3, 9)})
    found = [(p.low, p.high) for p in plans.combinations(Pair, entry) if isinstance(p, Pair)]
    assert found == [(1, 3), (1, 9), (5, 9)]


def test_every_strategy_with_a_grid_is_measured_and_can_be_bound() -> None:
    settings = read_settings(CONFIG)
    entries = settings.strategies.strategies
    with_grid = {name for name, entry in entries.items() if entry.grid}
    assert with_grid
    for name, strategy in find_strategies(settings, CONFIG).items():
        if name in with_grid:
            entry = entries[name]
            few = list(itertools.islice(plans.combinations(strategy.Params, entry), 3))
            assert few, name
            plans.binder_of(strategy, few, task.walk(1500, entry.timeframe or strategy.timeframe))()
            with_grid.remove(name)
    assert with_grid == set()


@pytest.mark.parametrize(("value", "met"), [(1.9, True), (2.0, True), (2.1, False)])
def test_a_goal_is_met_from_one_side(value: float, met: bool) -> None:
    assert figures.at_most("x", value, "s", 2.0).met is met
    assert figures.at_least("x", -value, "s", -2.0).met is met


@pytest.mark.parametrize("turn_s", [0.0, 0.001])
def test_functions_run_in_turns_of_some_length(monkeypatch: pytest.MonkeyPatch, turn_s: float) -> None:
    monkeypatch.setattr(figures, "TURN_S", turn_s)
    order: list[str] = []
    spent = figures.interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 3)
    turns = [name for name, _ in itertools.groupby(order)]
    assert turns == ["a", "b"] * 3
    assert (len(order) > len(turns)) is (turn_s > 0.0)  # what is short is repeated
    assert set(spent) == {"a", "b"}


@pytest.mark.parametrize("grid", task.GRIDS)
def test_a_sweep_decided_on_hours_and_filled_on_minutes_is_measured_per_minute(grid: str) -> None:
    tape = task.Tape(task.walk(30_000, "1m"), "walk")
    figure = engine.fine_sweep(grid, tape)
    assert figure.value > 0
    assert figure.beside == "30,000 minutes"


def test_the_demo_whose_orders_are_timed_decides_every_minute_and_knows_the_same_strategies(tmp_path: Path) -> None:
    copy = deciding_every_minute(CONFIG, tmp_path / "config")
    before, after = read_settings(CONFIG), read_settings(copy)
    assert {entry.timeframe for entry in after.strategies.strategies.values()} == {"1m"}
    assert find_strategies(after, copy).keys() == find_strategies(before, CONFIG).keys()
    assert read_settings(CONFIG) == before
