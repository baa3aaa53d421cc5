"""What starts the system on a server: the service manager's unit, the container's policy, the words between them."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from actors.wiring.family import STOP_S
from actors.wiring.supervision import PING_S
from scripts.main import WRONG_INPUT, build
from scripts.notify import ALIVE, READY, tell_manager
from tests.cli.command import REPOSITORY

UNIT = REPOSITORY / "deploy" / "scalp-radar.service"
COMPOSE = REPOSITORY / "deploy" / "compose.yaml"


def unit() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    section = ""
    for line in UNIT.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            assert (section, name) not in found, f"{name} is said twice"
            found[section, name] = value
    return found


def options_of(words: list[str]) -> None:
    """Raises where ``up`` has no such option."""
    command: Any = typer.main.get_command(build())
    assert words[0] == "up"
    command.commands["up"].make_context("up", words[1:], resilient_parsing=False)


def test_the_unit_starts_again_whatever_ends_it_but_wrong_input() -> None:
    said = unit()
    assert said["Service", "Restart"] == "always"
    assert said["Service", "RestartPreventExitStatus"] == str(WRONG_INPUT)
    assert said["Service", "KillMode"] == "mixed"
    assert said["Service", "KillSignal"] == "SIGTERM"
    program, *words = said["Service", "ExecStart"].split()
    assert program.endswith("/.venv/bin/scalp-radar")
    options_of(words)


def test_who_stops_it_waits_longer_than_it_takes_to_stop_in_order() -> None:
    assert float(unit()["Service", "TimeoutStopSec"]) > STOP_S
    service = yaml.safe_load(COMPOSE.read_text())["services"]["scalp-radar"]
    assert float(service["stop_grace_period"].removesuffix("s")) > STOP_S
    assert service["restart"] == "unless-stopped"
    options_of([w.replace("${SCALP_RADAR_MODE:-paper}", "paper") for w in service["command"]])


def test_the_unit_waits_for_the_words_that_are_said() -> None:
    said = unit()
    assert said["Service", "Type"] == "notify"
    assert said["Service", "NotifyAccess"] == "all"
    assert float(said["Service", "WatchdogSec"]) > 5 * PING_S


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_the_service_manager_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    home = tmp_path / "home"
    program = home / ".venv" / "bin" / "scalp-radar"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/srv/scalp-radar", str(home)).replace("User=radar", "User=root"))
    done = subprocess.run(["systemd-analyze", "verify", str(here)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert UNIT.name not in done.stderr


@pytest.fixture
def short() -> Iterator[Path]:
    """A temporary folder with a path that leaves room for those of sockets."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        yield Path(folder)


@pytest.mark.parametrize("abstract", [False, True])
def test_the_manager_hears_each_word(short: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    address = str(short / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + address if abstract else address)
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + address if abstract else address)
        for word in (READY, ALIVE):
            tell_manager(word)
            assert manager.recv(100).decode() == word


def test_where_no_manager_listens_nothing_is_said(monkeypatch: pytest.MonkeyPatch, short: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    tell_manager(READY)
    monkeypatch.setenv("NOTIFY_SOCKET", str(short / "nobody"))
    tell_manager(READY)
