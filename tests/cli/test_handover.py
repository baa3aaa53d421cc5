"""Threads first, a successor when a command turns out to be long: every chunk once, and the same result."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from optimization.walkforward.chunks import Chunk, Task
from optimization.walkforward.port import Cancelled
from optimization.walkforward.threads import Threads
from scripts import handover
from scripts.handover import LONG_S, Handover, Successor
from tests.ray.research_job import Folder, walked

CHUNKS = 32
"""Of the job, over both waves."""


class Later(Threads):
    """A successor that counts what it is given and may be used from the so-and-so-many-th question on."""

    def __init__(self, questions: int) -> None:
        super().__init__(1)
        self.given, self.cancelled = 0, False
        self._questions = questions

    @property
    def ready(self) -> bool:
        self._questions -= 1
        return self._questions < 0

    def evaluate(
        self, task: Task, chunks: Sequence[Chunk], told: Callable[[Chunk, int], None]
    ) -> Iterator[tuple[Chunk, bytes]]:
        self.given += len(chunks)
        return super().evaluate(task, chunks, told)

    def cancel(self) -> None:
        self.cancelled = True
        super().cancel()

    def finish(self) -> None:
        """Nothing is to be ended."""

    close = finish


class Clock:
    """Seconds that grow by one with each look."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 1.0
        return self.now_s


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    return walked(Threads(1), Folder(tmp_path_factory.mktemp("threads"))).result_hash


@pytest.fixture(autouse=True)
def ordinary(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Threads that keep their priority, since others test beside; the names of those that would have lowered it."""
    lowered: list[str] = []
    monkeypatch.setattr(handover, "step_back", lambda: lowered.append(threading.current_thread().name))
    return lowered


@pytest.mark.parametrize(("questions", "given"), [(0, CHUNKS - int(LONG_S) + 1), (4, CHUNKS - int(LONG_S) - 3)])
def test_the_rest_goes_to_the_successor_when_it_is_ready(
    questions: int, given: int, expected: str, tmp_path: Path, ordinary: list[str]
) -> None:
    later, ledger = Later(questions), Folder(tmp_path)
    assert walked(Handover(Successor(lambda: later, Clock()), 2), ledger).result_hash == expected
    assert (later.given, ledger.puts) == (given, CHUNKS)
    assert len(set(ordinary)) in (1, 2)


def test_a_short_run_begins_no_successor(expected: str, tmp_path: Path) -> None:
    def never() -> Later:
        raise AssertionError("was begun")

    assert walked(Handover(Successor(never, lambda: 0.0), 1), Folder(tmp_path)).result_hash == expected


def test_a_successor_that_never_begins_is_not_missed(expected: str, tmp_path: Path) -> None:
    later = Later(10**6)
    assert walked(Handover(Successor(lambda: later, Clock()), 1), Folder(tmp_path)).result_hash == expected
    assert later.given == 0


def test_all_runs_of_a_command_share_one_successor() -> None:
    begun: list[Later] = []

    def begin() -> Later:
        begun.append(Later(1))
        return begun[-1]

    successor = Successor(begin, iter((0.0, 1.0, LONG_S, 99.0)).__next__)
    assert [successor.ready() for _ in range(3)] == [False, False, True]
    assert len(begun) == 1


@pytest.mark.parametrize("puts", [2, 20])
def test_cancelling_ends_whoever_evaluates(puts: int, tmp_path: Path) -> None:
    later = Later(0)
    run = Handover(Successor(lambda: later, Clock()), 1)
    ledger = Folder(tmp_path, lambda count: run.cancel() if count == puts else None)
    with pytest.raises(Cancelled):
        walked(run, ledger)
    assert ledger.puts < CHUNKS
    assert later.cancelled is (puts == 20)


def test_threads_that_step_back_leave_the_others_as_they_are() -> None:
    found: list[int] = []

    def lower() -> None:
        from optimization.fanout.shell import step_back

        step_back()
        found.append(os.sched_getscheduler(0))

    thread = threading.Thread(target=lower)
    thread.start()
    thread.join()
    assert found == [os.SCHED_IDLE]
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
