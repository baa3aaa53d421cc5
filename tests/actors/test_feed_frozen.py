"""A feed whose streams freeze or lie, against a venue that is told what to push and what to show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from actors.feed import Feed
from actors.parts import FeedConfig
from actors.peers import Peers
from core.candle import Candle, Candles
from core.timeframe import MINUTE_MS, floor_to
from exchanges.port import CandleRows, FundingSettled
from tests.actors.local_transport import LocalTransport

START = 1_740_787_200_000
SYMBOLS = ("BTC-USDT", "ETH-USDT")


class FakeVenue:
    """Truth is a function of time; pushes come as they are given."""

    def __init__(self) -> None:
        self.now_ms = START + 30_000
        self.pushes: asyncio.Queue[CandleRows] = asyncio.Queue()
        self.distrusted: list[str] = []

    def truth(self, ts_ms: int) -> Candle:
        price = 100.0 + (ts_ms // MINUTE_MS) % 50
        return Candle(ts_ms, price, price + 2, price - 2, price + 1, 3.0)

    def push(self, symbol: str, minute: int, *, off: float = 0.0) -> None:
        """The minute before as it ended (off by a fraction), and the one in progress."""
        closed, opened = (self.truth(START + (minute + i) * MINUTE_MS) for i in (-1, 0))
        closed = Candle(closed.ts_ms, *(price * (1 + off) for price in closed[1:5]), closed.volume)
        self.pushes.put_nowait(CandleRows(symbol, (closed, opened)))

    async def open(self, symbols: Sequence[str]) -> tuple[str, ...]:
        return tuple(symbols)

    async def close(self) -> None:
        pass

    async def time_ms(self) -> int:
        return self.now_ms

    async def candles(self, symbol: str, timeframe: str, from_ms: int, to_ms: int) -> Candles:
        closed = floor_to(self.now_ms, "1m")
        return Candles.of("1m", [self.truth(ts) for ts in range(from_ms, min(to_ms, closed), MINUTE_MS)])

    async def funding(self, symbol: str, from_ms: int, to_ms: int) -> list[FundingSettled]:
        return []

    async def watch_candles(self, symbols: Sequence[str]) -> AsyncIterator[CandleRows]:
        while True:
            yield await self.pushes.get()

    def distrust(self, symbols: Sequence[str]) -> None:
        self.distrusted += symbols


class Risk:
    def __init__(self) -> None:
        self.stale: list[tuple[str, ...]] = []

    def on_stale(self, symbols: tuple[str, ...]) -> None:
        self.stale.append(symbols)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def feeding(**changes: Any) -> AsyncIterator[tuple[FakeVenue, Feed, Risk]]:
    venue, risk, transport = FakeVenue(), Risk(), LocalTransport()
    transport.add("risk", risk)
    config = FeedConfig("feed", SYMBOLS, (), "risk", grace_ms=10, **changes)
    feed = Feed(config, lambda: venue, Peers(transport, retry_s=0.02))  # type: ignore[arg-type,return-value]
    feed.start()
    await asyncio.wait_for(feed.ready(), 5)
    try:
        yield venue, feed, risk
    finally:
        await feed.stop()
        transport.close()


async def test_minutes_that_rest_confirms_disturb_nobody() -> None:
    async with feeding(check_s=0.0) as (venue, feed, risk):
        for minute in (1, 2, 3):
            venue.now_ms = START + minute * MINUTE_MS + 1_000
            for symbol in SYMBOLS:
                venue.push(symbol, minute)
            await until(lambda: feed.progress()["last_ms"] == START + minute * MINUTE_MS)  # noqa: B023
        assert feed.health()["contradictions"] == 0
        assert venue.distrusted == risk.stale == []


async def test_a_minute_that_rest_contradicts_makes_its_symbol_stale_and_its_connection_is_rebuilt() -> None:
    async with feeding(check_s=0.0) as (venue, feed, risk):
        venue.now_ms = START + MINUTE_MS + 1_000
        venue.push("BTC-USDT", 1)
        venue.push("ETH-USDT", 1, off=0.01)
        await until(lambda: risk.stale == [("ETH-USDT",)])
        assert venue.distrusted == ["ETH-USDT"]
        assert feed.health()["contradictions"] == 1
        venue.now_ms += MINUTE_MS
        for symbol in SYMBOLS:
            venue.push(symbol, 2)
        await until(lambda: risk.stale == [("ETH-USDT",), ()])


async def test_one_frozen_symbol_is_noticed_by_the_others_time_filled_and_rebuilt() -> None:
    async with feeding(quiet_s=0.05, straggler_s=0.02) as (venue, feed, risk):
        for minute in range(1, 6):
            venue.now_ms = START + minute * MINUTE_MS + 1_000
            venue.push("BTC-USDT", minute)
            if minute < 2:
                venue.push("ETH-USDT", minute)
            await until(lambda: feed.progress()["last_ms"] >= START + minute * MINUTE_MS)  # noqa: B023
        await until(lambda: risk.stale[-1:] == [("ETH-USDT",)])
        await until(lambda: "ETH-USDT" in venue.distrusted)
        await until(lambda: feed._minutes["ETH-USDT"].last_ms == START + 4 * MINUTE_MS)
        rows = await feed.history("ETH-USDT", "1m", START + 3 * MINUTE_MS, START + 5 * MINUTE_MS)
        assert [c.ts_ms for c in rows.rows()] == [START + 3 * MINUTE_MS, START + 4 * MINUTE_MS]


@pytest.mark.parametrize("turns", [20])
async def test_a_fast_clock_is_compared_with_rest_only_so_often(turns: int) -> None:
    async with feeding(check_s=3600.0) as (venue, feed, _):
        await until(lambda: feed._checks is not None and [t.done() for t in feed._checks.tasks] == [True])
        asked = [0]
        candles = venue.candles

        async def counted(*arguments: Any) -> Candles:
            asked[0] += 1
            return await candles(*arguments)

        venue.candles = counted  # type: ignore[method-assign]
        for minute in range(1, turns):
            venue.now_ms = START + minute * MINUTE_MS + 1_000
            for symbol in SYMBOLS:
                venue.push(symbol, minute)
            await until(lambda: feed.progress()["last_ms"] == START + minute * MINUTE_MS)  # noqa: B023
        assert asked == [0]
