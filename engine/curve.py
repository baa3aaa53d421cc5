"""Equity over time, of one strategy or of several together: its falls, its months, fewer points of it. Pure.

Laws
- A strategy that marks first lifts nothing: before, it counts with its first equity. Between two marks the earlier
  holds.
- Figures are those of a backtest (`engine.metrics`, `engine.breakdown`): UTC days and months, open positions marked.
- Fewer points keep the first, the last, every peak, and the deepest point of every fall.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.candle import Floats, Ints
from core.timeframe import DAY_MS, MINUTE_MS

_DAYS_A_YEAR: Final = 365.0


class Curve(NamedTuple):
    """Times (UTC ms) int64[n], ascending, and equity and wallet at them, float64[n]."""

    ts_ms: Ints
    equity: Floats
    wallet: Floats


class Fall(NamedTuple):
    """From a peak to the next one as high, None while there was none; depth is a fraction, above 0."""

    from_ms: int
    deepest_ms: int
    to_ms: int | None
    depth: float


class LabelReturn(NamedTuple):
    """The days of one label: how many, the change of equity over them, and their returns compounded."""

    label: int
    days: int
    change: float
    net_return: float


class MonthReturn(NamedTuple):
    """A calendar month (UTC) and its net return."""

    year: int
    month: int
    net_return: float


EMPTY: Final = Curve(np.empty(0, np.int64), np.empty(0), np.empty(0))


def finite(curve: Curve) -> Curve:
    """Without marks that say nothing."""
    known = np.isfinite(curve.equity) & np.isfinite(curve.wallet)
    return curve if known.all() else Curve(curve.ts_ms[known], curve.equity[known], curve.wallet[known])


def begun(curve: Curve, capital: float) -> Curve:
    """With the capital a minute before the first mark, which comes after a minute of trading; 0: not known."""
    if not len(curve.ts_ms) or capital <= 0.0:
        return curve
    money = np.array([capital])
    first = curve.ts_ms[:1] - MINUTE_MS
    return Curve(
        np.concatenate((first, curve.ts_ms)), np.concatenate((money, curve.equity)),
        np.concatenate((money, curve.wallet)),
    )


def together(curves: Sequence[Curve]) -> Curve:
    """Their sum, at every time at which one of them was marked."""
    known = [curve for curve in curves if len(curve.ts_ms)]
    if len(known) < 2:
        return known[0] if known else EMPTY
    times = np.unique(np.concatenate([curve.ts_ms for curve in known]))
    equity, wallet = np.zeros(len(times)), np.zeros(len(times))
    for curve in known:
        at = np.maximum(np.searchsorted(curve.ts_ms, times, side="right") - 1, 0)
        equity += curve.equity[at]
        wallet += curve.wallet[at]
    return Curve(times, equity, wallet)


def since(curve: Curve, from_ms: int | None) -> Curve:
    """What begins with the last mark at or before ``from_ms``, so that the change since then is in it."""
    if from_ms is None or not len(curve.ts_ms):
        return curve
    begin = max(int(np.searchsorted(curve.ts_ms, from_ms, side="right")) - 1, 0)
    return Curve(curve.ts_ms[begin:], curve.equity[begin:], curve.wallet[begin:])


def below(equity: Floats) -> Floats:
    """float64[n]: how far below the last peak, as a fraction, 0 or less."""
    peak = np.maximum.accumulate(equity)
    return np.divide(equity, peak, out=np.ones(len(equity)), where=peak > 0.0) - 1.0


def falls(curve: Curve, most: int = 3) -> tuple[Fall, ...]:
    """The deepest falls, deepest first."""
    depth = below(curve.equity)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (depth < 0.0).astype(np.int8), [0]))))
    found = []
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        deepest = int(begin + np.argmin(depth[begin:end]))
        to_ms = int(curve.ts_ms[end]) if end < len(depth) else None
        found.append(Fall(int(curve.ts_ms[begin - 1]), int(curve.ts_ms[deepest]), to_ms, float(-depth[deepest])))
    return tuple(sorted(found, key=lambda fall: -fall.depth)[:most])


def longest_below_ms(curve: Curve) -> int:
    """The longest time below a peak, until the last mark below it."""
    under = (curve.equity < np.maximum.accumulate(curve.equity)).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], under, [0]))))
    return int((curve.ts_ms[edges[1::2] - 1] - curve.ts_ms[edges[::2] - 1]).max()) if len(edges) else 0


def days(curve: Curve) -> Floats:
    """Returns of consecutive UTC days, the first since the first mark; a day without marks stood still."""
    if not len(curve.ts_ms):
        return np.empty(0)
    number = curve.ts_ms // DAY_MS
    last = np.flatnonzero(np.append(np.diff(number) != 0, True))
    ends = curve.equity[last]
    begins = np.concatenate((curve.equity[:1], ends[:-1]))
    daily = np.zeros(int(number[-1] - number[0]) + 1)
    daily[number[last] - number[0]] = np.divide(ends, begins, out=np.ones(len(ends)), where=begins > 0.0) - 1.0
    return daily


def sharpe(daily: Floats) -> float | None:
    """Annualised, of daily returns; None below two days or when nothing varied."""
    deviation = float(daily.std(ddof=1)) if len(daily) > 1 else 0.0
    return float(daily.mean()) / deviation * math.sqrt(_DAYS_A_YEAR) if deviation > 1e-12 else None


def months(curve: Curve) -> tuple[MonthReturn, ...]:
    """Net return of each month that has marks, oldest first; 0 once nothing is left to earn on."""
    if not len(curve.ts_ms):
        return ()
    number = curve.ts_ms.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    last = np.flatnonzero(np.append(np.diff(number) != 0, True))
    found, begin = [], float(curve.equity[0])
    for i in last:
        (year, month), end = divmod(int(number[i]), 12), float(curve.equity[i])
        found.append(MonthReturn(1970 + year, month + 1, end / begin - 1.0 if begin > 0.0 else 0.0))
        begin = end
    return tuple(found)


def by_label(curve: Curve, first_day: int, labels: NDArray[np.int8]) -> tuple[LabelReturn, ...]:
    """Equity by the label of its days, int8[n] from ``first_day`` (days since 1970) on; days beyond them bear 0."""
    if not len(curve.ts_ms):
        return ()
    number = curve.ts_ms // DAY_MS
    last = np.flatnonzero(np.append(np.diff(number) != 0, True))
    ends = curve.equity[last]
    begins = np.concatenate((curve.equity[:1], ends[:-1]))
    grown = np.divide(ends, begins, out=np.ones(len(ends)), where=begins > 0.0)
    at = number[last] - first_day
    known = np.append(labels, np.int8(0))
    of_days = known[np.where((at >= 0) & (at < len(labels)), at, len(labels))]
    return tuple(
        LabelReturn(
            int(label), int((of_days == label).sum()), float((ends - begins)[of_days == label].sum()),
            float(grown[of_days == label].prod()) - 1.0,
        )
        for label in np.unique(of_days)
    )


def exposed(curve: Curve) -> float | None:
    """Share of the marked time with an open position (equity beside the wallet); None without time."""
    lengths = np.diff(curve.ts_ms)
    if not len(lengths) or not lengths.sum():
        return None
    opened = ~np.isclose(curve.equity[:-1], curve.wallet[:-1], rtol=0.0, atol=1e-9)
    return float(lengths[opened].sum() / lengths.sum())


def fewer(values: Floats, points: int) -> Ints:
    """Row numbers of at most ``points`` (from 8 on) of ``values``, ascending: extremes of every stretch stay."""
    n = len(values)
    if n <= points:
        return np.arange(n)
    fall = below(values)
    cuts = np.unique(np.linspace(0, n, max((points - 2) // 3, 1) + 1).astype(np.int64))
    kept = {0, n - 1}
    for begin, end in pairwise(cuts):
        part = values[begin:end]
        kept |= {int(begin + part.argmin()), int(begin + part.argmax()), int(begin + fall[begin:end].argmin())}
    return np.array(sorted(kept))
