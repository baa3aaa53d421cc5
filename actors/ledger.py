"""The ledger: the one actor that writes the database, and the memory of all the others.

Law: journal lines, snapshots, fills, trades and halts are stored when the call returns. Marks, plans, refusals and
readings, of which there are many, may wait in a bounded buffer for the next of these, at most a quarter of a second
while calls come in. Whoever saves a snapshot can rely on everything recorded before it being stored too.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from loguru import logger

from core.messages import EquityMarked, OrderFilled, OrderShown, PlanChanged, ProtectionSeen, TargetRefused, TradeClosed
from core.timeframe import DAY_MS
from storage.database import DatabaseFailure, Snapshot, open_database
from storage.journal import Intent
from storage.records import Closings, Latest, Marks, Page, Query, TradeSums
from storage.rows import Row, StoredEvent, StoredOrder, rows_of

_PATIENT: Final = (EquityMarked, PlanChanged, TargetRefused, OrderShown, ProtectionSeen)
_FLUSH_ROWS: Final = 500
_FLUSH_S: Final = 0.25
_KEEP_EQUITY_MS: Final = 30 * DAY_MS


class Ledger:
    """Records events, keeps the journal and snapshots, answers what was recorded.

    Parameters
    ----------
    url : of the database; opened (made, migrated) here, so a restart is this constructor again.
    buffer_rows : most rows that wait while the database cannot be written; beyond it the oldest are given up,
        counted in ``health()["dropped"]``.

    Raises ConfigurationError when the database cannot be opened. Synchronous: calls run one after another.
    """

    def __init__(
        self, url: str, *, buffer_rows: int = 50_000, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = open_database(url)
        self._monotonic_s = monotonic_s
        self._waiting: deque[Row] = deque()
        self._buffer_rows = buffer_rows
        self._flushed_s = monotonic_s()
        self._written = self._dropped = self._errors = 0
        self._stopped = False
        self._database.compact_equity(_KEEP_EQUITY_MS)

    def record(self, events: Sequence[object]) -> None:
        """Store messages; again is nothing new. Raises TypeError for what is no message."""
        for event in events:
            self._waiting.extend(rows_of(event))
        urgent = any(not isinstance(event, _PATIENT) for event in events)
        overdue = self._monotonic_s() - self._flushed_s >= _FLUSH_S
        if urgent or overdue or len(self._waiting) >= _FLUSH_ROWS:
            self._flush()

    def journal(self, intent: Intent) -> None:
        """Write down what is about to be sent, or what became of it; on the disk when this returns."""
        self._database.journal(intent)

    def journal_all(self, intents: Sequence[Intent]) -> None:
        """As `journal`, several lines at once."""
        self._database.journal_all(intents)

    def intents(self, *, open_only: bool = True) -> tuple[Intent, ...]:
        """The journal, oldest first; with ``open_only`` the lines whose outcome is not known."""
        return self._database.intents(open_only=open_only)

    def journalled(self, client_ids: tuple[str, ...]) -> tuple[str, ...]:
        """Which of these client ids the journal holds, whatever became of them."""
        return self._database.journalled(client_ids)

    def journal_lines(self, client_ids: tuple[str, ...]) -> tuple[Intent, ...]:
        """The journal's lines of these client ids, oldest first."""
        return self._database.journal_lines(client_ids)

    def save_snapshot(self, key: str, ts_ms: int, payload: bytes) -> None:
        """Keep the last state of ``key``, after everything recorded so far."""
        self._flush()
        self._database.save_snapshot(key, ts_ms, payload)

    def snapshot(self, key: str) -> Snapshot | None:
        """The last state of ``key``."""
        return self._database.snapshot(key)

    def snapshots(self, prefix: str = "") -> tuple[Snapshot, ...]:
        """The last states of the keys that begin with ``prefix``."""
        return self._database.snapshots(prefix)

    def trades(self, query: Query = Query()) -> Page[TradeClosed]:
        """Closed trades, newest first."""
        self._flush()
        return self._database.trades(query)

    def fills(self, query: Query = Query()) -> Page[OrderFilled]:
        """Fills on the exchange, newest first."""
        self._flush()
        return self._database.fills(query)

    def orders(self, query: Query = Query()) -> Page[StoredOrder]:
        """Orders as last seen, newest first."""
        self._flush()
        return self._database.orders(query)

    def equity(self, query: Query = Query()) -> Page[EquityMarked]:
        """Equity points, newest first."""
        self._flush()
        return self._database.equity(query)

    def events(self, query: Query = Query()) -> Page[StoredEvent]:
        """Every other event, newest first."""
        self._flush()
        return self._database.events(query)

    def targets(self, query: Query = Query()) -> Page[PlanChanged]:
        """Targets as runners changed them, newest first."""
        self._flush()
        return self._database.targets(query)

    def trade_sums(self, query: Query = Query()) -> TradeSums:
        """Sums of closed trades."""
        self._flush()
        return self._database.trade_sums(query)

    def marks(self, scope: str, strategy: str, from_ms: int = 0) -> Marks:
        """Equity of a strategy in columns, oldest first."""
        self._flush()
        return self._database.marks(scope, strategy, from_ms)

    def closings(self, scope: str, after: int = 0) -> Closings:
        """What closed trades brought, in columns, those recorded after a number."""
        self._flush()
        return self._database.closings(scope, after)

    def latest(self) -> Latest:
        """How things stood last, for those who start."""
        self._flush()
        return self._database.latest()

    def protections(self) -> tuple[ProtectionSeen, ...]:
        """The last reading of what protects each symbol."""
        self._flush()
        return self._database.protections()

    def health(self) -> dict[str, Any]:
        """State and counts; also writes what waits."""
        try:
            self._flush()
            state = "stopped" if self._stopped else "ok"
        except DatabaseFailure:
            state = "degraded"  # counted and logged where it happened
        return {
            "name": "ledger", "state": state, "written": self._written, "waiting": len(self._waiting),
            "dropped": self._dropped, "errors": self._errors,
        }

    def stop(self) -> None:
        """Write what waits and close the database; safe to call twice."""
        if not self._stopped:
            self._flush()
            self._stopped = True
            self._database.close()

    def _flush(self) -> None:
        """Write everything that waits; when that fails it goes on waiting, within the bound, and the error goes up."""
        if not self._waiting:
            return
        batch = list(self._waiting)
        self._flushed_s = self._monotonic_s()
        try:
            self._database.write(batch)
        except DatabaseFailure as error:
            self._errors += 1
            logger.error("ledger: {} rows could not be written: {}", len(batch), type(error).__name__)
            while len(self._waiting) > self._buffer_rows:
                self._waiting.popleft()
                self._dropped += 1
            raise
        self._waiting.clear()
        self._written += len(batch)
