"""What begins again after an unexpected end, and what does not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wiring.lock import Lock, Taken
from scripts.supervise import Policy, wait_before

ROOT = Path(__file__).parents[2]
PROGRAM = """
import os, subprocess, sys, time
from pathlib import Path
from actors.wiring.lock import Lock
from scripts.supervise import Policy, supervise

state, codes = Path(sys.argv[1]), [int(code) for code in sys.argv[2].split(",")]
code = supervise(Policy(3, 60.0, 0.01, 0.05), state)
if code is not None:
    sys.exit(code)
runs = state / "runs"
with runs.open("a") as file:
    file.write("x")
ending = codes[len(runs.read_text()) - 1]
orphan = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True, pass_fds=[Lock(state / "lock")._file]
)
print("runs", flush=True)
if ending < 0:
    os.kill(os.getpid(), -ending)
if ending == 99:
    time.sleep(60)
sys.exit(ending)
"""


def begin(state: Path, codes: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(state), codes], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize(("codes", "runs", "code"), [
    ("0", 1, 0),
    ("2", 1, 2),
    ("3,0", 2, 0),
    ("-9,3,2", 3, 2),
    ("3,3,3,-9,0", 4, 137),
])
def test_it_begins_again_until_it_ends_in_order_or_too_often(tmp_path: Path, codes: str, runs: int, code: int) -> None:
    """Each run leaves a process behind that would keep the next one out."""
    with begin(tmp_path, codes) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert len((tmp_path / "runs").read_text()) == runs
    assert "Traceback" not in said
    Lock(tmp_path / "lock").release()  # nobody is left who has it
    log = tmp_path / "supervise.jsonl"
    assert log.exists() == (runs > 1)
    if runs > 1:
        told = [json.loads(line)["record"]["message"] for line in log.read_text().splitlines()]
        assert sum("restart" in line for line in told) == min(runs - 1, 3)
        assert any("given up" in line for line in told) == (runs > 3 and code != 2)


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_who_is_asked_to_stop_does_not_begin_again(tmp_path: Path, asked: int) -> None:
    with begin(tmp_path, "99,0") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        with pytest.raises(Taken):
            Lock(tmp_path / "lock")
        process.send_signal(asked)
        assert process.wait(20) == 128 + signal.SIGTERM  # what this child makes of it
    assert (tmp_path / "runs").read_text() == "x"
    Lock(tmp_path / "lock").release()


@given(
    st.lists(st.floats(0, 500), min_size=1, max_size=30).map(sorted), st.integers(0, 8), st.floats(1, 400),
)
def test_waits_grow_with_each_end_and_end_with_too_many(ends_s: list[float], restarts: int, within_s: float) -> None:
    policy = Policy(restarts, within_s)
    lately = [s for s in ends_s if s >= ends_s[-1] - within_s]
    wait_s = wait_before(ends_s, policy)
    assert (wait_s is None) == (len(lately) > restarts)
    if wait_s is not None:
        assert 1.0 <= wait_s <= 60.0
        later = wait_before([*ends_s, ends_s[-1]], policy)
        assert later is None or later >= wait_s
