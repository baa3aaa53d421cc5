"""Tail: what a Sharpe ratio does not see of a strategy that wins often and loses rarely."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.candle import Floats
from core.errors import InputError
from engine import metrics
from optimization.statistics.estimate import Estimate
from optimization.statistics.returns import LARGEST_RETURN, equity, sound

SHORTFALL = 0.05
GAPS = (0.10, 0.20)
MOST_LOSS_TO_WIN = 1000.0


@dataclass(frozen=True, slots=True)
class Gap:
    """A price gap against the position on the day of the largest exposure.

    size : of the gap, as a fraction of price. day : its row, -1 without any exposure. loss : of that day's equity.
    net_return, max_drawdown : of the whole span with the gap in it.
    """

    size: float
    day: int
    loss: float
    net_return: float
    max_drawdown: float


@dataclass(frozen=True, slots=True)
class Tail:
    """The measures of this file, together. under_water_days : longest run of days below an earlier peak."""

    worst_day: Estimate
    expected_shortfall: Estimate
    loss_to_win: Estimate
    under_water_days: int
    crash_return: Estimate
    gaps: tuple[Gap, ...]


def tail(daily: Floats, nets: Floats, exposure: Floats, crash: NDArray[np.bool_]) -> Tail:
    """Every measure of float64[n_days] ``daily`` returns and float64[n_trades] ``nets`` (net profit of each trade).

    ``exposure`` and ``crash`` : as in `gap` and `crash_return`.
    """
    return Tail(
        worst_day=worst_day(daily),
        expected_shortfall=expected_shortfall(daily),
        loss_to_win=loss_to_win(nets),
        under_water_days=under_water_days(daily),
        crash_return=crash_return(daily, crash),
        gaps=tuple(gap(daily, exposure, size) for size in GAPS),
    )


def worst_day(daily: Floats) -> Estimate:
    """Lowest daily return, 0 when none lost; 0 and undefined without days."""
    values = sound(daily)
    return Estimate(min(float(values.min()), 0.0)) if len(values) else Estimate(0.0, defined=False)


def expected_shortfall(daily: Floats, share: float = SHORTFALL) -> Estimate:
    """Mean of the worst ``share`` of days (the last of them in part); 0 and undefined without days.

    Acerbi, C. and Tasche, D. (2002), On the coherence of expected shortfall, Journal of Banking and Finance 26(7).
    """
    if not 0.0 < share <= 1.0:
        raise InputError(f"share of days = {share}: allowed is above 0 and at most 1")
    values = np.sort(sound(daily))
    if len(values) == 0:
        return Estimate(0.0, defined=False)
    wanted = max(share * len(values), 1.0)  # below twenty days 5 % are less than a day: then it is the worst one
    whole = int(wanted)
    part = (wanted - whole) * float(values[whole]) if whole < len(values) else 0.0
    return Estimate((float(values[:whole].sum()) + part) / wanted)


def loss_to_win(nets: Floats) -> Estimate:
    """Largest loss over average win, of net profits of trades; at most `MOST_LOSS_TO_WIN`, which it is without wins.

    0 without losses; 0 and undefined without trades.
    """
    if not np.isfinite(nets).all():
        raise InputError("net profits of trades: allowed are finite numbers")
    if len(nets) == 0:
        return Estimate(0.0, defined=False)
    largest, won = -float(nets.min()), nets[nets > 0.0]
    if largest <= 0.0:
        return Estimate(0.0)
    if len(won) == 0:
        return Estimate(MOST_LOSS_TO_WIN)
    # over the largest amount, since a sum may overflow and a small win may be divided by
    scale = max(largest, float(won.max()))
    return Estimate(min(metrics.ratio(largest / scale, float((won / scale).mean())), MOST_LOSS_TO_WIN))


def under_water_days(daily: Floats) -> int:
    """Longest run of days whose equity is below an earlier peak; the last one may still last."""
    return metrics.drawdown(equity(daily))[1]


def crash_return(daily: Floats, crash: NDArray[np.bool_]) -> Estimate:
    """Compounded return of the days marked in bool[n_days] ``crash``; 0 and undefined without such days."""
    values = sound(daily)
    if crash.shape != values.shape:
        raise InputError(f"crash days: {crash.size} rows: allowed are those of the daily returns, {values.size}")
    return Estimate(float(equity(values[crash])[-1]) - 1.0, bool(crash.any()))


def gap(daily: Floats, exposure: Floats, size: float) -> Gap:
    """The span with a gap of ``size`` (fraction of price) against the position where most was at stake.

    ``exposure`` is float64[n_days]: the day's largest position as notional over equity, signed or not; the gap always
    goes against it, whatever its side. A loss beyond all equity leaves none.
    """
    values, held = sound(daily), np.abs(sound(exposure, "exposure"))
    if held.shape != values.shape:
        raise InputError(f"exposure: {held.size} rows: allowed are those of the daily returns, {values.size}")
    if not 0.0 < size < math.inf:
        raise InputError(f"gap = {size}: allowed is a fraction above 0")
    day = int(np.argmax(held)) if held.any() else -1
    loss = min(size * float(held[day]), LARGEST_RETURN) if day >= 0 else 0.0
    hit = values.copy()
    if day >= 0:
        hit[day] -= loss
    curve = equity(hit)
    return Gap(size, day, loss, float(curve[-1]) - 1.0, metrics.drawdown(curve)[0])
