"""One database with a single writer: events, orders, plans, snapshots, journal.

Law: whatever a method has written has survived the death of this process when it returns; what `Database.journal`
has written has survived a power cut too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from core.messages import EquityMarked, OrderFilled, PlanChanged, ProtectionSeen, TradeClosed
from core.timeframe import HOUR_MS
from storage import dialect, queries, rows, sums
from storage.journal import OPEN_STATES, Intent
from storage.migrate import upgrade
from storage.records import Closings, Latest, Marks, Page, Query, TradeSums
from storage.rows import Row, StoredEvent, StoredOrder, rows_of
from storage.tables import table

T = TypeVar("T")

DatabaseFailure = SQLAlchemyError
"""What any method here may raise when the database does not answer; callers need not know whose word it is."""

_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "trades": ("scope", "strategy", "symbol", "cycle"),
    "fills": ("symbol", "trade_id"),
    "orders": ("symbol", "order_id"),
    "plans": ("strategy", "symbol", "ts_ms", "digest"),
    "equity": ("scope", "strategy", "ts_ms"),
    "protections": ("symbol",),
    "events": ("kind", "ts_ms", "digest"),
}
"""What makes an event the same one, by table."""

_REPLACED: Final = {"intents": "client_id", "snapshots": "key"}
"""What is written under one key again and again."""

_LAST_SEEN: Final = ("orders", "protections")
"""Tables that show the latest reading; the others keep the first word."""


class Snapshot(NamedTuple):
    """A saved state; ``payload`` is its owner's business."""

    key: str
    ts_ms: int
    payload: bytes


class Database:
    """Opens (and makes, and migrates) the database at ``url``.

    Raises ConfigurationError when that cannot be. Safe to use from several threads; writes take turns.
    """

    def __init__(self, url: str) -> None:
        self._engines = dialect.engines(url)
        self._writing = threading.RLock()
        upgrade(self._engines.events)
        engine = self._engines.events
        self._inserts = {
            name: dialect.upsert(engine, table(name), keys, unless_older=True)
            if name in _LAST_SEEN else dialect.insert_new(engine, table(name), keys)
            for name, keys in _KEYS.items()
        }
        self._replaces = {name: dialect.upsert(engine, table(name), (key,)) for name, key in _REPLACED.items()}

    def close(self) -> None:
        """Close every connection; safe to call twice."""
        self._engines.dispose()

    def record(self, events: Sequence[object]) -> None:
        """Store messages of `core.messages` in one transaction; those already there change nothing.

        Raises TypeError for what is no message, ValueError for a number too large; nothing is stored then.
        """
        self.write([row for event in events for row in rows_of(event)])

    def write(self, batch: Sequence[Row]) -> None:
        """Store rows in one transaction, in order within each table."""
        by_table: dict[str, list[dict[str, Any]]] = {}
        for row in batch:
            by_table.setdefault(row.table, []).append(row.values)
        if by_table:
            with self._writing, self._engines.events.begin() as connection:
                for name, values in by_table.items():
                    connection.execute(self._inserts[name], values)

    def journal(self, intent: Intent) -> None:
        """Write an intent down, replacing the line of the same client id; on the disk when this returns."""
        self.journal_all([intent])

    def journal_all(self, intents: Sequence[Intent]) -> None:
        """As `journal`, several lines in one transaction."""
        if not intents:
            return
        with self._writing, self._engines.journal.begin() as connection:
            connection.execute(self._replaces["intents"], [intent._asdict() for intent in intents])

    def intents(self, *, open_only: bool = True) -> tuple[Intent, ...]:
        """The journal, oldest first; with ``open_only`` the lines whose outcome is not known."""
        lines = table("intents")
        statement = select(lines).order_by(lines.c.ts_ms, lines.c.client_id)
        if open_only:
            statement = statement.where(lines.c.state.in_(OPEN_STATES))
        with dialect.reading(self._engines.events) as connection:
            return tuple(Intent(**row) for row in connection.execute(statement).mappings())

    def journalled(self, client_ids: Sequence[str]) -> tuple[str, ...]:
        """Which of these the journal holds, whatever became of them."""
        lines = table("intents").c
        with dialect.reading(self._engines.events) as connection:
            return tuple(connection.execute(select(lines.client_id).where(lines.client_id.in_(client_ids))).scalars())

    def journal_lines(self, client_ids: Sequence[str]) -> tuple[Intent, ...]:
        """The lines of these client ids that the journal holds, oldest first."""
        lines = table("intents")
        statement = select(lines).where(lines.c.client_id.in_(client_ids)).order_by(lines.c.ts_ms, lines.c.client_id)
        with dialect.reading(self._engines.events) as connection:
            return tuple(Intent(**row) for row in connection.execute(statement).mappings())

    def save_snapshot(self, key: str, ts_ms: int, payload: bytes) -> None:
        """Keep ``payload`` as the last state of ``key``."""
        with self._writing, self._engines.events.begin() as connection:
            connection.execute(self._replaces["snapshots"], {"key": key, "ts_ms": ts_ms, "payload": payload})

    def snapshot(self, key: str) -> Snapshot | None:
        """The last state of ``key``."""
        found = self._snapshots(lambda column: column == key)
        return found[0] if found else None

    def snapshots(self, prefix: str = "") -> tuple[Snapshot, ...]:
        """The last states of every key that begins with ``prefix``, by key."""
        return self._snapshots(lambda column: column.startswith(prefix, autoescape=True))

    def trades(self, query: Query = Query()) -> Page[TradeClosed]:
        """Closed trades, newest first."""
        return self._page("trades", query, rows.trade)

    def fills(self, query: Query = Query()) -> Page[OrderFilled]:
        """Fills on the exchange, newest first."""
        return self._page("fills", query, rows.fill)

    def orders(self, query: Query = Query()) -> Page[StoredOrder]:
        """Orders as last seen, newest first."""
        return self._page("orders", query, rows.order)

    def equity(self, query: Query = Query()) -> Page[EquityMarked]:
        """Equity points, newest first."""
        return self._page("equity", query, rows.equity)

    def events(self, query: Query = Query()) -> Page[StoredEvent]:
        """Every other event (refusals, halts, commands, alarms), newest first."""
        return self._page("events", query, rows.stored_event)

    def targets(self, query: Query = Query()) -> Page[PlanChanged]:
        """Targets as runners changed them, newest first."""
        return self._page("plans", query, rows.plan)

    def trade_sums(self, query: Query = Query()) -> TradeSums:
        """Sums of closed trades."""
        with dialect.reading(self._engines.events) as connection:
            return sums.trade_sums(connection, query)

    def marks(self, scope: str, strategy: str, from_ms: int = 0) -> Marks:
        """Equity of a strategy, oldest first, at most `storage.records.MOST_MARKS`."""
        with dialect.reading(self._engines.events) as connection:
            return sums.marks(connection, scope, strategy, from_ms)

    def closings(self, scope: str, after: int = 0) -> Closings:
        """What closed trades brought, those recorded after a number, at most `storage.records.MOST_CLOSINGS`."""
        with dialect.reading(self._engines.events) as connection:
            return sums.closings(connection, scope, after)

    def protections(self) -> tuple[ProtectionSeen, ...]:
        """The last reading of every symbol."""
        with dialect.reading(self._engines.events) as connection:
            return queries.protections(connection)

    def latest(self) -> Latest:
        """How things stood last."""
        with dialect.reading(self._engines.events) as connection:
            return queries.latest(connection)

    def compact_equity(self, keep_ms: int) -> int:
        """Thin equity out to the last point of each hour where older than ``keep_ms`` before the newest point.

        Returns the number of points removed.
        """
        points = table("equity").c
        hourly = select(func.max(points.id)).group_by(points.scope, points.strategy, points.ts_ms // HOUR_MS)
        with self._writing, self._engines.events.begin() as connection:
            newest = connection.execute(select(func.max(points.ts_ms))).scalar_one()
            if newest is None:
                return 0
            old = delete(table("equity")).where(points.ts_ms < newest - keep_ms, points.id.not_in(hourly))
            return int(connection.execute(old).rowcount)

    def _page(self, name: str, query: Query, build: Callable[[Mapping[str, Any]], T]) -> Page[T]:
        with dialect.reading(self._engines.events) as connection:
            return queries.page(connection, name, query, build)

    def _snapshots(self, wanted: Callable[[Any], Any]) -> tuple[Snapshot, ...]:
        kept = table("snapshots")
        statement = select(kept).where(wanted(kept.c.key)).order_by(kept.c.key)
        with dialect.reading(self._engines.events) as connection:
            return tuple(Snapshot(**row) for row in connection.execute(statement).mappings())


def open_database(url: str) -> Database:
    """The database at ``url``, made and migrated when needed. Raises ConfigurationError."""
    return Database(url)
