"""What is kept of optimisations, as plain records, for those who know no SQL (and load none)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from core.errors import DataError

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]

OPEN_JOBS: Final[tuple[JobState, ...]] = ("waiting", "running")
"""States of jobs that are not over: after a restart they are taken up again."""

PushState = Literal["waiting", "delivered", "refused"]


class Conflict(DataError):
    """A run of this fingerprint is stored and has another result."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One optimisation of a strategy on an asset: what lists and comparisons show, and ``detail`` for the rest.

    ``fingerprint`` (64 hex digits) names it: the same question has the same one. ``ts_ms`` is when it was finished
    last, ``received_ms`` when this database got it first. Figures without a word are out of sample; fractions are of
    1; None is undefined. ``trials``: combinations ever evaluated for this strategy and asset, as the deflated Sharpe
    counted them. ``params`` are the parameters to deploy, ``detail`` is JSON's words. ``latest``: no run of this
    strategy and asset was finished after it; told by the database, ignored when written.
    """

    fingerprint: str
    result_hash: str
    ts_ms: int
    received_ms: int
    strategy: str
    symbol: str
    timeframe: str
    from_ms: int
    to_ms: int
    origin: str
    code_version: str
    duration_s: float
    combinations: int
    windows: int
    trials: int
    grade: str
    score: float
    gate_passed: bool
    sharpe: float | None
    in_sample_sharpe: float | None
    total_return: float | None
    max_drawdown: float | None
    trades: int
    consistency: float | None
    deflated_sharpe: float | None
    pbo: float | None
    p_value: float | None
    instability: float | None
    params: dict[str, Any] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)
    latest: bool = False


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """One window of a run: its spans (half-open, UTC ms), the combination chosen in sample and how it did."""

    number: int
    in_from_ms: int
    in_to_ms: int
    out_from_ms: int
    out_to_ms: int
    combination: int
    params: dict[str, Any]
    in_sharpe: float | None
    out_sharpe: float | None
    in_return: float | None
    out_return: float | None
    in_drawdown: float | None
    out_drawdown: float | None
    in_trades: int
    out_trades: int


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job of the queue. ``request`` and ``progress`` are JSON's words, their owner's business.

    ``ts_ms`` is when it was asked for; ``started_ms`` and ``ended_ms`` are 0 until then. ``fingerprints`` are the runs
    that it has brought so far.
    """

    job_id: str
    ts_ms: int
    state: JobState
    strategy: str
    symbols: tuple[str, ...]
    request: dict[str, Any]
    progress: dict[str, Any] = field(default_factory=dict)
    done: int = 0
    total: int = 0
    started_ms: int = 0
    ended_ms: int = 0
    detail: str = ""
    origin: str = ""
    fingerprints: tuple[str, ...] = ()


class Push(NamedTuple):
    """What became of sending a run to a server. ``ts_ms`` is the last try, ``detail`` its answer."""

    fingerprint: str
    target: str
    state: PushState
    attempts: int
    ts_ms: int
    detail: str


class RunQuery(NamedTuple):
    """Which runs to read, newest first; None means any. ``from_ms`` is included, ``to_ms`` is not.

    ``cursor`` is the last page's. ``limit`` is at most 1000.
    """

    strategy: str | None = None
    symbol: str | None = None
    grades: tuple[str, ...] = ()
    gate_passed: bool | None = None
    latest_only: bool = False
    origin: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    limit: int = 100
    cursor: str | None = None


class JobQuery(NamedTuple):
    """Which jobs to read, newest first; None and () mean any."""

    states: tuple[JobState, ...] = ()
    strategy: str | None = None
    limit: int = 100
    cursor: str | None = None
