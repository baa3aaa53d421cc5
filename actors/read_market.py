"""Candles, prices and rules of every symbol as the feed told them, kept for whoever looks at a chart.

Law: bounded, pure, told in order of time; a candle that came before changes nothing. Higher timeframes are folded from
closed minutes, so that the last one of each may be in progress.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from core.candle import Candle
from core.instrument import Instrument
from core.timeframe import DAY_MS, MINUTE_MS, timeframe_ms

TIMEFRAMES: Final = ("1m", "5m", "15m", "1h", "4h", "1d")
KEPT: Final = 1_500
"""Candles of each timeframe."""
SPARK_STEP_MS: Final = 15 * MINUTE_MS
_SPARK_POINTS: Final = DAY_MS // SPARK_STEP_MS


class Change(NamedTuple):
    """A change of price as a fraction, and since when."""

    fraction: float | None
    from_ms: int


class Series:
    """The candles of one symbol, by timeframe."""

    def __init__(self) -> None:
        self._rows: dict[str, deque[Candle]] = {name: deque(maxlen=KEPT) for name in TIMEFRAMES}

    def add(self, minute: Candle) -> None:
        """Take the next closed minute."""
        for name, rows in self._rows.items():
            step = timeframe_ms(name)
            opened = minute.ts_ms - minute.ts_ms % step
            last = rows[-1] if rows else None
            if last is not None and minute.ts_ms < last.ts_ms:
                continue
            if last is None or opened > last.ts_ms:
                rows.append(minute._replace(ts_ms=opened))
            elif name != "1m":
                rows[-1] = Candle(
                    opened, last.open, max(last.high, minute.high), min(last.low, minute.low), minute.close,
                    last.volume + minute.volume,
                )

    def load(self, timeframe: str, older: Iterable[Candle]) -> None:
        """Put history before what came already; of minutes, also into the longer candles that were begun late."""
        known = self._rows[timeframe]
        first = known[0] if known else None
        before = list(older)
        past = [c for c in before if first is None or c.ts_ms < first.ts_ms]
        for candle in before[-2:]:
            if first is not None and candle.ts_ms == first.ts_ms:
                known[0] = candle  # it has closed, and was begun late here
        room = KEPT - len(known)
        if room > 0:
            known.extendleft(reversed(past[-room:]))
        if timeframe == "1m":
            self._mend()

    def _mend(self) -> None:
        """Fold the newest longer candles again from the minutes, as far as these reach."""
        minutes = self._rows["1m"]
        for name, rows in self._rows.items():
            if name == "1m" or not rows or not minutes or rows[-1].ts_ms < minutes[0].ts_ms:
                continue
            part = [c for c in minutes if c.ts_ms >= rows[-1].ts_ms]
            if part:
                rows[-1] = Candle(
                    rows[-1].ts_ms, part[0].open, max(c.high for c in part), min(c.low for c in part), part[-1].close,
                    sum(c.volume for c in part),
                )

    def rows(self, timeframe: str, from_ms: int = 0, to_ms: int | None = None, limit: int = KEPT) -> list[Candle]:
        """The newest ``limit`` candles that open in [from_ms, to_ms), oldest first. Raises KeyError."""
        found = [c for c in self._rows[timeframe] if c.ts_ms >= from_ms and (to_ms is None or c.ts_ms < to_ms)]
        return found[-limit:]

    def newest(self, timeframe: str) -> Candle | None:
        """The last candle, perhaps in progress."""
        rows = self._rows[timeframe]
        return rows[-1] if rows else None

    def change(self, last: float | None) -> Change:
        """From 24 hours ago, or the oldest minute known since, to ``last``."""
        rows = self._rows["15m"]
        if not rows or not last:
            return Change(None, 0)
        begin = rows[-1].ts_ms - DAY_MS
        base = next(c for c in rows if c.ts_ms >= begin)
        return Change(last / base.open - 1, base.ts_ms)

    def spark(self) -> tuple[int, tuple[float, ...]]:
        """When the first step opened, and closes over the last 24 hours at steps of 15 minutes."""
        rows = list(self._rows["15m"])[-_SPARK_POINTS:]
        return (rows[0].ts_ms if rows else 0), tuple(c.close for c in rows)


class MarketBook:
    """Every symbol's series and rules, and what funding was settled last."""

    def __init__(self) -> None:
        self.series: dict[str, Series] = {}
        self.rules: dict[str, Instrument] = {}
        self.funding: dict[str, float] = {}

    def add(self, candles: Sequence[tuple[str, Candle]], funding: Sequence[tuple[str, float]] = ()) -> None:
        """Take a batch of closed minutes."""
        for symbol, candle in candles:
            if all(0 < price < math.inf for price in candle[1:5]):
                self.series.setdefault(symbol, Series()).add(candle)
        self.funding.update(funding)

    def load(self, symbol: str, timeframe: str, older: Iterable[Candle]) -> None:
        """Take history."""
        self.series.setdefault(symbol, Series()).load(timeframe, older)

    def learn(self, rules: Mapping[str, Instrument]) -> None:
        """Take the venue's rules."""
        self.rules.update(rules)
