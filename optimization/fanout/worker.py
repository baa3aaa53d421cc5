"""The inside of a worker: chunks evaluated one after another, tasks unpacked once."""

from __future__ import annotations

import time
from collections import OrderedDict

from optimization.fanout.places import KEPT_BYTES
from optimization.walkforward.bench import Workbench
from optimization.walkforward.chunks import Chunk, Task, memory_bytes


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
