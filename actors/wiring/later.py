"""Calls that are made a little later, all by one thread: a thread for each would take as long to start as a message."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

from loguru import logger


class Later:
    """An alarm clock; its thread is started with the first call and ends with the process."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def call(self, delay_s: float, what: Callable[[], None]) -> None:
        """Call ``what`` after so many seconds."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + delay_s, next(self._number), what))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                _, _, what = heapq.heappop(self._due)
            try:
                what()
            except Exception as error:  # noqa: BLE001 - the one broad handler: the next call is made all the same
                logger.error("a call that was made later failed: {}", error)
