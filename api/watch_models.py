"""What the API answers to those who watch: equity now, what comes next, rules, conditions, candles, ladders."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.health_models import Health
from api.models import Event, Fill, Model, Money, NextLevel, Number, Position, Scope, Trade


class EquityNow(Model):
    """Money of one scope: the marked equity of its strategies together, and how it got there.

    Changes are fractions of the equity at their beginning. ``spark``: equity at even steps over the last 24 hours, or
    since ``spark_from_ms`` where less is known; the last point is now.
    """

    scope: Scope
    strategies: int
    ts_ms: int
    equity: Number
    unrealised: Number = Field(description="Equity less wallets: what open positions would bring, gross.")
    day_from_ms: int = Field(description="Beginning of the UTC day, or of what is known of it.")
    day: Number
    day_fraction: Number
    span_from_ms: int
    span: Number = Field(description="Change over the last 24 hours, or since `span_from_ms`.")
    span_fraction: Number
    drawdown: Number = Field(description="Largest fall from a peak within the last 24 hours, a fraction, 0 or below.")
    spark_from_ms: int
    spark: tuple[float, ...]


class Upcoming(Model):
    """What happens next: the next decision and whose it is, the nearest resting entries."""

    decision_ms: int | None
    decision_of: tuple[str, ...]
    levels: tuple[NextLevel, ...]


class Now(Model):
    """The five answers: safe? what is open? what is the P&L? is the data fresh? what happens next?"""

    health: Health
    positions: tuple[Position, ...]
    money: tuple[Money, ...]
    equity: tuple[EquityNow, ...]
    next: Upcoming
    events: tuple[Event, ...]


class Rules(Model):
    """The steps of a symbol, told once: prices in ``tick``, quantities in ``step``."""

    symbol: str
    tick: float
    step: float
    min_quantity: float
    min_notional: float
    maker_fee: float
    taker_fee: float
    max_leverage: float
    group: str = ""


class ConditionSeen(Model):
    """How near one entry condition is; ``nearness`` is 1 when met."""

    name: str
    direction: int
    value: Number
    threshold: Number
    comparison: str
    met: bool
    nearness: float


class Conditions(Model):
    """What one strategy says of one symbol at the close of its last decision candle.

    ``nearness`` and ``direction`` are those of the nearest entry: the entry's least near condition counts where all of
    them must hold, the nearest where they are levels of a ladder.
    """

    strategy: str
    symbol: str
    ts_ms: int
    direction: int
    nearness: Number
    eligible: bool = Field(description="Whether its orders go to an exchange in this mode.")
    conditions: tuple[ConditionSeen, ...]


class Quote(Model):
    """Prices of one symbol now. ``change``: over 24 hours or since ``change_from_ms``, a fraction."""

    symbol: str
    ts_ms: int
    last: Number
    mark: Number
    bid: Number
    ask: Number
    change: Number
    change_from_ms: int
    funding: Number = Field(description="Rate settled last, a fraction of notional.")


class Spark(Model):
    """The last 24 hours of one symbol: closes at even steps of ``step_ms``, oldest first."""

    symbol: str
    from_ms: int
    step_ms: int
    closes: tuple[float, ...]


class CandleColumns(Model):
    """Candles, oldest first, in columns; ``t`` are opening times (UTC ms). The last one may be in progress."""

    symbol: str
    timeframe: str
    t: tuple[int, ...]
    open: tuple[float, ...]
    high: tuple[float, ...]
    low: tuple[float, ...]
    close: tuple[float, ...]
    volume: tuple[float, ...]


class LevelStood(Model):
    """One resting entry of a plan row. ``price`` null: at market."""

    level: int
    price: Number
    quantity: Number


class PlanStood(Model):
    """A plan row as it stood from ``from_ms`` until the next one."""

    from_ms: int
    row_ms: int
    cycle: int
    direction: int
    filled: int
    quantity: Number
    average: Number
    stop: Number
    target: Number
    leave: bool
    levels: tuple[LevelStood, ...]


class NearColumns(Model):
    """How far each candle stayed away from the nearest entry that rested, in columns; ``t`` are opening times.

    ``distance``: a fraction of the level's price, 0 when it was touched or filled, null where nothing rested.
    """

    timeframe: str
    t: tuple[int, ...]
    distance: tuple[Number, ...]


class GridSpan(Model):
    """A strategy's ladder on a symbol over a span: rows as they stood, fills, finished cycles.

    ``complete`` is false where more rows were recorded in the span than are answered; the newest are.
    """

    strategy: str
    symbol: str
    timeframe: str
    from_ms: int
    to_ms: int
    plans: tuple[PlanStood, ...]
    fills: tuple[Fill, ...]
    cycles: tuple[Trade, ...]
    near: NearColumns
    complete: bool


Outcome = Literal[
    "filled", "not_touched", "touched_not_filled", "not_planned", "refused", "halted", "left", "at_market"
]


class LevelWhy(Model):
    """What became of one level (or of 'target' and 'stop') within one candle, and why, in words."""

    part: str = Field(examples=["L3"])
    price: Number
    outcome: Outcome
    distance: Number = Field(description="How far the candle stayed away, as a fraction of the level's price.")
    text: str


class Why(Model):
    """A candle asked 'why': what was planned when it opened, and what became of each part."""

    strategy: str
    symbol: str
    timeframe: str
    candle_ms: int
    open: Number
    high: Number
    low: Number
    close: Number
    row_ms: int | None
    parts: tuple[LevelWhy, ...]
    refusals: tuple[str, ...]
