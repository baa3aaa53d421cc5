"""Head and driver as two processes under one parent: the parent has Ray's own processes, its child drives the actors.

Laws
- When one of Ray's processes ends, or the driver, everything ends: nobody waits for Ray to notice (docs/operations.md).
- When the parent ends, however, the others do.
- What this process was asked by a signal, the driver is asked.
- Nothing that was started below outlives this.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any, Final

from loguru import logger

from actors.wiring.head import Head, running_head
from actors.wiring.kin import Child, adopt, end_kin, fork
from core.errors import ScalpRadarError

LOST: Final = 3
"""Exit code when Ray or the driver went away."""
STOP_S: Final = 36.0
"""For the driver to stop in order: each actor has four seconds."""
_LOOK_S: Final = 0.1
_LEAVE_S: Final = 3.0
"""For workers and the local exchange to see that they are alone."""
_ADDRESS_BYTES: Final = 256
_SHOWN: Final = 80

Address = Callable[[float], str]
"""Waits so many seconds for the head; '' where it is not there yet. Raises ScalpRadarError when it did not start."""


def head_and_driver(drive: Callable[[Address], int], *, dashboard: bool = False) -> int:
    """The exit code of ``drive``, in both processes: it runs in the child and is given the head's address there.

    Call it before this process has a second thread. Raises in the child what ``drive`` raises.
    """
    reading, writing = os.pipe()
    child = fork()
    if child is None:
        os.close(writing)
        return drive(lambda seconds: _read(reading, seconds))
    os.close(reading)
    adopt()
    driver = _Driver(child)
    try:
        with running_head(dashboard=dashboard) as head:
            os.write(writing, head.address.encode())
            return _watch(head, driver)
    finally:
        child.signal(signal.SIGKILL)
        child.wait(STOP_S)
        for line in end_kin(_LEAVE_S):
            logger.info("did not end by itself and was killed: {}", line[:_SHOWN])
        os.close(writing)


class _Driver:
    """The child, to which signals are passed on from construction."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self._asked_s: float | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._pass_on)

    @property
    def overdue(self) -> bool:
        """It was asked to stop, and had time to."""
        return self._asked_s is not None and time.monotonic() - self._asked_s > STOP_S

    def _pass_on(self, *_: Any) -> None:
        self._asked_s = self._asked_s or time.monotonic()
        self.child.signal(signal.SIGTERM)


def _watch(head: Head, driver: _Driver) -> int:
    """Returns when the first has ended."""
    while (code := driver.child.ended()) is None:
        dead = head.dead()
        if dead:
            logger.error("Ray's {} has ended: leaving", " and ".join(dead))
            return LOST
        if driver.overdue:
            logger.error("the driver did not stop within {:g} s: leaving", STOP_S)
            return LOST
        time.sleep(_LOOK_S)
    if code < 0:
        logger.error("the driver was ended by signal {}: leaving", -code)
        return LOST
    return code


def _read(pipe: int, seconds: float) -> str:
    if not select.select([pipe], [], [], seconds)[0]:
        return ""
    found = os.read(pipe, _ADDRESS_BYTES).decode()
    if not found:
        raise ScalpRadarError("Ray's head did not start")
    return found
