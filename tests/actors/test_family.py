"""Ray's parent and the driver on a real Ray: whoever dies, everything ends, at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from actors.wiring.folder import PREFIX, remove_dead
from scripts.doctor.network import listening, token

ROOT = Path(__file__).parents[2]
NOTICED_S = 10.0
"""From a death to nothing left, with a machine that has other things to do."""
PROGRAM = """
import sys
from pathlib import Path
from actors.wiring.flags import set_flags
set_flags(Path(sys.argv[1]))
from actors.wiring.family import head_and_driver

def drive(address):
    import signal, time
    from actors.wiring import house
    head = ""
    while not head:
        head = address(0.2)
    house.join(head)
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    print("joined", flush=True)
    while not asked:
        time.sleep(0.05)
    return 17

sys.exit(head_and_driver(drive))
"""
RAY, SLOW = pytest.mark.ray, pytest.mark.chaos


@pytest.fixture
def short() -> Iterator[Path]:
    """A temporary folder with a path that leaves room for those of sockets."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        yield Path(folder)


@pytest.mark.parametrize(("victim", "code"), [
    pytest.param("raylet", 3, marks=RAY),
    pytest.param("gcs_server", 3, marks=[RAY, SLOW]),
    pytest.param("driver", 3, marks=[RAY, SLOW]),
    pytest.param("parent", -signal.SIGKILL, marks=[RAY, SLOW]),
    pytest.param("nobody", 17, marks=[RAY, SLOW]),
])
def test_whoever_is_killed_takes_everything_along(victim: str, code: int, short: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(short)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(short)},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "joined\n"
        parent = psutil.Process(process.pid)
        kin = {p.name(): p for p in parent.children(recursive=True)}
        assert {"raylet", "gcs_server"} <= set(kin)
        driver = next(p for p in parent.children() if p.name() not in ("raylet", "gcs_server"))
        assert token(parent.pid).state == "ok"
        assert {"raylet", "gcs_server"} <= {p.process for p in listening(parent.pid) if p.address != "127.0.0.1"}
        began = time.monotonic()
        if victim == "nobody":
            parent.send_signal(signal.SIGINT)
        else:
            {**kin, "driver": driver, "parent": parent}[victim].kill()
        assert process.wait(30) == code
        if victim == "parent":
            gone, _ = psutil.wait_procs([kin["raylet"], kin["gcs_server"], driver], timeout=NOTICED_S)
            assert len(gone) == 3
            assert remove_dead(short)  # as the next start does it
        _, left = psutil.wait_procs(kin.values(), timeout=NOTICED_S)
        assert not left
        assert time.monotonic() - began < NOTICED_S
        sys.stdout.write(f"{victim}: all ended after {time.monotonic() - began:.1f} s\n")
        assert not list(short.glob(f"{PREFIX}*"))
    finally:
        process.kill()
        process.communicate()
