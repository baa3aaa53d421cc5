"""Runs, windows, trials, jobs and pushes of optimisations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "optimization_runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("result_hash", sa.String(), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("timeframe", sa.String(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("combinations", sa.BigInteger(), nullable=False),
        sa.Column("windows", sa.Integer(), nullable=False),
        sa.Column("trials", sa.BigInteger(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("gate_passed", sa.Boolean(), nullable=False),
        sa.Column("sharpe", sa.Float()),
        sa.Column("in_sample_sharpe", sa.Float()),
        sa.Column("total_return", sa.Float()),
        sa.Column("max_drawdown", sa.Float()),
        sa.Column("trades", sa.BigInteger(), nullable=False),
        sa.Column("consistency", sa.Float()),
        sa.Column("deflated_sharpe", sa.Float()),
        sa.Column("pbo", sa.Float()),
        sa.Column("p_value", sa.Float()),
        sa.Column("instability", sa.Float()),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("fingerprint", name="uq_optimization_runs_fingerprint"),
    )
    op.create_index("ix_optimization_runs_ts_ms", "optimization_runs", ["ts_ms", "id"])
    op.create_index(
        "ix_optimization_runs_latest", "optimization_runs", ["strategy", "symbol", "ts_ms", "fingerprint"]
    )
    op.create_table(
        "optimization_windows",
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("in_from_ms", sa.BigInteger(), nullable=False),
        sa.Column("in_to_ms", sa.BigInteger(), nullable=False),
        sa.Column("out_from_ms", sa.BigInteger(), nullable=False),
        sa.Column("out_to_ms", sa.BigInteger(), nullable=False),
        sa.Column("combination", sa.BigInteger(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("in_sharpe", sa.Float()),
        sa.Column("out_sharpe", sa.Float()),
        sa.Column("in_return", sa.Float()),
        sa.Column("out_return", sa.Float()),
        sa.Column("in_drawdown", sa.Float()),
        sa.Column("out_drawdown", sa.Float()),
        sa.Column("in_trades", sa.BigInteger(), nullable=False),
        sa.Column("out_trades", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", "number"),
        sa.ForeignKeyConstraint(["fingerprint"], ["optimization_runs.fingerprint"]),
    )
    op.create_table(
        "optimization_trials",
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("combinations", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint"),
    )
    op.create_index("ix_optimization_trials_strategy", "optimization_trials", ["strategy", "symbol"])
    op.create_table(
        "optimization_jobs",
        sa.Column("id", ID, nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("symbols", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("fingerprints", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id", name="uq_optimization_jobs_job_id"),
    )
    op.create_index("ix_optimization_jobs_ts_ms", "optimization_jobs", ["ts_ms", "id"])
    op.create_table(
        "optimization_pushes",
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("ts_ms", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", "target"),
    )


def downgrade() -> None:
    """Backwards."""
    for name in ("windows", "runs", "trials", "jobs", "pushes"):
        op.drop_table(f"optimization_{name}")
