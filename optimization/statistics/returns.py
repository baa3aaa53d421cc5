"""Daily returns: Sharpe, Sortino, the moments that the probabilistic Sharpe ratio needs, compounded equity.

A return is a fraction of equity over one UTC day. Nothing beyond +-`LARGEST_RETURN` a day is told apart, so that no
power of it overflows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from core.candle import Floats
from core.errors import InputError
from engine import metrics
from optimization.statistics.estimate import Estimate

LARGEST_RETURN = 1000.0
LARGEST_EQUITY = 1e150
_NO_DEVIATION = 1e-12  # as in engine.metrics: what is left of a constant's deviation by rounding


@dataclass(frozen=True, slots=True)
class Moments:
    """What a series of returns tells about its Sharpe ratio.

    sharpe : mean over standard deviation (ddof 1) a day, not annualised. skewness, kurtosis : the standardised third
    and fourth moments (population); kurtosis is not excess, a normal distribution's is 3. defined : there is a
    deviation; otherwise the three are 0, 0 and 3.
    """

    count: int
    sharpe: float
    skewness: float
    kurtosis: float
    defined: bool = True


def sound(daily: Floats, what: str = "daily returns") -> Floats:
    """float64[n], C-contiguous, within +-`LARGEST_RETURN`. Raises InputError on a value that is not finite."""
    values = np.ascontiguousarray(daily, dtype=np.float64)
    if values.ndim != 1:
        raise InputError(f"{what}: {values.ndim} dimensions: allowed is one")
    wrong = ~np.isfinite(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(f"{what}: row {row} is {values[row]}: allowed are finite numbers")
    return np.clip(values, -LARGEST_RETURN, LARGEST_RETURN)


def sharpe(daily: Floats) -> Estimate:
    """Annualised Sharpe ratio (`engine.metrics.sharpe`); 0 and undefined without a deviation."""
    values = sound(daily)
    return Estimate(metrics.sharpe(values), _deviates(values))


def sortino(daily: Floats) -> Estimate:
    """Annualised Sortino ratio (`engine.metrics.sortino`); 0 and undefined without a losing day."""
    values = sound(daily)
    return Estimate(metrics.sortino(values), bool((values < -_NO_DEVIATION).any()))


def moments(daily: Floats) -> Moments:
    """Count, daily Sharpe ratio, skewness and kurtosis of float64[n] returns."""
    values = sound(daily)
    if not _deviates(values):
        return Moments(len(values), 0.0, 0.0, 3.0, defined=False)
    standard = (values - values.mean()) / values.std()
    return Moments(
        count=len(values),
        sharpe=metrics.sharpe(values) / math.sqrt(metrics.DAYS_A_YEAR),
        skewness=float((standard**3).mean()),
        kurtosis=float((standard**4).mean()),
    )


def equity(daily: Floats) -> Floats:
    """float64[n + 1]: what 1 becomes, from the evening before the first day on.

    Never below 0, where it stays once it is there, nor above `LARGEST_EQUITY`.
    """
    growth = np.maximum(1.0 + sound(daily), 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        curve: Floats = np.multiply.accumulate(np.concatenate((np.ones(1), growth)))
    if curve.max() <= LARGEST_EQUITY:  # the cap was never met; not so where it is NaN either
        return curve
    return np.array(list(accumulate(growth.tolist(), lambda e, g: min(e * g, LARGEST_EQUITY), initial=1.0)))


def _deviates(values: Floats) -> bool:
    return len(values) > 1 and float(values.std(ddof=1)) > _NO_DEVIATION
