"""Chunks evaluated in this process, on threads; compiled code lets go of Python's lock."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from optimization.walkforward.bench import Workbench
from optimization.walkforward.chunks import Chunk, Task
from optimization.walkforward.port import Cancelled


class Threads:
    """An `Executor` of this process with so many workers, each of which keeps its bench for as long as a task lasts.

    ``begin`` : what each thread does first.
    """

    def __init__(self, workers: int = 0, begin: Callable[[], None] | None = None) -> None:
        self.workers, self._begin = workers or os.cpu_count() or 1, begin
        self._cancelled = threading.Event()
        self._task: Task | None = None
        self._benches: list[Workbench] = []

    def evaluate(
        self, task: Task, chunks: Sequence[Chunk], told: Callable[[Chunk, int], None]
    ) -> Iterator[tuple[Chunk, bytes]]:
        """As `Executor.evaluate`. ``told`` is called from the worker's thread."""
        if len(chunks) == 1 and self._begin is None:
            yield chunks[0], self._evaluate(self._benches_of(task)[0], chunks[0], told, self._cancelled)
            return
        yield from self.one_after_another(task, chunks, told)

    def cancel(self) -> None:
        """As `Executor.cancel`; nothing can be evaluated after it."""
        self._cancelled.set()

    def one_after_another(
        self, task: Task, chunks: Iterable[Chunk], told: Callable[[Chunk, int], None]
    ) -> Iterator[tuple[Chunk, bytes]]:
        """As `evaluate`, the next chunk being asked for when there is a worker for it."""
        free: queue.SimpleQueue[Workbench] = queue.SimpleQueue()
        left = threading.Event()
        for bench in self._benches_of(task):
            free.put(bench)

        def work(chunk: Chunk) -> tuple[Chunk, bytes]:
            bench = free.get()
            try:
                return chunk, self._evaluate(bench, chunk, told, left)
            finally:
                free.put(bench)

        waiting = iter(chunks)
        with ThreadPoolExecutor(self.workers, initializer=self._begin) as pool:
            running: set[Future[tuple[Chunk, bytes]]] = set()
            try:
                while True:
                    for chunk in waiting:
                        running.add(pool.submit(work, chunk))
                        if len(running) > self.workers:
                            break
                    if not running:
                        return
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            except BaseException:
                left.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _benches_of(self, task: Task) -> list[Workbench]:
        if task is not self._task:
            self._task, self._benches = task, [Workbench(task) for _ in range(self.workers)]
        return self._benches

    def _evaluate(
        self, bench: Workbench, chunk: Chunk, told: Callable[[Chunk, int], None], left: threading.Event
    ) -> bytes:
        """The chunk's result. Raises Cancelled within 100 ms of `cancel`, or of ``left``."""
        before = -1

        def between(spans_done: int) -> None:
            nonlocal before
            if self._cancelled.is_set() or left.is_set():
                raise Cancelled("the run was cancelled")
            if spans_done != before:
                before = spans_done
                told(chunk, spans_done)

        return bench.evaluate(chunk, between)
