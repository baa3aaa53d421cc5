"""Orders and fills as we speak of them, whatever the venue's words."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Side(StrEnum):
    """Side of an order."""

    BUY = "buy"
    SELL = "sell"

    @classmethod
    def opening(cls, direction: int) -> Side:
        """The side that opens a position of ``direction`` (+1 long, -1 short)."""
        return cls.BUY if direction > 0 else cls.SELL

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class OrderKind(StrEnum):
    """What an order is; the last three are triggers, which venues keep apart from plain orders."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_LOSS = "stop_loss"
    """Position-level stop: covers the whole position whatever its size, executes at market."""
    TAKE_PROFIT = "take_profit"
    """Position-level take profit trigger."""
    TRIGGER = "trigger"
    """Any other conditional order (plan order, trailing, partial stop)."""


class OrderStatus(StrEnum):
    """Where an order stands."""

    OPEN = "open"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"

    @property
    def live(self) -> bool:
        """Whether it may still fill."""
        return self in (OrderStatus.OPEN, OrderStatus.PARTIAL)


class OrderRequest(NamedTuple):
    """An order to be sent. Prices and quantity already rounded by the instrument's rules.

    ``price`` is None for a market order. ``stop`` travels with an entry as its preset stop loss (trigger price).
    ``kind`` is MARKET or LIMIT; position-level stops have their own calls on the port.
    """

    client_id: str
    symbol: str
    side: Side
    kind: OrderKind
    quantity: float
    price: float | None = None
    reduce_only: bool = False
    post_only: bool = False
    stop: float | None = None


class OpenOrder(NamedTuple):
    """An order as the venue shows it. ``quantity`` is 0 for a position-level trigger (whole position).

    ``trigger`` is the trigger price of STOP_LOSS, TAKE_PROFIT and TRIGGER; ``stop`` the preset still attached to an
    unfilled entry. ``trigger_source`` is 'mark', 'last' or ''.
    """

    order_id: str
    client_id: str
    symbol: str
    side: Side
    kind: OrderKind
    status: OrderStatus
    quantity: float
    filled: float = 0.0
    price: float | None = None
    average: float | None = None
    trigger: float | None = None
    trigger_source: str = ""
    reduce_only: bool = False
    stop: float | None = None
    created_ms: int = 0


class Execution(NamedTuple):
    """One fill as the venue reports it. ``fee`` is positive when paid, in quote currency."""

    trade_id: str
    order_id: str
    client_id: str
    symbol: str
    side: Side
    price: float
    quantity: float
    fee: float
    maker: bool
    ts_ms: int
