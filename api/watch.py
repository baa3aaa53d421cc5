"""The port to what is watched over time: candles, ladders as they stood, and why."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from api.watch_models import CandleColumns, Conditions, GridSpan, Quote, Rules, Why


class CandleQuestion(NamedTuple):
    """Which candles: those that open in [from_ms, to_ms), the newest ``limit`` of them."""

    symbol: str
    timeframe: str
    from_ms: int
    to_ms: int | None
    limit: int


class WatchPort(Protocol):
    """None: there is no such thing. History raises `api.gateway.Unavailable` when the ledger does not answer."""

    async def candles(self, question: CandleQuestion) -> CandleColumns | None:
        """Candles as the feed told them."""

    async def conditions(self, symbol: str | None) -> tuple[Conditions, ...]:
        """What strategies say, of one symbol or of all."""

    async def quotes(self) -> tuple[Quote, ...]:
        """Prices now."""

    async def rules(self) -> tuple[Rules, ...]:
        """Steps and fees of every symbol."""

    async def grid(
        self, strategy: str, symbol: str, from_ms: int | None, to_ms: int | None, candles: str
    ) -> GridSpan | None:
        """A ladder over a span, and how near candles of one timeframe came to it."""

    async def why(self, strategy: str, symbol: str, candle_ms: int) -> Why | None:
        """What became of each level within the decision candle that opened at ``candle_ms``, and why."""
