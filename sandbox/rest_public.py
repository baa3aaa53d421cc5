"""Public REST endpoints: rules, time, candles, tickers, book, trades, funding, open interest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from core.timeframe import DAY_MS, HOUR_MS
from sandbox.market import Market
from sandbox.parameters import Parameters
from sandbox.refusal import bad_parameter
from sandbox.rows import book_levels, candle_row, contract_row, market_id, open_interest, text, ticker_row
from sandbox.state import State
from sandbox.tape import TapeTrade, trades_of

Endpoint = Callable[[Parameters], Any]

RECENT_DAYS: Final = {"1H": 60, "2H": 120, "4H": 240, "6H": 360, "12H": 720, "1D": 1440, "1W": 10_080}
"""How far back the endpoint of recent candles reaches; shorter ones 30 days."""

_FUNDING_MS: Final = 8 * HOUR_MS
_SPOT_COIN: Final = {"transfer": "true", "areaCoin": "no", "chains": []}


class PublicEndpoints:
    """What anybody may ask. Answers are the ``data`` of Bitget's envelope."""

    def __init__(self, state: State, market: Market) -> None:
        self._state, self._market = state, market

    def routes(self) -> dict[str, Endpoint]:
        """Path to endpoint; all are GET."""
        mix = "/api/v2/mix/market"
        return {
            "/api/v2/public/time": self.time,
            "/api/v2/spot/public/coins": lambda _: [{"coinId": "2", "coin": "USDT", **_SPOT_COIN}],
            f"{mix}/contracts": self.contracts,
            f"{mix}/query-position-lever": self.tiers,
            f"{mix}/candles": self.recent_candles,
            f"{mix}/history-candles": self.old_candles,
            f"{mix}/history-mark-candles": self.old_candles,
            f"{mix}/history-index-candles": self.old_candles,
            f"{mix}/ticker": self.tickers,
            f"{mix}/tickers": self.tickers,
            f"{mix}/symbol-price": self.symbol_price,
            f"{mix}/merge-depth": self.depth,
            f"{mix}/fills-history": self.trades,
            f"{mix}/fills": self.trades,
            f"{mix}/current-fund-rate": self.funding_rate,
            f"{mix}/funding-time": self.funding_time,
            f"{mix}/history-fund-rate": self.funding_history,
            f"{mix}/open-interest": self.interest,
        }

    def time(self, _: Parameters) -> Any:
        """The simulated time."""
        return {"serverTime": str(self._state.now_ms)}

    def contracts(self, asked: Parameters) -> Any:
        """The rules of what is traded."""
        return [contract_row(self._state.instrument(symbol)) for symbol in self._asked(asked)]

    def tiers(self, asked: Parameters) -> Any:
        """Maintenance tiers of a symbol; the leverage of a tier is what leaves half its margin above maintenance."""
        rules = self._state.instrument(asked.symbol())
        starts = [0.0, *(tier.max_notional for tier in rules.tiers)]
        return [
            {
                "symbol": market_id(rules.symbol), "level": str(level), "startUnit": text(start),
                "endUnit": text(tier.max_notional), "keepMarginRate": text(tier.rate),
                "leverage": text(max(1, int(min(rules.max_leverage, 0.5 / tier.rate)))),
            }
            for level, (start, tier) in enumerate(zip(starts, rules.tiers, strict=False), start=1)
        ]

    def recent_candles(self, asked: Parameters) -> Any:
        """Up to 1000 rows, the last one in progress, none older than the endpoint reaches."""
        name, length = asked.granularity()
        oldest = self._state.now_ms - RECENT_DAYS.get(name, 30) * DAY_MS
        return self.candles(asked, length, oldest, asked.whole("limit", 100, 1000))

    def old_candles(self, asked: Parameters) -> Any:
        """Up to 200 rows of any age."""
        _, length = asked.granularity()
        return self.candles(asked, length, 0, asked.whole("limit", 100, 200))

    def candles(self, asked: Parameters, length: int, oldest: int, limit: int) -> list[list[str]]:
        """The last ``limit`` rows that open in [startTime, endTime), oldest first."""
        end = asked.whole("endTime", self._state.now_ms + 1)
        end = min(end, self._state.now_ms + 1)
        start = max(asked.whole("startTime", 0), oldest, end - (limit + 1) * length)
        if start >= end:
            return []
        rows = self._market.series[asked.symbol()].rows(length, start, end)
        return [candle_row(candle) for candle in rows.slice(max(0, len(rows) - limit), len(rows)).rows()]

    def tickers(self, asked: Parameters) -> Any:
        """One or all tickers."""
        return [self.ticker(symbol) for symbol in self._asked(asked)]

    def ticker(self, symbol: str) -> dict[str, Any]:
        """A symbol's ticker row."""
        last = self._state.prices[symbol]
        day = self._market.day[symbol].summary(last)
        return ticker_row(self._state.instrument(symbol), last, day, self._rate(symbol), self._state.now_ms)

    def symbol_price(self, asked: Parameters) -> Any:
        """Last, mark and index price."""
        symbol = asked.symbol()
        last = text(self._state.price(symbol))
        ts = str(self._state.now_ms)
        return [{"symbol": market_id(symbol), "price": last, "indexPrice": last, "markPrice": last, "ts": ts}]

    def depth(self, asked: Parameters) -> Any:
        """The book, synthesised around the last price."""
        symbol = asked.symbol()
        limit = asked.text("limit", "100")
        count = 1000 if limit == "max" else int(limit) if limit.isdigit() else 0
        if not 0 < count <= 1000:
            raise bad_parameter("limit", limit)
        asks, bids = book_levels(self._state.instrument(symbol), self._state.price(symbol), count, self._state.depth)
        return {
            "asks": _as_numbers(asks), "bids": _as_numbers(bids), "ts": str(self._state.now_ms), "scale": "0",
            "precision": "scale0", "isMaxPrecision": "NO",
        }

    def trades(self, asked: Parameters) -> Any:
        """Recent trades of the tape, newest first."""
        symbol = asked.symbol()
        limit = asked.whole("limit", 100, 1000)
        minutes = self._market.series[symbol].last_minutes(limit // 3 + 1)
        rules = self._state.instrument(symbol)
        trades = [trade for minute in minutes for trade in trades_of(minute, rules)]
        return [trade_row(symbol, trade) for trade in trades[::-1][:limit]]

    def funding_rate(self, asked: Parameters) -> Any:
        """The rate as it stands (the last one settled), and when the next is due."""
        return [
            {
                "symbol": market_id(symbol), "fundingRate": text(self._rate(symbol)), "fundingRateInterval": "8",
                "nextUpdate": str(self._next_funding()), "minFundingRate": "-0.003", "maxFundingRate": "0.003",
            }
            for symbol in self._asked(asked)
        ]

    def funding_time(self, asked: Parameters) -> Any:
        """When the next funding is due."""
        symbol = market_id(asked.symbol())
        return [{"symbol": symbol, "nextFundingTime": str(self._next_funding()), "ratePeriod": "8"}]

    def funding_history(self, asked: Parameters) -> Any:
        """Settled rates, newest first, by page."""
        symbol = asked.symbol()
        size, page = asked.whole("pageSize", 20, 100), asked.whole("pageNo", 1)
        settled = self._market.settled[symbol][::-1][(page - 1) * size : page * size]
        name = market_id(symbol)
        return [{"symbol": name, "fundingRate": text(rate.rate), "fundingTime": str(rate.ts_ms)} for rate in settled]

    def interest(self, asked: Parameters) -> Any:
        """Open interest in base."""
        symbol = asked.symbol()
        day = self._market.day[symbol].summary(self._state.price(symbol))
        size = open_interest(self._state.instrument(symbol), day)
        return {"openInterestList": [{"symbol": market_id(symbol), "size": size}], "ts": str(self._state.now_ms)}

    def _asked(self, asked: Parameters) -> list[str]:
        """The symbol asked for, or all that trade."""
        if not asked.ours():
            return []
        symbol = asked.maybe_symbol()
        return [name for name in self._market.symbols if name in self._state.prices and symbol in (None, name)]

    def _rate(self, symbol: str) -> float:
        settled = self._market.settled[symbol]
        return settled[-1].rate if settled else 0.0001

    def _next_funding(self) -> int:
        now = self._state.now_ms
        return now - now % _FUNDING_MS + _FUNDING_MS


def trade_row(symbol: str, trade: TapeTrade) -> dict[str, str]:
    """A trade of the tape over REST."""
    return {
        "tradeId": str(trade.trade_id), "price": text(trade.price), "size": text(trade.size), "side": trade.side,
        "ts": str(trade.ts_ms), "symbol": market_id(symbol),
    }


def _as_numbers(levels: list[list[str]]) -> list[list[float]]:
    """merge-depth is the endpoint that shows numbers as numbers."""
    return [[float(price), float(size)] for price, size in levels]
