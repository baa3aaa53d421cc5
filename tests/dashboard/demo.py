"""A running ``scalp-radar up`` for the browser: local exchange, synthetic market, an API with a known key."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from scripts.running import check_port
from tests.api.rig import KEY
from tests.dashboard.browser import ROOT

_START_S: Final = 90.0


class Demo(NamedTuple):
    """Where it is; ``pid`` is that of its first process."""

    url: str
    pid: int


def read(url: str) -> Any:
    """What an address answers."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


@contextmanager
def running(folder: Path, speed: float) -> Iterator[Demo]:
    """Begun in ``folder`` when it trades, ended in order. Raises AssertionError when it does not begin."""
    port = check_port(0)
    options = ["up", "--port", str(port), "--speed", str(speed), "--config", str(ROOT / "config")]
    environment = {**os.environ, "SCALP_RADAR_STATE": str(folder / "state"), "SCALP_RADAR_API_KEY": KEY}
    said = folder / "said"
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.main", *options], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + _START_S
        while time.monotonic() < until and process.poll() is None:
            try:
                if read(f"{url}/api/conditions") and read(f"{url}/api/now")["health"]["exchange_ms"]:
                    break
            except OSError:
                pass
            time.sleep(0.2)
        else:
            raise AssertionError(f"the demo did not begin: {said.read_text()[-1000:]}")
        yield Demo(url, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
