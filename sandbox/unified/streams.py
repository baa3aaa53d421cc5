"""What v3's sockets push, when. No topic tells of strategy orders: only the order that one becomes is pushed.

A push of positions holds those that changed, not all: a symbol that is missing from it is not flat.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from core.candle import Candle
from sandbox.account import UNIFIED, Account, ClosedPosition
from sandbox.journal import Event
from sandbox.market import Market, Turn
from sandbox.parameters import GRANULARITIES_MS
from sandbox.refusal import Refusal
from sandbox.rest_public import PublicEndpoints
from sandbox.rows import Row, book_levels, market_id
from sandbox.signing import login
from sandbox.state import State
from sandbox.streams import COALESCED_S, SNAPSHOT_ROWS
from sandbox.tape import trades_of
from sandbox.unified.books import DeltaBook
from sandbox.unified.pushes import (
    INSTRUMENTS,
    account_push,
    candle_push,
    ended_position_push,
    fill_push,
    order_push,
    position_push,
    ticker_push,
    trade_push,
)
from sandbox.unified.rows import ticker_row
from sandbox.ws import Dialect, Session, Subscriptions, Topic

KLINE: Final = "kline/"
KLINES: Final = {f"{KLINE}{name}": ms for name, ms in GRANULARITIES_MS.items() if name not in ("2H", "1W")}
WHOLE_BOOKS: Final = {"books1": 1, "books5": 5, "books15": 15, "books50": 50}
BOOK: Final = "books"
PRIVATE: Final = frozenset({"order", "position", "fill", "account"})
UNTOLD: Final = frozenset({"trigger", "settings", "alarm", "fault"})
"""Events that no private topic tells of."""


class UnifiedStreams:
    """Turns market turns and journal events into v3's messages for whoever subscribed."""

    def __init__(self, state: State, market: Market, public: PublicEndpoints, *, coalesce: bool) -> None:
        self._state, self._market, self._public = state, market, public
        self._coalesce_s = COALESCED_S if coalesce else 0.0
        self._pushed_s: dict[str, float] = {}
        self._symbols = {market_id(symbol): symbol for symbol in market.symbols}
        self._books: dict[str, DeltaBook] = {}
        self._ended = {account.key: len(account.closed) for account in state.accounts.values()}
        self.subscriptions: Subscriptions | None = None

    def dialect(self) -> Dialect:
        """How v3 words its frames; codes are texts."""

        def log_in(args: dict[str, Any]) -> Account:
            return login(self._state.accounts, args, UNIFIED, self._state.faults.skew_ms)

        logged_in = '{"event":"login","code":"0","msg":""}'
        return Dialect(log_in, self.check, self.welcome, topic_of, logged_in, str, PRIVATE)

    def check(self, topic: Topic) -> None:
        """Raises Refusal (30001) when there is no such topic."""
        if topic.product == INSTRUMENTS:
            named = topic.channel in KLINES or topic.channel in WHOLE_BOOKS
            known = (named or topic.channel in (BOOK, "ticker", "publicTrade")) and topic.instrument in self._symbols
        else:
            known = topic.product == "UTA" and topic.channel in PRIVATE
        if not known:
            what = f"instType:{topic.product},topic:{topic.channel},symbol:{topic.instrument} doesn't exist"
            raise Refusal("30001", what)

    def welcome(self, session: Session, topic: Topic) -> None:
        """The first snapshot of a topic; orders and fills have none."""
        rows: list[Row] = []
        if topic.channel in KLINES:
            length, now = KLINES[topic.channel], self._state.now_ms
            series = self._market.series[self._symbols[topic.instrument]]
            candles = series.rows(length, now - now % length - (SNAPSHOT_ROWS - 1) * length, now + 1)
            rows = [candle_push(candle) for candle in candles.rows()]
        elif topic.channel in PRIVATE:
            if topic.channel in ("order", "fill") or session.account is None:
                return
            rows = self._account_rows(session.account, topic.channel)
        elif self._symbols[topic.instrument] in self._state.prices:
            if topic.channel == BOOK:
                self._tell_book(self._symbols[topic.instrument], topic.instrument, besides=session)
            rows = self._quote_rows(topic.channel, self._symbols[topic.instrument])
        session.send(self._message(arg_of(topic), rows, "snapshot"))

    def turned(self, turns: list[Turn]) -> None:
        """A minute closed."""
        for symbol, closed, opened in turns:
            name = market_id(symbol)
            self._push(f"{KLINE}1m", name, [candle_push(closed), candle_push(opened)], "update")
            self._longer_candles(symbol, name, opened.ts_ms)
            if self._listeners("publicTrade", name):
                trades = trades_of(closed, self._state.instrument(symbol))[::-1]
                self._push("publicTrade", name, [trade_push(trade) for trade in trades], "update")
            self._quotes(symbol, name)

    def progressed(self, candles: list[tuple[str, Candle]]) -> None:
        """Candles moved on within their minute."""
        for symbol, candle in candles:
            name = market_id(symbol)
            self._push(f"{KLINE}1m", name, [candle_push(candle)], "update")
            self._quotes(symbol, name)

    def flush(self, events: list[Event]) -> None:
        """Push what happened to accounts since the last flush; money and each changed position once."""
        moved: dict[str, tuple[Account, set[str]]] = {}
        for event in events:
            account = event.account
            if account is None or account.kind != UNIFIED or event.kind in UNTOLD:
                continue
            symbols = moved.setdefault(account.key, (account, set()))[1]
            if event.kind == "fill":
                self._to(account, "fill", partial(_one, fill_push, event.subject))
            elif event.kind == "order":
                self._to(account, "order", partial(_one, order_push, event.subject))
            elif event.kind == "position":
                symbols.add(event.symbol)
        for account, symbols in moved.values():
            ended = account.closed[self._ended[account.key] :]
            self._ended[account.key] = len(account.closed)
            self._to(account, "position", partial(self._changed_positions, account, symbols, ended))
            self._to(account, "account", partial(self._account_rows, account, "account"))

    def _changed_positions(self, account: Account, symbols: set[str], ended: list[ClosedPosition]) -> list[Row]:
        """Positions that ended since the last push, then what is open of the symbols that changed."""
        rows = [ended_position_push(self._state, account, closed) for closed in ended]
        live = [position for position in account.positions.values() if position.symbol in symbols]
        return rows + [position_push(self._state, account, position) for position in live]

    def _account_rows(self, account: Account, channel: str) -> list[Row]:
        if channel == "position":
            return [position_push(self._state, account, position) for position in account.positions.values()]
        return [account_push(self._state, account)]

    def _quotes(self, symbol: str, name: str) -> None:
        """Ticker and books, not too often."""
        channels = [channel for channel in ("ticker", *WHOLE_BOOKS, BOOK) if self._listeners(channel, name)]
        wall = time.monotonic()
        if not channels or wall - self._pushed_s.get(name, 0.0) < self._coalesce_s:
            return
        self._pushed_s[name] = wall
        for channel in channels:
            if channel == BOOK:
                self._tell_book(symbol, name)
            else:
                self._push(channel, name, self._quote_rows(channel, symbol), "snapshot")

    def _quote_rows(self, channel: str, symbol: str) -> list[Row]:
        if channel == "ticker":
            return [ticker_push(ticker_row(self._public.ticker(symbol)))]
        if channel == "publicTrade":
            minutes = self._market.series[symbol].last_minutes(10)
            rules = self._state.instrument(symbol)
            return [trade_push(trade) for minute in minutes[::-1] for trade in trades_of(minute, rules)[::-1]]
        if channel == BOOK:
            return [self._book(symbol).whole(self._state.now_ms)]
        asks, bids = self._levels(symbol, WHOLE_BOOKS[channel])
        sequence = self._state.journal.sequence
        return [{"a": asks, "b": bids, "ts": str(self._state.now_ms), "seq": sequence + 1, "pseq": sequence}]

    def _levels(self, symbol: str, count: int) -> tuple[list[list[str]], list[list[str]]]:
        return book_levels(self._state.instrument(symbol), self._state.prices[symbol], count, self._state.depth)

    def _book(self, symbol: str) -> DeltaBook:
        """The book as everybody on the incremental topic knows it."""
        if symbol not in self._books:
            self._books[symbol] = DeltaBook(*self._levels(symbol, 50))
        return self._books[symbol]

    def _tell_book(self, symbol: str, name: str, besides: Session | None = None) -> None:
        """Bring the incremental book up to now, for those who follow it already."""
        changed = self._book(symbol).moved_to(*self._levels(symbol, 50), self._state.now_ms)
        if changed is not None:
            message = self._message(arg_of(Topic(INSTRUMENTS, BOOK, name)), [changed], "update")
            for session in self._listeners(BOOK, name) - {besides}:
                session.send(message)

    def _longer_candles(self, symbol: str, name: str, now: int) -> None:
        """The last row of each longer candle that is listened to, and the new one when one began."""
        for channel, length in KLINES.items():
            if channel == f"{KLINE}1m" or not self._listeners(channel, name):
                continue
            begun = now - now % length
            first = begun - length if begun == now else begun
            candles = self._market.series[symbol].rows(length, first, now + 1)
            self._push(channel, name, [candle_push(candle) for candle in candles.rows()], "update")

    def _listeners(self, channel: str, name: str) -> set[Session]:
        return self.subscriptions.listeners(channel, name, INSTRUMENTS) if self.subscriptions else set()

    def _push(self, channel: str, name: str, rows: list[Row], action: str) -> None:
        listeners = self._listeners(channel, name)
        if listeners:
            message = self._message(arg_of(Topic(INSTRUMENTS, channel, name)), rows, action)
            for session in listeners:
                session.send(message)

    def _to(self, account: Account, channel: str, rows: Callable[[], list[Row]]) -> None:
        """Push rows, which are made only when somebody listens and sent only when there are any."""
        sessions = self.subscriptions.private_listeners(account, channel) if self.subscriptions else ()
        told = rows() if sessions else []
        if told:
            message = self._message({"instType": "UTA", "topic": channel}, told, "snapshot")
            for session in sessions:
                session.send(message)

    def _message(self, arg: dict[str, str], rows: list[Row], action: str) -> str:
        body = {"action": action, "arg": arg, "data": rows, "ts": self._state.now_ms}
        return json.dumps(body, separators=(",", ":"))


def _one(push: Callable[[Any], Row], subject: Any) -> list[Row]:
    return [push(subject)]


def topic_of(arg: Mapping[str, Any]) -> Topic:
    """What a v3 frame subscribes to; a kline's interval belongs to its channel."""
    channel = str(arg.get("topic", ""))
    if channel == "kline":
        channel = f"{KLINE}{arg.get('interval')}"
    return Topic(str(arg.get("instType", "")), channel, str(arg.get("symbol", "")))


def arg_of(topic: Topic) -> dict[str, str]:
    """A topic as v3 echoes it."""
    if topic.channel in PRIVATE:
        return {"instType": topic.product, "topic": topic.channel}
    if topic.channel in KLINES:
        interval = topic.channel.removeprefix(KLINE)
        return {"instType": topic.product, "topic": "kline", "symbol": topic.instrument, "interval": interval}
    return {"instType": topic.product, "topic": topic.channel, "symbol": topic.instrument}
