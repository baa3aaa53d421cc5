"""The tables. Column names are those of the messages in `core.messages`, times UTC ms, money USDT.

Every table that holds events has a natural unique key, so that recording an event twice changes nothing.
Alembic's migrations must give exactly this; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import Index, LargeBinary, Table, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.columns import key, ms, text


class TradeRow(SQLModel, table=True):
    """A closed position cycle (`core.messages.TradeClosed`)."""

    __tablename__ = "trades"
    __table_args__ = (
        UniqueConstraint("scope", "strategy", "symbol", "cycle", name="uq_trades_cycle"),
        Index("ix_trades_ts_ms", "ts_ms", "id"),
    )

    id: int | None = key()
    ts_ms: int = ms()
    sequence: int = ms()
    scope: str
    strategy: str
    symbol: str
    cycle: int = ms()
    direction: int
    opened_ms: int = ms()
    quantity: float | None
    average: float | None
    exit_price: float | None
    levels: int
    fees: float | None
    funding: float | None
    net: float | None
    reason: str


class FillRow(SQLModel, table=True):
    """A fill on the exchange (`core.messages.OrderFilled`)."""

    __tablename__ = "fills"
    __table_args__ = (
        UniqueConstraint("symbol", "trade_id", name="uq_fills_trade_id"),
        Index("ix_fills_ts_ms", "ts_ms", "id"),
    )

    id: int | None = key()
    ts_ms: int = ms()
    sequence: int = ms()
    strategy: str
    symbol: str
    cycle: int = ms()
    level: int
    role: str
    direction: int
    price: float | None
    quantity: float | None
    fee: float | None
    maker: bool
    trade_id: str
    client_id: str


class OrderRow(SQLModel, table=True):
    """An order as last seen at ``ts_ms`` (`core.order.OpenOrder`)."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("symbol", "order_id", name="uq_orders_order_id"),
        Index("ix_orders_ts_ms", "ts_ms", "id"),
    )

    id: int | None = key()
    ts_ms: int = ms()
    sequence: int = ms()
    order_id: str
    client_id: str
    symbol: str
    side: str
    kind: str
    status: str
    quantity: float | None
    filled: float | None
    price: float | None
    average: float | None
    trigger: float | None
    trigger_source: str
    reduce_only: bool
    stop: float | None
    created_ms: int = ms()


class PlanRow(SQLModel, table=True):
    """A runner's target that differed from its last one (`core.messages.PlanChanged`); ``target`` is JSON."""

    __tablename__ = "plans"
    __table_args__ = (
        UniqueConstraint("strategy", "symbol", "ts_ms", "digest", name="uq_plans_digest"),
        Index("ix_plans_ts_ms", "ts_ms", "id"),
    )

    id: int | None = key()
    ts_ms: int = ms()
    sequence: int = ms()
    strategy: str
    symbol: str
    price: float | None
    target: str = text()
    digest: str


class EquityRow(SQLModel, table=True):
    """Money of one strategy after a batch of candles (`core.messages.EquityMarked`)."""

    __tablename__ = "equity"
    __table_args__ = (
        UniqueConstraint("scope", "strategy", "ts_ms", name="uq_equity_ts_ms"),
        Index("ix_equity_ts_ms", "ts_ms", "id"),
    )

    id: int | None = key()
    ts_ms: int = ms()
    sequence: int = ms()
    scope: str
    strategy: str
    wallet: float | None
    equity: float | None


class ProtectionRow(SQLModel, table=True):
    """The last reading of a symbol's protection (`core.messages.ProtectionSeen`); one row a symbol."""

    __tablename__ = "protections"

    symbol: str = Field(primary_key=True)
    ts_ms: int = ms()
    sequence: int = ms()
    direction: int
    quantity: float | None
    average: float | None
    stop: float | None
    target: float | None
    liquidation: float | None
    unprotected_ms: int = ms()


class EventRow(SQLModel, table=True):
    """Any other event, as JSON in ``payload``. ``kind`` is the message's name in snake case."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("kind", "ts_ms", "digest", name="uq_events_digest"),
        Index("ix_events_ts_ms", "ts_ms", "id"),
    )

    id: int | None = key()
    ts_ms: int = ms()
    kind: str
    strategy: str
    symbol: str
    payload: str = text()
    digest: str


class SnapshotRow(SQLModel, table=True):
    """The last saved state of whatever ``key`` names."""

    __tablename__ = "snapshots"

    key: str = Field(primary_key=True)
    ts_ms: int = ms()
    payload: bytes = Field(sa_type=LargeBinary)


class IntentRow(SQLModel, table=True):
    """One line of the journal (`storage.journal.Intent`)."""

    __tablename__ = "intents"
    __table_args__ = (Index("ix_intents_state", "state", "ts_ms"),)

    client_id: str = Field(primary_key=True)
    symbol: str
    strategy: str
    action: str
    payload: str = text()
    ts_ms: int = ms()
    state: str
    sent_ms: int | None = ms()
    answered_ms: int | None = ms()


def table(name: str) -> Table:
    """The table of that name, for statements."""
    return SQLModel.metadata.tables[name]
