"""History of an exchange into the candle store: only what is missing there, newest first, stored as it comes.

Laws: whatever arrived is kept, so an interrupted fetch goes on where it was; what is stored is never asked for again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple, TypeVar

import numpy as np
from tenacity import RetryCallState, retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from core.errors import ConfigurationError, RetryLater
from core.timeframe import HOUR_MS, timeframe_ms
from exchanges.port import PublicVenue
from market.store import CandleStore
from market.validation import find_gaps, missing_spans

CHUNK: Final = 10_000
"""Candles that are asked for and stored at once; so many that are not there mean that none is before them."""

FUNDING_INTERVAL_MS: Final = 8 * HOUR_MS
TRIES: Final = 6

Progress = Callable[[str, int, int], None]
T = TypeVar("T")


class Fetch(NamedTuple):
    """What is wanted: candles of each symbol and timeframe, and funding of each symbol, of [from_ms, to_ms)."""

    exchange: str
    symbols: Sequence[str]
    timeframes: Sequence[str]
    from_ms: int
    to_ms: int


class Fetched(NamedTuple):
    """What came of one series: rows that are new, and what is now stored of the span; times are UTC ms."""

    exchange: str
    symbol: str
    timeframe: str
    new: int
    rows: int
    first_ms: int
    last_ms: int
    missing: int


async def fetch(venue: PublicVenue, store: CandleStore, wanted: Fetch, progress: Progress) -> list[Fetched]:
    """Fetch and store what is missing; one record for each series.

    ``progress(text, done, total)`` counts candles of a series. Raises ConfigurationError for a symbol that the venue
    does not list or a span that has not begun there, DataError for a timeframe that it does not have (both before
    anything is stored), RetryLater when it does not answer in the end.
    """
    listed = await _patiently(lambda: venue.open(wanted.symbols))
    for symbol in wanted.symbols:
        if symbol not in listed:
            raise ConfigurationError("command line", "--symbol", symbol, f"{wanted.exchange} does not list it")
    now_ms = await _patiently(venue.time_ms)
    if wanted.from_ms >= now_ms:
        raise ConfigurationError("command line", "--from", _day(wanted.from_ms), "lies in the future")
    wanted = wanted._replace(to_ms=min(wanted.to_ms, now_ms))
    for timeframe in wanted.timeframes:
        # An empty span: says whether the venue has the timeframe, before anything is stored.
        await _patiently(lambda t=timeframe: venue.candles(wanted.symbols[0], t, now_ms, now_ms))  # type: ignore[misc]
    fetched = []
    for symbol in wanted.symbols:
        fetched += [await _candles(venue, store, wanted, symbol, t, progress) for t in wanted.timeframes]
        fetched.append(await _funding(venue, store, wanted, symbol, progress))
    return fetched


async def _candles(
    venue: PublicVenue, store: CandleStore, wanted: Fetch, symbol: str, timeframe: str, progress: Progress
) -> Fetched:
    step = timeframe_ms(timeframe)
    begin, end = -(-wanted.from_ms // step) * step, wanted.to_ms // step * step  # the candle in progress is not wanted
    spans = missing_spans(store.opening_times(wanted.exchange, symbol, timeframe), begin, end, step)
    total = sum((b - a) // step for a, b in spans)
    text, done, new = f"{symbol} {timeframe}", 0, 0
    progress(text, 0, total)
    for span in reversed(spans):
        for start, stop in _newest_first(span, CHUNK * step):
            found = await _patiently(lambda a=start, b=stop: venue.candles(symbol, timeframe, a, b))  # type: ignore[misc]
            if len(found):
                store.append(wanted.exchange, symbol, found)
            new += len(found)
            done += (stop - start) // step
            progress(text, done, total)
            if not len(found) and stop - start == CHUNK * step:
                break
    return _told(store, wanted, symbol, timeframe, new, step)


async def _funding(
    venue: PublicVenue, store: CandleStore, wanted: Fetch, symbol: str, progress: Progress
) -> Fetched:
    ts_ms, _ = store.read_series(wanted.exchange, symbol, "funding", wanted.from_ms, wanted.to_ms)
    begin = _first_missing(ts_ms.tolist(), wanted.from_ms)
    text, found = f"{symbol} funding", []
    progress(text, 0, 1)
    if begin < wanted.to_ms:
        settled = await _patiently(lambda: venue.funding(symbol, begin, wanted.to_ms))
        have = set(ts_ms.tolist())
        found = [s for s in settled if s.ts_ms not in have]
    if found:
        series = np.array([s.ts_ms for s in found], np.int64), np.array([s.rate for s in found], np.float64)
        store.append_series(wanted.exchange, symbol, "funding", series)
    progress(text, 1, 1)
    return _told(store, wanted, symbol, "funding", len(found), FUNDING_INTERVAL_MS)


def _first_missing(have: list[int], from_ms: int) -> int:
    """From when on something is not there: the span's beginning, the first hole, or after the last."""
    if not have or have[0] - from_ms > FUNDING_INTERVAL_MS:
        return from_ms
    gaps = find_gaps(np.array(have, np.int64), FUNDING_INTERVAL_MS)
    return gaps[0].from_ms if gaps else have[-1] + 1


def _newest_first(span: tuple[int, int], length: int) -> list[tuple[int, int]]:
    """A span in pieces of at most ``length``, the newest first."""
    start, end = span
    return [(max(start, stop - length), stop) for stop in range(end, start, -length)]


def _told(store: CandleStore, wanted: Fetch, symbol: str, name: str, new: int, step: int) -> Fetched:
    """What is stored of the span now; what is missing counts from the first row that is there."""
    ts_ms = store.opening_times(wanted.exchange, symbol, name)
    ts_ms = ts_ms[(ts_ms >= wanted.from_ms) & (ts_ms < wanted.to_ms)]
    first, last = (int(ts_ms[0]), int(ts_ms[-1])) if len(ts_ms) else (0, 0)
    missing = sum(g.missing for g in find_gaps(ts_ms, step))
    return Fetched(wanted.exchange, symbol, name, new, len(ts_ms), first, last, missing)


async def _patiently(call: Callable[[], Awaitable[T]]) -> T:
    """The venue's answer, asked again with growing delay while it says later; `TRIES` times."""

    @retry(retry=retry_if_exception_type(RetryLater), stop=stop_after_attempt(TRIES), wait=_wait_s, reraise=True)
    async def asked() -> T:
        return await call()

    return await asked()


def _wait_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    told = error.retry_after_s if isinstance(error, RetryLater) else 0.0
    return max(told, wait_exponential(0.5, 20.0)(state))


def _day(ts_ms: int) -> str:
    return str(np.datetime64(ts_ms, "ms").astype("datetime64[D]"))
