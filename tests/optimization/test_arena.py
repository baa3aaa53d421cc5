from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.timeframe import DAY_MS, HOUR_MS
from engine.metrics import sharpe
from optimization.arena import Record, brackets, daily_returns, ranked, standing

T0 = 20_000 * DAY_MS


def record(name: str, returns: list[float], nets: list[float] | None = None, *, capital: float = 1000.0) -> Record:
    """Marked at noon and at the end of each day, with these returns by day."""
    equity, times = [], []
    level = capital
    for day, r in enumerate(returns):
        times += [T0 + day * DAY_MS + 12 * HOUR_MS, T0 + day * DAY_MS + 23 * HOUR_MS]
        equity += [level * (1 + r / 2), level * (1 + r)]
        level = equity[-1]
    return Record(
        name, capital, T0, np.array(nets or [], float), np.array(times, np.int64), np.array(equity, float)
    )


def test_daily_returns_are_those_of_the_days_last_marks_and_zero_on_days_without() -> None:
    gap = Record(
        "a", 100.0, T0, np.zeros(0), np.array([T0 + 1, T0 + 2, T0 + 3 * DAY_MS], np.int64),
        np.array([90.0, 110.0, 121.0]),
    )
    assert daily_returns(gap) == pytest.approx([0.1, 0.0, 0.0, 0.1])


def test_figures_of_a_record_are_those_of_a_backtest() -> None:
    found = standing(record("a", [0.02, -0.01, 0.03], [30.0, -10.0, 0.0]))
    assert found.net_return == pytest.approx(1.02 * 0.99 * 1.03 - 1)
    assert found.profit_factor == pytest.approx(3.0)
    assert found.max_drawdown == pytest.approx(0.01)
    assert found.sharpe == pytest.approx(sharpe(np.array([0.02, -0.01, 0.03])))
    assert (found.days, found.trades, found.since_ms, found.until_ms) == (3, 3, T0, T0 + 2 * DAY_MS + 23 * HOUR_MS)


def test_a_strategy_that_did_nothing_has_figures_that_say_so() -> None:
    found = standing(Record("a", 1000.0, T0, np.zeros(0), np.zeros(0, np.int64), np.zeros(0)))
    assert (found.net_return, found.max_drawdown, found.trades, found.days) == (0.0, 0.0, 0, 0)
    assert (found.profit_factor, found.sharpe, found.low, found.high, found.basis) == (None, None, None, None, "")


@pytest.mark.parametrize(("days", "trades", "basis"), [(10, 0, "days"), (9, 5, "trades"), (9, 4, "")])
def test_days_are_resampled_where_there_are_enough_else_trades(days: int, trades: int, basis: str) -> None:
    assert standing(record("a", [0.01, -0.01] * (days // 2) + [0.0] * (days % 2), [1.0] * trades)).basis == basis


def test_the_interval_of_trades_is_around_what_was_earned_with_what_is_open() -> None:
    nets = [10.0, -5.0, 20.0, -15.0, 10.0]
    found = standing(record("a", [0.05], nets))
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.net_return < found.high
    wins = standing(record("a", [0.05], [10.0] * 5))
    assert wins.low == pytest.approx(wins.high, abs=2e-3)
    assert wins.low == pytest.approx(0.05, abs=2e-3)


def test_the_ranking_is_by_net_return_then_profit_factor_then_drawdown() -> None:
    rows = ranked([
        record("worst", [-0.01]), record("even", [0.02], [10.0, -5.0]), record("better", [0.02], [10.0, -4.0]),
        record("best", [0.03]),
    ])
    assert [(s.rank, s.strategy) for s in rows] == [(1, "best"), (2, "better"), (3, "even"), (4, "worst")]


def test_a_steady_winner_and_a_steady_loser_are_told_apart_and_noise_is_not() -> None:
    rng = np.random.default_rng(1)
    noise = (0.01 * rng.standard_normal((2, 60))).tolist()
    rows = {s.strategy: s for s in ranked([
        record("up", [0.01, 0.012] * 30), record("down", [-0.01, -0.012] * 30),
        record("one", noise[0]), record("other", noise[1]),
    ])}
    assert "down" not in rows["up"].alike
    assert "other" in rows["one"].alike
    assert set(rows["one"].brackets) & set(rows["other"].brackets)
    assert not set(rows["up"].brackets) & set(rows["down"].brackets)


def test_a_strategy_with_too_little_to_resample_is_like_everybody() -> None:
    rows = ranked([record("new", [0.5]), record("up", [0.01, 0.012] * 30), record("down", [-0.01, -0.012] * 30)])
    assert {s.strategy: set(s.alike) for s in rows} == {"up": {"new"}, "new": {"up", "down"}, "down": {"new"}}


def test_the_same_record_gives_the_same_interval() -> None:
    given_ = record("a", [0.01, -0.02, 0.015] * 10)
    assert standing(given_) == standing(given_)
    assert standing(given_).low != standing(given_, seed=1).low


ENDS = st.one_of(
    st.just((None, None)),
    st.tuples(st.integers(-20, 20), st.integers(0, 10)).map(lambda p: (float(p[0]), float(p[0] + p[1]))),
)


@settings(max_examples=200)
@given(st.lists(ENDS, max_size=8))
def test_brackets_hold_exactly_the_pairs_that_overlap_and_none_could_be_larger(
    intervals: list[tuple[float | None, float | None]]
) -> None:
    def overlap(i: int, j: int) -> bool:
        (a, b), (c, d) = intervals[i], intervals[j]
        return a is None or c is None or (a <= d and c <= b)  # type: ignore[operator]

    groups = brackets(intervals)
    together = {pair for group in groups for pair in combinations(sorted(group), 2)}
    assert together == {(i, j) for i, j in combinations(range(len(intervals)), 2) if overlap(i, j)}
    for group in groups:
        outside = set(range(len(intervals))) - group
        assert not any(all(overlap(i, j) for j in group) for i in outside)
