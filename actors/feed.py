"""The feed: one public connection; closed minutes of every symbol, checked, complete, in batches.

Laws
- Every closed minute is sent once, oldest first per symbol; holes are filled over REST before a symbol goes on.
- One message a minute over all symbols. Higher timeframes are the runners' own aggregation: the minute that ends a
  decision candle and that candle then arrive in one message and cannot overtake one another.
- Nothing grows without bound: buffers have a length, and a receiver that lags holds the feed back.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Any, Final

from loguru import logger

from actors.feed_checks import Checks
from actors.feed_minutes import Batches, Minutes
from actors.feed_prices import show_prices
from actors.feed_trust import Trust
from actors.life import Life
from actors.parts import FeedConfig
from actors.peers import Peers
from core.candle import Candle, Candles
from core.errors import VenueError
from core.instrument import Instrument
from core.messages import CandlesClosed
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, floor_to
from exchanges.port import PublicVenue, TickerSeen

_STAMPS: Final = 2_000
"""Minutes whose time of receipt is remembered."""



class Feed:
    """One exchange's market data.

    Parameters
    ----------
    venue : makes the public venue; called in this actor's own process.
    """

    def __init__(
        self, config: FeedConfig, venue: Callable[[], PublicVenue], peers: Peers,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config, self._make, self._peers, self._clock = config, venue, peers, monotonic_s
        self._venue: PublicVenue | None = None
        self._life = Life(config.name, peers, config.api)
        self._ready = asyncio.Event()
        self._news = asyncio.Event()
        self.symbols: tuple[str, ...] = ()
        self._minutes: dict[str, Minutes] = {}
        self._buffers: dict[str, deque[Candle]] = {}
        self._filling: dict[str, asyncio.Task[None]] = {}
        self._trust = Trust((), 0.0, config.stale_after_s)
        self._checks: Checks | None = None
        self._stale: frozenset[str] = frozenset()
        self._batches = Batches((), config.straggler_s)
        self._sequence = 0
        self._last_ms = 0
        self._funding_every_ms = 8 * HOUR_MS
        self._stamps: dict[int, int] = {}

    def start(self) -> None:
        """Connect and go on for ever; safe to call twice."""
        self._life.run("connect", self._begin)

    async def stop(self) -> None:
        """Stop sending and close the connection; safe to call twice."""
        await self._life.stop(*self._filling.values(), *(self._checks.tasks if self._checks else ()))
        if self._venue is not None:
            await self._venue.close()

    async def ready(self) -> tuple[str, ...]:
        """The symbols that the venue knows, once connected."""
        await self._ready.wait()
        return self.symbols

    async def instruments(self) -> dict[str, Instrument]:
        """The venue's trading rules of every symbol."""
        await self._ready.wait()
        assert self._venue is not None
        return {s: self._venue.instrument(s) for s in self.symbols}

    async def now(self) -> int:
        """Opening time (UTC ms) of the minute that is in progress, as far as batches have been sent."""
        await self._ready.wait()
        return min(m.last_ms for m in self._minutes.values()) + MINUTE_MS

    async def history(self, symbol: str, timeframe: str, from_ms: int, to_ms: int) -> Candles:
        """Closed candles that open in [from_ms, to_ms): from the buffer where it reaches, else from the venue.

        Raises RetryLater when the venue cannot be asked now.
        """
        await self._ready.wait()
        assert self._venue is not None
        rows = self._buffers.get(symbol)
        if timeframe == "1m" and rows and rows[0].ts_ms <= from_ms:
            return Candles.of("1m", [c for c in rows if from_ms <= c.ts_ms < to_ms])
        if to_ms <= from_ms:
            return Candles.empty(timeframe)
        return await self._venue.candles(symbol, timeframe, from_ms, to_ms)

    async def funding_at(self, symbol: str, opened_ms: int) -> float | None:
        """The rate that was due at ``opened_ms``, None when none was. Raises RetryLater."""
        found = await self.funding_between(symbol, opened_ms, opened_ms + MINUTE_MS)
        return found[-1][1] if found else None

    async def funding_between(self, symbol: str, from_ms: int, to_ms: int) -> list[tuple[int, float]]:
        """Settlement times (UTC ms) in [from_ms, to_ms) and their rates, oldest first. Raises RetryLater."""
        await self._ready.wait()
        assert self._venue is not None
        return [(f.ts_ms, f.rate) for f in await self._venue.funding(symbol, from_ms, to_ms)]

    async def round_trip_ms(self) -> float:
        """How long the venue takes to tell its time over REST (ms). Raises what the venue raises."""
        await self._ready.wait()
        assert self._venue is not None
        began = self._clock()
        await self._venue.time_ms()
        return (self._clock() - began) * 1000

    def health(self) -> dict[str, Any]:
        """State, counts, and per symbol the age of its last news (wall seconds)."""
        return {
            **self._life.health(), "batches": self._sequence, "last_ms": self._last_ms, "stale": sorted(self._stale),
            "age_s": self._trust.ages(self._clock()), "contradictions": self._trust.contradictions,
        }

    def progress(self) -> dict[str, int]:
        """How far it is, for whoever drives the exchange in lockstep."""
        return {"batches": self._sequence, "last_ms": self._last_ms}

    def stamps(self) -> dict[int, int]:
        """Closing time of recent minutes (UTC ms) -> monotonic nanoseconds when the last symbol's push came."""
        return dict(self._stamps)

    async def _begin(self) -> None:
        venue = self._make()
        self._venue = venue
        self.symbols = await self._life.patiently(partial(venue.open, self._config.symbols))
        unknown = sorted(set(self._config.symbols) - set(self.symbols))
        if unknown:
            logger.warning("{}: the exchange does not know {}; going on without", self._config.name, unknown)
        now_ms = await self._life.patiently(venue.time_ms)
        last = floor_to(now_ms, "1m") - MINUTE_MS
        self._batches = Batches(self.symbols, self._config.straggler_s)
        self._trust = Trust(self.symbols, self._clock(), self._config.stale_after_s)
        self._checks = Checks(self._config, venue, self._trust, self._life.met, self._clock)
        for symbol in self.symbols:
            self._minutes[symbol] = Minutes(last - MINUTE_MS)
            self._buffers[symbol] = deque(maxlen=self._config.buffer)
            # the newest closed minute is sent first, so that whoever missed some while we were away asks for them
            newest = await self._life.patiently(partial(venue.candles, symbol, "1m", last, last + MINUTE_MS))
            for candle in newest.rows():
                self._minutes[symbol].hold(candle)
            self._accept(symbol, self._minutes[symbol].ready() or self._minutes[symbol].skip_to(last + MINUTE_MS))
        await self._learn_funding_interval(now_ms)
        self._ready.set()
        self._life.run("watch", self._watch)
        self._life.run("send", self._send)
        if self._config.api:
            self._life.run("prices", partial(show_prices, venue, self.symbols, self._show))
        self._life.run("watchdog", self._watchdog)
        self._life.ok()

    async def _watch(self) -> None:
        assert self._venue is not None
        async for push in self._venue.watch_candles(self.symbols):
            if push.symbol not in self._minutes:
                continue
            if push.rows:
                self._trust.pushed(push.symbol, push.rows[-1], self._clock())
            minutes = self._minutes[push.symbol]
            self._accept(push.symbol, minutes.see(push.rows))
            if minutes.missing() and push.symbol not in self._filling:
                self._fill_soon(push.symbol)

    def _accept(self, symbol: str, closed: list[Candle]) -> None:
        for candle in closed:
            self._buffers[symbol].append(candle)
            self._batches.add(symbol, candle, self._clock())
        if closed and not self._ready.is_set():
            self._news.set()  # what was there before us was not received just now
        elif closed:
            self._stamps[closed[-1].ts_ms + MINUTE_MS] = time.monotonic_ns()
            if len(self._stamps) > _STAMPS:
                del self._stamps[next(iter(self._stamps))]
            self._news.set()

    def _fill_soon(self, symbol: str) -> None:
        task = asyncio.create_task(self._fill(symbol))
        self._filling[symbol] = task
        task.add_done_callback(lambda _: self._filling.pop(symbol, None))

    async def _fill(self, symbol: str) -> None:
        """Fetch what is missing; a hole that the venue does not have either is given up when it is old."""
        assert self._venue is not None
        venue, minutes, tries = self._venue, self._minutes[symbol], 0
        while (span := minutes.missing()) is not None:
            found = await self._life.patiently(partial(venue.candles, symbol, "1m", span.from_ms, span.to_ms))
            for candle in found.rows():
                minutes.hold(candle)
            self._accept(symbol, minutes.ready())
            tries += 1
            if minutes.missing() and tries >= 3 and minutes.open_ms - span.from_ms >= 3 * MINUTE_MS:
                logger.warning("{}: the exchange has no {} candles from {}", self._config.name, symbol, span)
                self._accept(symbol, minutes.skip_to(span.to_ms))
            elif minutes.missing():
                await asyncio.sleep(min(0.1 * tries, 2.0))

    async def _send(self) -> None:
        assert self._checks is not None
        while True:
            batch = self._batches.take(self._clock())
            if batch is None:
                self._news.clear()
                with suppress(TimeoutError):  # not wait_for, which may swallow our cancellation
                    async with asyncio.timeout(self._config.straggler_s / 4):
                        await self._news.wait()
                continue
            opened = batch[0][1].ts_ms
            funding = await self._funding(opened) if opened % self._funding_every_ms == 0 else ()
            self._sequence += 1
            self._last_ms = max(self._last_ms, opened + MINUTE_MS)
            message = CandlesClosed(opened + MINUTE_MS, self._sequence, "1m", batch, funding)
            for peer in self._config.receivers:
                while self._peers.full(peer):  # closed candles are never dropped: wait for the one that lags
                    await asyncio.sleep(0.01)
                self._peers.tell(peer, "on_candles", message)
            if self._config.api:
                self._peers.post(self._config.api, "on", (message,))
            self._checks.soon(batch)

    def _show(self, prices: tuple[TickerSeen, ...]) -> None:
        self._peers.post(self._config.api, "on", prices)

    async def _funding(self, opened_ms: int) -> tuple[tuple[str, float], ...]:
        """Rates that are due when the candles of ``opened_ms`` open."""
        assert self._venue is not None
        venue = self._venue
        lists = await asyncio.gather(*(
            self._life.patiently(partial(venue.funding, s, opened_ms, opened_ms + MINUTE_MS)) for s in self.symbols
        ))
        return tuple((f.symbol, f.rate) for found in lists for f in found[-1:])

    async def _learn_funding_interval(self, now_ms: int) -> None:
        """The shortest distance between settlements, in whole hours, of any symbol."""
        assert self._venue is not None
        try:
            lists = [await self._venue.funding(s, now_ms - 3 * DAY_MS, now_ms) for s in self.symbols]
        except VenueError as error:
            self._life.met(error)
            return
        times = [sorted(f.ts_ms for f in found) for found in lists]
        steps = [b - a for t in times for a, b in pairwise(t) if b > a]
        if steps:
            self._funding_every_ms = max(HOUR_MS, min(steps) - min(steps) % HOUR_MS)

    async def _watchdog(self) -> None:
        """Ask REST about symbols without news, and say which are stale."""
        while True:
            await asyncio.sleep(0.5)
            now = self._clock()
            for symbol in self._trust.quiet(now, self._config.quiet_s):
                if symbol not in self._filling:
                    await self._look_behind(symbol)
            stale = self._trust.stale(now)
            if stale != self._stale:
                self._stale = stale
                logger.warning("{}: stale symbols: {}", self._config.name, sorted(stale) or "none")
                if self._config.risk:
                    self._peers.tell(self._config.risk, "on_stale", tuple(sorted(stale)))

    async def _look_behind(self, symbol: str) -> None:
        """Have minutes closed at the venue although nothing was pushed?"""
        assert self._venue is not None
        assert self._checks is not None
        try:
            now_ms = await self._venue.time_ms()
        except VenueError as error:
            self._life.met(error)
            return
        minutes = self._minutes[symbol]
        newest = floor_to(now_ms - self._config.grace_ms, "1m")
        if newest > minutes.last_ms + MINUTE_MS:
            minutes.expect(newest)
            self._fill_soon(symbol)
            self._checks.distrust(symbol)
