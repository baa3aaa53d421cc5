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


LOSSES: Final = (PlanType.POS_LOSS, PlanType.LOSS)
WHOLE_POSITION: Final = (PlanType.POS_LOSS, PlanType.POS_PROFIT)


class TriggerStatus(StrEnum):
    """Where a trigger stands; Bitget's words."""

    LIVE = "live"
    EXECUTED = "executed"
    CANCELLED = "cancelled"
    FAILED = "fail_execute"


class NewOrder(NamedTuple):
    """A plain order as asked for. ``limit`` None is a market order."""

    symbol: str
    side: Side
    quantity: float
    limit: float | None = None
    force: Force = Force.GTC
    reduce_only: bool = False
    client_id: str = ""
    preset_stop: float | None = None
    preset_target: float | None = None


class NewTrigger(NamedTuple):
    """A trigger as asked for. ``quantity`` 0 with a position-level plan type; ``execute`` None executes at market.

    ``side`` is the side of the order that it becomes.
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


@dataclass(slots=True)
class Order:
    """A plain order and what became of it. ``fee`` is what was paid so far; ``spent`` the filled notional."""

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
    """A conditional order. ``below``: fires when the price is at ``trigger`` or lower, else at it or higher."""

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
