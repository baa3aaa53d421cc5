"""Kill -9 of Ray's own processes and of the driver in the middle of a minute: the same trades.

On a unified account; the actors are killed on a classic one (`tests/ray/test_lockstep_on_ray.py`).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from actors.wiring.family import LOST
from sandbox.account import UNIFIED
from tests.ray.exchange import ROOT, ExchangeProcess

HOURS = 6
LIVES = (("raylet", 125), ("gcs_server", 155), ("driver", 185), ("nobody", HOURS * 60))
"""Who dies at the end of each life, and at which minute."""


@pytest.mark.ray
@pytest.mark.chaos
@pytest.mark.timeout(400)
def test_kill_9_of_ray_and_of_the_driver_changes_no_trade(tmp_path: Path) -> None:
    exchange = ExchangeProcess(HOURS, UNIFIED)
    try:
        for victim, minutes in LIVES:
            ran = subprocess.run(
                [sys.executable, "-m", "tests.ray.lives", exchange.url, exchange.admin_key, UNIFIED, str(tmp_path),
                 str(HOURS), str(minutes), victim],
                cwd=ROOT, capture_output=True, text=True, timeout=200,
            )
            assert ran.returncode == (0 if victim == "nobody" else LOST), (victim, ran.stderr[-6_000:])
    finally:
        exchange.stop()
    found = json.loads(ran.stdout.splitlines()[-1])
    assert sum(found["trades"].values()) >= 2
