"""The optimizer's queue: order, bounds, refusals, cancelling, and what a restart takes up again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors.optimizer import MOST_WAITING, Optimizer, Refused, Submitted, Told
from core.errors import DataError, InputError
from optimization.walkforward.port import Cancelled
from storage.research import Research
from storage.research_records import StoredJob
from tests.research import job as stored_job

PATIENCE_S = 10.0


class Steps:
    """Works whose assets end when the test says so; what is begun and done stands in ``log``."""

    def __init__(self) -> None:
        self.log: list[tuple[str, int]] = []
        self.begun = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.fails: Exception | None = None

    def checked(self, request: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
        if "symbols" not in request:
            raise InputError("job: symbols: needed")
        return str(request["strategy"]), tuple(request["symbols"])

    def begin(self) -> Step:
        return Step(self)


class Step:
    def __init__(self, around: Steps) -> None:
        self._around, self._cancelled = around, False

    def run(self, job: StoredJob, tell: Callable[[Told], None]) -> None:
        for number in range(job.done, len(job.symbols)):
            tell(Told({"symbol": job.symbols[number]}, number))
            self._around.log.append((job.job_id, number))
            self._around.begun.release()
            assert self._around.go.acquire(timeout=PATIENCE_S)
            if self._cancelled:
                raise Cancelled("cancelled")
            if self._around.fails is not None:
                raise self._around.fails
            tell(Told({}, number + 1, f"run {number}"))

    def cancel(self) -> None:
        self._cancelled = True
        self._around.go.release()


@contextmanager
def optimizer(book: Research, steps: Steps) -> Iterator[Optimizer]:
    times, ids = iter(range(1, 10_000)), iter(range(10_000))
    found = Optimizer(book, steps, origin="here", clock_ms=lambda: next(times), new_id=lambda: f"new {next(ids)}")
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Research]:
    found = Research(f"sqlite:///{tmp_path}/results.sqlite")
    yield found
    found.close()


def asked(*symbols: str) -> dict[str, Any]:
    return {"strategy": "s", "symbols": list(symbols)}


def over(found: Optimizer, job_id: str) -> StoredJob:
    """The job when it is over."""
    for _ in range(int(PATIENCE_S * 1000)):
        job = found.progress(job_id)
        if job is not None and job.ended_ms:
            return job
        threading.Event().wait(0.001)
    raise AssertionError(f"{job_id} does not end")


def test_a_job_runs_asset_by_asset_and_its_runs_are_told(book: Research) -> None:
    steps = Steps()
    with optimizer(book, steps) as found:
        assert found.submit(asked("A", "B")) == Submitted("new 0", 0)
        assert steps.begun.acquire(timeout=PATIENCE_S)
        now = found.progress("new 0")
        assert now is not None
        assert (now.state, now.done, now.total, now.progress) == ("running", 0, 2, {"symbol": "A"})
        steps.go.release(2)
        done = over(found, "new 0")
    assert (done.state, done.done, done.fingerprints, done.origin) == ("done", 2, ("run 0", "run 1"), "here")
    assert done.ts_ms < done.started_ms < done.ended_ms


def test_jobs_run_in_the_order_in_which_they_came_and_five_may_wait(book: Research) -> None:
    steps = Steps()
    with optimizer(book, steps) as found:
        taken = [found.submit(asked("A"))]
        assert steps.begun.acquire(timeout=PATIENCE_S)
        taken += [found.submit(asked("A")) for _ in range(MOST_WAITING)]
        assert taken == [Submitted(f"new {i}", i) for i in range(1 + MOST_WAITING)]
        assert found.submit(asked("A")) == Refused("5 jobs are waiting already; allowed are 5")
        assert found.health()["waiting"] == MOST_WAITING
        assert len(found.jobs()) == 1 + MOST_WAITING
        steps.go.release(1 + MOST_WAITING)
        over(found, f"new {MOST_WAITING}")
        assert isinstance(found.submit(asked("A")), Submitted)
    assert [name for name, _ in steps.log][: 1 + MOST_WAITING] == [f"new {i}" for i in range(1 + MOST_WAITING)]


def test_what_is_wrong_is_refused_with_its_reason_and_leaves_nothing(book: Research) -> None:
    with optimizer(book, Steps()) as found:
        assert found.submit({"strategy": "s"}) == Refused("job: symbols: needed")
        assert found.jobs() == ()


def test_a_waiting_and_a_running_job_can_be_cancelled_and_others_go_on(book: Research) -> None:
    steps = Steps()
    with optimizer(book, steps) as found:
        for _ in range(3):
            found.submit(asked("A"))
        assert steps.begun.acquire(timeout=PATIENCE_S)
        assert found.cancel("new 1")
        assert found.cancel("new 0")
        assert not found.cancel("unknown")
        assert over(found, "new 0").state == over(found, "new 1").state == "cancelled"
        steps.go.release()
        assert over(found, "new 2").state == "done"
        assert not found.cancel("new 2")
    assert [name for name, _ in steps.log] == ["new 0", "new 2"]


@pytest.mark.parametrize(
    ("error", "detail", "counted"),
    [(DataError("A: no candles"), "A: no candles", 0), (ValueError("a defect"), "ValueError: a defect", 1)],
)
def test_a_job_that_fails_says_why_and_the_next_one_runs(
    book: Research, error: Exception, detail: str, counted: int
) -> None:
    steps = Steps()
    steps.fails = error
    with optimizer(book, steps) as found:
        found.submit(asked("A"))
        steps.go.release()
        failed = over(found, "new 0")
        steps.fails = None
        found.submit(asked("A"))
        steps.go.release()
        assert over(found, "new 1").state == "done"
        assert found.health()["errors"] == counted
    assert (failed.state, failed.detail) == ("failed", detail)


def test_after_a_restart_the_running_job_goes_on_at_its_unfinished_asset_then_the_waiting_ones(book: Research) -> None:
    first = Steps()
    with optimizer(book, first) as found:
        found.submit(asked("A", "B", "C"))
        found.submit(asked("D"))
        first.go.release()
        assert first.begun.acquire(timeout=PATIENCE_S)
        assert first.begun.acquire(timeout=PATIENCE_S)  # B has begun: A is done
    assert [job.state for job in found.jobs()] == ["waiting", "running"]
    second = Steps()
    with optimizer(book, second) as found:
        second.go.release(3)
        assert over(found, "new 1").state == "done"
        done = over(found, "new 0")
    assert second.log == [("new 0", 1), ("new 0", 2), ("new 1", 0)]
    assert (done.state, done.fingerprints) == ("done", ("run 0", "run 1", "run 2"))


def test_what_ran_when_the_process_died_runs_before_what_is_older(book: Research) -> None:
    book.save_job(stored_job("older", ts_ms=1, symbols=("A",)))
    book.save_job(replace(stored_job("ran", ts_ms=2, symbols=("A", "B")), state="running", done=1))
    steps = Steps()
    steps.go.release(2)
    with optimizer(book, steps) as found:
        over(found, "older")
    assert steps.log == [("ran", 1), ("older", 0)]


def test_a_stopped_optimizer_takes_nothing(book: Research) -> None:
    with optimizer(book, Steps()) as found:
        found.stop()
        assert found.submit(asked("A")) == Refused("the optimizer is stopping")
        assert found.health()["state"] == "stopped"
