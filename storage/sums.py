"""Reading what was recorded as sums and columns: for pages that show all of it at once."""

from __future__ import annotations

from array import array

from sqlalchemy import Connection, case, func, select

from storage import queries
from storage.records import MOST_CLOSINGS, MOST_MARKS, Closings, Marks, Query, TradeSums
from storage.tables import table


def trade_sums(connection: Connection, query: Query) -> TradeSums:
    """Sums of the closed trades that match; limit and cursor do not matter."""
    c = table("trades").c
    won, lost = case((c.net > 0, c.net), else_=0.0), case((c.net < 0, -c.net), else_=0.0)
    sums = [func.coalesce(func.sum(value), 0.0) for value in (c.net, c.fees, c.funding, won, lost)]
    held = func.coalesce(func.avg(c.ts_ms - c.opened_ms), 0.0)
    statement = select(
        func.count(), func.coalesce(func.sum(case((c.net > 0, 1), else_=0)), 0), *sums, held,
        func.coalesce(func.min(c.ts_ms), 0), func.coalesce(func.max(c.ts_ms), 0),
    )
    row = connection.execute(queries.filtered(statement, c, query)).one()
    trades, wins, net, fees, funding, gained, given, mean_held, first, last = row
    return TradeSums(trades, wins, net, fees, funding, gained, given, float(mean_held), first, last)


def marks(connection: Connection, scope: str, strategy: str, from_ms: int) -> Marks:
    """Equity of a strategy from ``from_ms`` on, at most `MOST_MARKS`."""
    c = table("equity").c
    statement = select(c.ts_ms, c.equity, c.wallet).where(
        c.scope == scope, c.strategy == strategy, c.ts_ms >= from_ms
    ).order_by(c.ts_ms).limit(MOST_MARKS)
    nan = float("nan")
    columns = Marks(array("q"), array("d"), array("d"))
    for ts_ms, equity, wallet in connection.execute(statement):
        columns.ts_ms.append(ts_ms)
        columns.equity.append(nan if equity is None else equity)
        columns.wallet.append(nan if wallet is None else wallet)
    return columns


def closings(connection: Connection, scope: str, after: int) -> Closings:
    """Closed trades of a scope recorded after number ``after``, at most `MOST_CLOSINGS`."""
    c = table("trades").c
    statement = select(c.id, c.ts_ms, c.strategy, c.symbol, c.net, c.fees, c.funding).where(
        c.scope == scope, c.id > after
    ).order_by(c.id).limit(MOST_CLOSINGS)
    rows = connection.execute(statement).all()
    numbers, times, strategies, symbols, *money = zip(*rows, strict=True) if rows else ((),) * 7
    net, fees, funding = (tuple(0.0 if value is None else value for value in column) for column in money)
    return Closings(numbers, times, strategies, symbols, net, fees, funding)
