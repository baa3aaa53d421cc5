"""What the API answers about risk. Fractions are of 1; what is undefined is null."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.filters import Symbol
from api.models import Model, Number, Refusal

Finite = Annotated[float, Field(allow_inf_nan=False)]


class LimitUsed(Model):
    """How much of a limit is used. Of ``min_free_margin``, ``used`` is what there is; it must be at least ``limit``."""

    code: str = Field(examples=["margin_use"], description="As in refusals and causes.")
    key: str = Field(examples=["max_margin_use"], description="In config/risk.yaml.")
    subject: str = Field(description="Strategy, symbol or group; '' for the account.")
    used: Number
    limit: Number
    unit: Literal["fraction", "usdt", "positions"]
    reached: bool


class CauseInForce(Model):
    """Why there are no new entries. ``until_ms`` null: something else than time ends it."""

    code: str = Field(examples=["daily_loss"])
    state: Literal["reducing", "halted"]
    symbol: str = Field(description="'' for all.")
    strategy: str = Field(description="'' for all.")
    reason: str
    since_ms: int
    by: str = Field(description="Who, or 'rule'.")
    until_ms: int | None


class KillSwitch(Model):
    """A kill switch: how near it is, and whether it has tripped; only a human resets it."""

    name: str = Field(examples=["kill_runner:envelope_dca"], description="What `POST /api/risk/reset` takes.")
    strategy: str
    used: Number
    limit: Number
    tripped: bool
    since_ms: int | None
    reason: str


class Owner(Model):
    """Whose a symbol is until it is flat."""

    symbol: str
    strategy: str


class StrategyRefusal(Refusal):
    """A refusal with the strategy whose entries were cut."""

    strategy: str


class RiskReport(Model):
    """What is forbidden, how much of each limit is used, what was refused lately. ``state`` is the account's."""

    ts_ms: int
    state: Literal["active", "reducing", "halted"]
    margin_mode: Literal["isolated", "crossed"]
    equity: Number
    limits: tuple[LimitUsed, ...]
    switches: tuple[KillSwitch, ...]
    causes: tuple[CauseInForce, ...]
    cooldowns: tuple[CauseInForce, ...]
    owners: tuple[Owner, ...]
    foreign: tuple[str, ...] = Field(description="Symbols with a position that no strategy of ours opened.")
    refusals: tuple[StrategyRefusal, ...]


class Met(Model):
    """Something that prices meet on their way."""

    kind: Literal["level", "stop", "target", "liquidation"]
    strategy: str
    symbol: str
    move: float = Field(description="Of all prices then.")
    price: Number
    level: int = Field(description="Of a fill, else -1.")


class WhatIfPoint(Model):
    """The account after a move: equity before the exit costs of what is still open."""

    move: float
    equity: Number
    change: Number
    fraction: Number = Field(description="Change as a fraction of the equity now.")
    levels: int = Field(description="Entries filled on the way.")
    stopped: tuple[str, ...] = Field(description="Symbols whose stop fired.")
    liquidated: tuple[str, ...]
    targets: tuple[str, ...] = Field(description="Symbols that met their take profit.")


class WhatIf(Model):
    """What if all prices moved. ``met``: the kinks of the curve, from here to either end."""

    ts_ms: int
    equity: Number
    fills: bool
    points: tuple[WhatIfPoint, ...]
    met: tuple[Met, ...]


class TradeAsked(BaseModel):
    """A trade to be worked out. The stop as a fraction of the entry or as a price, one of them; so the target."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{
        "capital": 10_000, "leverage": 3, "symbol": "BTC-USDT", "side": "LONG", "entry": 61_540, "stop_fraction": 0.25,
        "risk_fraction": 0.05,
    }]})

    capital: Finite = Field(gt=0, le=1e12)
    leverage: Finite = Field(ge=1, le=500)
    symbol: Symbol
    side: Literal["LONG", "SHORT"]
    entry: Finite = Field(gt=0, le=1e12)
    stop_fraction: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None = None
    stop_price: Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)] | None = None
    target_fraction: Annotated[float, Field(gt=0, lt=10, allow_inf_nan=False)] | None = None
    target_price: Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)] | None = None
    risk_fraction: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    """Of the capital at the stop; else what is configured."""
    quantity: Annotated[float, Field(gt=0, le=1e15, allow_inf_nan=False)] | None = None
    """Asked for; else the largest that the limits allow."""


class TradeWorkedOut(Model):
    """Size, margin, loss, liquidation, fees. Money in USDT."""

    symbol: str
    side: Literal["LONG", "SHORT"]
    entry: float
    stop: float
    target: Number
    quantity: Number
    notional: Number
    margin: Number
    limited_by: str = Field(description="The limit that keeps the size from being larger; '' for a size asked for.")
    loss: Number = Field(description="At the stop, fees and slippage inside.")
    loss_of_capital: Number
    fees: Number
    slippage: Number
    liquidation_isolated: Number
    liquidation_crossed: Number
    isolated_before_stop: bool
    crossed_before_stop: bool
    fees_of_target: Number = Field(description="Share of the target's profit that fees take; null without a target.")
    least_quantity: Number
    smallest_capital: Number = Field(description="That can trade the exchange's minimum within these limits.")
    refusals: tuple[str, ...] = Field(description="Codes of the risk rules that would refuse it.")
