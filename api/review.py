"""The port to what lies behind: closed trades, one of them with everything around it, equity over time."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from api.models import Scope
from api.review_models import By, EquityCurves, Measure, Monthly, TradeDetail, TradeList
from storage.records import Query


class TradeKey(NamedTuple):
    """Which trade: ``str()`` of it is its address, `parsed` the way back."""

    scope: str
    strategy: str
    symbol: str
    cycle: int

    def __str__(self) -> str:
        return f"{self.scope}.{self.strategy}.{self.symbol}.{self.cycle}"

    @classmethod
    def parsed(cls, text: str) -> TradeKey:
        """Raises ValueError for what is none."""
        scope, strategy, symbol, cycle = text.split(".")
        return cls(scope, strategy, symbol, int(cycle))


class CurveQuestion(NamedTuple):
    """Which curves: of which scope, since when (None: from the beginning), how, and at most how many points each."""

    scope: Scope
    by: By
    measure: Measure
    strategy: str | None
    from_ms: int | None
    points: int


class ReviewPort(Protocol):
    """Raises `api.gateway.Unavailable` when the ledger does not answer."""

    async def trades(self, query: Query) -> TradeList:
        """Closed trades, newest first, with sums of everything that matches."""

    async def trade(self, key: TradeKey) -> TradeDetail | None:
        """One trade, None when there is no such."""

    async def export(self, query: Query, kind: str) -> bytes:
        """Everything that matches as a file: 'csv' or 'parquet'."""

    async def curves(self, question: CurveQuestion) -> EquityCurves:
        """Equity over time."""

    async def monthly(self, scope: Scope, strategy: str | None) -> Monthly:
        """Returns by month and by regime."""
