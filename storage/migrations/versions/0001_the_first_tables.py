"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "equity",
        sa.Column("id", ID, nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("wallet", sa.Float()),
        sa.Column("equity", sa.Float()),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("scope", "strategy", "ts_ms", name="uq_equity_ts_ms"),
    )
    op.create_index("ix_equity_ts_ms", "equity", ["ts_ms", "id"])
    op.create_table(
        "events",
        sa.Column("id", ID, nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "ts_ms", "digest", name="uq_events_digest"),
    )
    op.create_index("ix_events_ts_ms", "events", ["ts_ms", "id"])
    op.create_table(
        "fills",
        sa.Column("id", ID, nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("cycle", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("price", sa.Float()),
        sa.Column("quantity", sa.Float()),
        sa.Column("fee", sa.Float()),
        sa.Column("maker", sa.Boolean(), nullable=False),
        sa.Column("trade_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("symbol", "trade_id", name="uq_fills_trade_id"),
    )
    op.create_index("ix_fills_ts_ms", "fills", ["ts_ms", "id"])
    op.create_table(
        "intents",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("client_id"),
    )
    op.create_index("ix_intents_state", "intents", ["state", "ts_ms"])
    op.create_table(
        "orders",
        sa.Column("id", ID, nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("quantity", sa.Float()),
        sa.Column("filled", sa.Float()),
        sa.Column("price", sa.Float()),
        sa.Column("average", sa.Float()),
        sa.Column("trigger", sa.Float()),
        sa.Column("trigger_source", sa.String(), nullable=False),
        sa.Column("reduce_only", sa.Boolean(), nullable=False),
        sa.Column("stop", sa.Float()),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("symbol", "order_id", name="uq_orders_order_id"),
    )
    op.create_index("ix_orders_ts_ms", "orders", ["ts_ms", "id"])
    op.create_table(
        "plans",
        sa.Column("id", ID, nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("price", sa.Float()),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("strategy", "symbol", "ts_ms", "digest", name="uq_plans_digest"),
    )
    op.create_index("ix_plans_ts_ms", "plans", ["ts_ms", "id"])
    op.create_table(
        "protections",
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Float()),
        sa.Column("average", sa.Float()),
        sa.Column("stop", sa.Float()),
        sa.Column("target", sa.Float()),
        sa.Column("liquidation", sa.Float()),
        sa.Column("unprotected_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("symbol"),
    )
    op.create_table(
        "snapshots",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "trades",
        sa.Column("id", ID, nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("cycle", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Float()),
        sa.Column("average", sa.Float()),
        sa.Column("exit_price", sa.Float()),
        sa.Column("levels", sa.Integer(), nullable=False),
        sa.Column("fees", sa.Float()),
        sa.Column("funding", sa.Float()),
        sa.Column("net", sa.Float()),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("scope", "strategy", "symbol", "cycle", name="uq_trades_cycle"),
    )
    op.create_index("ix_trades_ts_ms", "trades", ["ts_ms", "id"])


def downgrade() -> None:
    """Backwards."""
    for name in ("equity", "events", "fills", "intents", "orders", "plans", "protections", "snapshots", "trades"):
        op.drop_table(name)
