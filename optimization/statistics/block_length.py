"""How long the blocks of a stationary bootstrap should be, from the data's own autocorrelation.

Politis, D. and White, H. (2004), Automatic block-length selection for the dependent bootstrap, Econometric Reviews
23(1), with the correction by Patton, A., Politis, D. and White, H. (2009), Econometric Reviews 28(4).
"""

from __future__ import annotations

import math

import numpy as np

from core.candle import Floats
from optimization.statistics.estimate import Estimate
from optimization.statistics.returns import sound

_SIGNIFICANT = 2.0  # the papers' c
_FEWEST_LAGS = 5  # the papers' least K_n


def block_length(daily: Floats) -> Estimate:
    """Expected length of a block in days that is best for the mean of float64[n] ``daily``.

    (2 G^2 / D)^(1/3) n^(1/3), with the flat-top kernel up to twice the first lag from which on K_n autocorrelations
    are insignificant. Between 1 and ceil(min(3 sqrt(n), n / 3)); 1 and undefined below four days or without a
    deviation.
    """
    values = sound(daily)
    n = len(values)
    centred = values - values.mean() if n else values
    if n < 4 or float(centred @ centred) <= 1e-24 * n:
        return Estimate(1.0, defined=False)
    in_a_row = max(_FEWEST_LAGS, int(math.log10(n)))
    lags = min(math.ceil(math.sqrt(n)) + in_a_row, n - 1)
    covariance = np.array([float(centred[k:] @ centred[: n - k]) for k in range(lags + 1)]) / n
    reach = min(2 * max(_first_quiet(covariance, in_a_row, n), 1), lags)
    k = np.arange(1, reach + 1)
    weight = np.where(k <= reach / 2, 1.0, 2.0 * (1.0 - k / reach))
    slope = 2.0 * float((weight * k * covariance[1 : reach + 1]).sum())
    spectrum = float(covariance[0] + 2.0 * (weight * covariance[1 : reach + 1]).sum())
    longest = math.ceil(min(3.0 * math.sqrt(n), n / 3.0))
    if spectrum == 0.0:
        return Estimate(float(longest))
    best = (slope / spectrum) ** 2 * n  # D = 2 spectrum^2
    return Estimate(min(max(best ** (1.0 / 3.0), 1.0), float(longest)))


def _first_quiet(covariance: Floats, in_a_row: int, n: int) -> int:
    """First lag of ``in_a_row`` insignificant autocorrelations; the last lag when there are none."""
    quiet = np.abs(covariance) < _SIGNIFICANT * math.sqrt(math.log10(n) / n) * covariance[0]
    for lag in range(1, len(quiet) - in_a_row + 1):
        if quiet[lag : lag + in_a_row].all():
            return lag
    return len(quiet) - 1
