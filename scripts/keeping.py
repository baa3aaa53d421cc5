"""Where a command keeps the results of its runs: opened in the background, since a database takes a while to load."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from optimization.chunk_store import ChunkStore
from optimization.walkforward.job import Job
from optimization.walkforward.outcome import Outcome

if TYPE_CHECKING:
    from optimization.result_store import ResultStore


class Keeping:
    """A `Keeper` and a `ChunkLedger` over one folder.

    Runs are evaluated while the database loads; when it cannot be opened they end with the next chunk that they put.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._chunks = root, ChunkStore(root / "chunks")
        self._opened: Future[ResultStore] = Future()
        self._counting = threading.Lock()
        self.stored = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._open, name="results", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._opened.done() and self._opened.exception() is None:  # a command that is cancelled does not wait for it
            self._opened.result().close()

    def get(self, key: str) -> bytes | None:
        """As `ChunkLedger.get`."""
        return self._chunks.get(key)

    def put(self, key: str, result: bytes) -> None:
        """As `ChunkLedger.put`."""
        if self._opened.done():
            self._opened.result()
        self._chunks.put(key, result)

    def others(self, fingerprint: str, job: Job, combinations: int) -> Callable[[], int]:
        """As `Keeper.others`; the run is counted as soon as the database is open."""
        counted: Future[int] = Future()

        def count(opened: Future[ResultStore]) -> None:
            from optimization.result_store import now_ms  # with the database, which loads in the background

            try:
                research = opened.result().research
                counted.set_result(
                    research.register_trials(fingerprint, job.strategy, job.symbol, combinations, now_ms())
                )
            except BaseException as error:  # noqa: BLE001  who asks must hear of it
                counted.set_exception(error)

        self._opened.add_done_callback(count)
        return counted.result

    def keep(self, outcome: Outcome) -> None:
        """As `Keeper.keep`; the origin is this machine's name."""
        self._opened.result().save(outcome, socket.gethostname())
        with self._counting:
            self.stored += 1

    def _open(self) -> None:
        try:
            from optimization.result_store import ResultStore

            self._root.mkdir(parents=True, exist_ok=True)
            self._opened.set_result(ResultStore(self._root))
        except BaseException as error:  # noqa: BLE001  those who wait for it must hear of it
            self._opened.set_exception(error)
