"""What Ray sees of a worker. It imports hardly anything of ours until it runs: priority and cache come first.

The process is a plain actor without state that matters: it may be killed at any moment, and its chunks go to another.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from optimization.fanout.lately import Lately
from optimization.memory import keep_freed_memory


class WorkerProcess:
    """A worker in its own process, at idle priority.

    Parameters
    ----------
    home : module and class of what evaluates, as ``module:Class``.
    cache : name of the folder of compiled code (Numba's) below this user's cache, for nodes whose environment says
        nothing of it.
    """

    def __init__(self, home: str, cache: str) -> None:
        step_back()
        keep_freed_memory()
        os.environ.setdefault("NUMBA_CACHE_DIR", str(Path.home() / ".cache" / "scalp-radar" / "numba" / cache))
        module, _, name = home.partition(":")
        self._worker = getattr(import_module(module), name)()
        self._tasks: Lately[Any] = Lately()

    def ready(self) -> int:
        """The process id, once compiled code is loaded."""
        return os.getpid()

    def evaluate(self, name: str, task: Any, chunk: Any) -> tuple[bytes, float]:
        """The chunk's result and the seconds it took; ``task`` is None when it came before, under its ``name``."""
        if task is not None:
            self._tasks.keep(name, task)
        found: tuple[bytes, float] = self._worker.evaluate(self._tasks.get(name), chunk)
        return found


def step_back() -> None:
    """Run from now on only when nothing else wants the processor; cannot be undone, needs no privilege."""
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except (AttributeError, OSError):  # another system than Linux, or one that forbids it
        os.nice(19)
