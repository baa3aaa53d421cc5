"""What the API answers. Times are UTC ms, money is USDT, fractions are of 1; what is undefined is null, never NaN."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_finite)]
Word = Literal["OK", "ATTENTION", "DANGER"]
Mode = Literal["demo", "paper", "live"]
Scope = Literal["paper", "live"]
CommandKind = Literal["halt", "reduce", "close", "resume", "reset"]


class Model(BaseModel):
    """Base of every answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PlannedEntry(Model):
    """One entry of a ladder that is not filled. ``price`` null: at market."""

    level: int
    price: Number
    quantity: Number
    stop: Number


class PlanInForce(Model):
    """What a strategy wants of one symbol, from the close of the decision candle at ``row_ms`` on."""

    symbol: str
    row_ms: int
    cycle: int
    direction: int
    filled: int
    quantity: Number
    entries: tuple[PlannedEntry, ...]
    stop: Number
    target: Number
    leave: bool


class Refusal(Model):
    """Why the risk rules refused a target or a part of it."""

    ts_ms: int
    symbol: str
    code: str
    detail: str
    level: int = Field(-1, description="The first level that fell or shrank; those behind it fell.")
    wanted: Number = Field(None, description="Its quantity before.")
    granted: Number = Field(None, description="Its quantity after; 0 when it fell.")


class Money(Model):
    """Money and closed trades of one strategy in one scope; net = gross - fees - funding."""

    scope: Scope
    strategy: str
    wallet: Number
    equity: Number
    equity_ms: int
    trades: int
    wins: int
    net: Number
    fees: Number
    funding: Number
    profit_factor: Number = Field(description="Money won divided by money lost; null while nothing was lost.")
    last_trade_ms: int


class Runner(Model):
    """One strategy: money by scope (never added up), plans in force, last refusals."""

    strategy: str
    money: tuple[Money, ...]
    plans: tuple[PlanInForce, ...]
    refusals: tuple[Refusal, ...]


class Position(Model):
    """An open position, as read back from the exchange (``live``) or as the runner holds it (``paper``)."""

    symbol: str
    scope: Scope
    strategy: str = Field(description="Owner; '' for a position that no strategy of ours expects.")
    direction: int
    quantity: Number
    average: Number
    mark: Number
    notional: Number
    unrealised: Number = Field(description="Gross, at the mark price.")
    exit_fee: Number = Field(description="What closing at market now would cost in fees.")
    net: Number = Field(None, description="After fees paid, funding and the fee of closing now; null: fills unseen.")
    entry_fees: Number = Field(None, description="Fees paid in this cycle.")
    funding: Number = Field(None, description="Paid since it was opened, negative when received; null: unknown.")
    opened_ms: int | None = None
    stop: Number
    stop_distance: Number = Field(description="From the mark price to the stop, as a fraction of the mark price.")
    target: Number
    liquidation: Number
    unprotected_ms: int
    seen_ms: int
    age_s: Number = Field(description="Wall seconds since this was read; null: not since the API started.")


class Price(Model):
    """Last prices of one symbol; mark, bid and ask are null where only candles are known."""

    symbol: str
    ts_ms: int
    last: Number
    mark: Number = None
    bid: Number = None
    ask: Number = None


class NextLevel(Model):
    """A resting entry and how far the price is from it, as a fraction of the price."""

    strategy: str
    symbol: str
    level: int
    price: float
    distance: float


class Trade(Model):
    """A closed position cycle."""

    ts_ms: int
    scope: Scope
    strategy: str
    symbol: str
    cycle: int
    direction: int
    opened_ms: int
    quantity: Number
    average: Number
    exit_price: Number
    levels: int
    fees: Number
    funding: Number
    net: Number
    reason: str


class Fill(Model):
    """A fill on the exchange."""

    ts_ms: int
    strategy: str
    symbol: str
    cycle: int
    level: int
    role: str
    direction: int
    price: Number
    quantity: Number
    fee: Number
    maker: bool
    trade_id: str
    client_id: str


class Order(Model):
    """An order as last seen at ``ts_ms``."""

    ts_ms: int
    order_id: str
    client_id: str
    symbol: str
    side: str
    kind: str
    status: str
    quantity: Number
    filled: Number
    price: Number
    average: Number
    trigger: Number
    trigger_source: str
    reduce_only: bool
    stop: Number
    created_ms: int


class EquityPoint(Model):
    """Money of one strategy at one moment."""

    ts_ms: int
    scope: Scope
    strategy: str
    wallet: Number
    equity: Number


class Event(Model):
    """Anything else that happened: refusals, halts, commands, alarms."""

    ts_ms: int
    kind: str
    strategy: str
    symbol: str
    payload: dict[str, Any]
    id: str = Field(examples=["9f1c2e7ab04d"], description="The same wherever it is read.")
    severity: Literal["info", "warning", "critical"]
    source: str = Field(examples=["executor:bitget"], description="The actor that tells it; '' when none is known.")
    acknowledged: bool


class Page(Model):
    """Base of pages, newest first. ``cursor`` asks for the next page; null when there is none."""

    cursor: str | None = Field(None, examples=["1740787200000.42"])


class FillPage(Page):
    """Fills."""

    items: tuple[Fill, ...]


class OrderPage(Page):
    """Orders."""

    items: tuple[Order, ...]


class EquityPage(Page):
    """Equity points."""

    items: tuple[EquityPoint, ...]


class EventPage(Page):
    """Events."""

    items: tuple[Event, ...]


class CommandResult(Model):
    """What became of a command. 'unknown': sent, but no answer came in time; look at /health."""

    kind: CommandKind
    symbol: str
    outcome: Literal["accepted", "unknown"]
    ts_ms: int


class Problem(Model):
    """An error as a problem document (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(examples=["Unauthorized"])
    status: int = Field(examples=[401])
    detail: str = Field(examples=["the header X-API-Key is missing or wrong"])
    instance: str = Field(examples=["/api/halt"])
    errors: tuple[dict[str, str], ...] = ()
