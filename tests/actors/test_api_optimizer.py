"""The optimizer's process as the API has it: made when asked, made anew when killed, gone when nobody needs it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from actors.api_optimizer import OptimizerChild, Wanted
from api.queue_models import JobOrder
from core.errors import InputError
from optimization.result_store import ResultStore
from scripts.configuration import read_settings
from tests.research import job

END_MS = 1_735_689_600_000
CONFIG = Path(__file__).resolve().parents[2] / "config"
PATIENCE_S = 90.0


def wanted(folder: Path) -> Wanted:
    results = folder / "results"
    results.mkdir()
    beginning = {
        "settings": read_settings(CONFIG).model_dump(mode="json"), "synthetic": [1, END_MS], "results": str(results),
        "logs": str(folder / "logs"), "yielding": False,
    }
    return Wanted(json.dumps(beginning), results / "results.sqlite")


async def until(what: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not what():
            await asyncio.sleep(0.02)


def keep_open(store: ResultStore, job_id: str) -> None:
    """A job that ran when an earlier system ended."""
    request = {"strategy": "envelope_dca", "symbols": ["BTC-USDT"], "from_ms": 0, "to_ms": 2**53}
    store.research.save_job(job(job_id, state="running", symbols=("BTC-USDT",), request=request, total=1))


async def test_nothing_is_begun_before_somebody_asks(tmp_path: Path) -> None:
    child = OptimizerChild(wanted(tmp_path), lambda told: None)
    care = asyncio.create_task(child.look_after())
    await asyncio.sleep(0)
    await asyncio.to_thread(lambda: None)  # the look into the database took a thread as well
    assert child.pid == 0
    care.cancel()
    await child.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_what_an_earlier_system_left_open_is_gone_on_with_through_a_kill_and_then_nothing_stays(
    tmp_path: Path,
) -> None:
    settings = wanted(tmp_path)
    store = ResultStore(tmp_path / "results")
    keep_open(store, "left")
    keep_open(store, "deadly")
    told: dict[str, str] = {}
    child = OptimizerChild(settings, lambda one: told.update({one["job_id"]: one["state"]}), answer_s=PATIENCE_S)
    child._deaths["deadly"] = 3
    care = asyncio.create_task(child.look_after())
    await until(lambda: told.get("left") == "running")
    first = child.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.pid not in (0, first))
    await until(lambda: told["left"] == "done")
    with pytest.raises(InputError, match="momentum"):
        await child.estimate(JobOrder(strategy="other"))
    assert not await child.cancel("left")
    child._idle_s = 0.0
    await until(lambda: child.pid == 0)
    care.cancel()
    await child.close()
    given_up = store.research.job("deadly")
    assert given_up is not None
    assert (given_up.state, "memory" in given_up.detail) == ("failed", True)
    assert [run.symbol for run in store.runs().items] == ["BTC-USDT"]
    store.close()
