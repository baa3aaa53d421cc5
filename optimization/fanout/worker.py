"""The inside of a worker: chunks evaluated one after another, tasks unpacked once."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Final

from optimization.walkforward.bench import Workbench
from optimization.walkforward.chunks import Chunk, Task, memory_bytes

KEPT_BYTES: Final = 400_000_000
"""Estimate of what the benches of earlier tasks may hold beside the one at work."""
PROCESS_BYTES: Final = 300_000_000
"""A worker before its first task: Python, Ray, NumPy, the compiled engine."""


class Worker:
    """Evaluates chunks; keeps the benches of the last tasks, whose plans are bound already when the next wave comes.

    Memory is flat: the oldest benches go before a new one is made.
    """

    def __init__(self) -> None:
        self._benches: OrderedDict[str, tuple[Workbench, int]] = OrderedDict()

    def evaluate(self, task: Task, chunk: Chunk) -> tuple[bytes, float]:
        """The chunk's result and the wall seconds it took. Raises what the strategy raises."""
        began = time.perf_counter()
        found = self._benches.pop(task.fingerprint, None)
        size = memory_bytes(task, len(chunk.codes))
        while self._benches and size + sum(held for _, held in self._benches.values()) > KEPT_BYTES:
            self._benches.popitem(last=False)
        bench = Workbench(task) if found is None else found[0]
        self._benches[task.fingerprint] = bench, size
        return bench.evaluate(chunk), time.perf_counter() - began


def worker_bytes(task: Task, combinations: int) -> int:
    """Estimate of what a worker's process holds at most while it evaluates chunks of so many combinations.

    The task's own arrays are not in it: they lie once on each node, in the object store.
    """
    return PROCESS_BYTES + max(KEPT_BYTES, memory_bytes(task, combinations))
