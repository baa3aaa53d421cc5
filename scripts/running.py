"""Where a running system keeps its state and says how to reach it."""

from __future__ import annotations

import json
import os
import secrets
import socket
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from actors.wiring.lock import Lock, Taken
from core.errors import ConfigurationError, InputError

_RUNNING: Final = "running.json"


def state_root() -> Path:
    """The state folder: SCALP_RADAR_STATE, else ``var`` here."""
    return Path(os.environ.get("SCALP_RADAR_STATE") or "var")


def results_root() -> Path:
    """The folder of what optimisations found: SCALP_RADAR_RESULTS, else ``results`` in the state folder."""
    given = os.environ.get("SCALP_RADAR_RESULTS")
    return Path(given) if given else state_root() / "results"


def run_folder(mode: str, *, fresh: bool) -> Path:
    """The folder of this run, private to the user: of paper and live always the same one, of a demo a new one."""
    name = f"{mode}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}" if fresh else mode
    folder = (state_root() / name).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError("environment", "SCALP_RADAR_STATE", str(state_root()), str(error)) from error
    return folder


def alone(folder: Path) -> Lock:
    """Keeps every other system out of this run's folder, until this process ends. Raises InputError when one is in."""
    try:
        return Lock(folder / "lock")
    except Taken as error:
        raise InputError(f"{folder}: another system runs on this state folder ({error})") from error


def check_port(port: int) -> int:
    """The port, free on loopback; of 0 a free one. Raises ConfigurationError when it is taken."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigurationError("command line", "--port", port, f"must be free ({error.strerror})") from error
        return int(probe.getsockname()[1])


def api_key(folder: Path) -> str:
    """A key for commands, made once for this folder (mode 0600)."""
    path = folder / "api_key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text().strip()


def say_running(folder: Path, url: str, mode: str, pid: int) -> None:
    """Write down how to reach the running system; ``pid`` takes its signals."""
    told = {"url": url, "mode": mode, "pid": pid, "folder": str(folder)}
    (state_root() / _RUNNING).write_text(json.dumps(told))


def say_ended(pid: int) -> None:
    """Take it back, unless another system has written there since."""
    path = state_root() / _RUNNING
    try:
        ours = json.loads(path.read_text())["pid"] == pid
    except (OSError, ValueError, KeyError):
        return
    if ours:
        path.unlink(missing_ok=True)


def running() -> dict[str, Any]:
    """How to reach the running system. Raises InputError when none runs here."""
    path = state_root() / _RUNNING
    try:
        told: dict[str, Any] = json.loads(path.read_text())
        os.kill(told["pid"], 0)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"nothing runs here ({path} names no process): start it with `scalp-radar up`") from error
    return told
