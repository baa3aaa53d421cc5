"""The running system: seconds from the command to healthy, memory when idle, candle to order, also beside a search."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import psutil
import yaml

from core.errors import ScalpRadarError
from scripts.bench.beside import optimising
from scripts.bench.figures import Figure, at_most
from scripts.bench.task import tape
from scripts.launch import LATENCIES

T = TypeVar("T")

START_S: Final = 90.0
SETTLE_S: Final = 6.0
"""From healthy to idle: first pages are touched, caches filled."""
HURRY: Final = 120
HURRY_S: Final = 50
"""Speed and seconds of the demo whose orders are timed: a minute in half a second, each over long before the next one
begins, and enough of them for a 99th percentile."""


def measure(config: Path) -> list[Figure]:
    """Boot and memory of a demo at real time, which is idle most of it."""
    with tempfile.TemporaryDirectory() as state:
        began = time.perf_counter()
        command = [sys.executable, "-m", "scripts.main", "up", "--port", "0", "--speed", "1", "--config", str(config)]
        process = subprocess.Popen(  # noqa: S603  # our own program with our own arguments
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "SCALP_RADAR_STATE": state},
        )
        try:
            url = _await(lambda: json.loads((Path(state) / "running.json").read_text())["url"], process)
            _await(lambda: _health(url)["status"] == "OK", process)
            booted = time.perf_counter() - began
            time.sleep(SETTLE_S)
            ours, exchange = memory_of(process.pid)
        finally:
            ended = _stop(process)
    latencies = _latencies(config)
    idle = percentile(latencies, 99)
    with optimising(config, tape("").candles):
        beside = _latencies(config)
    return [
        at_most("boot, from the command to healthy", booted, "s", 10),
        at_most("memory, idle, all actors and Ray (PSS)", ours, "GB", 1.0, f"local exchange {exchange:.2f} GB"),
        at_most("stop, from Ctrl-C to nothing left", ended, "s", 10),
        at_most("candle to order, p50", percentile(latencies, 50), "ms", 3, f"{len(latencies)} orders"),
        at_most("candle to order, p99", idle, "ms", 10),
        at_most(
            "candle to order, p99, beside a full optimisation", percentile(beside, 99), "ms", 2 * idle,
            f"{len(beside)} orders",
        ),
    ]


def _latencies(config: Path) -> list[float]:
    """Milliseconds from candle to order, of a demo that decides every minute. Raises ScalpRadarError without any."""
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as state:
        command = [
            sys.executable, "-m", "scripts.main", "up", "--port", "0", "--speed", str(HURRY), "--for", str(HURRY_S),
            "--config", str(deciding_every_minute(config, Path(place) / "config")),
        ]
        subprocess.run(  # noqa: S603  # our own program with our own arguments
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=START_S + HURRY_S,
            env={**os.environ, "SCALP_RADAR_STATE": state},
        )
        found: list[float] = [ms for f in Path(state).glob(f"*/{LATENCIES}") for ms in json.loads(f.read_text())]
    if not found:
        raise ScalpRadarError("bench: the demo sent no order; `scalp-radar up` says why")
    return sorted(found)


def deciding_every_minute(config: Path, copy: Path) -> Path:
    """A copy of the configuration whose strategies decide on minutes, and so move their orders with each of them."""
    shutil.copytree(config, copy)
    file = copy / "strategies.yaml"
    content = yaml.safe_load(file.read_text())
    content["folders"] = [str((config.resolve().parent / folder).resolve()) for folder in content.get("folders", ())]
    for entry in content["strategies"].values():
        entry["timeframe"] = "1m"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return copy


def percentile(ordered: list[float], percent: int) -> float:
    """The smallest value that so many percent do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _health(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url + "/health", timeout=5) as answer:  # noqa: S310  # our own loopback address
        found: dict[str, Any] = json.load(answer)
    return found


def _await(look: Callable[[], T], process: subprocess.Popen[bytes]) -> T:
    """What ``look`` gives once it gives something. Raises ScalpRadarError when it does not in time."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            found = look()
        except (OSError, ValueError, KeyError):
            found = None
        if found:
            return found
        time.sleep(0.05)
    raise ScalpRadarError("bench: the demo did not become healthy; `scalp-radar up` says why")


def memory_of(pid: int) -> tuple[float, float]:
    """Proportional set size in GB of the whole tree without the local exchange, and of that one."""
    root = psutil.Process(pid)
    ours = exchange = 0
    for child in [root, *root.children(recursive=True)]:
        try:
            size = child.memory_full_info().pss
            is_exchange = "sandbox" in child.cmdline()
        except psutil.Error:
            continue
        if is_exchange:
            exchange += size
        else:
            ours += size
    return ours / 1e9, exchange / 1e9


def _stop(process: subprocess.Popen[bytes]) -> float:
    """Seconds from Ctrl-C until no process of the tree is left."""
    tree = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    began = time.perf_counter()
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
    psutil.wait_procs(tree, timeout=10)
    return time.perf_counter() - began
