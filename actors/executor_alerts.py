"""What an executor tells a human: alerts for the ledger and for those who watch."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from loguru import logger

from actors.peers import Peers
from core.messages import AlertRaised, Severity

_AGAIN_MS: Final = 60_000
"""The same alert, word for word, is told once in so much exchange time."""
_REMEMBERED: Final = 500
_LEVELS: Final = {Severity.INFO: "INFO", Severity.WARNING: "WARNING", Severity.CRITICAL: "ERROR"}


class Alerts:
    """Of one actor.

    Parameters
    ----------
    stamp : the exchange's time and the next number of this actor's stream. api : '' when nobody watches.
    """

    def __init__(self, source: str, peers: Peers, ledger: str, api: str, stamp: Callable[[], tuple[int, int]]) -> None:
        self._source, self._peers, self._ledger, self._api, self._stamp = source, peers, ledger, api, stamp
        self._told: OrderedDict[tuple[str, str, str], int] = OrderedDict()
        self.count = 0

    def tell(self, kind: str, severity: Severity, symbol: str, detail: str, strategy: str = "") -> None:
        """Raise an alert, unless the very same was raised within the last minute."""
        ts_ms, sequence = self._stamp()
        key = (kind, symbol, detail)
        before = self._told.get(key)
        if before is not None and ts_ms - before < _AGAIN_MS:
            return
        self._told[key] = ts_ms
        self._told.move_to_end(key)
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        self.count += 1
        logger.log(_LEVELS[severity], "{}: {} {}: {}", self._source, kind, symbol, detail)
        raised = (AlertRaised(ts_ms, sequence, self._source, kind, severity, detail, symbol, strategy),)
        self._peers.tell(self._ledger, "record", raised)
        if self._api:
            self._peers.tell(self._api, "on", raised)
