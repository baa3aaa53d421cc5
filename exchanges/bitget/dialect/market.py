"""Symbols as the venue lists them, and what each of its two APIs says about market data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from core.candle import Candle
from core.instrument import Instrument, Tier
from core.tiers import ENDLESS, continuous
from exchanges.bitget.dialect.words import COIN, Ask, Channel, Row, number
from exchanges.port import FundingSettled, TickerSeen


class Symbols:
    """Our symbols and the venue's ids, both ways, from the contracts that may be traded."""

    def __init__(self, contracts: Sequence[Row]) -> None:
        self._rows = {f"{row['baseCoin']}-{row['quoteCoin']}": row for row in contracts}
        self._symbols = {str(row["symbol"]): symbol for symbol, row in self._rows.items()}

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._rows

    def row(self, symbol: str) -> Row:
        """The contract of a symbol. Raises KeyError."""
        return self._rows[symbol]

    def id(self, symbol: str) -> str:
        """The venue's id: ``BTCUSDT``. Raises KeyError for a symbol that the venue does not list."""
        return str(self._rows[symbol]["symbol"])

    def symbol(self, market_id: str) -> str:
        """Ours for a venue's id; contracts that are no longer listed keep a readable name."""
        return self._symbols.get(market_id) or f"{market_id.removesuffix(COIN)}-{COIN}"


class MarketDialect(Protocol):
    """What ``classic.market`` and ``unified.market`` offer: the same questions in two sets of words."""

    @property
    def RECENT_LIMIT(self) -> int:  # noqa: N802 - a module's constant
        """Most candles of one answer from the recent endpoint."""

    @property
    def HISTORY_LIMIT(self) -> int:  # noqa: N802 - as above
        """Most candles of one answer from the history endpoint."""

    @property
    def GRANULARITY(self) -> Mapping[str, str]:  # noqa: N802 - as above
        """The venue's word for each timeframe that it has."""

    def contracts(self) -> Ask:
        """All contracts of our product."""

    def tradable(self, row: Row) -> bool:
        """Whether a contract is one of ours: a perpetual in USDT that can be traded."""

    def tiers(self, market_id: str) -> Ask:
        """The margin tiers of a contract."""

    def instrument(self, symbol: str, contract: Row, tiers: Sequence[Row]) -> Instrument:
        """Trading rules from a contract and its tiers (none: the vocabulary's default)."""

    def candles(self, market_id: str, timeframe: str, start_ms: int, end_ms: int, *, recent: bool) -> Ask:
        """One page of candles that open in [start, end)."""

    def funding_page(self, market_id: str, page: int, size: int) -> Ask:
        """One page of settled rates, newest first; pages count from 1."""

    def funding_rows(self, data: Any) -> list[Row]:
        """The rows of such a page."""

    def funding(self, symbol: str, row: Row) -> FundingSettled:
        """A settled rate."""

    def open_interest(self, market_id: str) -> Ask:
        """Open interest now."""

    def open_interest_of(self, data: Any) -> float:
        """Open interest in base currency."""

    def candle_channel(self, market_id: str) -> Channel:
        """1m candles of a contract."""

    def ticker_channel(self, market_id: str) -> Channel:
        """Tickers of a contract."""

    def market_id(self, message: Row) -> str:
        """Which contract a public push is about."""

    def candle(self, row: Any) -> Candle:
        """A candle from a row of REST or of a push."""

    def ticker(self, symbol: str, row: Row, ts_ms: int) -> TickerSeen:
        """A pushed ticker; mark, bid and ask fall back on the last price where the venue leaves them out."""


def continuous_tiers(rows: Sequence[tuple[float, float, float]]) -> tuple[Tier, ...]:
    """Tiers from (from notional, to notional, rate), with the deductions that make the maintenance margin continuous.

    The last one has no end.
    """
    ends = [(end, rate) for _, end, rate in sorted(rows)]
    return continuous([*ends[:-1], (ENDLESS, ends[-1][1])])


def candle(row: Sequence[Any]) -> Candle:
    """A candle from ``[ms, open, high, low, close, base volume, ...]``."""
    return Candle(int(row[0]), *(number(cell) for cell in row[1:6]))
