"""An account: money, positions, live orders, and the identity that proves the books.

Laws. The wallet changes by realised profit, fees and funding only. Beside it stands ``cash``, kept by an
independent rule: minus what was bought, plus what was sold, minus fees and funding. At any moment
``wallet - sum(direction * cost) == cash``; `imbalance` is the difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sandbox.orders import Fill, Hold, Order, PlanType, Trigger

DEFAULT_LEVERAGE = 20.0
DEFAULT_MARGIN_MODE = "crossed"
ONE_WAY = "one_way_mode"
HEDGE = "hedge_mode"


def slot(symbol: str, hold: Hold = Hold.NET) -> str:
    """Where a position stands in `Account.positions`: by its symbol, in hedge mode by symbol and side.

    >>> slot("BTC-USDT"), slot("BTC-USDT", Hold.SHORT)
    ('BTC-USDT', 'BTC-USDT:short')
    """
    return symbol if hold is Hold.NET else f"{symbol}:{hold.value}"
CLASSIC = "classic"
UNIFIED = "unified"


@dataclass(slots=True)
class Position:
    """An open position: ``direction`` +1 long, -1 short; ``cost`` is quantity times average price.

    ``margin`` is what is reserved for it; ``opened`` and ``closed`` count quantities over its life.
    """

    symbol: str
    direction: int
    margin_mode: str
    leverage: float
    opened_ms: int
    updated_ms: int
    quantity: float = 0.0
    cost: float = 0.0
    margin: float = 0.0
    opened: float = 0.0
    opened_cost: float = 0.0
    closed: float = 0.0
    closed_value: float = 0.0
    realised: float = 0.0
    opening_fees: float = 0.0
    closing_fees: float = 0.0
    funding: float = 0.0
    hold: Hold = Hold.NET

    @property
    def average(self) -> float:
        """Average entry price."""
        return self.cost / self.quantity

    def unrealised(self, price: float) -> float:
        """Profit if closed at ``price``, before fees."""
        return self.direction * (self.quantity * price - self.cost)


class ClosedPosition(NamedTuple):
    """A position after its end. ``net`` has fees and funding inside."""

    symbol: str
    direction: int
    margin_mode: str
    average_open: float
    average_close: float
    quantity: float
    pnl: float
    net: float
    funding: float
    opening_fees: float
    closing_fees: float
    opened_ms: int
    closed_ms: int
    position_id: int
    hold: Hold = Hold.NET


class FundingPayment(NamedTuple):
    """What one position received (negative: paid) when funding was settled."""

    symbol: str
    rate: float
    amount: float


@dataclass(slots=True)
class Account:
    """One customer. ``orders`` and ``triggers`` hold what is live, by symbol and order id; the rest is history.

    ``positions`` and ``leverage`` are by `slot`; a leverage of the symbol counts for a side that has none of its own.

    ``kind`` is the protocol that it speaks: `CLASSIC` or `UNIFIED`.
    """

    key: str
    secret: str
    passphrase: str
    deposit: float
    wallet: float = 0.0
    cash: float = 0.0
    positions: dict[str, Position] = field(default_factory=dict)
    orders: dict[str, dict[int, Order]] = field(default_factory=dict)
    triggers: dict[str, dict[int, Trigger]] = field(default_factory=dict)
    every_order: dict[int, Order] = field(default_factory=dict)
    every_trigger: dict[int, Trigger] = field(default_factory=dict)
    order_of_client: dict[str, int] = field(default_factory=dict)
    trigger_of_client: dict[str, int] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    closed: list[ClosedPosition] = field(default_factory=list)
    leverage: dict[str, float] = field(default_factory=dict)
    margin_mode: dict[str, str] = field(default_factory=dict)
    kind: str = CLASSIC
    position_mode: str = ONE_WAY

    def __post_init__(self) -> None:
        if not self.cash and not self.wallet:
            self.wallet = self.cash = self.deposit

    @property
    def hedged(self) -> bool:
        """Whether a symbol may have a long and a short position at once."""
        return self.position_mode == HEDGE

    @property
    def holds(self) -> tuple[Hold, ...]:
        """The positions that a symbol may have."""
        return (Hold.LONG, Hold.SHORT) if self.hedged else (Hold.NET,)

    @property
    def busy(self) -> bool:
        """Whether anything is open or waiting."""
        return bool(self.positions) or any(self.orders.values()) or any(self.triggers.values())

    def position(self, symbol: str, hold: Hold = Hold.NET) -> Position | None:
        """The open position, if any."""
        return self.positions.get(slot(symbol, hold))

    def held(self, symbol: str) -> list[Position]:
        """The symbol's open positions: at most one in one-way mode, at most two in hedge mode."""
        return [position for position in self.positions.values() if position.symbol == symbol]

    def leverage_of(self, symbol: str, hold: Hold = Hold.NET) -> float:
        """Leverage set for a symbol, or for one side of it."""
        return self.leverage.get(slot(symbol, hold), self.leverage.get(symbol, DEFAULT_LEVERAGE))

    def margin_mode_of(self, symbol: str) -> str:
        """``isolated`` or ``crossed``, as set for a symbol."""
        return self.margin_mode.get(symbol, DEFAULT_MARGIN_MODE)

    def live_orders(self, symbol: str | None = None) -> Iterator[Order]:
        """Live plain orders, of one symbol or of all, oldest first within a symbol."""
        for name in [symbol] if symbol else list(self.orders):
            yield from list(self.orders.get(name, {}).values())

    def live_triggers(self, symbol: str | None = None) -> Iterator[Trigger]:
        """Live triggers, of one symbol or of all."""
        for name in [symbol] if symbol else list(self.triggers):
            yield from list(self.triggers.get(name, {}).values())

    def position_stop(self, symbol: str, hold: Hold = Hold.NET) -> Trigger | None:
        """The live position-level stop of a position, if any."""
        return self.position_trigger(symbol, PlanType.POS_LOSS, hold)

    def position_trigger(self, symbol: str, plan: PlanType, hold: Hold = Hold.NET) -> Trigger | None:
        """The live trigger of a position-level plan type, of which there is at most one a position."""
        live = self.triggers.get(symbol, {}).values()
        return next((t for t in live if t.plan is plan and t.hold is hold), None)

    def locked(self, symbol: str, hold: Hold) -> float:
        """In hedge mode, what of a position resting orders are to close: it can be closed by no other."""
        if hold is Hold.NET:
            return 0.0
        return sum(o.remaining for o in self.orders.get(symbol, {}).values() if o.reduce_only and o.hold is hold)

    def reserved(self) -> float:
        """Margin of open positions."""
        return sum(position.margin for position in self.positions.values())

    def frozen(self) -> float:
        """Margin that resting entries will need; an order against a position needs none up to its quantity."""
        total = 0.0
        for symbol, orders in self.orders.items():
            for order in orders.values():
                if order.reduce_only or order.limit is None:
                    continue
                position = self.position(symbol, order.hold)
                quantity = order.remaining
                if position is not None and position.direction != order.side.sign:
                    quantity = max(quantity - position.quantity, 0.0)
                total += quantity * order.limit / order.leverage
        return total

    def unrealised(self, prices: dict[str, float]) -> float:
        """Profit of all positions if closed at ``prices``."""
        return sum(position.unrealised(prices[position.symbol]) for position in self.positions.values())

    def equity(self, prices: dict[str, float]) -> float:
        """Wallet and unrealised profit."""
        return self.wallet + self.unrealised(prices)

    def free(self, prices: dict[str, float]) -> float:
        """What may become margin now: losses of crossed positions count, their profits do not."""
        losses = sum(
            min(position.unrealised(prices[position.symbol]), 0.0)
            for position in self.positions.values()
            if position.margin_mode == "crossed"
        )
        return self.wallet + losses - self.reserved() - self.frozen()

    def imbalance(self) -> float:
        """Difference between the books and the cash that moved; zero but for rounding."""
        open_cost = sum(position.direction * position.cost for position in self.positions.values())
        return self.wallet - open_cost - self.cash
