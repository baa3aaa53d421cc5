"""The tables of optimisations. Columns are the fields of `storage.research_records`; JSON where those are dicts.

The combinations of a run are too many for rows: they lie in a file beside the database, named by the fingerprint.
"""

from __future__ import annotations

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.columns import key, ms, text


class OptimizationRunRow(SQLModel, table=True):
    """One optimisation (`storage.research_records.StoredRun`)."""

    __tablename__ = "optimization_runs"
    __table_args__ = (
        UniqueConstraint("fingerprint", name="uq_optimization_runs_fingerprint"),
        Index("ix_optimization_runs_ts_ms", "ts_ms", "id"),
        Index("ix_optimization_runs_latest", "strategy", "symbol", "ts_ms", "fingerprint"),
    )

    id: int | None = key()
    fingerprint: str
    result_hash: str
    ts_ms: int = ms()
    received_ms: int = ms()
    strategy: str
    symbol: str
    timeframe: str
    from_ms: int = ms()
    to_ms: int = ms()
    origin: str
    code_version: str
    duration_s: float
    combinations: int = ms()
    windows: int
    trials: int = ms()
    grade: str
    score: float
    gate_passed: bool
    sharpe: float | None
    in_sample_sharpe: float | None
    total_return: float | None
    max_drawdown: float | None
    trades: int = ms()
    consistency: float | None
    deflated_sharpe: float | None
    pbo: float | None
    p_value: float | None
    instability: float | None
    params: str = text()
    detail: str = text()


class OptimizationWindowRow(SQLModel, table=True):
    """One window of a run (`storage.research_records.StoredWindow`)."""

    __tablename__ = "optimization_windows"

    fingerprint: str = Field(primary_key=True, foreign_key="optimization_runs.fingerprint")
    number: int = Field(primary_key=True)
    in_from_ms: int = ms()
    in_to_ms: int = ms()
    out_from_ms: int = ms()
    out_to_ms: int = ms()
    combination: int = ms()
    params: str = text()
    in_sharpe: float | None
    out_sharpe: float | None
    in_return: float | None
    out_return: float | None
    in_drawdown: float | None
    out_drawdown: float | None
    in_trades: int = ms()
    out_trades: int = ms()


class OptimizationTrialsRow(SQLModel, table=True):
    """Combinations that a run evaluates or has evaluated, counted once."""

    __tablename__ = "optimization_trials"
    __table_args__ = (Index("ix_optimization_trials_strategy", "strategy", "symbol"),)

    fingerprint: str = Field(primary_key=True)
    ts_ms: int = ms()
    strategy: str
    symbol: str
    combinations: int = ms()


class OptimizationJobRow(SQLModel, table=True):
    """A job of the queue (`storage.research_records.StoredJob`); lists and dicts are JSON."""

    __tablename__ = "optimization_jobs"
    __table_args__ = (
        UniqueConstraint("job_id", name="uq_optimization_jobs_job_id"),
        Index("ix_optimization_jobs_ts_ms", "ts_ms", "id"),
    )

    id: int | None = key()
    job_id: str
    ts_ms: int = ms()
    state: str
    strategy: str
    symbols: str = text()
    request: str = text()
    progress: str = text()
    done: int = ms()
    total: int = ms()
    started_ms: int = ms()
    ended_ms: int = ms()
    detail: str = text()
    origin: str
    fingerprints: str = text()


class OptimizationPushRow(SQLModel, table=True):
    """What became of sending a run to a server (`storage.research_records.Push`)."""

    __tablename__ = "optimization_pushes"

    fingerprint: str = Field(primary_key=True)
    target: str = Field(primary_key=True, sa_type=Text)
    state: str
    attempts: int
    ts_ms: int = ms()
    detail: str = text()
