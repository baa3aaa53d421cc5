"""What we sent must show on the private stream; when it does not, the stream is frozen though it looks alive.

A private stream is silent while nothing happens, so silence says nothing about it. An order that the venue took says
a lot: its push is owed.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from math import inf
from typing import Final

_REMEMBERED: Final = 1_000


class Echoes:
    """Orders whose push is owed, while the stream is up.

    Parameters
    ----------
    patience_s : how long a push may take. clock : seconds, monotonic.
    """

    def __init__(self, patience_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience_s, self._clock = patience_s, clock
        self._owed: OrderedDict[str, float] = OrderedDict()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._up = False

    def listen(self) -> None:
        """The stream is up: what was sent before is read by REST, what is sent from now on is owed."""
        self._up = True
        self._owed.clear()

    def pause(self) -> None:
        """The stream is down: nothing can be owed."""
        self._up = False
        self._owed.clear()

    def expect(self, order_id: str) -> None:
        """The venue took an order. Its push may have been faster than its answer."""
        if self._up and order_id not in self._seen:
            self._owed[order_id] = self._clock() + self._patience_s
            _bound(self._owed)

    def saw(self, order_id: str) -> None:
        """The stream showed an order."""
        self._owed.pop(order_id, None)
        self._seen[order_id] = None
        _bound(self._seen)

    def overdue_in_s(self) -> float:
        """Seconds until the first push that is owed is overdue, negative when it is; infinite when none is owed."""
        return next(iter(self._owed.values())) - self._clock() if self._owed else inf


def _bound(remembered: OrderedDict[str, float] | OrderedDict[str, None]) -> None:
    while len(remembered) > _REMEMBERED:
        remembered.popitem(last=False)
