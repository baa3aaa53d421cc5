"""``scalp-radar doctor``: what is in order, what is not, and that looking changes nothing."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from scripts.doctor.finding import Finding
from scripts.doctor.machine import machine
from scripts.doctor.network import Listening, exposure, listening, of_clock, token
from scripts.doctor.program import program
from scripts.doctor.secrecy import secrecy
from scripts.local_exchange import LocalExchange
from tests.cli.command import changed, copied_config, scalp_radar, snapshot

NOBODY = "http://127.0.0.1:9"
"""Where nobody listens."""


def shown(*arguments: str | Path, state: Path) -> tuple[int, dict[str, dict[str, Any]]]:
    said = scalp_radar("doctor", "--json", *arguments, env={"SCALP_RADAR_STATE": str(state)})
    told = json.loads(said.out)
    assert told["sound"] == (said.code == 0) == all(f["state"] != "wrong" for f in told["findings"])
    assert all((f["state"] == "ok") == (f["advice"] == "") for f in told["findings"])
    return said.code, {f["what"]: f for f in told["findings"]}


def at(config: Path, url: str) -> Path:
    return changed(config, "exchanges.yaml", lambda tree: tree["exchanges"]["bitget"].update(rest_url=url))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("scripts.doctor.network._PATIENCE_S", 1.0)
    return tmp_path


def test_a_machine_that_is_sound_is_told_so_and_nothing_is_changed(here: Path) -> None:
    config = at(copied_config(here), NOBODY)
    before = snapshot(here)
    code, found = shown("--config", config, state=here / "state")
    assert code == 0
    assert {"python", "cores", "memory", "disk: state", "configuration", "state folder", ".env"} <= set(found)
    assert found["clock"]["state"] == "warn"  # the exchange may be unreachable where a demo runs
    assert "the demo does not" in found["clock"]["advice"]
    assert snapshot(here) == before
    assert not (here / "state").exists()


def test_what_is_wrong_with_files_is_exit_code_1_and_says_what_to_do(here: Path) -> None:
    config = at(copied_config(here), NOBODY)
    changed(config, "risk.yaml", lambda tree: tree.update(surprise=1))
    (here / ".env").write_text("BITGET_API_KEY=x\n")
    (here / ".env").chmod(0o644)
    code, found = shown("--config", config, state=here / "state")
    assert code == 1
    assert found["configuration"]["state"] == "wrong"
    assert "surprise" in found["configuration"]["found"]
    assert found["mode of .env"]["advice"].startswith("chmod 600 .env")
    assert "clock" not in found  # without configuration no exchange is known
    table = scalp_radar("doctor", "--config", config, env={"SCALP_RADAR_STATE": str(here / "state"), "COLUMNS": "200"})
    assert table.code == 1
    assert "chmod 600 .env" in table.out


def test_a_clock_far_from_that_of_the_exchange_is_wrong(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The local exchange's stands in the past."""
    monkeypatch.setattr("scripts.doctor.network._PATIENCE_S", 40.0)
    exchange = LocalExchange(["--port", "0"], here / "log")
    try:
        code, found = shown("--config", at(copied_config(here), exchange.listening()), state=here / "state")
    finally:
        exchange.stop()
    assert code == 1
    assert found["clock"]["state"] == "wrong"
    assert "set the clock" in found["clock"]["advice"]


@pytest.mark.parametrize(("skew_ms", "took_ms", "state"), [
    (0, 50, "ok"), (-900, 100, "ok"), (1_040, 100, "ok"), (1_060, 100, "warn"), (-4_000, 10, "warn"),
    (5_010, 10, "wrong"), (-7_000, 2_000, "wrong"), (5_500, 2_000, "warn"),
])
def test_a_difference_of_clocks_is_judged_by_what_is_certain_of_it(skew_ms: float, took_ms: float, state: str) -> None:
    assert of_clock("bitget", skew_ms, took_ms).state == state


RAY, API = Listening("0.0.0.0", 6379, "gcs_server"), Listening("127.0.0.1", 8000, "ray::ApiActor")


@pytest.mark.parametrize(("ports", "here", "state"), [
    ([API], ["8.8.8.8"], "ok"),
    ([Listening("::1", 1, "x"), API], ["8.8.8.8"], "ok"),
    ([RAY], [], "ok"),
    ([RAY, API], ["192.168.1.7"], "warn"),
    ([RAY, API], ["192.168.1.7", "8.8.8.8"], "wrong"),
    ([Listening("::", 6379, "raylet")], ["2001:4860:4860::8888"], "wrong"),
])
def test_ports_beyond_loopback_are_told_and_wrong_at_an_address_of_the_internet(
    ports: list[Listening], here: list[str], state: str
) -> None:
    (found,) = exposure(ports, here)
    assert found.state == state
    assert ("6379" in found.found) == (state != "ok")
    assert "8000" not in found.found


def test_ports_of_a_process_are_found() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert port in {p.port for p in listening(os.getpid())}
    assert port not in {p.port for p in listening(os.getpid())}
    assert token(os.getpid()).state == "warn"  # no Ray here


def states(found: list[Finding]) -> dict[str, str]:
    return {f.what: f.state for f in found}


@pytest.mark.parametrize(("path", "mode", "wrong"), [
    ("ray_token", 0o600, False), ("ray_token", 0o644, True), ("ray_token", 0o640, True),
    ("paper/api_key", 0o400, False), ("paper/api_key", 0o604, True),
])
def test_a_secret_that_others_may_read_is_wrong(tmp_path: Path, path: str, mode: int, wrong: bool) -> None:
    file = tmp_path / path
    file.parent.mkdir(exist_ok=True, mode=0o700)
    file.write_text("x")
    file.chmod(mode)
    found = states(list(secrecy(tmp_path, tmp_path / ".env")))
    assert found == {"state folder": "ok", ".env": "ok"} | ({f"mode of {file.name}": "wrong"} if wrong else {})


def test_a_run_that_others_may_look_into_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    (tmp_path / "live").chmod(0o755)
    assert states(list(secrecy(tmp_path, tmp_path / ".env")))["mode of live"] == "wrong"


def test_a_state_folder_that_is_a_file_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for state in (tmp_path / "file", tmp_path / "file" / "below"):
        assert states(list(secrecy(state, tmp_path / ".env")))["state folder"] == "wrong"


def test_an_engine_that_is_not_compiled_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert states(list(program(tmp_path)))["compiled engine"] == "warn"
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "walk.advance.nbi").write_text("")
    assert states(list(program(tmp_path)))["compiled engine"] == "ok"


def test_a_full_disk_and_too_little_memory_are_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 100_000_000}))
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 500_000_000}))
    found = states(list(machine(tmp_path / "not" / "there", running=False)))
    assert (found["disk: state"], found["disk: temporary"], found["memory"]) == ("wrong", "wrong", "wrong")
    assert states(list(machine(tmp_path, running=True)))["memory"] == "ok"  # it has it already
