"""Probabilistic Sharpe ratio and minimum track record length.

Bailey, D. and Lopez de Prado, M. (2012), The Sharpe ratio efficient frontier, Journal of Risk 15(2). Sharpe ratios
here are a day's, not annualised: divide an annualised one by sqrt(365).
"""

from __future__ import annotations

import math
from statistics import NormalDist

from core.errors import InputError
from optimization.statistics.estimate import Estimate
from optimization.statistics.returns import Moments

NEVER = 1e9  # days: a track record that nobody will live to see

_NORMAL = NormalDist()


def probabilistic_sharpe(moments: Moments, benchmark: float = 0.0) -> Estimate:
    """Probability that the true Sharpe ratio is above ``benchmark`` (a day's), given what was observed.

    Phi((SR - SR*) sqrt(n - 1) / sqrt(1 - skewness SR + (kurtosis - 1) / 4 SR^2)). 0 and undefined without a
    deviation, and where the estimator's variance is not positive.
    """
    spread = _variance(moments)
    if not moments.defined or moments.count < 2 or spread <= 0.0:
        return Estimate(0.0, defined=False)
    z = (moments.sharpe - benchmark) / math.sqrt(spread) * math.sqrt(moments.count - 1)
    return Estimate(0.0, defined=False) if math.isnan(z) else Estimate(_NORMAL.cdf(z))


def minimum_track_record(moments: Moments, benchmark: float = 0.0, confidence: float = 0.95) -> Estimate:
    """Days until the probabilistic Sharpe ratio reaches ``confidence`` (0.5 to 1, exclusive), all else unchanged.

    1 + (1 - skewness SR + (kurtosis - 1) / 4 SR^2) (z / (SR - SR*))^2. `NEVER` and undefined when the observed ratio
    is not above ``benchmark``; never above `NEVER`. Raises InputError on another confidence.
    """
    if not 0.5 < confidence < 1.0:
        raise InputError(f"confidence = {confidence}: allowed is above 0.5 and below 1")
    spread, above = _variance(moments), moments.sharpe - benchmark
    if not moments.defined or spread <= 0.0 or not above > 0.0:
        return Estimate(NEVER, defined=False)
    needed = math.sqrt(spread) * _NORMAL.inv_cdf(confidence) / above
    return Estimate(NEVER if not needed * needed < NEVER - 1.0 else 1.0 + needed * needed)


def _variance(moments: Moments) -> float:
    """(n - 1) times the variance of the Sharpe estimator; 0 where it cannot be computed."""
    sr = moments.sharpe
    variance = 1.0 - moments.skewness * sr + (moments.kurtosis - 1.0) / 4.0 * sr * sr
    return variance if math.isfinite(variance) else 0.0
