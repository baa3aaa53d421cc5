"""Query strings of the routes that list things; an unknown or odd one is an error, never ignored."""

from __future__ import annotations

from typing import Annotated, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from api.models import Scope
from api.review_models import Exit
from storage.records import MAX_LIMIT, Query

_LATEST_MS: Final = 2**53

Symbol = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,20}-[A-Z0-9]{2,10}$", examples=["BTC-USDT"])]
Strategy = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,64}$", examples=["envelope_dca"])]
Kind = Annotated[str, Field(pattern=r"^[a-z_]{1,64}$", examples=["target_refused"])]
Source = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$", examples=["executor"])]
Time = Annotated[int, Field(ge=0, le=_LATEST_MS, examples=[1_740_787_200_000])]
Cursor = Annotated[str, Field(pattern=r"^[0-9]{1,18}\.[0-9]{1,18}$", description="From the page before.")]


class _Span(BaseModel):
    model_config = ConfigDict(extra="forbid")

    from_ms: Time | None = Field(None, description="Included, UTC ms.")
    to_ms: Time | None = Field(None, description="Not included, UTC ms.")
    limit: int = Field(100, ge=1, le=MAX_LIMIT)
    cursor: Cursor | None = None

    def query(self) -> Query:
        """The same for the ledger."""
        return Query(**self.model_dump())


class TradeFilter(_Span):
    """Of closed trades."""

    scope: Scope | None = None
    strategy: Strategy | None = None
    symbol: Symbol | None = None
    direction: Literal["1", "-1"] | None = Field(None, description="1 long, -1 short.")
    reason: Exit | None = Field(None, description="Why it was closed.")

    def query(self) -> Query:
        """The same for the ledger."""
        told = self.model_dump(exclude={"format"})
        return Query(**{**told, "direction": int(self.direction) if self.direction else None})


class FillFilter(_Span):
    """Of fills."""

    strategy: Strategy | None = None
    symbol: Symbol | None = None


class OrderFilter(_Span):
    """Of orders."""

    symbol: Symbol | None = None
    open_only: bool = Field(False, description="Only orders that may still fill.")


class EquityFilter(_Span):
    """Of equity points."""

    scope: Scope | None = None
    strategy: Strategy | None = None


class EventQuestion(NamedTuple):
    """Which events; '' means any. ``open_only``: those that nobody has acknowledged."""

    query: Query
    severity: str = ""
    source: str = ""
    open_only: bool = False


class EventFilter(_Span):
    """Of events."""

    kind: Kind | None = None
    strategy: Strategy | None = None
    symbol: Symbol | None = None
    severity: Literal["info", "warning", "critical"] | None = None
    source: Source | None = Field(None, description="The actor that tells it, without what follows its colon.")
    open_only: bool = Field(False, description="Only what nobody has acknowledged.")

    def question(self) -> EventQuestion:
        """The same for the house."""
        values = self.model_dump()
        severity, source, seen = (values.pop(name) for name in ("severity", "source", "open_only"))
        return EventQuestion(Query(**values), severity or "", source or "", seen)


class ChangeFilter(_Span):
    """Of the selector's changed decisions."""

    strategy: Strategy | None = None
    symbol: Symbol | None = None

    def query(self) -> Query:
        """The same for the ledger."""
        return super().query()._replace(kind="selection_changed")


class DivergenceFilter(ChangeFilter):
    """Of live trades beside their paper twins."""

    def query(self) -> Query:
        """The same for the ledger."""
        return super().query()._replace(kind="trade_compared")
