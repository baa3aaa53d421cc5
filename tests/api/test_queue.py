"""The queue over HTTP: who may, what is refused and why; a queue that answers what it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.gateway import Unavailable
from api.queue_models import Estimates, GridView, JobOrder, Optimisable, Submission
from core.errors import InputError
from tests.api.rig import KEY, Rig
from tests.api.test_app import problem

JOBS = "/api/optimization/jobs"
ORDER: dict[str, Any] = {"strategy": "envelope_dca", "symbols": ["BTC-USDT"], "given": {"ma_period": [7]}}
WITH_KEY = {"X-API-Key": KEY}


class Queue:
    """Remembers what it was asked; ``error`` is raised instead of an answer."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.error: Exception | None = None

    def _ask(self, what: Any) -> None:
        self.asked.append(what)
        if self.error is not None:
            raise self.error

    async def strategies(self) -> Optimisable:
        self._ask("strategies")
        return Optimisable.model_validate({"items": (), "candles": {"kind": "none", "words": "fetch", "symbols": ()}})

    async def grid(self, strategy: str) -> GridView:
        self._ask(strategy)
        raise InputError(f"strategy {strategy!r}: allowed are momentum")

    async def estimate(self, order: JobOrder) -> Estimates:
        self._ask(order)
        return Estimates(items=())

    async def submit(self, order: JobOrder) -> Submission:
        self._ask(order)
        return Submission(job_id="j1", ahead=2)

    async def cancel(self, job_id: str) -> bool:
        self._ask(job_id)
        return job_id == "j1"


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
async def asked(tmp_path: Path, queue: Queue) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path, queue=queue)
    yield rig
    await rig.close()


async def test_a_job_is_queued_with_the_key_and_not_without(asked: Rig, queue: Queue) -> None:
    problem(await asked.client.post(JOBS, json=ORDER), 401)
    problem(await asked.client.delete(f"{JOBS}/j1"), 401)
    assert queue.asked == []
    answer = await asked.client.post(JOBS, json=ORDER, headers=WITH_KEY)
    assert (answer.status_code, answer.json()) == (202, {"job_id": "j1", "ahead": 2})
    assert queue.asked == [JobOrder.model_validate(ORDER)]
    assert (await asked.client.delete(f"{JOBS}/j1", headers=WITH_KEY)).status_code == 204
    problem(await asked.client.delete(f"{JOBS}/other", headers=WITH_KEY), 404)


async def test_a_refused_job_says_why(asked: Rig, queue: Queue) -> None:
    queue.error = InputError("5 jobs are waiting already; allowed are 5")
    assert "5 jobs" in problem(await asked.client.post(JOBS, json=ORDER, headers=WITH_KEY), 409)["detail"]


async def test_looking_and_estimating_need_no_key(asked: Rig, queue: Queue) -> None:
    assert (await asked.client.get("/api/optimization/strategies")).json()["candles"]["kind"] == "none"
    assert (await asked.client.post("/api/optimization/estimate", json=ORDER)).json() == {"items": []}
    assert "momentum" in problem(await asked.client.get("/api/optimization/grids/other"), 404)["detail"]


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"strategy": "../etc"}, {**ORDER, "unknown": 1}, {**ORDER, "from_ms": -1}, {**ORDER, "to_ms": 2**60},
        {**ORDER, "given": {"ma_period": 7}}, {**ORDER, "given": {"ma_period": [{}]}},
        {**ORDER, "symbols": ["X"] * 101},
    ],
)
async def test_what_is_no_order_never_reaches_the_queue(asked: Rig, queue: Queue, wrong: dict[str, Any]) -> None:
    problem(await asked.client.post("/api/optimization/estimate", json=wrong), 422)
    problem(await asked.client.post(JOBS, json=wrong, headers=WITH_KEY), 422)
    assert queue.asked == []


async def test_a_queue_that_is_beginning_asks_to_come_again(asked: Rig, queue: Queue) -> None:
    queue.error = Unavailable("the optimizer is beginning; again in a few seconds")
    answer = await asked.client.get("/api/optimization/strategies")
    assert problem(answer, 503)["detail"] == str(queue.error)
    assert answer.headers["retry-after"]


async def test_where_nothing_is_optimised_the_answer_names_the_command(rig: Rig) -> None:
    assert "scalp-radar optimize" in problem(await rig.client.get("/api/optimization/strategies"), 503)["detail"]
    assert "scalp-radar optimize" in problem(await rig.client.post(JOBS, json=ORDER, headers=WITH_KEY), 503)["detail"]
