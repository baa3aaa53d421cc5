"""Machines that share nothing but a cable: namespaces of network and mounts, each with a Ray node of its own.

On the machines that are not the head the repository is hidden: what they evaluate with was sent to them. Needs root.
"""

from __future__ import annotations

import os
import signal
import site
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from actors.wiring.flags import DETECTION

ROOT = Path(__file__).resolve().parents[2]
HEAD_IP = "10.88.0.1"
PORT = 6379
_UP_S = 90.0


class Network:
    """Namespaces ``head`` and two others on one bridge."""

    def __init__(self, state: Path, token: str) -> None:
        self._state, self._token = state, token
        self._bridge = f"srb{os.getpid() % 100_000}"
        self.names = [f"sr{os.getpid() % 100_000}n{i}" for i in range(3)]
        self._nodes: list[subprocess.Popen[bytes]] = []

    @property
    def head(self) -> str:
        """Name of the head's namespace."""
        return self.names[0]

    def begin(self) -> None:
        """Make the namespaces and start a node in each. Raises CalledProcessError, TimeoutError."""
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("link", "set", self._bridge, "up")
        for i, name in enumerate(self.names):
            cable = f"{self._bridge}v{i}"
            _ip("netns", "add", name)
            _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("link", "set", cable, "master", self._bridge, "up")
            _ip("-n", name, "addr", "add", f"10.88.0.{i + 1}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
            _ip("-n", name, "link", "set", "lo", "up")
        self._start(0, ["--head", f"--port={PORT}", "--num-cpus=0", "--include-dashboard=false"])
        for i in (1, 2):
            self._start(i, [f"--address={HEAD_IP}:{PORT}", "--num-cpus=1"])

    def end(self) -> None:
        """Kill everything in the namespaces and remove them."""
        for name in self.names:
            kill(name)
        for node in self._nodes:
            node.wait(10)
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", self._bridge], check=False, capture_output=True)

    def environment(self, i: int) -> dict[str, str]:
        """What machine ``i`` is told: its own token, its own home, the flags of a cluster."""
        home = self._state / f"machine{i}"
        home.mkdir(parents=True, exist_ok=True)
        token = home / "token"
        if not token.exists():
            token.write_text(self._token)
            token.chmod(0o600)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RAY_", "NUMBA_", "PYTHON"))}
        return {
            **kept, **DETECTION, "HOME": str(home), "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_USAGE_STATS_ENABLED": "0",
        }

    def _start(self, i: int, options: list[str]) -> None:
        """A node on machine ``i``, waited for."""
        home = self._state / f"machine{i}"
        environment = self.environment(i)
        start = [
            "-m", "ray.scripts.scripts", "start", *options, f"--node-ip-address=10.88.0.{i + 1}",
            "--disable-usage-stats", "--object-store-memory=200000000", "--block",
        ]
        if i == 0:
            command = [sys.executable, *start, f"--temp-dir={home}/ray"]
        else:  # the libraries are there, the repository is not
            libraries = home / "libraries"
            libraries.mkdir(exist_ok=True)
            environment["PYTHONPATH"] = str(libraries)
            python = str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
            hide = f"mount --bind {site.getsitepackages()[0]} {libraries} && mount -t tmpfs none {ROOT} && cd / && exec"
            command = ["unshare", "-m", "sh", "-c", f'{hide} "$@"', "sh", python, *start]
        with (home / "log").open("wb") as log:
            self._nodes.append(subprocess.Popen(
                ["ip", "netns", "exec", self.names[i], *command], stdout=log, stderr=subprocess.STDOUT, env=environment,
            ))
        deadline = time.monotonic() + _UP_S
        while b"--block" not in (home / "log").read_bytes():
            if time.monotonic() > deadline or self._nodes[-1].poll() is not None:
                raise TimeoutError((home / "log").read_text()[-3_000:])
            time.sleep(0.1)


@contextmanager
def network(state: Path, token: str) -> Iterator[Network]:
    """Inside, there are three machines."""
    found = Network(state, token)
    try:
        found.begin()
        yield found
    finally:
        found.end()


def possible() -> bool:
    """Whether namespaces and cables can be made here."""
    if os.geteuid() != 0:
        return False
    name = f"sr{os.getpid() % 100_000}try"
    tried = [
        ["ip", "netns", "add", name],
        ["ip", "link", "add", f"{name}v", "type", "veth", "peer", "name", "eth0", "netns", name],
        ["unshare", "-m", "true"],
    ]
    try:
        return all(subprocess.run(c, check=False, capture_output=True).returncode == 0 for c in tried)
    except FileNotFoundError:
        return False
    finally:
        with suppress(FileNotFoundError):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def kill(name: str) -> None:
    """Kill -9 everything on a machine."""
    found = subprocess.run(["ip", "netns", "pids", name], check=False, capture_output=True, text=True)
    for pid in found.stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            continue


def cut(name: str) -> None:
    """Pull a machine's cable out."""
    _ip("-n", name, "link", "set", "eth0", "down")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
