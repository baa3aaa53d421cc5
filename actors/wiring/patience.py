"""How long a start is waited for: as long as it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from core.errors import ScalpRadarError


class Patience:
    """Ends when nothing has come any further for so many seconds.

    Parameters
    ----------
    clock : seconds, monotonic; injected for tests.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._far: Any = None
        self._since_s = clock()

    def look(self, far: Any) -> None:
        """Note how far it is. Raises ScalpRadarError when that has been the same for too long."""
        now_s = self._clock()
        if far != self._far:
            self._far, self._since_s = far, now_s
        elif now_s - self._since_s > self._seconds:
            raise ScalpRadarError(f"the start has not come any further for {self._seconds:g} s; the run's logs say why")
