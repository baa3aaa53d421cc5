"""Bitget's market data behind the port; needs no keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

from core.candle import Candles
from core.instrument import Instrument
from core.settings import Exchange
from exchanges.bitget.client import AccountType, BitgetClient
from exchanges.bitget.dialect import words
from exchanges.bitget.dialect.classic import market as classic
from exchanges.bitget.dialect.market import MarketDialect
from exchanges.bitget.dialect.unified import market as unified
from exchanges.bitget.dialect.words import Channel, whole
from exchanges.bitget.history import closed, fetch_candles
from exchanges.bitget.merging import merged
from exchanges.bitget.rules import Rules, load_rules
from exchanges.bitget.session import Timing, key
from exchanges.bitget.streams import Connected, Lost, News, Socket
from exchanges.port import CandleRows, FundingSettled, TickerSeen
from exchanges.rate import RateLimiter

SYMBOLS_PER_SOCKET: Final = 50
_FUNDING_PAGE: Final = 100


class BitgetPublic:
    """`exchanges.port.PublicVenue` for Bitget's USDT perpetuals.

    Market data is the same for everybody: the unified account's API where the configuration says that the account is
    one, else the classic one, which needs no account either.
    """

    def __init__(self, settings: Exchange, *, limiter: RateLimiter | None = None, timing: Timing | None = None) -> None:
        kind: AccountType = "unified" if settings.account_type == "unified" else "classic"
        self._client = BitgetClient(settings, None, limiter or RateLimiter(settings.rate), kind)
        self._dialect: MarketDialect = unified if kind == "unified" else classic
        self._timing, self._sockets = timing or Timing(), list[Socket]()
        self._rules: Rules | None = None
        self._told_ms = 0
        """The venue's clock as it was told last, by an answer or a push."""

    async def open(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Load the rules; returns the symbols that the venue lists, in order."""
        self._rules = await load_rules(self._client, self._dialect, symbols)
        return self._rules.known

    async def close(self) -> None:
        """Close every connection; safe to call twice. Running watches end."""
        await self._client.close()

    def instrument(self, symbol: str) -> Instrument:
        """The trading rules of a symbol that `open` returned. Raises KeyError."""
        return self._opened().instrument(symbol)

    async def time_ms(self) -> int:
        """The venue's clock."""
        self._told_ms = whole((await self._client.call(words.TIME, {}))["serverTime"])
        return self._told_ms

    async def candles(self, symbol: str, timeframe: str, from_ms: int, to_ms: int) -> Candles:
        """Closed candles that open in [from_ms, to_ms), paged, checked."""
        now = self._told_ms  # asked for only where it matters: it costs as much as the candles
        if timeframe not in self._dialect.GRANULARITY or not closed(timeframe, to_ms, now):
            now = await self.time_ms()
        return await fetch_candles(self._client, self._dialect, self._id(symbol), timeframe, from_ms, to_ms, now)

    async def funding(self, symbol: str, from_ms: int, to_ms: int) -> list[FundingSettled]:
        """Settled rates in [from_ms, to_ms), oldest first; the venue remembers about three months."""
        found: dict[int, FundingSettled] = {}
        page = 1
        while True:
            data = await self._client.ask(self._dialect.funding_page(self._id(symbol), page, _FUNDING_PAGE))
            rows = self._dialect.funding_rows(data)
            settled = [self._dialect.funding(symbol, row) for row in rows]
            fresh = [s for s in settled if s.ts_ms not in found]
            found |= {s.ts_ms: s for s in fresh}
            if len(rows) < _FUNDING_PAGE or not fresh or min(s.ts_ms for s in fresh) <= from_ms:
                return [found[ts] for ts in sorted(found) if from_ms <= ts < to_ms]
            page += 1

    async def open_interest(self, symbol: str) -> float:
        """Open interest now, in base currency."""
        asked = self._dialect.open_interest(self._id(symbol))
        return self._dialect.open_interest_of(await self._client.ask(asked))

    def watch_candles(self, symbols: Sequence[str]) -> AsyncIterator[CandleRows]:
        """1m candle pushes for ever. The first push of a symbol after a (re)connection holds some hours of rows."""
        sockets = self._opened_sockets("candle1m", self._dialect.candle_channel, symbols)
        return merged(self._client, sockets, self._candle_rows)

    def watch_tickers(self, symbols: Sequence[str]) -> AsyncIterator[TickerSeen]:
        """Ticker pushes for ever; a slow reader gets the newest of each symbol."""
        sockets = self._opened_sockets("ticker", self._dialect.ticker_channel, symbols)
        return merged(self._client, sockets, self._tickers, newest_of=lambda t: t.symbol)

    def distrust(self, symbols: Sequence[str]) -> None:
        """Rebuild the connections that carry candles of these symbols."""
        doubted = {key(self._dialect.candle_channel(self._id(s))) for s in symbols if s in self._opened().symbols}
        for socket in self._sockets:
            if doubted & {key(channel) for channel in socket.channels}:
                socket.rebuild(f"what it says of {', '.join(symbols)} is not believed")

    def _opened_sockets(self, name: str, channel: Callable[[str], Channel], symbols: Sequence[str]) -> list[Socket]:
        """One socket for so many symbols; what the venue does not list is never subscribed to."""
        listed = [self._id(s) for s in symbols if s in self._opened().symbols]
        parts = [listed[i : i + SYMBOLS_PER_SOCKET] for i in range(0, len(listed), SYMBOLS_PER_SOCKET)]
        made = [
            Socket(self._client, f"{name}-{i}", [channel(m) for m in part], timing=self._timing)
            for i, part in enumerate(parts)
        ]
        self._sockets += made
        return made

    def _candle_rows(self, message: News) -> list[CandleRows]:
        if isinstance(message, Connected | Lost) or not message["data"]:
            return []
        self._told_ms = whole(message.get("ts")) or self._told_ms
        rows = sorted((self._dialect.candle(row) for row in message["data"]), key=lambda c: c.ts_ms)
        return [CandleRows(self._symbol(message), tuple(rows))]

    def _tickers(self, message: News) -> list[TickerSeen]:
        if isinstance(message, Connected | Lost):
            return []
        symbol, ts_ms = self._symbol(message), whole(message.get("ts"))
        return [self._dialect.ticker(symbol, row, ts_ms) for row in message["data"]]

    def _symbol(self, message: Any) -> str:
        return self._opened().symbols.symbol(self._dialect.market_id(message))

    def _id(self, symbol: str) -> str:
        return self._opened().symbols.id(symbol)

    def _opened(self) -> Rules:
        if self._rules is None:
            raise RuntimeError("open() the venue first")
        return self._rules
