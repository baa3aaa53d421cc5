"""A full optimisation beside the running system: both cores busy with a search that would take long."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psutil

from core.candle import Candles
from core.errors import ScalpRadarError
from market.store import CandleStore

START_S: Final = 90.0
_MANY: Final = {
    "ma_period": range(2, 82), "envelope_start": range(10, 50), "envelope_step": range(5, 25),
    "stop_fraction": range(10, 40),
}


@contextmanager
def optimising(config: Path, candles: Candles) -> Iterator[None]:
    """A search over these candles with a worker a core, for as long as the block takes.

    Raises ScalpRadarError when its workers do not come to work.
    """
    with TemporaryDirectory() as folder:
        CandleStore(Path(folder) / "store").append("X", "BTC-USDT", candles)
        settings = shutil.copytree(config, Path(folder) / "config")
        (settings / "optimization.yaml").write_text("max_combinations: 5000000\n")
        (settings / "strategies.yaml").write_text("strategies: {envelope_dca: {}}\n")
        command = [
            sys.executable, "-m", "scripts.main", "optimize", "envelope_dca", "--symbol", "BTC-USDT", "--store",
            f"{folder}/store", "--results", f"{folder}/results", "--config", str(settings),
        ]
        for name, values in _MANY.items():
            scale = 1 if name == "ma_period" else 1000 if name != "stop_fraction" else 100
            command += ["--set", f"{name}=" + ",".join(f"{v / scale:g}" for v in values)]
        process = subprocess.Popen(  # noqa: S603  # our own program with our own arguments
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "SCALP_RADAR_STATE": f"{folder}/state"},
        )
        try:
            _await_work(process)
            yield
            if process.poll() is not None:
                raise ScalpRadarError("bench: the optimisation beside ended too early")
        finally:
            _end(process)


def _await_work(process: subprocess.Popen[bytes]) -> None:
    """Until every core has a worker that computes."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        if _busy(process) >= (os.cpu_count() or 1):
            return
        time.sleep(0.2)
    raise ScalpRadarError("bench: the optimisation beside did not begin; `scalp-radar optimize` says why")


def _busy(process: subprocess.Popen[bytes]) -> int:
    """Workers that have computed for a second or more."""
    found = 0
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            if child.cmdline()[:1] == ["ray::WorkerProcess.evaluate"] and child.cpu_times().user > 1.0:
                found += 1
        except psutil.Error:
            continue
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    tree = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
    for child in psutil.wait_procs(tree, timeout=10)[1]:
        child.kill()
