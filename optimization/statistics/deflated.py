"""Deflated Sharpe ratio: what is left of a Sharpe ratio that was the best of many.

Bailey, D. and Lopez de Prado, M. (2014), The deflated Sharpe ratio: correcting for selection bias, backtest
overfitting and non-normality, Journal of Portfolio Management 40(5). Sharpe ratios here are a day's, not annualised:
divide an annualised one by sqrt(365) and an annualised variance by 365.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from core.candle import Floats
from core.errors import InputError
from optimization.statistics.estimate import Estimate
from optimization.statistics.probabilistic import probabilistic_sharpe
from optimization.statistics.returns import LARGEST_RETURN, Moments, sound

_EULER_MASCHERONI = 0.5772156649015329
_MOST_TRIALS = 10**300  # a float still holds its inverse
_NORMAL = NormalDist()


def trial_variance(sharpes: Floats) -> Estimate:
    """Variance (ddof 1) of the trials' daily Sharpe ratios, float64[n_trials]; 0 and undefined below two trials."""
    values = sound(sharpes, "Sharpe ratios of trials")
    return Estimate(float(np.var(values, ddof=1))) if len(values) > 1 else Estimate(0.0, defined=False)


def expected_maximum(trials: int, variance: float) -> float:
    """Sharpe ratio that the best of ``trials`` without any skill is expected to show.

    ``trials`` counts every combination ever evaluated, from 1 up; ``variance`` is that of their Sharpe ratios. 0 for
    one trial; it grows with both. Raises InputError when there is no trial or the variance is not a finite number of
    at least 0.
    """
    if trials < 1:
        raise InputError(f"trials = {trials}: allowed is 1 or more")
    if not 0.0 <= variance < math.inf:
        raise InputError(f"variance of the trials' Sharpe ratios = {variance}: allowed is 0 or more")
    if trials == 1:
        return 0.0
    share = 1.0 / min(trials, _MOST_TRIALS)
    # -z(p) for z(1 - p), which keeps its digits where p is small
    normal, rarer = -_NORMAL.inv_cdf(share), -_NORMAL.inv_cdf(share / math.e)
    return math.sqrt(variance) * ((1.0 - _EULER_MASCHERONI) * normal + _EULER_MASCHERONI * rarer)


def deflated_sharpe(moments: Moments, trials: int, variance: float) -> Estimate:
    """Probability that the true Sharpe ratio is above what the best of ``trials`` without skill would show.

    The probabilistic Sharpe ratio against `expected_maximum`; 0 and undefined where that is. One trial deflates
    nothing. ``variance`` as in `expected_maximum`.
    """
    return probabilistic_sharpe(moments, min(expected_maximum(trials, variance), LARGEST_RETURN))
