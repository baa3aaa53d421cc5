"""Bitget's market data behind the port; needs no keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from core.candle import Candles
from core.instrument import Instrument
from core.settings import Exchange
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect import market, words
from exchanges.bitget.dialect.words import Row, number, whole
from exchanges.bitget.history import fetch_candles
from exchanges.bitget.merging import merged
from exchanges.bitget.rules import Rules, load_rules
from exchanges.bitget.streams import Connected, Socket, Timing
from exchanges.port import CandleRows, FundingSettled, TickerSeen
from exchanges.rate import RateLimiter

SYMBOLS_PER_SOCKET: Final = 50
_FUNDING_PAGE: Final = 100


class BitgetPublic:
    """`exchanges.port.PublicVenue` for Bitget's USDT perpetuals."""

    def __init__(
        self, settings: Exchange, *, limiter: RateLimiter | None = None, timing: Timing | None = None
    ) -> None:
        self._client = BitgetClient(settings, None, limiter or RateLimiter(settings.rate))
        self._timing = timing or Timing()
        self._rules: Rules | None = None

    async def open(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Load the rules; returns the symbols that the venue lists, in order."""
        self._rules = await load_rules(self._client, symbols)
        return self._rules.known

    async def close(self) -> None:
        """Close every connection; safe to call twice. Running watches end."""
        await self._client.close()

    def instrument(self, symbol: str) -> Instrument:
        """The trading rules of a symbol that `open` returned. Raises KeyError."""
        return self._opened().instrument(symbol)

    async def time_ms(self) -> int:
        """The venue's clock."""
        return whole((await self._client.call(words.TIME, {}))["serverTime"])

    async def candles(self, symbol: str, timeframe: str, from_ms: int, to_ms: int) -> Candles:
        """Closed candles that open in [from_ms, to_ms), paged, checked."""
        now = await self.time_ms()
        return await fetch_candles(self._client, self._id(symbol), timeframe, from_ms, to_ms, now)

    async def funding(self, symbol: str, from_ms: int, to_ms: int) -> list[FundingSettled]:
        """Settled rates in [from_ms, to_ms), oldest first; the venue remembers about three months."""
        found: dict[int, FundingSettled] = {}
        page = 1
        while True:
            asked = {
                "symbol": self._id(symbol), "productType": words.PRODUCT,
                "pageSize": str(_FUNDING_PAGE), "pageNo": str(page),
            }  # fmt: skip
            rows = await self._client.call(words.FUNDING_HISTORY, asked) or []
            settled = [market.funding(symbol, row) for row in rows]
            fresh = [s for s in settled if s.ts_ms not in found]
            found |= {s.ts_ms: s for s in fresh}
            if len(rows) < _FUNDING_PAGE or not fresh or min(s.ts_ms for s in fresh) <= from_ms:
                return [found[ts] for ts in sorted(found) if from_ms <= ts < to_ms]
            page += 1

    async def open_interest(self, symbol: str) -> float:
        """Open interest now, in base currency."""
        asked = {"symbol": self._id(symbol), "productType": words.PRODUCT}
        rows = (await self._client.call(words.OPEN_INTEREST, asked)).get("openInterestList") or []
        return number(rows[0]["size"]) if rows else 0.0

    def watch_candles(self, symbols: Sequence[str]) -> AsyncIterator[CandleRows]:
        """1m candle pushes for ever. The first push of a symbol after a (re)connection holds some hours of rows."""
        return merged(self._client, self._sockets("candle1m", symbols), self._candle_rows)

    def watch_tickers(self, symbols: Sequence[str]) -> AsyncIterator[TickerSeen]:
        """Ticker pushes for ever; a slow reader gets the newest of each symbol."""
        return merged(self._client, self._sockets("ticker", symbols), self._tickers, newest_of=lambda t: t.symbol)

    def _sockets(self, channel: str, symbols: Sequence[str]) -> list[Socket]:
        """One socket for so many symbols; what the venue does not list is never subscribed to."""
        listed = [self._id(s) for s in symbols if s in self._opened().symbols]
        parts = [listed[i : i + SYMBOLS_PER_SOCKET] for i in range(0, len(listed), SYMBOLS_PER_SOCKET)]
        return [
            Socket(self._client, f"{channel}-{i}", [(channel, m) for m in part], timing=self._timing)
            for i, part in enumerate(parts)
        ]

    def _candle_rows(self, message: Row | Connected) -> list[CandleRows]:
        if isinstance(message, Connected) or not message["data"]:
            return []
        rows = sorted((market.candle(row) for row in message["data"]), key=lambda c: c.ts_ms)
        return [CandleRows(self._opened().symbols.symbol(message["arg"]["instId"]), tuple(rows))]

    def _tickers(self, message: Row | Connected) -> list[TickerSeen]:
        if isinstance(message, Connected):
            return []
        symbol = self._opened().symbols.symbol(message["arg"]["instId"])
        return [market.ticker(symbol, row, whole(message.get("ts"))) for row in message["data"]]

    def _id(self, symbol: str) -> str:
        return self._opened().symbols.id(symbol)

    def _opened(self) -> Rules:
        if self._rules is None:
            raise RuntimeError("open() the venue first")
        return self._rules
