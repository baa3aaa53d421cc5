"""Grade and gate: the table as a table, the examples that it was checked against, limits that are kept or not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.errors import InputError
from core.settings import GateLimits
from optimization.statistics.estimate import Estimate
from optimization.statistics.gate import gate
from optimization.statistics.grade import consistency, grade, letter_of, transfer
from optimization.statistics.tail import Gap, Tail

BTC = (14.27, 1.00, 1.84, 0.98, 0.83)
ETH = (4.22, 0.85, 0.54, 1.00, 0.65)
LINK = (1.46, 0.75, 0.17, 1.00, 0.98)
NOTHING = (0.0, 0.0, 0.0, 0.0, 2.0)


@pytest.mark.parametrize(
    ("figures", "score", "letter"),
    [(BTC, 91.29, "A"), (ETH, 70.65, "C"), (LINK, 43.67, "F")],
    ids=["BTC", "ETH", "LINK"],
)
def test_the_checked_examples(figures: tuple[float, ...], score: float, letter: str) -> None:
    seen = grade(*figures)
    assert round(seen.score, 2) == score
    assert seen.letter == letter
    assert seen.score == pytest.approx(sum(c.points for c in seen.criteria))
    assert tuple(c.figure for c in seen.criteria) == figures


@pytest.mark.parametrize(
    ("criterion", "points"),
    [
        (0, {-3: 0, 0: 0, 1: 7.5, 2: 15, 3.5: 20, 5: 25, 9: 25}),
        (1, {0: 0, 0.5: 0, 0.75: 12.5, 1: 25}),
        (2, {-5: 0, 0.3: 0, 0.65: 10, 1: 20, 1.84: 20}),
        (3, {0: 0, 0.5: 0, 0.75: 7.5, 1: 15}),
        (4, {0: 15, 0.1: 15, 0.55: 10, 1: 5, 1.0000001: 0, 1000: 0}),
    ],
    ids=["sharpe", "consistency", "transfer", "deflated", "instability"],
)
def test_points_of_the_table(criterion: int, points: dict[float, float]) -> None:
    for figure, expected in points.items():
        figures = list(NOTHING)
        figures[criterion] = figure
        seen = grade(*figures)
        assert seen.criteria[criterion].points == pytest.approx(expected)
        assert seen.score == pytest.approx(expected)


def test_a_hundred_points_are_the_most() -> None:
    seen = grade(99.0, 1.0, 99.0, 1.0, 0.0)
    assert (seen.score, seen.letter) == (100.0, "A")
    assert sum(c.most for c in seen.criteria) == 100.0
    assert all(c.points == c.most for c in seen.criteria)


@pytest.mark.parametrize(
    ("score", "letter"),
    [(90, "A"), (89.999, "B"), (80, "B"), (79.999, "C"), (70, "C"), (69.999, "D"), (60, "D"), (59.999, "F"), (0, "F")],
)
def test_letters_follow_from_the_score_before_rounding(score: float, letter: str) -> None:
    assert letter_of(score) == letter


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.tuples(finite, finite, finite, finite, finite), st.integers(0, 4), finite)
def test_a_better_figure_never_lowers_the_score(figures: tuple[float, ...], which: int, other: float) -> None:
    better = max(figures[which], other) if which < 4 else min(figures[which], other)
    improved = [better if i == which else figure for i, figure in enumerate(figures)]
    assert 0.0 <= grade(*figures).score <= grade(*improved).score <= 100.0


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_figure_that_is_not_finite_is_refused_by_name(bad: float) -> None:
    with pytest.raises(InputError, match=r"deflated Sharpe = .*: allowed are finite numbers"):
        grade(1.0, 1.0, 1.0, bad, 1.0)


def test_consistency_is_the_share_of_windows_that_earned() -> None:
    assert consistency(np.array([0.1, 0.0, -0.1, 0.2])) == Estimate(0.5)
    assert consistency(np.array([])) == Estimate(0.0, defined=False)
    with pytest.raises(InputError, match="returns of windows: allowed are finite numbers"):
        consistency(np.array([math.nan]))


@pytest.mark.parametrize(
    ("outside", "inside", "expected"),
    [
        (1.0, 2.0, Estimate(0.5)), (-1.0, 2.0, Estimate(-0.5)), (3.0, 0.0, Estimate(0.0, defined=False)),
        (3.0, -1.0, Estimate(0.0, defined=False)), (1e300, 1e-300, Estimate(1000.0)),
        (-1e300, 5e-324, Estimate(-1000.0)),
    ],
)
def test_transfer_needs_something_to_transfer(outside: float, inside: float, expected: Estimate) -> None:
    assert transfer(outside, inside) == expected


KEPT = Tail(
    worst_day=Estimate(-0.05), expected_shortfall=Estimate(-0.02), loss_to_win=Estimate(5.0), under_water_days=60,
    crash_return=Estimate(0.0, defined=False), gaps=(Gap(0.1, 3, 0.2, 0.5, 0.3), Gap(0.2, 3, 0.4, 0.3, 0.4)),
)
LIMITS = GateLimits()


def passed(
    score: float = 75.0, pbo: float = 0.1, deflated: float = 0.97, trades: int = 100, tail: Tail = KEPT,
) -> list[str]:
    """Criteria that were not passed."""
    seen = gate(score, Estimate(pbo), Estimate(deflated), trades, tail, LIMITS)
    assert seen.passed == all(line.passed for line in seen.lines)
    return [line.criterion for line in seen.lines if not line.passed]


def test_a_strategy_within_every_limit_passes() -> None:
    assert passed() == []
    assert passed(score=70.0, pbo=0.2, deflated=0.95, trades=30) == []


@pytest.mark.parametrize(
    ("wrong", "criterion"),
    [
        ({"score": 69.99}, "grade score"),
        ({"pbo": 0.201}, "probability of overfitting"),
        ({"deflated": 0.949}, "deflated Sharpe"),
        ({"trades": 29}, "trades"),
        ({"tail": replace(KEPT, worst_day=Estimate(-0.151))}, "worst day"),
        ({"tail": replace(KEPT, expected_shortfall=Estimate(-0.061))}, "expected shortfall"),
        ({"tail": replace(KEPT, loss_to_win=Estimate(20.1))}, "largest loss over average win"),
        ({"tail": replace(KEPT, under_water_days=366)}, "days under water"),
        ({"tail": replace(KEPT, crash_return=Estimate(-0.26))}, "return in crashes"),
        ({"tail": replace(KEPT, gaps=(Gap(0.1, 1, 0.3, 0.0, 0.3), Gap(0.2, 1, 0.61, 0.0, 0.6)))}, "loss in a gap"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_limit_alone_closes_the_gate(wrong: dict[str, float], criterion: str) -> None:
    assert passed(**wrong) == [criterion]  # type: ignore[arg-type]


def test_a_line_has_figure_limit_and_whether_it_is_known() -> None:
    seen = gate(91.0, Estimate(1.0, defined=False), Estimate(0.99), 50, KEPT, GateLimits(grade="A", pbo=0.1))
    assert seen.lines[0].limit == 90.0
    line = seen.lines[1]
    assert (line.figure, line.comparison, line.limit, line.passed, line.defined) == (1.0, "<=", 0.1, False, False)


@pytest.mark.parametrize(
    "wrong", [{"pbo": 1.1}, {"grade": "E"}, {"worst_day": 0.1}, {"speed": 3}, {"gap_loss": math.inf}]
)
def test_impossible_limits_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        GateLimits(**wrong)  # type: ignore[arg-type]
