"""Parity and crash equivalence with real processes: Ray, its workers, the local exchange, HTTP and sockets between."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kills import table
from tests.ray.exchange import ROOT
from tests.ray.plan import Moment, planned

ACTORS = {"executor:bitget", "feed:bitget", "runner:envelope_dca", "risk", "ledger", "api"}


def lived(*options: str) -> dict[str, Any]:
    """What ``python -m tests.kills`` tells; a process of its own, since Ray reads its flags when it is imported."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.kills", "--json", *options], cwd=ROOT, capture_output=True, text=True,
    )
    assert ran.returncode == 0, ran.stderr[-6_000:]
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])  # Ray tells of dead workers before it
    return found


@pytest.mark.ray
@pytest.mark.chaos
@pytest.mark.timeout(240)
def test_kill_9_of_every_actor_changes_no_trade(tmp_path: Path) -> None:
    found = lived("--minutes", "600", "--each", "1", "--seed", "1", "--state", str(tmp_path))
    sys.stdout.write("\n".join(["", *table(found["kills"]), ""]))  # pytest -s shows it
    assert {kill["actor"] for kill in found["kills"]} == ACTORS
    assert sum(kill["in_position"] for kill in found["kills"]) >= 2
    assert sum(found["trades"].values()) >= 4


@pytest.mark.parametrize("seed", range(5))
def test_a_seed_says_who_dies_when_and_everybody_dies_equally_often(seed: int) -> None:
    plans = planned(ACTORS, seed, 2, 600)
    assert plans == planned(sorted(ACTORS), seed, 2, 600)
    assert sorted(plan.actor for plan in plans) == sorted([*ACTORS, *ACTORS])
    assert {plan.moment for plan in plans} == set(Moment)
    assert sum(plan.in_position for plan in plans) >= 2
    assert [plan.minute for plan in plans] == sorted({plan.minute for plan in plans})
    assert plans != planned(ACTORS, seed + 1, 2, 600)


def test_the_table_counts_kills_and_those_in_a_position() -> None:
    happened = ((True, 1.0), (False, 3.0), (True, 2.0))
    kills = [{"actor": "risk", "in_position": held, "heal_s": took} for held, took in happened]
    assert table(kills)[1].split() == ["risk", "3", "2", "2.00", "3.00"]
