"""Who evaluates what: laws that hold whatever joins, leaves, is late or comes back, and cases by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.fanout.schedule import AHEAD, MOST_LOSSES, PATIENCE_S, Deadly, Schedule


def given_out(schedule: Schedule, now_s: float = 0.0) -> list[tuple[int, int]]:
    found = []
    while (pair := schedule.give(now_s)) is not None:
        found.append(pair)
    return found


def test_work_is_spread_and_bounded() -> None:
    schedule = Schedule()
    schedule.add(range(10))
    assert given_out(schedule) == []  # nobody there
    schedule.join(0)
    schedule.join(1)
    assert given_out(schedule) == [(0, 0), (1, 1), (0, 2), (1, 3)]
    assert schedule.done(1, 1, 0.1)
    assert given_out(schedule) == [(1, 4)]


def test_what_a_lost_worker_had_goes_first_and_in_order() -> None:
    schedule = Schedule()
    schedule.add(range(6))
    schedule.join(0)
    schedule.join(1)
    given_out(schedule)
    schedule.leave(0)
    assert schedule.done(1, 1, 0.1)
    assert schedule.done(1, 3, 0.1)
    assert given_out(schedule) == [(1, 0), (1, 2)]
    assert schedule.given_again == 2
    schedule.leave(0)  # its second call fails as well: that changes nothing
    assert schedule.given_again == 2


def test_a_piece_goes_to_the_worker_that_it_prefers_unless_that_one_is_full_or_gone() -> None:
    schedule = Schedule()
    for worker in range(3):
        schedule.join(worker)
    schedule.add(range(4), {0: 2, 1: 2, 2: 2, 3: 9})
    assert given_out(schedule) == [(2, 0), (2, 1), (0, 2), (1, 3)]


def test_a_result_counts_once_and_a_withdrawn_one_never() -> None:
    schedule = Schedule()
    schedule.add(range(3))
    schedule.join(0)
    given_out(schedule)
    assert schedule.done(0, 0, 0.1)
    assert not schedule.done(0, 0, 0.1)
    schedule.withdraw([1, 2])
    assert not schedule.done(0, 1, 0.1)
    assert schedule.open == 0
    assert given_out(schedule) == []


def test_a_late_piece_is_given_to_somebody_else_too_but_never_twice_to_the_same() -> None:
    schedule = Schedule()
    schedule.join(0)
    schedule.add([0])
    assert given_out(schedule, 0.0) == [(0, 0)]
    schedule.hurry(PATIENCE_S)
    assert given_out(schedule, PATIENCE_S) == []
    schedule.hurry(PATIENCE_S + 1)
    assert given_out(schedule, PATIENCE_S + 1) == []  # it has it
    schedule.join(1)
    assert given_out(schedule, PATIENCE_S + 1) == [(1, 0)]
    schedule.join(2)
    schedule.hurry(PATIENCE_S + 2)
    assert given_out(schedule, PATIENCE_S + 2) == []
    assert schedule.done(1, 0, 0.1)
    assert not schedule.done(0, 0, 99.0)


def test_what_is_long_is_not_late() -> None:
    schedule = Schedule()
    schedule.join(0)
    schedule.join(1)
    schedule.add([0, 1])
    given_out(schedule)
    schedule.done(0, 0, 20.0)
    schedule.hurry(100.0)
    assert given_out(schedule, 100.0) == []
    schedule.hurry(201.0)
    assert given_out(schedule, 201.0) == [(0, 1)]


def test_a_piece_that_ends_every_worker_is_named_as_the_cause() -> None:
    schedule = Schedule()
    schedule.add([7])
    for worker in range(MOST_LOSSES - 1):
        schedule.join(worker)
        assert given_out(schedule) == [(worker, 7)]
        schedule.leave(worker)
    schedule.join(MOST_LOSSES)
    given_out(schedule)
    with pytest.raises(Deadly, match=r"4 workers were lost with the same piece of work"):
        schedule.leave(MOST_LOSSES)


@given(st.integers(0, 30), st.lists(st.tuples(st.sampled_from("jldht"), st.integers(0, 4)), max_size=150))
def test_whatever_happens_every_piece_is_done_once_and_nobody_is_given_too_much(
    count: int, happenings: list[tuple[str, int]]
) -> None:
    schedule, now_s, done = Schedule(), 0.0, []
    held: dict[int, list[int]] = {}
    schedule.add(range(count))

    def settle(worker: int) -> None:
        if held.get(worker):
            piece = held[worker].pop(0)
            if schedule.done(worker, piece, 1.0):
                done.append(piece)

    def give() -> None:
        for worker, piece in given_out(schedule, now_s):
            assert piece not in held[worker]
            held[worker].append(piece)
            assert len(held[worker]) <= AHEAD

    losses = 0
    for what, worker in happenings:
        if what == "j" and worker not in held:
            schedule.join(worker)
            held[worker] = []
        elif what == "l" and losses < MOST_LOSSES - 1:
            losses += worker in held
            schedule.leave(worker)
            held.pop(worker, None)
        elif what == "d":
            settle(worker)
        elif what == "h":
            schedule.hurry(now_s)
        else:
            now_s += 20.0
        give()
    if 9 not in held:
        schedule.join(9)
        held[9] = []
    for _ in range(3 * count + 10):
        give()
        for worker in list(held):
            settle(worker)
    assert sorted(done) == list(range(count))
    assert schedule.open == 0
