"""Whether REST shows the minutes that were streamed, and what follows where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from loguru import logger

from actors.feed_trust import Trust, agree
from actors.parts import FeedConfig
from core.candle import Candle
from core.errors import VenueError
from core.timeframe import MINUTE_MS
from exchanges.port import PublicVenue


class Checks:
    """Asks REST beside everything else.

    Parameters
    ----------
    trust : told what was confirmed and what was contradicted. met : counts errors. clock : seconds, monotonic.
    """

    def __init__(
        self, config: FeedConfig, venue: PublicVenue, trust: Trust, met: Callable[[BaseException], None],
        clock: Callable[[], float],
    ) -> None:
        self._config, self._venue, self._trust, self._met, self._clock = config, venue, trust, met, clock
        self._checking: asyncio.Task[None] | None = None
        self._checked_s = -1e9

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What is under way."""
        return [self._checking] if self._checking else []

    def soon(self, batch: tuple[tuple[str, Candle], ...]) -> None:
        """Compare a batch with REST; one at a time, and not at every turn of a fast clock."""
        idle = self._checking is None or self._checking.done()
        if idle and self._clock() - self._checked_s >= self._config.check_s:
            self._checked_s = self._clock()
            self._checking = asyncio.create_task(self._check(batch))

    def distrust(self, symbol: str) -> None:
        """REST shows what the stream does not: have its connection rebuilt."""
        if self._trust.may_rebuild(symbol, self._clock()):
            self._venue.distrust([symbol])

    async def _check(self, batch: tuple[tuple[str, Candle], ...]) -> None:
        """Does REST show the minutes that were streamed? What differs twice is not believed."""
        for symbol, streamed in batch:
            shown = await self._shown(symbol, streamed.ts_ms)
            if shown is not None and not agree(streamed, shown):
                await asyncio.sleep(self._config.grace_ms / 1_000)  # late trades may still change it there
                shown = await self._shown(symbol, streamed.ts_ms)
            if shown is None:
                continue
            if agree(streamed, shown):
                self._trust.confirmed(symbol)
            else:
                logger.warning("{}: {} streamed {}, REST shows {}", self._config.name, symbol, streamed, shown)
                self._trust.contradicted(symbol)
                self.distrust(symbol)

    async def _shown(self, symbol: str, open_ms: int) -> Candle | None:
        try:
            found = await self._venue.candles(symbol, "1m", open_ms, open_ms + MINUTE_MS)
        except VenueError as error:
            self._met(error)
            return None
        return next(iter(found.rows()), None)
