"""Public v3 endpoints: the classic ones' knowledge in v3's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from core.timeframe import DAY_MS
from sandbox.market import Market
from sandbox.rest_public import RECENT_DAYS, PublicEndpoints
from sandbox.rows import market_id, text
from sandbox.state import State
from sandbox.tape import trades_of
from sandbox.unified.asking import Asked, not_verified
from sandbox.unified.rows import instrument_row, ticker_row

UnifiedEndpoint = Callable[[Asked], Any]

MOST_RECENT: Final = 1000
"""Rows of recent candles at most; history gives `asking.MOST`."""


class UnifiedPublicEndpoints:
    """What anybody may ask."""

    def __init__(self, known: PublicEndpoints, state: State, market: Market) -> None:
        self._known, self._state, self._market = known, state, market

    def routes(self) -> dict[str, UnifiedEndpoint]:
        """Path to endpoint; all are GET."""
        market = "/api/v3/market"
        return {
            f"{market}/instruments": self.instruments,
            f"{market}/candles": self.recent_candles,
            f"{market}/history-candles": self.old_candles,
            f"{market}/tickers": self.tickers,
            f"{market}/orderbook": self.book,
            f"{market}/fills": self.trades,
            f"{market}/current-fund-rate": self.funding_rate,
            f"{market}/history-fund-rate": self.funding_history,
            f"{market}/open-interest": self.interest,
            f"{market}/position-tier": self.tiers,
        }

    def instruments(self, asked: Asked) -> Any:
        """The rules of what is traded."""
        return [instrument_row(self._state.instrument(symbol)) for symbol in self._asked(asked)]

    def recent_candles(self, asked: Asked) -> Any:
        """Up to 1000 rows, 100 unless said, the last one in progress, none older than the endpoint reaches."""
        _one_of_the_prices(asked)
        name, length = asked.granularity()
        oldest = self._state.now_ms - RECENT_DAYS.get(name, 30) * DAY_MS
        return self._known.candles(asked, length, oldest, asked.limit(most=MOST_RECENT))

    def old_candles(self, asked: Asked) -> Any:
        """Up to 100 rows of any age: the last ones of the span."""
        _one_of_the_prices(asked)
        return self._known.candles(asked, asked.granularity()[1], 0, asked.limit())

    def tickers(self, asked: Asked) -> Any:
        """One or all tickers."""
        return [ticker_row(self._known.ticker(symbol)) for symbol in self._asked(asked)]

    def book(self, asked: Asked) -> Any:
        """The book; its numbers are numbers."""
        known = self._known.depth(asked)
        return {"a": known["asks"], "b": known["bids"], "ts": known["ts"]}

    def trades(self, asked: Asked) -> Any:
        """Recent trades of the tape, newest first; they do not name the symbol."""
        symbol, limit = asked.symbol(), asked.limit()
        rules = self._state.instrument(symbol)
        minutes = self._market.series[symbol].last_minutes(limit // 3 + 1)
        trades = [trade for minute in minutes for trade in trades_of(minute, rules)]
        return [
            {
                "execId": str(trade.trade_id), "price": text(trade.price), "size": text(trade.size),
                "side": trade.side, "ts": str(trade.ts_ms),
            }
            for trade in trades[::-1][:limit]
        ]

    def funding_rate(self, asked: Asked) -> Any:
        """The rate as it stands and when the next is due."""
        return self._known.funding_rate(asked) if asked.ours() else []

    def funding_history(self, asked: Asked) -> Any:
        """Settled rates, newest first; ``cursor`` is the number of the page."""
        symbol, size, page = asked.symbol(), asked.limit(), asked.whole("cursor", 1)
        if page < 1:
            raise not_verified("cursor", page)
        settled = self._market.settled[symbol][::-1][(page - 1) * size : page * size]
        return {
            "resultList": [
                {"symbol": market_id(symbol), "fundingRate": text(rate.rate), "fundingRateTimestamp": str(rate.ts_ms)}
                for rate in settled
            ]
        }

    def interest(self, asked: Asked) -> Any:
        """Open interest in base."""
        known = self._known.interest(asked)
        rows = [{"symbol": row["symbol"], "openInterest": row["size"]} for row in known["openInterestList"]]
        return {"list": rows, "ts": known["ts"]}

    def tiers(self, asked: Asked) -> Any:
        """Maintenance tiers of a symbol."""
        return [
            {
                "tier": row["level"], "minTierValue": row["startUnit"], "maxTierValue": row["endUnit"],
                "leverage": row["leverage"], "mmr": row["keepMarginRate"],
            }
            for row in self._known.tiers(asked)
        ]

    def _asked(self, asked: Asked) -> list[str]:
        """The symbol asked for, or all that trade; none in a category that is not traded here."""
        if not asked.ours():
            return []
        symbol = asked.maybe_symbol()
        return [name for name in self._market.symbols if name in self._state.prices and symbol in (None, name)]


def _one_of_the_prices(asked: Asked) -> None:
    """Mark and index candles are those of the market, since all three prices are one."""
    asked.word("type", ("market", "mark", "index"), "market")
