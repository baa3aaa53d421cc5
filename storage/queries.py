"""Reading what was recorded: newest first, filtered, a page at a time.

A page's cursor names its last row by time and number, so pages neither overlap nor skip when rows are added.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from core.errors import DataError
from core.messages import ProtectionSeen, TradingHalted
from core.order import OrderStatus
from storage import rows
from storage.records import MAX_LIMIT, Latest, Page, Totals
from storage.records import Query as Query  # also known by this address
from storage.tables import table

T = TypeVar("T")

_CURSOR: Final = re.compile(r"(\d{1,18})\.(\d{1,18})")
_LIVE: Final = tuple(status.value for status in OrderStatus if status.live)
_RECENT: Final = 100


def page(
    connection: Connection, name: str, query: Query, build: Callable[[Mapping[str, Any]], T],
    conditions: Sequence[ColumnElement[bool]] = (), more: Sequence[ColumnElement[Any]] = (),
) -> Page[T]:
    """Rows of table ``name`` that match the query and ``conditions``, each with the columns ``more`` beside its own.

    Raises DataError for a cursor or limit that cannot be.
    """
    if not 1 <= query.limit <= MAX_LIMIT:
        raise DataError(f"limit {query.limit}: allowed is 1 to {MAX_LIMIT}")
    columns = table(name).c
    statement = select(table(name), *more).where(*conditions)
    statement = statement.order_by(columns.ts_ms.desc(), columns.id.desc()).limit(query.limit + 1)
    statement = filtered(statement, columns, query)
    if query.cursor is not None:
        statement = statement.where(_before(columns, query.cursor))
    found = connection.execute(statement).mappings().all()
    items = tuple(build(dict(row)) for row in found[: query.limit])
    if len(found) <= query.limit:
        return Page(items)
    last = found[query.limit - 1]
    return Page(items, f"{last['ts_ms']}.{last['id']}")


def latest(connection: Connection) -> Latest:
    """How things stood last; events and the like oldest first, at most 100 of each."""
    recent = Query(limit=_RECENT)
    live = Query(limit=MAX_LIMIT, open_only=True)
    return Latest(
        plans=_last_of(connection, "plans", ("strategy", "symbol"), rows.plan),
        protections=protections(connection),
        equity=_last_of(connection, "equity", ("scope", "strategy"), rows.equity),
        halts=_halts(connection),
        orders=page(connection, "orders", live, rows.order).items[::-1],
        fills=page(connection, "fills", recent, rows.fill).items[::-1],
        trades=page(connection, "trades", recent, rows.trade).items[::-1],
        events=page(connection, "events", recent, rows.stored_event).items[::-1],
        totals=totals(connection),
    )


def protections(connection: Connection) -> tuple[ProtectionSeen, ...]:
    """The last reading of what protects each symbol."""
    return tuple(rows.protection(row) for row in _mappings(connection, select(table("protections"))))


def totals(connection: Connection) -> tuple[Totals, ...]:
    """Sums of all closed trades by scope, strategy and symbol."""
    c = table("trades").c
    by = (c.scope, c.strategy, c.symbol)
    won, lost = case((c.net > 0, c.net), else_=0.0), case((c.net < 0, -c.net), else_=0.0)
    sums = [func.coalesce(func.sum(value), 0.0) for value in (c.net, c.fees, c.funding, won, lost)]
    statement = select(
        *by, func.count(), func.coalesce(func.sum(case((c.net > 0, 1), else_=0)), 0), *sums,
        func.max(c.ts_ms), func.max(c.cycle),
    ).group_by(*by).order_by(*by)
    return tuple(Totals(*row) for row in connection.execute(statement))


def filtered(statement: Select[Any], columns: Any, query: Query) -> Select[Any]:
    """The statement with the filters of ``query`` for which there are columns."""
    for name in ("scope", "strategy", "symbol", "kind", "reason", "direction", "cycle"):
        value = getattr(query, name)
        if value not in (None, "") and name in columns:
            statement = statement.where(columns[name] == value)
    if query.from_ms is not None:
        statement = statement.where(columns.ts_ms >= query.from_ms)
    if query.to_ms is not None:
        statement = statement.where(columns.ts_ms < query.to_ms)
    if query.open_only and "status" in columns:
        statement = statement.where(columns.status.in_(_LIVE))
    return statement


def _before(columns: Any, cursor: str) -> ColumnElement[bool]:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise DataError(f"cursor {cursor[:40]!r}: allowed is one that an earlier page gave")
    ts_ms, number = int(match[1]), int(match[2])
    return or_(columns.ts_ms < ts_ms, and_(columns.ts_ms == ts_ms, columns.id < number))


def _last_of(
    connection: Connection, name: str, by: tuple[str, ...], build: Callable[[Mapping[str, Any]], T]
) -> tuple[T, ...]:
    """The row that came last in each group."""
    rows_ = table(name)
    last = select(func.max(rows_.c.id)).group_by(*(rows_.c[column] for column in by))
    return tuple(build(row) for row in _mappings(connection, select(rows_).where(rows_.c.id.in_(last))))


def _halts(connection: Connection) -> tuple[TradingHalted, ...]:
    """Halts that nobody ended: the last word on each symbol, by order of arrival."""
    events = table("events")
    words = (rows.kind_of("TradingHalted"), rows.kind_of("TradingResumed"))
    last = select(func.max(events.c.id)).where(events.c.kind.in_(words)).group_by(events.c.symbol)
    found = _mappings(connection, select(events).where(events.c.id.in_(last), events.c.kind == words[0]))
    return tuple(rows.halt(row) for row in found)


def _mappings(connection: Connection, statement: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(statement).mappings()]
