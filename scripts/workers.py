"""Who evaluates a walk-forward run: threads of this process, a Ray of this machine, or a cluster that is there already.

Ray takes seconds to start, so it does that in the background while candles are read; the first chunks wait for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from typing import Any

from optimization.walkforward.chunks import Chunk, Task
from optimization.walkforward.port import Cancelled, Executor
from optimization.walkforward.threads import Threads
from scripts.running import state_root

Executors = Callable[[int, int], Executor]
"""Who gives an executor to a run: of so many workers, each of which holds at most so many bytes."""


@contextmanager
def in_this_process() -> Iterator[Executors]:
    """Inside, runs are evaluated by threads."""
    yield lambda workers, worker_bytes: Threads(workers)


@contextmanager
def on_ray(address: str, workers: int) -> Iterator[Executors]:
    """Inside, runs are evaluated by Ray: that at ``address``, else one of this machine that ends with this block.

    ``workers`` : most of them, 0 for one a core.
    """
    late = LateRay(address, workers)
    try:
        yield late.with_room
    finally:
        late.close()


class LateRay:
    """An `Executor` whose Ray starts with this object, in the background; all runs share its workers."""

    def __init__(self, address: str, workers: int) -> None:
        self._address, self._workers = address, workers
        self._stack = ExitStack()
        self._begun: Future[None] = Future()
        self._made: Any = None
        self._cancelled = False
        self._lock = threading.Lock()
        self._worker_bytes = 0
        self._thread = threading.Thread(target=self._begin, name="ray", daemon=True)
        self._thread.start()

    def with_room(self, workers: int, worker_bytes: int) -> Executor:
        """This one, for a run whose workers hold so much."""
        self._worker_bytes = max(self._worker_bytes, worker_bytes)
        return self

    def evaluate(
        self, task: Task, chunks: Sequence[Chunk], told: Callable[[Chunk, int], None]
    ) -> Iterator[tuple[Chunk, bytes]]:
        """As `Executor.evaluate`, once Ray is there."""
        self._begun.result()
        with self._lock:
            if self._cancelled:
                raise Cancelled("the run was cancelled")
            if self._made is None:
                from optimization.fanout.executor import RayExecutor  # loads Ray, whose flags are set by now

                self._made = RayExecutor(self._workers)
        yield from self._made.evaluate(task, chunks, told)

    def cancel(self) -> None:
        """As `Executor.cancel`."""
        self._cancelled = True
        if self._made is not None:
            self._made.cancel()

    def close(self) -> None:
        """End the workers, and the Ray that was begun for them."""
        self.cancel()
        self._thread.join()
        if self._made is not None:
            self._made.close()
        self._stack.close()

    def _begin(self) -> None:
        try:
            # Here, since Ray reads its flags when it is imported, and takes seconds to load.
            from actors.wiring.flags import set_cluster_flags, set_flags

            if self._address:
                set_cluster_flags()
            else:
                set_flags(state_root())
            from actors.wiring.session import joined_ray, own_ray

            self._stack.enter_context(
                joined_ray(self._address) if self._address else own_ray(self._workers)
            )
        except BaseException as error:  # noqa: BLE001  those who wait for Ray must hear of it
            self._begun.set_exception(error)
        else:
            self._begun.set_result(None)
