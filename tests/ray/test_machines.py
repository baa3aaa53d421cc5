"""A walk-forward run over machines that have neither disk nor code in common: uploaded, computed, lost, cut off."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from optimization.fanout.schedule import AHEAD
from optimization.walkforward.threads import Threads
from tests.ray.exchange import ROOT
from tests.ray.network import Network, network, possible
from tests.ray.research_job import Folder, walked

pytestmark = [
    pytest.mark.ray, pytest.mark.machines, pytest.mark.timeout(400),
    pytest.mark.skipif(not possible(), reason="needs root, iproute2 and unshare"),
]

CHUNKS = 2 * -(-(14**4) // 1_000)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The hash of the job, evaluated in this process."""
    return walked(Threads(1), Folder(tmp_path_factory.mktemp("alone")), per_axis=14, at_once=1_000).result_hash


@pytest.fixture
def machines() -> Iterator[Network]:
    # a short path, as those of Ray's sockets must be
    with TemporaryDirectory(prefix="sr") as folder, network(Path(folder), secrets.token_hex(32)) as found:
        yield found


def lived(machines: Network, state: Path, how: str) -> dict[str, Any]:
    """What the command on the head tells."""
    ran = subprocess.run(
        ["ip", "netns", "exec", machines.head, sys.executable, "-m", "tests.ray.research", "machines", str(state)],
        cwd=ROOT, capture_output=True, text=True,
        env={**machines.environment(0), "HOW": how, "VICTIM": machines.names[2]},
    )
    assert ran.returncode == 0, ran.stderr[-6_000:]
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("how", ["nothing", "kill", "cut"])
def test_the_hash_is_that_of_one_process(machines: Network, tmp_path: Path, expected: str, how: str) -> None:
    found = lived(machines, tmp_path, how)
    sys.stdout.write(f"\n{how}: {found}\n")  # pytest -s shows it
    assert (found["ray"], found["puts"]) == (expected, CHUNKS)
    if how == "nothing":
        assert (found["again"], found["lost"], found["workers"]) == (0, 0, 2)
    else:
        assert 1 <= found["again"] <= AHEAD
