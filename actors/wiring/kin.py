"""Processes of one family: a child that goes with its parent, and grandchildren that nobody outlives.

Laws
- A forked child goes when its parent does, however that ends (Linux).
- Whatever was started below a process that `adopts` comes back to it when those between have died, so that
  `end_kin` finds everything that is left.
- A fork happens before this process has a second thread.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import time
from typing import Final

import psutil

_SIGNAL_ON_PARENTS_DEATH: Final = 1
_CHILD_SUBREAPER: Final = 36


class Child:
    """A forked process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def ended(self) -> int | None:
        """Its exit code (of a signal the negative number), None while it runs."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def signal(self, number: int) -> None:
        """Send a signal; nothing where it has ended."""
        if self.ended() is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> int | None:
        """As `ended`, after at most so long."""
        deadline = time.monotonic() + seconds
        while self.ended() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        return self._code


def fork(goodbye: int = signal.SIGKILL) -> Child | None:
    """A child that is sent ``goodbye`` when this process ends; None in the child itself."""
    parent = os.getpid()
    gc.freeze()  # what is there already is not looked through again, so its memory stays shared
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return Child(pid)
    _prctl(_SIGNAL_ON_PARENTS_DEATH, goodbye)
    if os.getppid() != parent:  # it went before it was said
        os._exit(1)
    return None


def adopt() -> None:
    """From now on, what descends from this process and loses its parent becomes our child."""
    _prctl(_CHILD_SUBREAPER, 1)


def end_kin(grace_s: float = 1.0) -> list[str]:
    """Wait for every descendant to end, kill those that do not; their command lines."""
    kin = psutil.Process().children(recursive=True)
    _, left = psutil.wait_procs(kin, timeout=grace_s)
    killed = []
    while left:  # a child of one that is being killed may have come to us only now
        for process in left:
            try:
                killed.append(" ".join(process.cmdline()).strip() or process.name())
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(left, timeout=5.0)
        left = [p for p in psutil.Process().children(recursive=True) if p not in left]
    return killed


def _prctl(option: int, value: int) -> None:
    """Nothing where the system knows no such thing."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
