"""Where a result came from: its trades by reason and side, its equity by market regime and month.

Law: parts add up. Trades of all parts are the trades; the changes of equity of all regimes are the change of equity.
Everything is finite; money is in quote currency.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.candle import Floats, Ints
from core.timeframe import DAY_MS, HOUR_MS
from engine.records import Reason
from indicators.regime import Label


@dataclass(frozen=True, slots=True)
class Part:
    """Closed trades that share something. net = gross - fees - funding; hours : mean time held."""

    name: str
    trades: int
    wins: int
    gross: float
    fees: float
    funding: float
    net: float
    hours: float


@dataclass(frozen=True, slots=True)
class RegimePart:
    """The days of one regime. change : of equity, open positions marked; net_return : those days' returns compounded.

    trades, wins : of trades whose first fill was on such a day.
    """

    name: str
    days: int
    change: float
    net_return: float
    trades: int
    wins: int


class Regimes(NamedTuple):
    """`Label` of consecutive UTC days, int8[n], and the day number of the first; days beyond them are UNKNOWN."""

    first_day: int
    labels: NDArray[np.int8]

    def of(self, days: Ints) -> NDArray[np.int8]:
        """int8[m]: the label of each day number."""
        known = np.append(self.labels, np.int8(Label.UNKNOWN))
        at = days - self.first_day
        return known[np.where((at >= 0) & (at < len(self.labels)), at, len(self.labels))]


class Month(NamedTuple):
    """A calendar month (UTC) and its net return, open positions marked; a month in part counts as it is."""

    year: int
    month: int
    net_return: float


def by_reason(trades: NDArray[np.void]) -> tuple[Part, ...]:
    """TRADE[n] by why they ended, in the order of `Reason`; only reasons that occurred."""
    return _parts(trades, ((r.name.lower(), trades["reason"] == r) for r in Reason))


def by_side(trades: NDArray[np.void]) -> tuple[Part, ...]:
    """TRADE[n] by direction; only those that occurred."""
    return _parts(trades, (("long", trades["direction"] > 0), ("short", trades["direction"] < 0)))


def refusals(fills: NDArray[np.void]) -> dict[str, int]:
    """How many entries were refused, by reason; ``fills`` is FILL[n], in which a refusal has no quantity."""
    refused = fills["reason"][fills["reason"] >= Reason.NO_CAPITAL] if len(fills) else np.empty(0, np.int32)
    return {Reason(int(r)).name.lower(): int(n) for r, n in zip(*np.unique(refused, return_counts=True), strict=True)}


def by_regime(
    ts_ms: Ints, equity: Floats, capital: float, trades: NDArray[np.void], regimes: Regimes
) -> tuple[RegimePart, ...]:
    """A walk by the regime of its days, in the order of `Label`, unknown days last; only regimes that occurred.

    ts_ms, equity : int64[T], float64[T], the walked candles. A change over days without candles belongs to the day on
    which candles came back.
    """
    days, ends = day_ends(ts_ms, equity)
    begins = np.concatenate(([capital], ends[:-1]))
    grown = np.divide(ends, begins, out=np.ones(len(ends)), where=begins > 0.0)
    of_days, of_trades = regimes.of(days), regimes.of(trades["opened_ms"] // DAY_MS)
    parts = []
    for label in (*(x for x in Label if x != Label.UNKNOWN), Label.UNKNOWN):
        on, opened = of_days == label, of_trades == label
        if on.any():
            parts.append(RegimePart(
                label.name.lower(), int(on.sum()), float((ends - begins)[on].sum()), float(grown[on].prod()) - 1.0,
                int(opened.sum()), int((trades["net"][opened] > 0).sum()),
            ))
    return tuple(parts)


def by_month(ts_ms: Ints, equity: Floats, capital: float) -> tuple[Month, ...]:
    """Net return of each month that has candles, oldest first; 0 once nothing is left to earn on."""
    months = ts_ms.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    last = np.flatnonzero(np.append(np.diff(months) != 0, True)) if len(months) else np.empty(0, np.int64)
    found, begin = [], capital
    for i in last:
        (year, month), end = divmod(int(months[i]), 12), float(equity[i])
        found.append(Month(1970 + year, month + 1, end / begin - 1.0 if begin > 0.0 else 0.0))
        begin = end
    return tuple(found)


def day_ends(ts_ms: Ints, equity: Floats) -> tuple[Ints, Floats]:
    """UTC day numbers that have candles, and the equity at the last close of each."""
    days = ts_ms // DAY_MS
    last = np.flatnonzero(np.append(np.diff(days) != 0, True)) if len(days) else np.empty(0, np.int64)
    return days[last], equity[last]


def _parts(trades: NDArray[np.void], groups: Iterable[tuple[str, NDArray[np.bool_]]]) -> tuple[Part, ...]:
    return tuple(_part(name, trades[chosen]) for name, chosen in groups if chosen.any())


def _part(name: str, t: NDArray[np.void]) -> Part:
    gross, fees, funding, net = (float(t[column].sum()) for column in ("gross", "fees", "funding", "net"))
    held = float((t["closed_ms"] - t["opened_ms"]).mean()) / HOUR_MS
    return Part(name, len(t), int((t["net"] > 0).sum()), gross, fees, funding, net, held)

