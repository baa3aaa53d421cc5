"""What is pushed, when: public channels as the market moves, private ones as accounts change.

Bitget's candle channel has no closed flag. When a minute closes, one message holds its final row and the first row of
the next; a newer row is what tells that the older one closed.
"""

from __future__ import annotations

import json
import time
from typing import Any, Final

from core.candle import Candle
from sandbox.account import CLASSIC, Account
from sandbox.account_rows import balance_push, fill_row, order_push, position_push, trigger_push
from sandbox.journal import Event
from sandbox.market import Market, Turn
from sandbox.orders import Fill
from sandbox.parameters import GRANULARITIES_MS
from sandbox.refusal import Refusal
from sandbox.rest_public import PublicEndpoints
from sandbox.rows import PRODUCT, book_levels, candle_row, market_id, text, ticker_push
from sandbox.state import State
from sandbox.tape import trades_of
from sandbox.ws import Session, Subscriptions, Topic

CANDLES: Final = {f"candle{name}": length for name, length in GRANULARITIES_MS.items() if name != "2H"}
BOOKS: Final = {"books1": 1, "books5": 5, "books15": 15, "books50": 50, "books": 50}
PRIVATE: Final = frozenset({"orders", "orders-algo", "positions", "account", "fill"})
SNAPSHOT_ROWS: Final = 500
COALESCED_S: Final = 0.1
"""Tickers and books of a symbol are pushed at most this often when the market runs freely."""


class Streams:
    """Turns market turns and journal events into messages for whoever subscribed."""

    def __init__(self, state: State, market: Market, public: PublicEndpoints, *, coalesce: bool) -> None:
        self._state, self._market, self._public = state, market, public
        self._coalesce_s = COALESCED_S if coalesce else 0.0
        self._pushed_s: dict[str, float] = {}
        self._symbols = {market_id(symbol): symbol for symbol in market.symbols}
        self._fill_of: dict[int, Fill] = {}
        self.subscriptions: Subscriptions | None = None

    def check(self, topic: Topic) -> None:
        """Raises Refusal (30001) when there is no such topic."""
        public = topic.channel in CANDLES or topic.channel in BOOKS or topic.channel in ("ticker", "trade")
        known = topic.instrument in self._symbols if public else topic.channel in PRIVATE
        if topic.product != PRODUCT or not known:
            what = f"instType:{topic.product},channel:{topic.channel},instId:{topic.instrument} doesn't exist"
            raise Refusal("30001", what)

    def welcome(self, session: Session, topic: Topic) -> None:
        """The first snapshot of a topic."""
        rows: list[Any] | None = None
        now = self._state.now_ms
        if topic.channel in CANDLES:
            length = CANDLES[topic.channel]
            series = self._market.series[self._symbols[topic.instrument]]
            candles = series.rows(length, now - now % length - (SNAPSHOT_ROWS - 1) * length, now + 1)
            rows = [candle_push(candle) for candle in candles.rows()]
        elif topic.channel in PRIVATE:
            rows = self._private_snapshot(session.account, topic.channel)
        elif self._symbols[topic.instrument] in self._state.prices:
            rows = self._public_rows(topic.channel, self._symbols[topic.instrument])
        if rows is not None:
            session.send(self._message(topic.arg(), rows, "snapshot"))

    def turned(self, turns: list[Turn]) -> None:
        """A minute closed."""
        for symbol, closed, opened in turns:
            name = market_id(symbol)
            if self._listeners("candle1m", name):
                self._push("candle1m", name, [candle_push(closed), candle_push(opened)], "update")
            self._longer_candles(symbol, name, opened.ts_ms)
            if self._listeners("trade", name):
                trades = trades_of(closed, self._state.instrument(symbol))[::-1]
                self._push("trade", name, [_trade_push(trade) for trade in trades], "update")
            self._quotes(symbol, name)

    def progressed(self, candles: list[tuple[str, Candle]]) -> None:
        """Candles moved on within their minute."""
        for symbol, candle in candles:
            name = market_id(symbol)
            self._push("candle1m", name, [candle_push(candle)], "update")
            self._quotes(symbol, name)

    def flush(self, events: list[Event]) -> None:
        """Push what happened to accounts since the last flush; positions and money once each."""
        if not events or self.subscriptions is None:
            return
        moved: dict[tuple[str, str], Account] = {}
        for event in events:
            self._private_event(event, moved)
        for (_, channel), account in moved.items():
            self._to(account, channel, self._private_snapshot(account, channel) or [])

    def _private_event(self, event: Event, moved: dict[tuple[str, str], Account]) -> None:
        account = event.account
        if account is None or account.kind != CLASSIC:
            return
        if event.kind == "fill":
            self._fill_of[event.subject.order_id] = event.subject
            self._to(account, "fill", [fill_row(event.subject)])
        elif event.kind == "order":
            fill = self._fill_of.pop(event.subject.order_id, None)
            self._to(account, "orders", [order_push(event.subject, fill)])
        elif event.kind == "trigger":
            self._to(account, "orders-algo", [trigger_push(event.subject)])
        elif event.kind == "position":
            moved[account.key, "positions"] = account
        moved[account.key, "account"] = account

    def _private_snapshot(self, account: Account | None, channel: str) -> list[Any] | None:
        if account is None:
            return None
        if channel == "positions":
            return [position_push(self._state, account, position) for position in account.positions.values()]
        if channel == "account":
            return [balance_push(self._state, account)]
        return None

    def _quotes(self, symbol: str, name: str) -> None:
        """Ticker and books, not too often."""
        channels = [channel for channel in ("ticker", *BOOKS) if self._listeners(channel, name)]
        wall = time.monotonic()
        if not channels or wall - self._pushed_s.get(name, 0.0) < self._coalesce_s:
            return
        self._pushed_s[name] = wall
        for channel in channels:
            self._push(channel, name, self._public_rows(channel, symbol), "snapshot")

    def _public_rows(self, channel: str, symbol: str) -> list[Any]:
        now = self._state.now_ms
        if channel == "ticker":
            return [ticker_push(self._public.ticker(symbol), now)]
        if channel == "trade":
            minutes = self._market.series[symbol].last_minutes(10)
            rules = self._state.instrument(symbol)
            return [_trade_push(trade) for minute in minutes[::-1] for trade in trades_of(minute, rules)[::-1]]
        asks, bids = book_levels(
            self._state.instrument(symbol), self._state.prices[symbol], BOOKS[channel], self._state.depth
        )
        return [{"asks": asks, "bids": bids, "checksum": 0, "seq": self._state.journal.sequence, "ts": str(now)}]

    def _longer_candles(self, symbol: str, name: str, now: int) -> None:
        """The last row of each longer candle that is listened to, and the new one when one began."""
        for channel, length in CANDLES.items():
            if channel == "candle1m" or not self._listeners(channel, name):
                continue
            begun = now - now % length
            first = begun - length if begun == now else begun
            candles = self._market.series[symbol].rows(length, first, now + 1)
            self._push(channel, name, [candle_push(candle) for candle in candles.rows()], "update")

    def _listeners(self, channel: str, name: str) -> set[Session]:
        return self.subscriptions.listeners(channel, name) if self.subscriptions else set()

    def _push(self, channel: str, name: str, rows: list[Any], action: str) -> None:
        listeners = self._listeners(channel, name)
        if listeners:
            message = self._message(Topic(PRODUCT, channel, name).arg(), rows, action)
            for session in listeners:
                session.send(message)

    def _to(self, account: Account, channel: str, rows: list[Any]) -> None:
        sessions = self.subscriptions.private_listeners(account, channel) if self.subscriptions else ()
        if sessions:
            message = self._message(Topic(PRODUCT, channel, "default").arg(), rows, "snapshot")
            for session in sessions:
                session.send(message)

    def _message(self, arg: dict[str, str], rows: list[Any], action: str) -> str:
        body = {"action": action, "arg": arg, "data": rows, "ts": self._state.now_ms}
        return json.dumps(body, separators=(",", ":"))


def candle_push(candle: Candle) -> list[str]:
    """A candle as the WebSocket tells it: quote volume twice, in quote and in USDT."""
    row = candle_row(candle)
    return [*row, row[-1]]


def _trade_push(trade: Any) -> dict[str, str]:
    return {
        "ts": str(trade.ts_ms), "price": text(trade.price), "size": text(trade.size), "side": trade.side,
        "tradeId": str(trade.trade_id),
    }
