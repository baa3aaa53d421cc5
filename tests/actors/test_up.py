"""``scalp-radar up`` as users run it: wrong inputs, and one whole demo with a kill and a Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from actors.wiring.lock import Lock
from scripts.main import build
from scripts.running import check_port, running
from tests.cli.command import installed_scalp_radar

ROOT = Path(__file__).parents[2]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    for name in ("LIVE_TRADING", "BITGET_API_KEY", "BITGET_API_SECRET", "BITGET_API_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SCALP_RADAR_STATE", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


WRONG = [
    (["--mode", "real"], {}, "--mode = 'real': must be one of demo, paper, live"),
    (["--speed", "0"], {}, "--speed = 0.0: must be above 0"),
    (["--mode", "paper", "--data", "x", "--from", "2025-01-01"], {}, "is for the demo"),
    (["--data", "x"], {}, "stored candles need a day"),
    (["--data", "x", "--from", "yesterday"], {}, "must be a date"),
    (["--mode", "live"], {}, "LIVE_TRADING = 'false': must be true"),
    (["--mode", "live"], {"LIVE_TRADING": "true"}, "BITGET_API_KEY = None: must be set"),
]


@pytest.mark.parametrize(("options", "environment", "says"), WRONG, ids=[w[2] for w in WRONG])
def test_a_wrong_input_is_one_line_and_changes_nothing(
    state: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], environment: dict[str, str], says: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(build(), ["up", "--port", "0", "--config", str(ROOT / "config"), *options])
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not state.exists()


def test_a_port_that_is_taken_is_named(state: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = CliRunner().invoke(build(), ["up", "--port", str(port), "--config", str(ROOT / "config")])
    assert result.exit_code == 2
    assert f"--port = {port}: must be free" in result.stderr
    assert not state.exists()


def test_a_second_system_on_a_state_folder_is_one_line_and_starts_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "demo"
    held = Lock(folder / "lock")
    try:
        said = installed_scalp_radar("up", "--keep", "--port", "0", "--config", ROOT / "config", cwd=tmp_path)
    finally:
        held.release()
    assert said.code == 2
    assert said.err.strip().splitlines() == [
        f"scalp-radar: {folder}: another system runs on this state folder (lock: process {os.getpid()} has it)"
    ]
    assert [p.name for p in folder.iterdir()] == ["lock"]


def test_a_free_port_is_found() -> None:
    assert check_port(0) > 1024


def test_the_status_of_nothing_is_an_error_that_says_how_to_start(state: Path) -> None:
    result = CliRunner().invoke(build(), ["status"])
    assert result.exit_code == 2
    assert "scalp-radar up" in result.stderr


def _health(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url + "/health", timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def _ours(driver: psutil.Process) -> list[psutil.Process]:
    return driver.children(recursive=True)


def _wait(what: str, condition: Any, seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = condition()
        except Exception:  # noqa: BLE001 - not there yet
            found = None
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"in vain: {what}")


@pytest.mark.ray
@pytest.mark.slow
def test_the_demo_runs_heals_and_leaves_nothing_behind(state: Path, tmp_path: Path) -> None:
    log = (tmp_path / "out").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.main", "up", "--port", "0", "--speed", "1200"],
        cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "SCALP_RADAR_STATE": str(state)},
    )
    try:
        driver = psutil.Process(process.pid)
        url = _wait("a running system", lambda: running()["url"], 80)
        _wait("a healthy system", lambda: _health(url)["status"] == "OK", 20)
        family = _ours(driver)
        victim = next(p for p in family if any("RunnerActor" in part for part in p.cmdline()))
        victim.kill()
        _wait("a runner in another process", lambda: [
            p for p in _ours(driver) if p.pid != victim.pid and any("RunnerActor" in part for part in p.cmdline())
        ], 20)
        _wait("a healthy system again", lambda: _health(url)["status"] == "OK", 40)
        family += _ours(driver)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
        assert time.monotonic() - began < 10
        _, alive = psutil.wait_procs(family, timeout=3)
        assert not alive
        assert not (state / "running.json").exists()
        assert (state / "ray_token").stat().st_mode & 0o777 == 0o600
    finally:
        if process.poll() is None:
            process.kill()
        log.close()
