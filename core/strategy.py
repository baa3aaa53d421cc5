"""The port that a strategy fills: one file in ``strategies/`` (or a configured folder) with one `Strategy`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from core.market import Market
from core.plan import Plan

Need = Literal["funding", "open_interest", "book", "trades"]


class Parameters(BaseModel):
    """Base of every strategy's parameters: typed, bounded (defaults too), one line of help each; no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


P = TypeVar("P", bound=Parameters)


class Condition(NamedTuple):
    """How near one entry condition is, for the dashboard.

    ``comparison`` is '<', '<=', '>', '>=' or '=='; ``nearness`` is 1 when met, towards 0 when far.
    """

    name: str
    direction: int
    value: float
    threshold: float
    comparison: str
    met: bool
    nearness: float


class Strategy(ABC, Generic[P]):
    """A pure function from market data to a plan, with what the system must know about it.

    Subclasses, ``class Mine(Strategy[MineParams])``, set the class attributes and write `warmup` and `plan`;
    no clock, randomness, I/O or state. The first line of the
    docstring is shown to users. ``mirror`` names the strategy that does the same on the inverted price, if any.
    """

    name: ClassVar[str]
    timeframe: ClassVar[str]
    needs: ClassVar[tuple[Need, ...]] = ()
    mirror: ClassVar[str] = ""
    Params: ClassVar[type[Parameters]] = Parameters

    @abstractmethod
    def warmup(self, params: P) -> int:
        """Candles needed before row t equals what the whole history would give, to 1e-9."""

    @abstractmethod
    def plan(self, market: Market, params: P) -> Plan:
        """The plan for every row of ``market``; row t uses candles up to t only."""

    def conditions(self, market: Market, params: P) -> list[Condition]:
        """How near each entry condition is on the last row; an empty list when there is nothing to say."""
        return []
