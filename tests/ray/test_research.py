"""A walk-forward run on a real Ray: the same hash as threads give, whatever dies meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from optimization.fanout.schedule import AHEAD
from optimization.walkforward.threads import Threads
from tests.ray.exchange import ROOT
from tests.ray.research_job import Folder, walked

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(240)]

CHUNKS = 32


def command(scenario: str, state: Path) -> list[str]:
    return [sys.executable, "-m", "tests.ray.research", scenario, str(state)]


def lived(scenario: str, state: Path) -> dict[str, Any]:
    """What a scenario tells; a process of its own, since Ray reads its flags when it is imported."""
    ran = subprocess.run(command(scenario, state), cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-6_000:]
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The hash of the job, evaluated in this process."""
    return walked(Threads(1), Folder(tmp_path_factory.mktemp("alone"))).result_hash


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the scenarios that share one Ray tell, by name."""
    return lived("together", tmp_path_factory.mktemp("together"))


@pytest.mark.chaos
def test_ray_gives_what_threads_give_also_when_two_runs_share_the_workers(
    together: dict[str, Any], expected: str
) -> None:
    assert together["same"] == {"threads": expected, "ray": [expected, expected], "again": 0, "workers": 2}


@pytest.mark.chaos
def test_a_killed_worker_costs_its_own_chunks_and_nothing_else(together: dict[str, Any], expected: str) -> None:
    found = together["worker"]
    assert (found["ray"], found["puts"], found["lost"]) == (expected, CHUNKS, 1)
    assert 1 <= found["again"] <= AHEAD


@pytest.mark.chaos
def test_cancelling_ends_compiled_code_within_two_seconds(together: dict[str, Any]) -> None:
    found = together["cancel"]
    assert found["raised_s"] is not None
    assert found["gone_s"] < 2


@pytest.mark.chaos
def test_workers_are_at_idle_priority_and_mistakes_are_told_from_losses(together: dict[str, Any]) -> None:
    found = together["priority"]
    assert found["told"]
    assert all("True" in told for told in found["told"])
    assert found["wrong"] == "RayTaskError(ValueError): ValueError: a strategy's own mistake"
    assert found["deadly"].startswith("Deadly: 4 workers were lost with the same piece of work")
    lacking = "ModuleNotFoundError: No module named 'tests.ray.nothing'"
    assert found["nothing"] == f"NoWorkers: no worker can be started: {lacking}"


def test_a_lost_node_costs_its_own_chunks_and_one_that_joins_helps(tmp_path: Path, expected: str) -> None:
    found = lived("nodes", tmp_path)
    assert (found["ray"], found["puts"]) == (expected, CHUNKS)
    assert 1 <= found["again"] <= AHEAD
    assert found["after_s"] < 30
    assert (found["alone"], found["joined"]) == (1, 2)
    assert 1 <= len(found["told"]) <= 2


@pytest.mark.chaos
def test_a_command_killed_with_9_goes_on_where_it_was(tmp_path: Path, expected: str) -> None:
    quiet = subprocess.DEVNULL
    first = subprocess.Popen(command("slowly", tmp_path), cwd=ROOT, stdout=quiet, stderr=quiet)
    deadline = time.monotonic() + 180
    while finished(tmp_path) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    workers = [p for p in psutil.Process(first.pid).children(recursive=True) if p.name().startswith("ray::Worker")]
    assert len(workers) == 2
    os.kill(first.pid, signal.SIGKILL)
    first.wait(10)
    kept = finished(tmp_path)
    assert 6 <= kept < CHUNKS
    assert psutil.wait_procs(workers, timeout=20)[1] == []
    again = lived("slowly", tmp_path)
    assert again == {"ray": expected, "puts": CHUNKS - kept, "hits": kept}


@pytest.mark.chaos
def test_the_optimizer_killed_with_9_goes_on_with_its_job(tmp_path: Path) -> None:
    found = lived("optimizer", tmp_path)
    assert found["refused"].startswith("job: from_ms: Field required")
    assert 2 <= found["killed_at"] < 8
    assert found["first"] == ["done", 8, 8]
    assert found["second"] == ["done", True]
    assert (found["cancelled"], found["third"], found["same_one"]) == (True, "cancelled", True)
    assert found["cancel_s"] < 2


def finished(state: Path) -> int:
    """How many chunks the ledger has."""
    return sum(1 for file in state.glob("chunks/*") if not file.suffix)
