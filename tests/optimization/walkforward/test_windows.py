"""Windows of a walk-forward run."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError, InputError
from core.timeframe import DAY_MS, HOUR_MS
from optimization.walkforward.windows import Window, WindowRule, latest, needed_days, whole_days, windows

DAY0 = 20_000


def at(*days: int) -> tuple[int, ...]:
    return tuple((DAY0 + day) * DAY_MS for day in days)


TABLE = [
    (WindowRule(6, 2, 2), 0, 10, [(0, 6, 6, 8), (2, 8, 8, 10)]),
    (WindowRule(6, 2, 2), 0, 11, [(0, 6, 6, 8), (2, 8, 8, 10)]),
    (WindowRule(6, 2, 2), 1, 11, [(0, 6, 7, 9), (2, 8, 9, 11)]),
    (WindowRule(6, 2, 3), 0, 11, [(0, 6, 6, 8), (3, 9, 9, 11)]),
    (WindowRule(6, 2, 2, anchored=True), 0, 12, [(0, 6, 6, 8), (0, 8, 8, 10), (0, 10, 10, 12)]),
]


@pytest.mark.parametrize(("rule", "purge", "days", "expected"), TABLE)
def test_windows_follow_the_rule(
    rule: WindowRule, purge: int, days: int, expected: list[tuple[int, int, int, int]]
) -> None:
    found = windows(rule, *at(0, days), purge * DAY_MS)
    assert found == tuple(Window(i, *at(*edges)) for i, edges in enumerate(expected))


def test_the_days_at_the_edges_count_when_they_are_whole() -> None:
    begin, end = at(0, 10)
    assert whole_days(begin + 1, end) == (DAY0 + 1, DAY0 + 10)
    assert whole_days(begin, end + 23 * HOUR_MS) == (DAY0, DAY0 + 10)
    assert windows(WindowRule(6, 2, 2), begin - HOUR_MS, end + HOUR_MS) == windows(WindowRule(6, 2, 2), begin, end)


def test_a_part_of_a_day_of_purge_is_a_day() -> None:
    assert windows(WindowRule(6, 2, 2), *at(0, 11), 1) == windows(WindowRule(6, 2, 2), *at(0, 11), DAY_MS)


def test_too_little_data_says_how_much_is_there_and_how_much_is_needed() -> None:
    with pytest.raises(DataError, match=re.escape("9 whole days from 2024-10-04 to 2024-10-13 are too few")) as error:
        windows(WindowRule(6, 2, 2), *at(0, 9))
    assert "needed are 10 (6 in sample, 0 of purge, 2 out of sample, 2 a step)" in str(error.value)


@pytest.mark.parametrize(
    ("lengths", "complaint"),
    [
        ((0, 2, 2), "in_sample_days = 0: allowed is 1 or more"),
        ((6, 0, 2), "out_of_sample_days = 0: allowed is 1 or more"),
        ((6, 2, 0), "step_days = 0: allowed is 1 or more"),
        ((6, 3, 2), "step_days = 2: at least out_of_sample_days, 3, or days would be judged twice"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(lengths: tuple[int, int, int], complaint: str) -> None:
    with pytest.raises(InputError, match=re.escape(complaint)):
        WindowRule(*lengths)


RULES = st.builds(
    lambda inside, out, more, anchored: WindowRule(inside, out, out + more, anchored),
    st.integers(1, 60), st.integers(1, 20), st.integers(0, 10), st.booleans(),
)


@given(RULES, st.integers(0, 20), st.integers(0, 300), st.integers(0, DAY_MS - 1))
def test_no_day_is_judged_twice_nor_chosen_on(rule: WindowRule, purge: int, more: int, offset: int) -> None:
    purge_ms = purge * DAY_MS
    from_ms = DAY0 * DAY_MS - offset
    to_ms = DAY0 * DAY_MS + (needed_days(rule, purge_ms) + more) * DAY_MS + offset
    found = windows(rule, from_ms, to_ms, purge_ms)
    for window in found:
        assert from_ms <= window.in_from_ms < window.in_to_ms
        assert window.out_from_ms - window.in_to_ms == purge_ms
        assert window.out_to_ms - window.out_from_ms == rule.out_of_sample_days * DAY_MS
        assert window.out_to_ms <= to_ms
        if not rule.anchored:
            assert window.in_to_ms - window.in_from_ms == rule.in_sample_days * DAY_MS
    for before, after in pairwise(found):
        assert before.out_to_ms <= after.out_from_ms
        assert after.in_to_ms - before.in_to_ms == rule.step_days * DAY_MS
    # one more would not fit
    assert found[-1].out_to_ms + rule.step_days * DAY_MS > to_ms // DAY_MS * DAY_MS


@given(RULES, st.integers(0, 20))
def test_a_day_less_than_needed_is_too_little(rule: WindowRule, purge: int) -> None:
    days = needed_days(rule, purge * DAY_MS)
    assert len(windows(rule, *at(0, days), purge * DAY_MS)) == 2
    with pytest.raises(DataError):
        windows(rule, *at(0, days - 1), purge * DAY_MS)


def test_what_is_deployed_is_chosen_on_the_last_days() -> None:
    assert latest(WindowRule(6, 2, 2), *at(0, 11)) == at(5, 11)
    assert latest(WindowRule(6, 2, 2, anchored=True), *at(0, 11)) == at(0, 11)
    assert latest(WindowRule(60, 2, 2), *at(0, 11)) == at(0, 11)
