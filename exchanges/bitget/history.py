"""Closed candles by hand, page by page, with every timestamp checked.

The recent endpoint answers at most 1000 rows and forgets (a minute after about a month); asked for older ones it
silently answers others. The history endpoint answers at most 200, on the unified account 100. So: windows of our own,
rows outside a window are not believed, and a recent window with holes is asked again from history before the holes are.
"""

from __future__ import annotations

from typing import Final

from core.candle import Candle, Candles
from core.errors import DataError
from core.timeframe import DAY_MS, timeframe_ms
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect.market import MarketDialect

_MAX_SPAN_MS: Final = 90 * DAY_MS
_RECENT_DAYS: Final = {"1m": 28, "3m": 28, "5m": 28, "15m": 50, "30m": 60, "1h": 80, "2h": 110, "4h": 230}


async def fetch_candles(
    client: BitgetClient,
    dialect: MarketDialect,
    market_id: str,
    timeframe: str,
    from_ms: int,
    to_ms: int,
    now_ms: int,
) -> Candles:
    """Candles of ``timeframe`` that open in [from_ms, to_ms) and had closed at ``now_ms``, oldest first.

    Raises DataError for a timeframe that the venue does not have or rows that make no sense; RetryLater.
    """
    if timeframe not in dialect.GRANULARITY:
        raise DataError(f"timeframe {timeframe!r}: bitget has {', '.join(dialect.GRANULARITY)}")
    pages = _Pages(client, dialect, market_id, timeframe)
    step = timeframe_ms(timeframe)
    start = -(-from_ms // step) * step
    end = min(to_ms, now_ms - step + 1)
    remembered = now_ms - _RECENT_DAYS.get(timeframe, 0) * DAY_MS
    found: dict[int, Candle] = {}
    while start < end:
        recent = start >= remembered
        until = min(end, start + _window(step, dialect.RECENT_LIMIT if recent else dialect.HISTORY_LIMIT))
        rows = await pages.page(start, until, recent=recent)
        found |= rows
        if recent and len(rows) < -(-(until - start) // step):
            found |= await pages.from_history(start, until, rows)
        start = until
    return Candles.of(timeframe, [found[ts] for ts in sorted(found)]).checked(f"bitget {market_id} {timeframe}")


def closed(timeframe: str, to_ms: int, now_ms: int) -> bool:
    """Whether every candle that opens before ``to_ms`` had closed at ``now_ms``."""
    step = timeframe_ms(timeframe)
    return -(-to_ms // step) * step <= now_ms


class _Pages:
    """One contract's candles of one timeframe, page by page."""

    def __init__(self, client: BitgetClient, dialect: MarketDialect, market_id: str, timeframe: str) -> None:
        self._client, self._dialect, self._market_id, self._timeframe = client, dialect, market_id, timeframe
        self._step = timeframe_ms(timeframe)

    async def from_history(self, start: int, end: int, have: dict[int, Candle]) -> dict[int, Candle]:
        """What history knows of the part of [start, end) from the first to the last candle we miss."""
        missing = [ts for ts in range(start, end, self._step) if ts not in have]
        start, end = missing[0], missing[-1] + 1
        found: dict[int, Candle] = {}
        while start < end:
            until = min(end, start + _window(self._step, self._dialect.HISTORY_LIMIT))
            found |= await self.page(start, until, recent=False)
            start = until
        return found

    async def page(self, start: int, end: int, *, recent: bool) -> dict[int, Candle]:
        """The candles that open in [start, end) out of one answer; rows of other times are not what we asked for."""
        step, dialect = self._step, self._dialect
        asked = dialect.candles(self._market_id, self._timeframe, start, -(-end // step) * step, recent=recent)
        rows = await self._client.ask(asked)
        return {c.ts_ms: c for c in map(dialect.candle, rows or ()) if start <= c.ts_ms < end}


def _window(step: int, limit: int) -> int:
    return min(step * limit, _MAX_SPAN_MS // step * step)
