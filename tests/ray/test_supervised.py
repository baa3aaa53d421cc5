"""``scalp-radar up --supervise --keep`` whose processes are killed one after another: it comes back, nothing is left.

What is measured goes to standard output (``pytest -s``); docs/operations.md has the figures.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from scripts.running import check_port
from storage.database import open_database
from storage.records import Query

ROOT = Path(__file__).parents[2]
START_S: Final = 120.0
VICTIMS: Final = ("raylet", "gcs_server", "driver", "parent", "exchange")
NOTICED_S: Final = 8.0
"""From a death until everybody else of that family has ended."""


class Running:
    """The supervised demo."""

    def __init__(self, state: Path, log: Path) -> None:
        self._state, self._port = state, check_port(0)
        with log.open("wb") as said:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "scripts.main", "up", "--supervise", "--restarts", "3", "--within", "0.02",
                    "--keep", "--speed", "600", "--port", str(self._port),
                ],
                cwd=ROOT, stdout=said, stderr=said, env={**os.environ, "SCALP_RADAR_STATE": str(state)},
            )

    def parent(self) -> int:
        """The process that is told by ``running.json``."""
        return int(json.loads((self._state / "running.json").read_text())["pid"])

    def replaced(self, parent: int) -> bool:
        return self.parent() != parent

    def healthy(self) -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/health", timeout=5) as answer:
            health: dict[str, Any] = json.load(answer)
        return health["status"] != "DANGER" and all(a["state"] == "ok" for a in health["actors"])

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def victim(self, kind: str) -> psutil.Process:
        parent = psutil.Process(self.parent())
        if kind == "parent":
            return parent
        if kind == "driver":
            return next(p for p in parent.children() if p.name() not in ("raylet", "gcs_server"))
        if kind == "exchange":
            return next(p for p in parent.children(recursive=True) if "sandbox" in p.cmdline())
        return next(p for p in parent.children() if p.name() == kind)


def until(what: str, condition: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except (OSError, ValueError, KeyError, StopIteration, psutil.Error):
            pass
        time.sleep(0.1)
    raise AssertionError(f"in vain: {what}")


def trades(state: Path) -> list[Any]:
    """All that the ledger holds, oldest first."""
    database = open_database(f"sqlite:///{state}/demo/ledger.sqlite")
    try:
        return list(reversed(database.trades(Query(limit=500)).items))
    finally:
        database.close()


@pytest.mark.ray
@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_whoever_dies_everything_is_back_and_what_was_traded_stays(tmp_path: Path) -> None:
    state = tmp_path / "state"
    running = Running(state, tmp_path / "log")
    try:
        until("a healthy system", running.healthy, START_S)
        for kind in VICTIMS:
            family, before, known = running.family(), running.parent(), trades(state)
            struck = running.victim(kind)
            began = time.monotonic()
            struck.kill()
            _, left = psutil.wait_procs(family, timeout=NOTICED_S)
            ended_s = time.monotonic() - began
            assert not left, kind
            until(f"another parent after {kind}", partial(running.replaced, before), START_S)
            until(f"a healthy system after {kind}", running.healthy, START_S)
            sys.stdout.write(f"{kind}: all ended after {ended_s:.1f} s, back {time.monotonic() - began:.1f} s\n")
            assert trades(state)[: len(known)] == known
        family = running.family()
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(60) == 0
        assert not psutil.wait_procs(family, timeout=NOTICED_S)[1]
        assert not (state / "running.json").exists()
        told = [json.loads(row)["record"]["message"] for row in (state / "supervise.jsonl").read_text().splitlines()]
        assert sum("restart" in row for row in told) == len(VICTIMS)
    except BaseException:
        sys.stdout.write((tmp_path / "log").read_text()[-3_000:])
        raise
    finally:
        running.process.kill()
        running.process.wait()
