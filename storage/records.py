"""What is asked of the store and what it answers: plain records, for those who know no SQL (and load none)."""

from __future__ import annotations

from array import array
from typing import Final, Generic, NamedTuple, TypeVar

from core.messages import EquityMarked, OrderFilled, PlanChanged, ProtectionSeen, TradeClosed, TradingHalted
from storage.rows import StoredEvent, StoredOrder

T = TypeVar("T")

MAX_LIMIT: Final = 1000
MOST_CLOSINGS: Final = 10_000
MOST_MARKS: Final = 200_000
"""Of one answer, both; whoever wants more asks again from the last one on."""


class Query(NamedTuple):
    """What to read; None and '' mean any. Filters that a table has no column for are ignored.

    ``from_ms`` is included, ``to_ms`` is not. ``limit`` is at most 1000. ``cursor`` is the last page's.
    """

    scope: str | None = None
    strategy: str | None = None
    symbol: str | None = None
    kind: str | None = None
    direction: int | None = None
    reason: str | None = None
    cycle: int | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    open_only: bool = False
    limit: int = 100
    cursor: str | None = None


class Page(NamedTuple, Generic[T]):
    """Items, newest first; ``cursor`` asks for the next page, None when there is none."""

    items: tuple[T, ...]
    cursor: str | None = None


class Totals(NamedTuple):
    """Sums over the closed trades of one strategy on one symbol, in USDT; ``cycle`` is the last one counted."""

    scope: str
    strategy: str
    symbol: str
    trades: int
    wins: int
    net: float
    fees: float
    funding: float
    won: float
    lost: float
    last_ms: int
    cycle: int


class TradeSums(NamedTuple):
    """Sums over closed trades of one scope, in USDT; ``held_ms`` is their mean time held, 0 of none."""

    trades: int
    wins: int
    net: float
    fees: float
    funding: float
    won: float
    lost: float
    held_ms: float
    first_ms: int
    last_ms: int


class Marks(NamedTuple):
    """Equity of one strategy in columns, oldest first; undefined is NaN."""

    ts_ms: array[int]
    equity: array[float]
    wallet: array[float]


class Closings(NamedTuple):
    """What closed trades brought, in columns, in the order in which they were recorded under ascending numbers."""

    number: tuple[int, ...]
    ts_ms: tuple[int, ...]
    strategy: tuple[str, ...]
    symbol: tuple[str, ...]
    net: tuple[float, ...]
    fees: tuple[float, ...]
    funding: tuple[float, ...]


class Latest(NamedTuple):
    """How things stood last: what a freshly started reader needs to show the present."""

    plans: tuple[PlanChanged, ...]
    protections: tuple[ProtectionSeen, ...]
    equity: tuple[EquityMarked, ...]
    halts: tuple[TradingHalted, ...]
    orders: tuple[StoredOrder, ...]
    fills: tuple[OrderFilled, ...]
    trades: tuple[TradeClosed, ...]
    events: tuple[StoredEvent, ...]
    totals: tuple[Totals, ...]
