"""What the monitor says: how strategies stand, who may open, live beside paper, what is wrong.

Events as in `core.messages`, where ``ts_ms`` and ``sequence`` are explained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from core.messages import Severity
from core.selection import Criterion, Decision
from core.standing import Standing


@dataclass(frozen=True, slots=True)
class ArenaRanked:
    """How strategies stand against one another, best first."""

    ts_ms: int
    sequence: int
    scope: str
    """'paper' or 'live'."""
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class SelectionMade:
    """The selector has looked: every decision in force."""

    ts_ms: int
    sequence: int
    gated: bool
    """Whether it binds; False where everybody may open, since no real money is traded."""
    made_ms: int
    """Wall clock (UTC ms)."""
    next_ms: int
    """When it will look again, by the wall clock (UTC ms)."""
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class SelectionChanged:
    """A strategy may, or may no longer, open positions on a symbol; or for other reasons, or with another weight."""

    ts_ms: int
    sequence: int
    strategy: str
    symbol: str
    may_open: bool
    weight: float
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class TradeCompared:
    """A closed live trade beside its paper twin, or one of the two alone. Basis points: positive where live was worse.

    ``ts_ms`` is when the later of the two closed, ``sequence`` the cycle of the one that is there, live first: so the
    same comparison is the same message.
    """

    ts_ms: int
    sequence: int
    strategy: str
    symbol: str
    direction: int
    match: str
    """'twin', 'extra' (live alone) or 'missed' (paper alone)."""
    live_cycle: int | None
    paper_cycle: int | None
    entry_bps: float | None
    exit_bps: float | None
    fee_bps: float | None
    funding_bps: float | None
    net_bps: float | None
    opened_late_ms: int | None
    closed_late_ms: int | None
    levels: int
    """Live less paper."""
    cause: str
    """'manual', 'refusal', 'latency', 'fill', or '' where nothing differs."""
    detail: str


class Anomaly(NamedTuple):
    """Something that the watchdog finds wrong."""

    kind: str
    """In snake case, such as ``strategy_stuck``; has its own cooldown."""
    severity: Severity
    subject: str
    """The actor, symbol or strategy that it is about; '' for everything."""
    detail: str
    """One sentence."""


@dataclass(frozen=True, slots=True)
class AnomaliesSeen:
    """Everything that the watchdog finds wrong at present; nothing when all is well."""

    ts_ms: int
    sequence: int
    anomalies: tuple[Anomaly, ...]
