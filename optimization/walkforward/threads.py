"""Chunks evaluated in this process, on threads; compiled code lets go of Python's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from optimization.walkforward.chunks import Chunk, Task


class Threads:
    """An `Executor` of this process with so many workers."""

    def __init__(self, workers: int = 0) -> None:
        self.workers = workers or os.cpu_count() or 1

    def evaluate(
        self, task: Task, chunks: Sequence[Chunk], told: Callable[[Chunk, int], None]
    ) -> Iterator[tuple[Chunk, bytes]]:
        """As `Executor.evaluate`."""
        raise NotImplementedError

    def cancel(self) -> None:
        """As `Executor.cancel`."""
        raise NotImplementedError
