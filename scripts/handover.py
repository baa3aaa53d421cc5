"""Threads first, Ray when a command turns out to be long: most are over before a Ray would have begun.

Whoever evaluates a chunk, its result is the same to the last bit, so the rest may change hands at any chunk.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from optimization.fanout.shell import step_back
from optimization.walkforward.chunks import Chunk, Task
from optimization.walkforward.port import Executor
from optimization.walkforward.threads import Threads

LONG_S: Final = 8.0
"""A command that has taken so long is worth a Ray, which takes about as long to begin."""


class Beginning(Executor, Protocol):
    """An executor that takes a while until it can begin."""

    @property
    def ready(self) -> bool:
        """Whether it evaluates at once."""
        ...

    def finish(self) -> None:
        """End it."""
        ...

    def close(self) -> None:
        """End it, without waiting for what has not begun yet."""
        ...


class Successor:
    """Begins one executor for all runs of a command, when the command has become long.

    Parameters
    ----------
    begin : makes the executor. clock_s : seconds that only ever grow.
    """

    def __init__(self, begin: Callable[[], Beginning], clock_s: Callable[[], float] = time.monotonic) -> None:
        self._begin, self._clock_s = begin, clock_s
        self._since_s = clock_s()
        self._lock = threading.Lock()
        self.executor: Beginning | None = None

    def ready(self) -> bool:
        """Whether the executor may take over; it begins with the first question after `LONG_S`."""
        if self._clock_s() - self._since_s < LONG_S:
            return False
        with self._lock:
            if self.executor is None:
                self.executor = self._begin()
        return self.executor.ready


class Handover:
    """An `Executor` of one run: its threads until the successor is ready, which then has the rest.

    One that cannot begin is never ready, and nothing is lost.
    """

    def __init__(self, successor: Successor, workers: int) -> None:
        self._successor = successor
        self._threads: Threads | None = Threads(workers, step_back)

    def evaluate(
        self, task: Task, chunks: Sequence[Chunk], told: Callable[[Chunk, int], None]
    ) -> Iterator[tuple[Chunk, bytes]]:
        """As `Executor.evaluate`."""
        left = deque(chunks)
        if self._threads is not None:
            yield from self._threads.one_after_another(task, self._until_ready(left), told)
        if left and self._successor.executor is not None:
            self._threads = None  # with what it has bound
            yield from self._successor.executor.evaluate(task, list(left), told)

    def cancel(self) -> None:
        """As `Executor.cancel`."""
        for executor in (self._threads, self._successor.executor):
            if executor is not None:
                executor.cancel()

    def _until_ready(self, left: deque[Chunk]) -> Iterator[Chunk]:
        while left and not self._successor.ready():
            yield left.popleft()
