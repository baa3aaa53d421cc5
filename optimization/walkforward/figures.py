"""Figures of many combinations at once, from the sums that a sweep folds in (STATS[n]); undefined ones are 0."""

from __future__ import annotations

import math

import numpy as np

from core.candle import Floats
from core.errors import InputError
from engine.metrics import DAYS_A_YEAR
from optimization.walkforward.job import Objective

MOST_RATIO = 1e6
MOST_RETURN = 1e30  # a float32 still holds it
_NO_DEVIATION = 1e-12  # as in engine.metrics


def objective(stats: np.ndarray, name: Objective, capital: float) -> Floats:
    """float64[n]: what a choice looks at, the more the better."""
    if name == "sharpe":
        return sharpe(stats)
    if name == "sortino":
        return sortino(stats)
    if name == "calmar":
        return calmar(stats, capital)
    if name == "return":
        return net_return(stats, capital)
    raise InputError(f"objective = {name!r}: allowed are sharpe, sortino, calmar, return")


def sharpe(stats: np.ndarray) -> Floats:
    """Annualised mean over standard deviation (ddof 1) of daily returns, float64[n]."""
    return sharpe_of_sums(stats["sum_r"], stats["sum_r2"], stats["days"])


def sharpe_of_sums(total: Floats, squares: Floats, days: np.ndarray | int) -> Floats:
    """The same from sums of returns and of their squares over ``days``."""
    n = np.asarray(days, np.float64)
    spread = squares - total * total / np.maximum(n, 1.0)
    some = (n > 1.0) & (spread > 1e-10 * squares) & (spread > _NO_DEVIATION**2 * np.maximum(n - 1.0, 1.0))
    deviation = np.sqrt(np.where(some, spread, 1.0) / np.maximum(n - 1.0, 1.0))
    return np.where(some, total / np.maximum(n, 1.0) / deviation * math.sqrt(DAYS_A_YEAR), 0.0)


def sortino(stats: np.ndarray) -> Floats:
    """Annualised mean over downside deviation against 0, over all days, float64[n]."""
    n = np.maximum(stats["days"].astype(np.float64), 1.0)
    downside = np.sqrt(stats["sum_down2"] / n)
    some = downside > _NO_DEVIATION
    ratio = stats["sum_r"] / n / np.where(some, downside, 1.0) * math.sqrt(DAYS_A_YEAR)
    return np.where(some, np.clip(ratio, -MOST_RATIO, MOST_RATIO), 0.0)


def net_return(stats: np.ndarray, capital: float) -> Floats:
    """Return over the window as a fraction, float64[n], at most `MOST_RETURN`."""
    grown: Floats = np.minimum(stats["wallet"] / capital - 1.0, MOST_RETURN)
    return grown


def calmar(stats: np.ndarray, capital: float) -> Floats:
    """Return over the deepest drawdown, both of the window, float64[n]; 0 without a drawdown."""
    fall = stats["drawdown"]
    some = fall > _NO_DEVIATION
    ratio = net_return(stats, capital) / np.where(some, fall, 1.0)
    return np.where(some, np.clip(ratio, -MOST_RATIO, MOST_RATIO), 0.0)
