"""What the system needs of an exchange, in our words.

Law: methods that change state raise `RetryLater` only when nothing happened at the venue, `UnknownOutcome` when
that is not known (ask `order` by client id next), `Refused` when the venue said no, `Fatal` when nothing can work.
Reading methods raise `RetryLater` or `Fatal`, or `Refused` when the question itself is wrong. Symbols are ours
(``BTC-USDT``), times UTC milliseconds of the venue.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from core.candle import Candle, Candles
from core.instrument import Instrument
from core.order import Execution, OpenOrder, OrderRequest
from core.position import Balance, ClosedPosition, VenuePosition


class CandleRows(NamedTuple):
    """A push of 1m candles of one symbol, oldest first; the last row is the one in progress."""

    symbol: str
    rows: tuple[Candle, ...]


class TickerSeen(NamedTuple):
    """Last, mark, best bid and ask of one symbol."""

    symbol: str
    ts_ms: int
    last: float
    mark: float
    bid: float
    ask: float


class FundingSettled(NamedTuple):
    """A settled funding rate: fraction of notional, paid by longs when positive."""

    symbol: str
    ts_ms: int
    rate: float


class PublicVenue(Protocol):
    """Market data; needs no keys."""

    async def open(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Connect and load the rules; returns the symbols that the venue knows, in order."""

    async def close(self) -> None:
        """Close every connection; safe to call twice."""

    def instrument(self, symbol: str) -> Instrument:
        """The trading rules of a symbol that `open` returned."""

    async def time_ms(self) -> int:
        """The venue's clock."""

    async def candles(self, symbol: str, timeframe: str, from_ms: int, to_ms: int) -> Candles:
        """Closed candles that open in [from_ms, to_ms), paged, checked, whatever the venue's limits."""

    async def funding(self, symbol: str, from_ms: int, to_ms: int) -> list[FundingSettled]:
        """Settled rates in [from_ms, to_ms), oldest first."""

    async def open_interest(self, symbol: str) -> float:
        """Open interest now, in base currency."""

    def watch_candles(self, symbols: Sequence[str]) -> AsyncIterator[CandleRows]:
        """1m candle pushes for ever: reconnects, resubscribes (staggered) and backs off by itself."""

    def watch_tickers(self, symbols: Sequence[str]) -> AsyncIterator[TickerSeen]:
        """Ticker pushes for ever, as `watch_candles`."""

    def distrust(self, symbols: Sequence[str]) -> None:
        """REST shows what the candle streams of these symbols do not: build their connections anew."""


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """The private stream showed an order (a copy, in its state at that time)."""

    order: OpenOrder
    ts_ms: int


@dataclass(frozen=True, slots=True)
class Executed:
    """The private stream showed a fill."""

    execution: Execution


@dataclass(frozen=True, slots=True)
class PositionsSeen:
    """The private stream showed the open positions, all of them; symbols that are absent are flat."""

    positions: tuple[VenuePosition, ...]
    ts_ms: int


@dataclass(frozen=True, slots=True)
class Reconnected:
    """The private stream was (re)established: whatever happened before may have been missed, look by REST."""

    stream: str


@dataclass(frozen=True, slots=True)
class StreamLost:
    """The private stream is down or not believed: until `Reconnected` no fill is heard of, so no entry is sent."""

    stream: str
    reason: str


AccountEvent = OrderSeen | Executed | PositionsSeen | Reconnected | StreamLost


class AccountFacts(NamedTuple):
    """What the account is: checked at start, shown, changed only when flat and without orders."""

    account_type: str
    """'classic' or 'unified'."""
    one_way: bool
    margin_mode: dict[str, str]
    leverage: dict[str, float]
    can_withdraw: bool | None
    """None when the venue does not tell."""
    address_bound: bool | None = None
    """Whether the key works from named addresses only; None when the venue does not tell."""
    can_trade: bool | None = None
    """Whether the key may place orders; None when the venue does not tell."""
    permissions: tuple[str, ...] = ()
    """What the key may do, in the venue's words."""


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """The keys of one account. Never shown: the representation hides all three."""

    key: str
    secret: str
    passphrase: str

    def __repr__(self) -> str:
        return "Credentials(hidden)"


class TradingVenue(Protocol):
    """One account. Every state-changing call is sent exactly once."""

    async def open(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Connect, load the rules, check the keys; returns the known symbols."""

    async def close(self) -> None:
        """Close every connection; safe to call twice."""

    def instrument(self, symbol: str) -> Instrument:
        """The trading rules of a symbol that the venue lists. Raises KeyError."""

    async def facts(self, symbols: Sequence[str]) -> AccountFacts:
        """Account type, modes and leverage as the venue shows them."""

    async def prepare(self, symbol: str, leverage: float, margin_mode: str) -> None:
        """One-way mode, margin mode and leverage as wanted; changes only what differs."""

    async def balance(self) -> Balance:
        """Account money in USDT."""

    async def positions(self) -> list[VenuePosition]:
        """Every open position."""

    async def open_orders(self, symbol: str) -> list[OpenOrder]:
        """Every live order of a symbol, from all namespaces: plain, plan, profit/loss, trailing."""

    async def all_open_orders(self) -> list[OpenOrder]:
        """As `open_orders`, of every symbol at once: costs as much as one symbol, so audits use this."""

    async def order(self, symbol: str, client_id: str) -> OpenOrder | None:
        """The order with this client id, plain or trigger, live or ended, or None when the venue knows none."""

    async def executions(self, symbol: str, from_ms: int) -> list[Execution]:
        """Fills since ``from_ms``, oldest first."""

    async def position_history(self, symbol: str, from_ms: int) -> list[ClosedPosition]:
        """Positions that were closed since ``from_ms``, oldest first, with what the venue says they earned net."""

    async def place(self, request: OrderRequest) -> str:
        """Send an order; returns the venue's order id."""

    async def amend(self, order: OpenOrder, request: OrderRequest) -> str:
        """Change price, quantity and preset stop of a live limit order in place; returns its order id.

        It then bears ``request.client_id``. Raises `UnknownOutcome` when the venue shows another stop afterwards.
        """

    async def cancel(self, order: OpenOrder) -> bool:
        """Cancel any live order, triggers too, read back; False when there was nothing left to cancel."""

    async def place_stop(self, symbol: str, direction: int, trigger: float, client_id: str) -> str:
        """A position-level stop loss (whole position, market execution, configured trigger source)."""

    async def amend_stop(self, stop: OpenOrder, trigger: float) -> None:
        """Move a position-level stop in place; it executes at market and is triggered by the configured price.

        Read back: raises `UnknownOutcome` when the venue shows another one afterwards.
        """

    def events(self, symbols: Sequence[str]) -> AsyncIterator[AccountEvent]:
        """The private streams for ever, merged; a `Reconnected` precedes anything after a (re)connection.

        `StreamLost` comes when one ends, also when it looks alive and what we sent does not show on it.
        """
