"""Prices between two candles, for those who watch: the newest ticker of each symbol, a few times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from exchanges.port import PublicVenue, TickerSeen

EVERY_S: Final = 0.25


async def show_prices(
    venue: PublicVenue, symbols: Sequence[str], show: Callable[[tuple[TickerSeen, ...]], None],
    every_s: float = EVERY_S,
) -> None:
    """Call ``show`` with what has changed, at most once in ``every_s``, for ever. Raises what the venue raises."""
    newest: dict[str, TickerSeen] = {}
    news = asyncio.Event()

    async def gather() -> None:
        async for ticker in venue.watch_tickers(symbols):
            newest[ticker.symbol] = ticker
            news.set()

    gathering = asyncio.create_task(gather())
    gathering.add_done_callback(lambda _: news.set())
    try:
        while not gathering.done():
            await news.wait()
            news.clear()
            if newest:
                show(tuple(newest.values()))
                newest.clear()
            await asyncio.sleep(every_s)
        gathering.result()
    finally:
        gathering.cancel()
        await asyncio.gather(gathering, return_exceptions=True)
