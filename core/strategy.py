"""The ports that a file in ``strategies/`` (or a configured folder) fills: one `Strategy`, or one `Filter`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
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


class Filter(ABC, Generic[P]):
    """A pure function from market data to a score, which the entries of strategies may be made to wait for.

    Not traded by itself: a strategy's entry names it under ``confirm``. Subclasses, ``class Mine(Filter[MineParams])``,
    set the class attributes and write `warmup` and `score`; it runs on the timeframe of the strategy that it confirms.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[Need, ...]] = ()
    Params: ClassVar[type[Parameters]] = Parameters

    @abstractmethod
    def warmup(self, params: P) -> int:
        """Candles needed before row t equals what the whole history would give, to 1e-9."""

    @abstractmethod
    def score(self, market: Market, params: P) -> NDArray[np.float64]:
        """float64[n] in [-1, 1]: above 0 speaks for a long, below for a short; NaN where nothing can be said.

        Row t uses candles up to t only.
        """
