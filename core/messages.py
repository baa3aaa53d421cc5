"""What actors say to one another; what the monitor says stands in `core.monitor_messages`.

Events are in the past tense and may have many receivers. ``ts_ms`` is exchange time (UTC ms); ``sequence`` counts
per sender and stream from 1, so that a receiver sees gaps, repeats and reordering.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.candle import Candle
from core.exposure import Exposure, LimitUse
from core.instrument import Instrument
from core.order import OpenOrder
from core.restriction import Cause
from core.settings import Risk
from core.strategy import Condition
from core.target import Target


@dataclass(frozen=True, slots=True)
class CandlesClosed:
    """Every symbol's candle of one timeframe that closed at ``ts_ms`` (the closing time); one message a batch."""

    ts_ms: int
    sequence: int
    timeframe: str
    candles: tuple[tuple[str, Candle], ...]
    funding: tuple[tuple[str, float], ...] = ()
    """Rates settled at ``ts_ms``, by symbol: fraction of notional, longs pay when positive."""


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """A runner's target for a symbol differs from its last one."""

    ts_ms: int
    sequence: int
    target: Target
    price: float
    """Last close, for the risk rules."""


@dataclass(frozen=True, slots=True)
class ConditionsSeen:
    """How near the entries of a strategy are, at the close of a decision candle; for those who watch, never kept."""

    ts_ms: int
    sequence: int
    strategy: str
    symbol: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class TargetRefused:
    """Risk refused a target, wholly or in part."""

    ts_ms: int
    sequence: int
    strategy: str
    symbol: str
    code: str
    """Machine-readable reason, such as ``max_positions``; stored and shown."""
    detail: str
    level: int = -1
    """The first level that fell or shrank; those behind it fell."""
    wanted: float = 0.0
    granted: float = 0.0
    """Its quantity before and after, base; 0 when it fell."""


class FillRole(StrEnum):
    """Which part of a target a fill belongs to."""

    ENTRY = "entry"
    TARGET = "target"
    STOP = "stop"
    LIQUIDATION = "liquidation"
    EXIT = "exit"
    EMERGENCY = "emergency"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """A fill on the exchange (or a part of one), attributed to its strategy and role."""

    ts_ms: int
    sequence: int
    strategy: str
    symbol: str
    cycle: int
    level: int
    """Level of an ENTRY, -1 otherwise."""
    role: FillRole
    direction: int
    """Of the position, not of the order."""
    price: float
    quantity: float
    fee: float
    maker: bool
    trade_id: str
    client_id: str


@dataclass(frozen=True, slots=True)
class ProtectionSeen:
    """What the exchange shows as protection of one symbol, read back. ``stop`` None with a position is an alarm."""

    ts_ms: int
    sequence: int
    symbol: str
    direction: int
    quantity: float
    average: float
    stop: float | None
    target: float | None
    liquidation: float | None
    unprotected_ms: int
    """Time this position has been without stop so far, by the exchange's timestamps."""


@dataclass(frozen=True, slots=True)
class TradingHalted:
    """A symbol (or everything, symbol '') stopped trading; a human ends it."""

    ts_ms: int
    sequence: int
    symbol: str
    reason: str


class Severity(StrEnum):
    """How much an alert matters."""

    INFO = "info"
    """Worth knowing; nothing to do."""
    WARNING = "warning"
    """Dealt with by itself; somebody should look."""
    CRITICAL = "critical"
    """Money is at risk, or trading stands still until a human comes."""


@dataclass(frozen=True, slots=True)
class AlertRaised:
    """Something that a human should hear of. Kept among the events, under the kind ``alert_raised``."""

    ts_ms: int
    sequence: int
    source: str
    """The actor that says it, such as ``executor:bitget``."""
    kind: str
    """What it is, in snake case, such as ``stop_missing``; alerts of a kind may share a cooldown."""
    severity: Severity
    detail: str
    """One sentence."""
    symbol: str = ""
    strategy: str = ""


@dataclass(frozen=True, slots=True)
class PositionGuarded:
    """A position on the exchange has ended; how long it stood without a stop, by the exchange's timestamps."""

    ts_ms: int
    sequence: int
    symbol: str
    strategy: str
    """'' for a position that was nobody's of ours."""
    cycle: int
    opened_ms: int
    unprotected_ms: int


@dataclass(frozen=True, slots=True)
class PositionSettled:
    """What a position earned by the exchange's own account, when it was closed at ``ts_ms``; net as in `TradeClosed`.

    ``sequence`` is 0: the same position is the same message, however often it is read.
    """

    ts_ms: int
    sequence: int
    symbol: str
    position_id: str
    direction: int
    opened_ms: int
    quantity: float
    average: float
    exit_price: float
    fees: float
    funding: float
    net: float


@dataclass(frozen=True, slots=True)
class AccountChecked:
    """The facts of an account beside what is configured, read before anything is sent."""

    ts_ms: int
    sequence: int
    source: str
    passed: bool
    checks: tuple[tuple[str, str, str, str], ...]
    """Each: what was looked at, what was found, what is wanted, and 'ok', 'change', 'warn' or 'refuse'."""


@dataclass(frozen=True, slots=True)
class TradeClosed:
    """A position cycle ended, on paper or live; money in quote currency, net = gross - fees - funding."""

    ts_ms: int
    sequence: int
    scope: str
    """'paper' or 'live'."""
    strategy: str
    symbol: str
    cycle: int
    direction: int
    opened_ms: int
    quantity: float
    average: float
    exit_price: float
    levels: int
    fees: float
    funding: float
    net: float
    reason: str
    """'target', 'stop', 'liquidation', 'exit', 'age', 'end', 'emergency'."""


@dataclass(frozen=True, slots=True)
class EquityMarked:
    """Money of one strategy after a batch of candles."""

    ts_ms: int
    sequence: int
    scope: str
    strategy: str
    wallet: float
    equity: float


@dataclass(frozen=True, slots=True)
class TradingResumed:
    """A human ended a halt of a symbol, or the general one (symbol ''): symbols halted one by one stay halted."""

    ts_ms: int
    sequence: int
    symbol: str


@dataclass(frozen=True, slots=True)
class OrderShown:
    """An order as the exchange showed it at ``ts_ms``."""

    ts_ms: int
    sequence: int
    order: OpenOrder


@dataclass(frozen=True, slots=True)
class CommandGiven:
    """Somebody asked for something that changes state; refused attempts too."""

    ts_ms: int
    """Wall clock (UTC ms): a command is a human's, not the exchange's."""
    sequence: int
    kind: str
    """'halt', 'resume'."""
    symbol: str
    reason: str
    origin: str
    """Network address it came from."""
    outcome: str
    """'accepted', 'wrong_key', 'unavailable' or 'unknown'."""


@dataclass(frozen=True, slots=True)
class EventsAcknowledged:
    """Somebody has seen these events; they stay where they are."""

    ts_ms: int
    """Wall clock (UTC ms): a human's."""
    sequence: int
    ids: tuple[str, ...]
    origin: str
    """Network address it came from."""


@dataclass(frozen=True, slots=True)
class RiskShown:
    """What risk knows and forbids at present."""

    ts_ms: int
    sequence: int
    equity: float
    """Of the account; on paper of all strategies together."""
    limits: Risk
    slippage: float
    causes: tuple[Cause, ...]
    used: tuple[LimitUse, ...]
    owners: tuple[tuple[str, str], ...]
    """Symbol and the strategy that holds it."""
    exposures: tuple[Exposure, ...]
    instruments: tuple[Instrument, ...]
    leverages: tuple[tuple[str, float], ...] = ()
    """Symbol and the most leverage that any strategy may use on it."""


@dataclass(frozen=True, slots=True)
class ActorBeat:
    """An actor is alive and says how it is."""

    ts_ms: int
    """Wall clock (UTC ms), unlike the other messages: liveness is not the exchange's time."""
    sequence: int
    name: str
    state: str
    """'starting', 'ok', 'degraded' (works, with trouble), 'stopping' or 'stopped'."""
    restarts: int = 0
    errors: int = 0
    """Errors met at the edge of its loop since its constructor."""
    lag: int = 0
    """Calls to others unanswered beyond the bound; above 0 means lagging."""
    detail: str = ""
