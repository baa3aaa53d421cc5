"""The `Executor` of Ray workers. One thread gives out chunks and takes results; runs may evaluate from several others.

Laws
- A chunk's bytes depend on task and chunk alone, so it may be given twice, and its worker may be killed at any moment.
- At most `schedule.AHEAD` chunks lie at a worker: memory does not grow with the size of a run.
- A task is put into the object store once, and read from there by every worker of a node once, without copying; after
  that its name is enough.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Final, Self

import ray
from ray import cloudpickle
from ray.exceptions import NodeDiedError, ObjectLostError, OutOfMemoryError, RayActorError, WorkerCrashedError

from core.errors import ScalpRadarError
from optimization.fanout.crew import Crew, NoWorkers
from optimization.fanout.places import worker_bytes
from optimization.fanout.schedule import Schedule
from optimization.walkforward.chunks import Chunk, Task, memory_bytes
from optimization.walkforward.port import Cancelled

HOME: Final = "optimization.fanout.worker:Worker"
_LOOK_S: Final = 1.0
_LONELY_S: Final = 60.0
_TASKS_KEPT: Final = 4
_LOSSES: Final = (RayActorError, ObjectLostError, NodeDiedError, OutOfMemoryError, WorkerCrashedError)
_HOMES_KEPT: Final = 1000
_BY_VALUE: Final = "user_strategy_"  # modules that `strategies.discovery` made of files, which nodes do not have


class _Call:
    """One evaluation: its chunks by the numbers of their pieces, and where its results go."""

    def __init__(self, task: Any, name: str, chunks: Sequence[Chunk]) -> None:
        self.task, self.name, self.chunks = task, name, chunks
        self.results: SimpleQueue[tuple[Chunk, bytes] | BaseException] = SimpleQueue()
        self.pieces: range = range(0)

    def chunk(self, piece: int) -> Chunk:
        return self.chunks[piece - self.pieces.start]

    def plans(self, piece: int) -> tuple[str, int]:
        """What a worker binds for a piece: the same in every wave of a run."""
        return self.name, self.chunk(piece).first


class RayExecutor:
    """Evaluates chunks on the Ray that this process is connected to; workers start at once, in the background.

    Parameters
    ----------
    workers : most of them, 0 for one a core of every node, also of nodes that join later.
    home : module and class of what evaluates inside a worker.

    Once cancelled or closed it takes nothing more. Use as a context, or `close` it.
    """

    def __init__(self, workers: int = 0, home: str = HOME) -> None:
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._schedule = Schedule()
        self._crew = Crew(home, workers, worker_bytes(), self._watch, partial(self._post, self._started))
        self._tasks: dict[str, Any] = {}
        self._calls: dict[int, _Call] = {}
        self._homes: dict[tuple[str, int], int] = {}
        self._numbers = 0
        self._alone_since_s = time.monotonic()
        self._ended: BaseException | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="fanout", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    @property
    def given_again(self) -> int:
        """How many chunks were given once more, because their worker was lost or late."""
        return self._schedule.given_again

    @property
    def lost(self) -> int:
        """How many workers were lost."""
        return self._crew.lost

    @property
    def workers(self) -> int:
        """How many workers there are, ready or starting."""
        return len(self._crew.members)

    @property
    def ready(self) -> int:
        """How many workers have loaded compiled code and take chunks."""
        return self._schedule.workers

    def evaluate(
        self, task: Task, chunks: Sequence[Chunk], told: Callable[[Chunk, int], None]
    ) -> Iterator[tuple[Chunk, bytes]]:
        """Each chunk with its result, as they come; ``told`` hears of whole chunks alone.

        Nodes get no more workers than their memory holds of these. Raises Cancelled after `cancel`, InputError when no
        node holds one, NoWorkers or `schedule.Deadly` when it cannot be done, and what a chunk raises.
        """
        if self._ended is not None:
            raise self._ended
        if not chunks:
            return
        each_bytes = worker_bytes(memory_bytes(task, max(len(chunk.codes) for chunk in chunks)))
        if each_bytes > self._crew.worker_bytes:
            self._post(self._fit, each_bytes)
        call = _Call(self._put(task), task.fingerprint, chunks)
        self._post(self._begin, call)
        try:
            for _ in chunks:
                found = self._result(call)
                told(found[0], len(found[0].spans))
                yield found
        finally:
            self._post(self._leave, call)

    def cancel(self) -> None:
        """End everything under way: workers are killed, evaluations raise Cancelled. From any thread."""
        self._post(self._end, Cancelled("cancelled; what is finished is kept, the same command continues"))

    def close(self) -> None:
        """End the workers. Safe to call twice."""
        self.cancel()
        self._thread.join(10.0)

    def _result(self, call: _Call) -> tuple[Chunk, bytes]:
        """The next one of a call. Raises what the thread ended with, also when it no longer heard of the call."""
        while True:
            try:
                found = call.results.get(timeout=_LOOK_S)
            except Empty:
                if self._ended is not None:
                    raise self._ended from None
                continue
            if isinstance(found, BaseException):
                raise found
            return found

    def _put(self, task: Task) -> Any:
        """Where the task lies in the object store; the last few are kept."""
        with self._lock:
            found = self._tasks.pop(task.fingerprint, None)
            if found is None:
                for name, module in list(sys.modules.items()):
                    if name.startswith(_BY_VALUE):
                        cloudpickle.register_pickle_by_value(module)
                found = ray.put(task)
            self._tasks[task.fingerprint] = found
            while len(self._tasks) > _TASKS_KEPT:
                del self._tasks[next(iter(self._tasks))]
            return found

    # -- everything below runs in the one thread, but `_post` and `_watch`

    def _post(self, call: Callable[..., None], *arguments: Any) -> None:
        self._events.put(lambda: call(*arguments))

    def _watch(self, reference: Any, done: Callable[[Any], None]) -> None:
        reference.future().add_done_callback(done)

    def _run(self) -> None:
        looked_s = -_LOOK_S
        while self._ended is None:
            try:
                if time.monotonic() - looked_s >= _LOOK_S:
                    looked_s = time.monotonic()
                    self._look(looked_s)
                self._events.get(timeout=_LOOK_S)()
                self._give()
            except Empty:
                continue
            except Exception as error:  # noqa: BLE001 - the one broad handler: those who wait must hear of it
                self._end(error)

    def _fit(self, each_bytes: int) -> None:
        self._crew.worker_bytes = max(self._crew.worker_bytes, each_bytes)
        self._tend()

    def _tend(self) -> None:
        for worker in self._crew.tend():
            self._schedule.leave(worker)

    def _look(self, now_s: float) -> None:
        self._tend()
        self._schedule.hurry(now_s)
        if self._crew.members or not self._schedule.open:
            self._alone_since_s = now_s
        elif now_s - self._alone_since_s > _LONELY_S:
            raise NoWorkers(f"no node has had a core for a worker for {_LONELY_S:.0f} s")

    def _begin(self, call: _Call) -> None:
        call.pieces = range(self._numbers, self._numbers + len(call.chunks))
        self._numbers = call.pieces.stop
        self._calls.update(dict.fromkeys(call.pieces, call))
        homes = {piece: self._homes.get(call.plans(piece)) for piece in call.pieces}
        self._schedule.add(call.pieces, {piece: worker for piece, worker in homes.items() if worker is not None})

    def _leave(self, call: _Call) -> None:
        self._schedule.withdraw(call.pieces)
        for piece in call.pieces:
            self._calls.pop(piece, None)

    def _started(self, worker: int, error: BaseException | None) -> None:
        if self._crew.started(worker, error):
            self._schedule.join(worker)

    def _give(self) -> None:
        while self._ended is None and (next_ := self._schedule.give(time.monotonic())) is not None:
            worker, piece = next_
            call = self._calls[piece]
            self._homes[call.plans(piece)] = worker
            if len(self._homes) > _HOMES_KEPT:
                del self._homes[next(iter(self._homes))]
            member = self._crew.members[worker]
            task = None if call.name in member.tasks else call.task
            member.tasks.keep(call.name, None)
            reference = member.handle.evaluate.remote(call.name, task, call.chunk(piece))
            self._watch(reference, partial(self._post, self._came, worker, piece))

    def _came(self, worker: int, piece: int, future: Any) -> None:
        if self._ended is not None:
            return
        error = future.exception()
        if error is None:
            result, took_s = future.result()
            if self._schedule.done(worker, piece, took_s):
                call = self._calls.pop(piece)
                call.results.put((call.chunk(piece), result))
        elif isinstance(error, _LOSSES):
            self._crew.forget(worker)
            self._schedule.leave(worker)
            self._tend()
        else:
            if worker in self._crew.members:  # what failed may be the coming of the task itself
                self._crew.members[worker].tasks.clear()
            if self._schedule.done(worker, piece, 0.0):
                self._calls.pop(piece).results.put(_cause(error))

    def _end(self, error: BaseException) -> None:
        if self._ended is not None:
            return
        self._ended = error
        self._crew.end()
        for call in {id(c): c for c in self._calls.values()}.values():
            call.results.put(error)
        self._calls.clear()


def _cause(error: BaseException) -> BaseException:
    """What was raised inside the worker, without Ray's wrapping when it was raised on purpose."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, ScalpRadarError) else error
