"""Equity over the last day, by scope: what the strategies of a scope marked, together.

Law: pure and bounded; scopes are never added up. A point counts once every strategy known so far has marked.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

from core.messages import EquityMarked
from core.timeframe import DAY_MS, MINUTE_MS

STEP_MS: Final = 5 * MINUTE_MS
SPARK_POINTS: Final = 48
_KEPT: Final = DAY_MS // STEP_MS + 2


class Point(NamedTuple):
    """Equity and wallets together at one time."""

    ts_ms: int
    equity: float
    wallet: float


class Span(NamedTuple):
    """A change over a span and its beginning, in money and as a fraction of the equity then."""

    from_ms: int
    money: float
    fraction: float


class EquityCurve:
    """One scope: the last mark of every strategy, and their sum at steps of five minutes over 24 hours."""

    def __init__(self) -> None:
        self._marks: dict[str, EquityMarked] = {}
        self._points: deque[Point] = deque(maxlen=_KEPT)

    @property
    def strategies(self) -> int:
        """How many have marked."""
        return len(self._marks)

    @property
    def marks(self) -> tuple[EquityMarked, ...]:
        """The last of every strategy."""
        return tuple(self._marks.values())

    @property
    def now(self) -> Point | None:
        """The last sum."""
        return self._points[-1] if self._points else None

    def add(self, mark: EquityMarked) -> None:
        """Take a mark; a strategy that marks first lifts nothing: earlier points get its money too."""
        if not (math.isfinite(mark.equity) and math.isfinite(mark.wallet)):
            return
        known = self._marks.get(mark.strategy)
        if known is not None and mark.ts_ms < known.ts_ms:
            return
        self._marks[mark.strategy] = mark
        if known is None:
            lifted = [p._replace(equity=p.equity + mark.equity, wallet=p.wallet + mark.wallet) for p in self._points]
            self._points = deque(lifted, maxlen=_KEPT)
        equity = sum(m.equity for m in self._marks.values())
        wallet = sum(m.wallet for m in self._marks.values())
        point = Point(max(m.ts_ms for m in self._marks.values()), equity, wallet)
        if len(self._points) > 1 and self._points[-1].ts_ms // STEP_MS == self._points[-2].ts_ms // STEP_MS:
            self._points.pop()  # the one before stands for its step; the last is always now
        self._points.append(point)

    def since(self, from_ms: int) -> Span | None:
        """The change from the first point at or after ``from_ms`` to now."""
        found = [p for p in self._points if p.ts_ms >= from_ms]
        if not found:
            return None
        change = found[-1].equity - found[0].equity
        return Span(found[0].ts_ms, change, change / found[0].equity if found[0].equity else 0.0)

    def day(self) -> list[Point]:
        """The points of the last 24 hours, oldest first."""
        if not self._points:
            return []
        begin = self._points[-1].ts_ms - DAY_MS
        return [p for p in self._points if p.ts_ms >= begin]

    def drawdown(self) -> float:
        """Largest fall from a peak within the last 24 hours, as a fraction, 0 or below."""
        peak, worst = -math.inf, 0.0
        for point in self.day():
            peak = max(peak, point.equity)
            if peak > 0:
                worst = min(worst, point.equity / peak - 1)
        return worst

    def spark(self) -> tuple[float, ...]:
        """At most 48 points; of each stretch the one farthest from the middle, so that falls stay; the last is now."""
        values = [p.equity for p in self.day()]
        if len(values) <= SPARK_POINTS:
            return tuple(values)
        middle = sum(values) / len(values)
        inner, stretches = values[:-1], SPARK_POINTS - 1
        cuts = [round(i * len(inner) / stretches) for i in range(stretches + 1)]
        kept = [max(inner[a:b], key=lambda v: abs(v - middle)) for a, b in pairwise(cuts) if b > a]
        return (*kept, values[-1])


class Curves:
    """Equity by scope."""

    def __init__(self) -> None:
        self.scopes: dict[str, EquityCurve] = {}

    def add(self, mark: EquityMarked) -> None:
        """Take a mark."""
        self.scopes.setdefault(mark.scope, EquityCurve()).add(mark)

    def restored(self, marks: Iterable[EquityMarked]) -> Curves:
        """New curves from marks of before, oldest first, and the last ones known here."""
        found = Curves()
        for mark in (*marks, *(m for curve in self.scopes.values() for m in curve.marks)):
            found.add(mark)
        return found
