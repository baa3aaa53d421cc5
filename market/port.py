"""Where candles come from, as one protocol, and what every implementation of it shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

import numpy as np

from core.candle import Candles, Floats, Ints
from core.errors import DataError
from core.recordings import BookSnapshots, PublicTrades
from core.resample import aggregate
from core.timeframe import timeframe_ms

Series = tuple[Ints, Floats]
"""Times (int64, UTC ms, increasing strictly) and values (float64) of one length."""

BEGINNING_MS: Final = -(2**62)
END_MS: Final = 2**62


class CandleSource(Protocol):
    """Market data of one exchange, by symbol. Spans are half-open [from_ms, to_ms) of opening times (UTC ms)."""

    def symbols(self) -> tuple[str, ...]:
        """Symbols that have anything, sorted."""
        ...

    def timeframes(self, symbol: str) -> tuple[str, ...]:
        """Timeframes that are stored, finest first. Raises DataError for an unknown symbol."""
        ...

    def span(self, symbol: str, timeframe: str) -> tuple[int, int]:
        """Opening times of the first and last stored candle. Raises DataError when there is none."""
        ...

    def read(self, symbol: str, timeframe: str, from_ms: int, to_ms: int) -> Candles:
        """Candles of the span, checked; a timeframe that is not stored is aggregated from a finer one.

        Raises DataError, saying what is there, when the span has none, and naming the file when it is damaged.
        """
        ...

    def read_funding(self, symbol: str, from_ms: int, to_ms: int) -> Series:
        """Settlement times (int64 UTC ms) and rates (float64, fraction per interval); empty where none is stored."""
        ...

    def read_open_interest(self, symbol: str, from_ms: int, to_ms: int) -> Series:
        """Times (int64 UTC ms) and open interest (float64, US dollars); empty where none is stored."""
        ...

    def read_book(self, symbol: str, from_ms: int, to_ms: int) -> Iterator[BookSnapshots]:
        """Order book snapshots in parts, oldest first, no day (UTC) torn apart; none where none is stored."""
        ...

    def read_trades(self, symbol: str, from_ms: int, to_ms: int) -> Iterator[PublicTrades]:
        """Public trades in parts, oldest first, no day (UTC) torn apart; none where none is stored."""
        ...


def finest_first(timeframes: Sequence[str]) -> tuple[str, ...]:
    """Timeframes by length."""
    return tuple(sorted(timeframes, key=timeframe_ms))


def is_timeframe(text: str) -> bool:
    """A name such as ``1h``; other files lie beside candle files and are left alone."""
    try:
        timeframe_ms(text)
    except ValueError:
        return False
    return True


def known_timeframe(timeframe: str) -> int:
    """Length in ms. Raises DataError when it is not a timeframe."""
    try:
        return timeframe_ms(timeframe)
    except ValueError as error:
        raise DataError(str(error)) from error


def read_or_aggregate(
    stored: Sequence[str],
    timeframe: str,
    from_ms: int,
    to_ms: int,
    read: Callable[[str, int, int], Candles],
    reach: Callable[[str], tuple[int, int] | None],
) -> Candles:
    """Candles of ``timeframe`` in the span, from the stored timeframe that yields most; of equals the coarsest.

    ``read(timeframe, from_ms, to_ms)`` reads a stored one, ``reach(timeframe)`` says when its first and last candle
    open, without reading it: what cannot yield more is not read. A first bucket whose beginning is missing is left
    out, since its open would be wrong. Empty when nothing stored covers the span.
    """
    length = known_timeframe(timeframe)
    fits = [t for t in finest_first(stored) if length % timeframe_ms(t) == 0]
    best = Candles.empty(timeframe)
    for candidate in reversed(fits):
        if _most(reach(candidate), length, from_ms, to_ms) <= len(best):
            continue
        if candidate == timeframe:
            found = read(candidate, from_ms, to_ms)
        else:
            first = -(-from_ms // length) * length
            end = -(-to_ms // length) * length
            found = _whole_buckets(read(candidate, first, end), timeframe)
        if len(found) > len(best):
            best = found
    return best


def _most(reached: tuple[int, int] | None, length: int, from_ms: int, to_ms: int) -> int:
    """At most how many candles of ``length`` a series with these first and last opening times has in the span."""
    if reached is None:
        return 0
    first, last = max(reached[0], from_ms), min(reached[1], to_ms - 1)
    return last // length - first // length + 1 if first <= last else 0


def _whole_buckets(fine: Candles, timeframe: str) -> Candles:
    begins = np.flatnonzero(fine.ts_ms % timeframe_ms(timeframe) == 0)
    if not len(begins):
        return Candles.empty(timeframe)
    return aggregate(fine.slice(int(begins[0]), len(fine)), timeframe)


def moment(ts_ms: int) -> str:
    """A time as people read it: ``2025-03-01T00:00Z``."""
    if ts_ms <= BEGINNING_MS or ts_ms >= END_MS:
        return "the beginning" if ts_ms < 0 else "the end"
    return f"{np.datetime64(int(ts_ms), 'ms').astype('datetime64[m]')}Z"


def nothing_there(what: str, symbol: str, timeframe: str, from_ms: int, to_ms: int, there: str) -> DataError:
    """The error for a span without candles."""
    return DataError(
        f"{what}: no {timeframe} candles of {symbol} from {moment(from_ms)} to {moment(to_ms)}; there are {there}"
    )
