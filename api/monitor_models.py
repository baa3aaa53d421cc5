"""What the API answers about arena and selector."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.models import Model, Number, Page, Scope


class Row(Model):
    """A strategy in the arena. Returns and drawdown are fractions; what is undefined is null."""

    rank: int
    strategy: str
    capital: float
    since_ms: int
    until_ms: int
    days: int
    trades: int
    net_return: float = Field(description="Open positions included.")
    low: Number = Field(description="With 95 %, by resampling, the net return lies between low and high.")
    high: Number
    basis: str = Field(description="What was resampled: days, trades, or nothing yet ('').")
    profit_factor: Number = Field(description="Money won divided by money lost; null while nothing was lost.")
    max_drawdown: float
    sharpe: Number
    alike: tuple[str, ...] = Field(description="Strategies that cannot be told apart from this one.")
    brackets: tuple[int, ...] = Field(description="Groups in which nobody can be told apart from another.")


class Arena(Model):
    """How strategies stand against one another, best first."""

    scope: Scope
    ts_ms: int
    rows: tuple[Row, ...]


class Condition(Model):
    """One condition for opening positions with real money; value and limit are null where there is no number."""

    code: str = Field(examples=["min_trades"])
    value: Number
    limit: Number
    met: bool
    detail: str = Field(examples=["1 trade on paper, at least 3"])


class Choice(Model):
    """Whether a strategy may open positions on a symbol, and every condition."""

    strategy: str
    symbol: str
    may_open: bool
    weight: float = Field(description="Most of the account's margin that it may use there, a fraction; 1: unweighted.")
    criteria: tuple[Condition, ...]


class Selection(Model):
    """Who may open positions with real money. Times by the wall clock, 0: not decided since the API started."""

    gated: bool = Field(description="Whether it binds; where no real money is traded it only informs.")
    made_ms: int
    next_ms: int
    choices: tuple[Choice, ...]


class Change(Model):
    """A decision that differed from the one before."""

    ts_ms: int
    strategy: str
    symbol: str
    may_open: bool
    weight: float
    criteria: tuple[Condition, ...]


class ChangePage(Page):
    """Changes."""

    items: tuple[Change, ...]


class Divergence(Model):
    """A live trade beside its paper twin. Basis points of the notional: positive where live was worse.

    Of 'extra' (live alone) and 'missed' (paper alone) there are no differences, only levels and the cause.
    """

    ts_ms: int
    strategy: str
    symbol: str
    direction: int
    match: Literal["twin", "extra", "missed"]
    live_cycle: int | None
    paper_cycle: int | None
    entry_bps: Number
    exit_bps: Number
    fee_bps: Number
    funding_bps: Number
    net_bps: Number
    opened_late_ms: int | None = Field(description="Opening of live less that of paper, which knows minutes only.")
    closed_late_ms: int | None
    levels: int = Field(description="Filled by live less those filled on paper.")
    cause: Literal["", "manual", "refusal", "latency", "fill"] = Field(description="'': nothing differs.")
    detail: str


class DivergencePage(Page):
    """Comparisons."""

    items: tuple[Divergence, ...]
