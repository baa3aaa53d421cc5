"""Starting everything again when it ended unexpectedly: for where no service manager does it.

Laws
- In order (0), for wrong input (2) or because somebody asked, it ends; for anything else it begins again, later each
  time.
- Too many ends within a while are given up, with the last exit code.
- Before it begins again, nothing of the last time runs any more.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from loguru import logger

from actors.wiring.kin import Child, adopt, end_kin, fork
from actors.wiring.log import log_to

FINAL: Final = (0, 2)
"""Exit codes after which nothing is begun again: in order, wrong input."""
_LONGEST_WAIT_S: Final = 60.0
_LOOK_S: Final = 0.1
_SHOWN: Final = 80


class Policy(NamedTuple):
    """When to give up: with more than ``restarts`` of them within ``within_s`` seconds.

    first_wait_s : before the first of them; doubled each time. grace_s : for what is left of a run to end by itself.
    """

    restarts: int
    within_s: float
    first_wait_s: float = 1.0
    grace_s: float = 1.0


def wait_before(ends_s: list[float], policy: Policy) -> float | None:
    """Seconds to wait after the last of these ends, None where it is time to give up. Pure."""
    lately = [s for s in ends_s if ends_s[-1] - s <= policy.within_s]
    if len(lately) > policy.restarts:
        return None
    return min(policy.first_wait_s * 2.0 ** (len(lately) - 1), _LONGEST_WAIT_S)


def supervise(policy: Policy, state: Path) -> int | None:
    """The exit code when it is over; None in each child, which is to go on as if it were alone.

    Logs to ``supervise.jsonl`` in the state folder. Call it before this process has a second thread.
    """
    adopt()
    ends_s: list[float] = []
    while True:
        child = fork(signal.SIGTERM)
        if child is None:
            return None
        with _passing_on(child) as asked:
            code = _ended(child)
            left = end_kin(policy.grace_s)
            if asked() or code in FINAL:
                return _told(code)
            if not ends_s:
                log_to(state, "supervise")
            ends_s.append(time.monotonic())
            for line in left:
                logger.info("was left and is killed: {}", line[:_SHOWN])
            wait_s = wait_before(ends_s, policy)
            if wait_s is None:
                logger.error(
                    "ended with {}, more than {} times within {:g} minutes: given up; the log of the run says why",
                    _told(code), policy.restarts, policy.within_s / 60,
                )
                return _told(code)
            logger.warning("ended with {}: restart {} in {:g} s", _told(code), len(ends_s), wait_s)
            if not _waited(wait_s, asked):
                return 0


def _told(code: int) -> int:
    """As shells tell it: 128 and the signal that ended a process."""
    return code if code >= 0 else 128 - code


def _ended(child: Child) -> int:
    while (code := child.ended()) is None:
        time.sleep(_LOOK_S)
    return code


def _waited(seconds: float, asked: Callable[[], bool]) -> bool:
    """Whether nobody asked to stop meanwhile."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not asked():
        time.sleep(_LOOK_S)
    return not asked()


@contextmanager
def _passing_on(child: Child) -> Iterator[Callable[[], bool]]:
    """Inside, signals go to the child; whether there was one."""
    seen: list[int] = []

    def pass_on(number: int, _: object) -> None:
        seen.append(number)
        child.signal(signal.SIGTERM)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(seen)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
