"""Orders, triggers and fills as the matching core keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from core.order import Side


class Status(StrEnum):
    """Where a plain order stands; Bitget's words."""

    LIVE = "live"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"


class Hold(StrEnum):
    """Which position an order concerns: the only one (one-way mode), or the long or the short one (hedge mode)."""

    NET = "net"
    LONG = "long"
    SHORT = "short"

    @property
    def opening(self) -> Side:
        """The side of an order that opens the position; of a long or a short one."""
        return Side.SELL if self is Hold.SHORT else Side.BUY


class Force(StrEnum):
    """How long a limit order may rest."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    POST_ONLY = "post_only"


class PlanType(StrEnum):
    """Kinds of trigger; the first two belong to the whole position, the next two to a part of it."""

    POS_LOSS = "pos_loss"
    POS_PROFIT = "pos_profit"
    LOSS = "loss_plan"
    PROFIT = "profit_plan"
    NORMAL = "normal_plan"
    TRACK = "track_plan"


LOSSES: Final = (PlanType.POS_LOSS, PlanType.LOSS)
WHOLE_POSITION: Final = (PlanType.POS_LOSS, PlanType.POS_PROFIT)
PLANS: Final = (PlanType.NORMAL, PlanType.TRACK)
"""What does not belong to a position: it stays when the position ends."""


class TriggerStatus(StrEnum):
    """Where a trigger stands; Bitget's words."""

    LIVE = "live"
    EXECUTED = "executed"
    CANCELLED = "cancelled"
    FAILED = "fail_execute"


class NewOrder(NamedTuple):
    """A plain order as asked for. ``limit`` None is a market order.

    ``side`` is what is done: in hedge mode a long is closed by a sell, which is then ``reduce_only``.

    ``preset_execute`` and ``preset_source`` are of stop and target: the limit each executes at (None: market), and the
    price that it watches.
    """

    symbol: str
    side: Side
    quantity: float
    limit: float | None = None
    force: Force = Force.GTC
    reduce_only: bool = False
    client_id: str = ""
    preset_stop: float | None = None
    preset_target: float | None = None
    preset_execute: tuple[float | None, float | None] = (None, None)
    preset_source: tuple[str, str] = ("mark_price", "mark_price")
    hold: Hold = Hold.NET


class NewTrigger(NamedTuple):
    """A trigger as asked for. ``quantity`` 0 with a position-level plan type; ``execute`` None executes at market.

    ``side`` is the side of the order that it becomes. ``callback``: of a trailing order, the fraction of the price by
    which it must come back from the best one since ``trigger`` was met.
    """

    symbol: str
    plan: PlanType
    side: Side
    trigger: float
    quantity: float = 0.0
    execute: float | None = None
    reduce_only: bool = True
    client_id: str = ""
    source: str = "mark_price"
    preset_stop: float | None = None
    preset_target: float | None = None
    hold: Hold = Hold.NET
    callback: float | None = None


@dataclass(slots=True)
class Order:
    """A plain order and what became of it. ``fee`` is what was paid so far; ``spent`` the filled notional.

    ``served`` is the leg of a candle that has given the order what it had for it, where depth is limited.
    """

    order_id: int
    client_id: str
    symbol: str
    side: Side
    quantity: float
    limit: float | None
    force: Force
    reduce_only: bool
    preset_stop: float | None
    preset_target: float | None
    leverage: float
    margin_mode: str
    created_ms: int
    updated_ms: int
    source: str = "normal"
    status: Status = Status.LIVE
    filled: float = 0.0
    spent: float = 0.0
    fee: float = 0.0
    profit: float = 0.0
    reason: str = ""
    preset_execute: tuple[float | None, float | None] = (None, None)
    preset_source: tuple[str, str] = ("mark_price", "mark_price")
    hold: Hold = Hold.NET
    served: int = 0

    @property
    def remaining(self) -> float:
        """Quantity still to be filled."""
        return self.quantity - self.filled

    @property
    def average(self) -> float | None:
        """Average fill price, None before the first fill."""
        return self.spent / self.filled if self.filled else None


@dataclass(slots=True)
class Trigger:
    """A conditional order. ``below``: fires when the price is at ``trigger`` or lower, else at it or higher.

    ``best`` is the best price since a trailing order began to follow, None before.

    ``became`` is the order that it made when it fired; ``twin`` a trigger that ends when this one does.
    """

    order_id: int
    client_id: str
    symbol: str
    plan: PlanType
    side: Side
    trigger: float
    below: bool
    quantity: float
    execute: float | None
    reduce_only: bool
    source: str
    created_ms: int
    updated_ms: int
    preset_stop: float | None = None
    preset_target: float | None = None
    status: TriggerStatus = TriggerStatus.LIVE
    became: int | None = None
    twin: int | None = None
    hold: Hold = Hold.NET
    callback: float | None = None
    best: float | None = None


class Fill(NamedTuple):
    """One execution. ``fee`` positive when paid; ``profit`` the realised part before fees."""

    trade_id: int
    order_id: int
    client_id: str
    symbol: str
    side: Side
    price: float
    quantity: float
    fee: float
    profit: float
    maker: bool
    market: bool
    opening: bool
    ts_ms: int
    source: str
    hold: Hold = Hold.NET
