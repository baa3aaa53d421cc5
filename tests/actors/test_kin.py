"""Families of processes: who goes with whom, and that nobody is left. Each family begins in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from actors.wiring.folder import PREFIX, remove_dead, remove_finished
from actors.wiring.lock import Lock

ROOT = Path(__file__).parents[2]
FAMILY = """
import os, signal, subprocess, sys, time
from actors.wiring.kin import adopt, end_kin, fork
"""
CHILD_WAITS = FAMILY + """
child = fork(signal.{goodbye})
if child is None:
    print(os.getpid(), flush=True)
    time.sleep(60)
child.wait(60)
"""
ORPHAN = FAMILY + """
adopt()
child = fork()
if child is None:
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    print(orphan.pid, flush=True)
    os._exit(7)
print(child.wait(20), flush=True)
print(len(end_kin(0.1)), flush=True)
"""


def begin(program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


def line(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Whether it has ended; what nobody has waited for counts as ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("goodbye", ["SIGKILL", "SIGTERM"])
def test_a_forked_child_goes_with_a_parent_that_is_killed(goodbye: str) -> None:
    with begin(CHILD_WAITS.format(goodbye=goodbye)) as parent:
        child = line(parent)
        assert psutil.pid_exists(child)
        parent.kill()
        assert gone(child)


def test_who_lost_its_parent_comes_to_the_one_that_adopts_and_is_ended() -> None:
    with begin(ORPHAN) as process:
        orphan = line(process)
        assert line(process) == 7
        assert line(process) == 1
        assert gone(orphan, 0.5)
        assert process.wait(10) == 0


def test_a_signal_is_the_code_of_a_child_that_it_ended() -> None:
    with begin(FAMILY + """
child = fork()
if child is None:
    time.sleep(60)
child.signal(signal.SIGTERM)
print(child.wait(20), child.ended() == child.wait(0))
child.signal(signal.SIGTERM)
""") as process:
        assert process.stdout is not None
        assert process.stdout.readline().split() == [str(-signal.SIGTERM), "True"]
        assert process.wait(10) == 0


def make(place: Path, name: str, *, age_s: float = 0.0, lock: bool = True) -> Path:
    folder = place / name
    folder.mkdir()
    (folder / "content").write_text("x")
    if lock:
        Lock(folder / "lock").release()
    os.utime(folder, (time.time() - age_s,) * 2)
    return folder


def test_folders_of_dead_runs_are_taken_away_and_no_others(tmp_path: Path) -> None:
    dead = make(tmp_path, PREFIX + "dead")
    broken_off = make(tmp_path, PREFIX + "broken-off", age_s=3_600, lock=False)
    beginning = make(tmp_path, PREFIX + "beginning", lock=False)
    somebody = make(tmp_path, "somebody", age_s=3_600)
    alive = make(tmp_path, PREFIX + "alive", age_s=3_600)
    link = tmp_path / (PREFIX + "link")
    link.symlink_to(somebody)
    held = Lock(alive / "lock")
    try:
        assert remove_dead(tmp_path) == [broken_off, dead]
    finally:
        held.release()
    assert sorted(tmp_path.iterdir()) == sorted([alive, beginning, somebody, link])
    assert (somebody / "content").exists()


def test_the_newest_finished_demos_stay_and_one_that_runs(tmp_path: Path) -> None:
    demos = [make(tmp_path, f"demo-2026010{day}-000000-{day}") for day in range(1, 8)]
    kept = make(tmp_path, "demo")
    paper = make(tmp_path, "paper")
    held = Lock(demos[0] / "lock")
    try:
        assert remove_finished(tmp_path, 3) == demos[1:4]
        assert not remove_finished(tmp_path, 3)
    finally:
        held.release()
    assert sorted(tmp_path.iterdir()) == sorted([kept, paper, demos[0], *demos[4:]])
