"""What has been traded so far, as candles of any length: what the REST endpoints and first snapshots show.

Nothing after now is ever shown, and the last row may be a candle in progress, as at Bitget.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from core.candle import Candle, Candles
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, timeframe_ms
from sandbox.path import expand


def bucketed(candles: Candles, length_ms: int) -> Candles:
    """Candles of ``length_ms`` from finer ones, the unfinished last bucket included; times are bucket starts."""
    if not len(candles):
        return candles
    bucket = candles.ts_ms // length_ms
    start = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    stop = np.append(start[1:], len(candles))
    return Candles(
        candles.timeframe,
        bucket[start] * length_ms,
        candles.open[start],
        np.maximum.reduceat(candles.high, start),
        np.minimum.reduceat(candles.low, start),
        candles.close[stop - 1],
        np.add.reduceat(candles.volume, start),
    )


def joined(parts: list[Candles]) -> Candles:
    """Candles one after the other; the timeframe's name is that of the first part."""
    names = ("ts_ms", "open", "high", "low", "close", "volume")
    return Candles(parts[0].timeframe, *(np.concatenate([getattr(part, name) for part in parts]) for name in names))


class Series:
    """One symbol's candles up to now: history in its own timeframe, live minutes, the minute in progress."""

    def __init__(self, history: Candles, start_ms: int) -> None:
        self._history, self._start_ms = history, start_ms
        self._native_ms = timeframe_ms(history.timeframe)
        self._live: list[Candles] = []
        self.current: Candle | None = None

    def extend(self, minutes: Candles) -> None:
        """Minutes that will come live; they show only once they are past."""
        if len(minutes):
            self._live.append(minutes)

    def rows(self, length_ms: int, from_ms: int, to_ms: int) -> Candles:
        """Candles of ``length_ms`` that open in [from_ms, to_ms), as far as they have been traded."""
        from_ms = -(-from_ms // length_ms) * length_ms
        parts = [self._past(length_ms, from_ms, min(to_ms, self._start_ms))]
        live = [chunk.between(from_ms, min(to_ms + length_ms, self._now_ms())) for chunk in self._live]
        if self.current is not None and from_ms <= self.current.ts_ms:
            live.append(Candles.of("1m", [self.current]))
        if live and self._native_ms > MINUTE_MS and length_ms % self._native_ms == 0:
            live = [bucketed(joined(live), self._native_ms)]
        return bucketed(joined([*parts, *live]), length_ms).between(from_ms, to_ms)

    def last_minutes(self, count: int) -> list[Candle]:
        """Up to ``count`` closed live minutes, oldest first."""
        now_ms = self._now_ms()
        return self.rows(MINUTE_MS, now_ms - count * MINUTE_MS, now_ms).rows() if self.current else []

    def _now_ms(self) -> int:
        return self.current.ts_ms if self.current is not None else self._start_ms

    def _past(self, length_ms: int, from_ms: int, to_ms: int) -> Candles:
        """History between two times, in minutes when ``length_ms`` is finer than the history or does not fit it."""
        candles = self._history.between(from_ms - self._native_ms + MINUTE_MS, to_ms)
        if length_ms % self._native_ms == 0:
            return candles
        return expand(candles).between(from_ms, to_ms)


class DayStatistics:
    """High, low, open and volume of about the last 24 hours, kept by the hour."""

    def __init__(self, history: Candles) -> None:
        self._hours: deque[Candle] = deque(maxlen=24)
        if len(history):
            last = int(history.ts_ms[-1])
            for hour in bucketed(history.between(last - DAY_MS, last + 1), HOUR_MS).rows():
                self._hours.append(hour)

    def add(self, minute: Candle) -> None:
        """A minute that has closed."""
        hour_ms = minute.ts_ms - minute.ts_ms % HOUR_MS
        if self._hours and self._hours[-1].ts_ms == hour_ms:
            hour = self._hours[-1]
            self._hours[-1] = Candle(
                hour_ms, hour.open, max(hour.high, minute.high), min(hour.low, minute.low), minute.close,
                hour.volume + minute.volume,
            )
        else:
            self._hours.append(minute._replace(ts_ms=hour_ms))

    def summary(self, last: float) -> Candle:
        """The day as one candle that ends at ``last``."""
        if not self._hours:
            return Candle(0, last, last, last, last, 0.0)
        return Candle(
            self._hours[0].ts_ms,
            self._hours[0].open,
            max(last, *(hour.high for hour in self._hours)),
            min(last, *(hour.low for hour in self._hours)),
            last,
            sum(hour.volume for hour in self._hours),
        )
