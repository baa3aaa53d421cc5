"""The workers as Ray actors: one for each core of every node that is there, begun again where one was lost."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import ray
from loguru import logger
from ray.exceptions import RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from core.errors import ScalpRadarError
from optimization.fanout.lately import Lately
from optimization.fanout.places import places
from optimization.fanout.shell import WorkerProcess

_CPUS: Final = 0.01  # of what Ray counts: actors of a running system must find room whatever is optimised beside them
_FAILED_STARTS: Final = 4


class NoWorkers(ScalpRadarError):
    """Workers cannot be started."""


@dataclass(frozen=True, slots=True)
class Member:
    """A worker: Ray's handle, the node it was put on, and the names of the tasks that it has."""

    handle: Any
    node_id: str
    tasks: Lately[None] = field(default_factory=Lately)


class Crew:
    """Starts, counts and ends workers. Not for several threads.

    Parameters
    ----------
    home : module and class of what evaluates inside a worker.
    workers, worker_bytes : as in `places`.
    watch : called with a reference and what to do with its future when it is done, from any thread.
    on_ready : called with the number of a worker and the error that kept it from starting, or None.
    """

    def __init__(
        self, home: str, workers: int, worker_bytes: int, watch: Callable[[Any, Callable[[Any], None]], None],
        on_ready: Callable[[int, BaseException | None], None],
    ) -> None:
        self._home, self._workers, self.worker_bytes = home, workers, worker_bytes
        self._watch, self._on_ready = watch, on_ready
        self.members: dict[int, Member] = {}
        self._next = 0
        self._failed_starts = 0
        self.lost = 0
        """Workers that were lost since the beginning."""

    def tend(self) -> tuple[int, ...]:
        """Start workers where there are fewer than there should be: at first, after a loss, when a node has come.

        Returns those that were ended because their node has no memory for them. Raises InputError when no node has.
        """
        wanted = {place.node_id: place.workers for place in places(ray.nodes(), self._workers, self.worker_bytes)}
        there = Counter(member.node_id for member in self.members.values())
        for node_id, workers in wanted.items():
            for _ in range(workers - there[node_id]):
                self._start(node_id)
        return self._dismissed(wanted)

    def _dismissed(self, wanted: dict[str, int]) -> tuple[int, ...]:
        """End the youngest of nodes with more than ``wanted``; a node that is not listed is judged by its silence."""
        seen: Counter[str] = Counter()
        surplus = []
        for number, member in self.members.items():
            seen[member.node_id] += 1
            if seen[member.node_id] > wanted.get(member.node_id, sys.maxsize):
                surplus.append(number)
        for number in surplus:
            ray.kill(self.members.pop(number).handle)
        return tuple(surplus)

    def started(self, worker: int, error: BaseException | None) -> bool:
        """Take note of how a start went; whether that worker is ready. Raises NoWorkers when none ever is."""
        if error is None:
            self._failed_starts = 0
            return worker in self.members
        self.forget(worker)
        self._failed_starts += 1
        if isinstance(error, RayTaskError) or self._failed_starts >= _FAILED_STARTS * max(1, len(self.members)):
            raise NoWorkers(f"no worker can be started: {_last_line(error)}") from error
        return False

    def forget(self, worker: int) -> None:
        """A worker is gone."""
        member = self.members.pop(worker, None)
        if member is not None:
            self.lost += 1
            logger.info("a worker on node {} was lost", member.node_id[:8])
            ray.kill(member.handle)  # what is only silent must not go on beside its successor

    def end(self) -> None:
        """Kill every worker, whatever it is doing: nothing is lost but what it was at."""
        for member in self.members.values():
            ray.kill(member.handle)
        self.members.clear()

    def _start(self, node_id: str) -> None:
        number, self._next = self._next, self._next + 1
        handle = ray.remote(WorkerProcess).options(
            num_cpus=_CPUS, max_restarts=0, max_task_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=False),
        ).remote(self._home, Path(os.environ.get("NUMBA_CACHE_DIR", "unnamed")).name)
        self.members[number] = Member(handle, node_id)
        self._watch(handle.ready.remote(), lambda future: self._on_ready(number, future.exception()))


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
