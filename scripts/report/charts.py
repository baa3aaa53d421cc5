"""What the charts of a page draw: a walk of any length in a few hundred points that hide no extreme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.candle import Floats, Ints
from scripts.backtesting import Ran

POINTS, LEAST_POINTS = 1600, 160
"""Of a page with one result; of each result on a page with many."""
MARKS, LEAST_MARKS = 1500, 60
"""Trades that are drawn, likewise."""


def chart(ran: Ran, results: int) -> dict[str, Any]:
    """Columns of one of ``results`` charts, and its trades, as plain finite values; times in seconds (UTC).

    close, equity, free (without costs) are those at the end of each point's candles; high and low their extremes,
    drawdown the deepest. trades : [opened, average, closed, exit, direction, net, reason]; the largest where there are
    too many.
    """
    e = ran.evaluated
    c, equity = e.candles, e.result.equity
    starts, last = runs(e.clock.lengths_ms, max(POINTS // results, LEAST_POINTS))
    peak = np.maximum.accumulate(np.maximum(equity, e.capital))
    return {
        "time": ((e.clock.ts_ms + e.clock.lengths_ms)[last] // 1000).tolist(),
        "close": rounded(c.close[last], 6),
        "high": rounded(np.maximum.reduceat(c.high, starts), 6),
        "low": rounded(np.minimum.reduceat(c.low, starts), 6),
        "equity": rounded(equity[last], 7),
        "free": rounded(e.free_equity[last], 7),
        "drawdown": rounded(np.minimum.reduceat(equity / peak - 1.0, starts) * 100.0, 4),
        "trades": marks(ran, max(MARKS // results, LEAST_MARKS)),
    }


def runs(lengths: Ints, points: int) -> tuple[Ints, Ints]:
    """First and last row of at most ``points`` runs that make up all rows, of as equal a time as can be.

    lengths : int64[n], above 0, how long each row is: minutes do not crowd out hours.
    """
    passed = np.cumsum(lengths)
    wanted = np.arange(1, points + 1) * int(passed[-1]) // points
    edges = np.concatenate(([0], np.unique(np.searchsorted(passed, wanted) + 1)))
    return edges[:-1], edges[1:] - 1


def marks(ran: Ran, most: int) -> list[list[Any]]:
    """Trades to draw, oldest first."""
    trades = ran.evaluated.result.closed()
    if len(trades) > most:
        kept = sorted(range(len(trades)), key=lambda i: -abs(trades[i].net))[:most]
        trades = [trades[i] for i in sorted(kept)]
    return [
        [t.opened_ms // 1000, *rounded([t.average], 6), t.closed_ms // 1000, *rounded([t.exit_price], 6), t.direction,
         round(t.net, 2), t.reason]
        for t in trades
    ]


def sparkline(ran: Ran, width: int = 120, height: int = 28) -> str:
    """Points of an SVG polyline of the equity."""
    equity = ran.evaluated.result.equity
    _, last = runs(ran.evaluated.clock.lengths_ms, 60)
    values = np.concatenate(([ran.evaluated.capital], equity[last]))
    low, high = float(values.min()), float(values.max())
    y = height - 2.0 - (values - low) / ((high - low) or 1.0) * (height - 4.0)
    x = np.linspace(0.0, width, len(values))
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def rounded(values: Floats | Sequence[float], digits: int) -> list[float]:
    """The values to so many significant digits, which is what keeps a page small."""
    return [float(f"{v:.{digits}g}") for v in values]
