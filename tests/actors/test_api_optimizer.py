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


@pytest.mark.timeout(240)
async def test_a_killed_optimizer_goes_on_with_its_job_and_an_idle_one_is_gone(tmp_path: Path) -> None:
    told: dict[str, dict[str, Any]] = {}
    child = OptimizerChild(wanted(tmp_path), lambda one: told.update({one["job_id"]: one}), answer_s=PATIENCE_S)
    care = asyncio.create_task(child.look_after())
    assert child.pid == 0  # nobody asked yet
    order = JobOrder(strategy="envelope_dca", symbols=("BTC-USDT", "ETH-USDT"), given={"ma_period": (5, 7)})
    with pytest.raises(InputError, match="momentum"):
        await child.estimate(JobOrder(strategy="other"))
    first = child.pid
    assert first
    taken = await child.submit(order)
    await until(lambda: told.get(taken.job_id, {}).get("state") == "running")
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.pid not in (0, first))
    await until(lambda: told[taken.job_id]["state"] == "done")
    assert len(told[taken.job_id]["fingerprints"]) == 2
    assert not await child.cancel(taken.job_id)
    child._idle_s = 0.0
    await until(lambda: child.pid == 0)
    care.cancel()
    await child.close()
    store = ResultStore(tmp_path / "results")
    assert [run.symbol for run in store.runs().items] == ["ETH-USDT", "BTC-USDT"]
    store.close()


@pytest.mark.timeout(240)
async def test_a_job_that_an_earlier_run_left_open_is_gone_on_with_or_given_up(tmp_path: Path) -> None:
    settings = wanted(tmp_path)
    store = ResultStore(tmp_path / "results")
    request = {"strategy": "envelope_dca", "symbols": ["BTC-USDT"], "from_ms": 0, "to_ms": 2**53}
    store.research.save_job(job("left", state="running", symbols=("BTC-USDT",), request=request, total=1))
    store.research.save_job(job("deadly", state="running", symbols=("BTC-USDT",), request=request, total=1))
    told: dict[str, str] = {}
    child = OptimizerChild(settings, lambda one: told.update({one["job_id"]: one["state"]}), answer_s=PATIENCE_S)
    child._deaths["deadly"] = 3
    care = asyncio.create_task(child.look_after())
    await until(lambda: told.get("left") == "done")
    care.cancel()
    await child.close()
    assert child.pid == 0
    given_up = store.research.job("deadly")
    assert given_up is not None
    assert (given_up.state, "memory" in given_up.detail) == ("failed", True)
    store.close()
