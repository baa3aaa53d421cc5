"""What happened must show on the private stream; when it does not, the stream is frozen though it looks alive.

A private stream is silent while nothing happens, so silence says nothing about it. An order that the venue took and a
fill that REST shows say a lot: their pushes are owed.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from math import inf
from typing import Any, Final

_REMEMBERED: Final = 1_000
_LONGEST_S: Final = 600.0


class Echoes:
    """Orders and fills, by names of ours, whose push is owed while the stream is up.

    Parameters
    ----------
    patience_s : how long a push may take; twice as long after each time that one did not come, until one comes: a
    venue that never pushes something must not keep us rebuilding. clock : seconds, monotonic.
    """

    def __init__(self, patience_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._usual_s = self._patience_s = patience_s
        self._clock = clock
        self._owed: OrderedDict[str, float] = OrderedDict()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._up = False

    def listen(self) -> None:
        """The stream is up: what was sent before is read by REST, what is sent from now on is owed."""
        self._up = True
        self._owed.clear()

    def pause(self) -> None:
        """The stream is down, perhaps because something was overdue: nothing can be owed."""
        if self.overdue_in_s() <= 0:
            self._patience_s = min(self._patience_s * 2, _LONGEST_S)
        self._up = False
        self._owed.clear()

    def expect(self, what: str) -> None:
        """The venue took or did something. Its push may have been faster than its answer."""
        if self._up and what not in self._seen:
            self._owed.setdefault(what, self._clock() + self._patience_s)
            _bound(self._owed)

    def saw(self, what: str) -> None:
        """The stream showed it."""
        if self._owed.pop(what, None) is not None:
            self._patience_s = self._usual_s
        self._seen[what] = None
        _bound(self._seen)

    def overdue_in_s(self) -> float:
        """Seconds until the first push that is owed is overdue, negative when it is; infinite when none is owed."""
        return min(self._owed.values()) - self._clock() if self._owed else inf


def _bound(remembered: OrderedDict[str, Any]) -> None:
    while len(remembered) > _REMEMBERED:
        remembered.popitem(last=False)
