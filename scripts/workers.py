"""Who evaluates a walk-forward run: threads of this process, a Ray of this machine, or a cluster that is there already.

Ray takes seconds to start. Unless it is asked for, it begins when the work turns out to be long (`scripts.handover`);
asked for, it begins in the background while candles are read, and the first chunks wait for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from core.errors import ConfigurationError
from optimization.walkforward.chunks import Chunk, Task
from optimization.walkforward.port import Cancelled, Executor
from optimization.walkforward.threads import Threads
from scripts.handover import Beginning, Handover, Successor
from scripts.running import state_root

_BEGINNING: Final = "ray is beginning"

Executors = Callable[[int], Executor]
"""Who gives an executor to a run, of so many workers where each run has its own."""


@contextmanager
def in_this_process() -> Iterator[Executors]:
    """Inside, runs are evaluated by threads."""
    yield Threads


def unfinished() -> bool:
    """Whether a Ray is still beginning, which cannot be interrupted; only the end of the process ends it at once."""
    return any(thread.name == _BEGINNING for thread in threading.enumerate())


@contextmanager
def on_ray(address: str, workers: int) -> Iterator[Executors]:
    """Inside, runs are evaluated by Ray: that at ``address``, else one of this machine that ends with this block.

    ``workers`` : most of them, 0 for one a core.
    """
    late = LateRay(address, workers)
    with _ended(lambda: late):
        yield lambda workers: late


@contextmanager
def here_at_first(workers: int) -> Iterator[Executors]:
    """Inside, runs are evaluated by threads, by a Ray of this machine as soon as that is worth its beginning."""
    successor = Successor(lambda: LateRay("", workers))
    with _ended(lambda: successor.executor):
        yield lambda workers: Handover(successor, workers)


@contextmanager
def _ended(begun: Callable[[], Beginning | None]) -> Iterator[None]:
    """Ends what was begun inside; after an error without waiting for what is still beginning."""
    try:
        yield
    except BaseException:
        if (late := begun()) is not None:
            late.close()
        raise
    if (late := begun()) is not None:
        late.finish()


class LateRay:
    """An `Executor` whose Ray starts with this object, in the background; all runs share its workers.

    One thread begins Ray, stays until the end and ends it: Linux kills Ray's processes when the thread that made them
    is gone.
    """

    def __init__(self, address: str, workers: int) -> None:
        self._address, self._workers = address, workers
        self._begun: Future[None] = Future()
        self._made: Any = None
        self._cancelled: Future[None] = Future()
        self._lock = threading.Lock()
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._live, name=_BEGINNING, daemon=True)
        self._thread.start()

    def evaluate(
        self, task: Task, chunks: Sequence[Chunk], told: Callable[[Chunk, int], None]
    ) -> Iterator[tuple[Chunk, bytes]]:
        """As `Executor.evaluate`, once Ray is there."""
        wait((self._begun, self._cancelled), return_when=FIRST_COMPLETED)
        with self._lock:
            if self._cancelled.done():
                raise Cancelled("the run was cancelled")
            self._begun.result()
        yield from self._made.evaluate(task, chunks, told)

    @property
    def ready(self) -> bool:
        """Whether a worker takes chunks; of a Ray that cannot begin none ever does."""
        return self._begun.done() and self._begun.exception() is None and self._made.ready > 0

    def cancel(self) -> None:
        """As `Executor.cancel`."""
        with self._lock:
            if not self._cancelled.done():
                self._cancelled.set_result(None)
        if self._made is not None:
            self._made.cancel()

    def close(self) -> None:
        """End the workers, and the Ray that was begun for them; one that is still beginning is left alone.

        What is left alone ends with this process, which must not wait for it (`unfinished`).
        """
        self.cancel()
        if self._begun.done():
            self.finish()

    def finish(self) -> None:
        """As `close`; one that is still beginning is waited for."""
        self._leave.set()
        self._thread.join()

    def _live(self) -> None:
        try:
            with _ray(self._address, self._workers):
                from optimization.fanout.executor import RayExecutor  # loads Ray, whose flags are set by now

                self._thread.name = "ray"
                self._made = RayExecutor(self._workers)
                self._begun.set_result(None)
                self._leave.wait()
                self._made.close()
        except BaseException as error:
            if self._begun.done():
                raise
            self._begun.set_exception(error)


def _ray(address: str, workers: int) -> AbstractContextManager[None]:
    """Inside, this process is connected to Ray."""
    # Here, since Ray reads its flags when it is imported, and takes seconds to load.
    from actors.wiring.flags import set_cluster_flags, set_flags

    if address:
        set_cluster_flags()
    else:
        set_flags(_state())
    from actors.wiring.session import joined_ray, own_ray

    return joined_ray(address) if address else own_ray(workers)


def _state() -> Path:
    """The state folder, where Ray's token lies; made when it is not there."""
    folder = state_root()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError("environment", "SCALP_RADAR_STATE", str(folder), str(error)) from error
    return folder
