"""Closed candles by hand, page by page, with every timestamp checked.

The recent endpoint answers at most 1000 rows and forgets (a minute after about a month); asked for older ones it
silently answers others. The history endpoint answers at most 200. So: windows of our own, rows outside a window are
not believed, and a recent window with holes is asked again from history before the holes are.
"""

from __future__ import annotations

from typing import Final

from core.candle import Candle, Candles
from core.errors import DataError
from core.timeframe import DAY_MS, timeframe_ms
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect import words
from exchanges.bitget.dialect.market import candle

RECENT_LIMIT: Final = 1000
HISTORY_LIMIT: Final = 200
_MAX_SPAN_MS: Final = 90 * DAY_MS
_RECENT_DAYS: Final = {"1m": 28, "3m": 28, "5m": 28, "15m": 50, "30m": 60, "1h": 80, "2h": 110, "4h": 230}


async def fetch_candles(
    client: BitgetClient, market_id: str, timeframe: str, from_ms: int, to_ms: int, now_ms: int
) -> Candles:
    """Candles of ``timeframe`` that open in [from_ms, to_ms) and had closed at ``now_ms``, oldest first.

    Raises DataError for a timeframe that the venue does not have or rows that make no sense; RetryLater.
    """
    if timeframe not in words.GRANULARITY:
        raise DataError(f"timeframe {timeframe!r}: bitget has {', '.join(words.GRANULARITY)}")
    step = timeframe_ms(timeframe)
    start = -(-from_ms // step) * step
    end = min(to_ms, now_ms - step + 1)
    remembered = now_ms - _RECENT_DAYS.get(timeframe, 0) * DAY_MS
    found: dict[int, Candle] = {}
    while start < end:
        recent = start >= remembered
        until = min(end, start + _window(step, RECENT_LIMIT if recent else HISTORY_LIMIT))
        rows = await _page(client, market_id, timeframe, start, until, recent=recent)
        found |= rows
        if recent and len(rows) < -(-(until - start) // step):
            found |= await _from_history(client, market_id, timeframe, start, until, rows)
        start = until
    return Candles.of(timeframe, [found[ts] for ts in sorted(found)]).checked(f"bitget {market_id} {timeframe}")


async def _from_history(
    client: BitgetClient, market_id: str, timeframe: str, start: int, end: int, have: dict[int, Candle]
) -> dict[int, Candle]:
    """What history knows of the part of [start, end) from the first to the last candle we miss."""
    step = timeframe_ms(timeframe)
    missing = [ts for ts in range(start, end, step) if ts not in have]
    start, end = missing[0], missing[-1] + 1
    found: dict[int, Candle] = {}
    while start < end:
        until = min(end, start + _window(step, HISTORY_LIMIT))
        found |= await _page(client, market_id, timeframe, start, until, recent=False)
        start = until
    return found


def _window(step: int, limit: int) -> int:
    return min(step * limit, _MAX_SPAN_MS // step * step)


async def _page(
    client: BitgetClient, market_id: str, timeframe: str, start: int, end: int, *, recent: bool
) -> dict[int, Candle]:
    """The candles that open in [start, end) out of one answer; rows of other times are not what we asked for."""
    step = timeframe_ms(timeframe)
    asked = {
        "symbol": market_id, "productType": words.PRODUCT, "granularity": words.GRANULARITY[timeframe],
        "startTime": str(start), "endTime": str(-(-end // step) * step),
        "limit": str(RECENT_LIMIT if recent else HISTORY_LIMIT),
    }  # fmt: skip
    rows = await client.call(words.CANDLES if recent else words.HISTORY_CANDLES, asked)
    return {c.ts_ms: c for c in map(candle, rows or ()) if start <= c.ts_ms < end}
