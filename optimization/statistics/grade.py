"""The grade: five criteria, a score of 100 points at most, a letter.

| criterion | points |
|---|---|
| out-of-sample Sharpe ratio | <= 0: 0; 0 to 2: 0 to 15; 2 to 5: 15 to 25; above: 25 |
| consistency: share of windows with a positive out-of-sample return | <= 50 %: 0; 50 to 100 %: 0 to 25 |
| transfer: out-of-sample over in-sample Sharpe ratio | <= 0.3: 0; 0.3 to 1: 0 to 20; above: 20 |
| deflated Sharpe ratio | <= 0.5: 0; 0.5 to 1: 0 to 15 |
| instability | <= 0.1: 15; 0.1 to 1: 15 to 5; above: 0 |

Between two figures points are linear. The letter follows from the score before rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.candle import Floats
from core.errors import InputError
from core.settings import Letter
from optimization.statistics.estimate import Estimate

LEAST_SCORE: dict[Letter, float] = {"A": 90.0, "B": 80.0, "C": 70.0, "D": 60.0, "F": 0.0}
MOST_TRANSFER = 1000.0


@dataclass(frozen=True, slots=True)
class Criterion:
    """One row of the table: its figure, the points for it, and the most there are."""

    name: str
    figure: float
    points: float
    most: float


@dataclass(frozen=True, slots=True)
class Grade:
    """Sum of the criteria's points (unrounded), and its letter."""

    score: float
    letter: Letter
    criteria: tuple[Criterion, ...]


def grade(sharpe: float, consistency: float, transfer: float, deflated: float, instability: float) -> Grade:
    """The grade of five figures, as in the table: annualised Sharpe ratio, fractions, a probability, a ratio.

    Raises InputError naming a figure that is not finite.
    """
    criteria = (
        _criterion("out-of-sample Sharpe", sharpe, 25.0, ((0.0, 0.0), (2.0, 15.0), (5.0, 25.0))),
        _criterion("consistency", consistency, 25.0, ((0.5, 0.0), (1.0, 25.0))),
        _criterion("transfer", transfer, 20.0, ((0.3, 0.0), (1.0, 20.0))),
        _criterion("deflated Sharpe", deflated, 15.0, ((0.5, 0.0), (1.0, 15.0))),
        _criterion("instability", instability, 15.0, ((0.1, 15.0), (1.0, 5.0), (math.nextafter(1.0, 2.0), 0.0))),
    )
    score = sum(criterion.points for criterion in criteria)
    return Grade(score, letter_of(score), criteria)


def letter_of(score: float) -> Letter:
    """The best letter whose least score is reached."""
    return next((letter for letter, least in LEAST_SCORE.items() if score >= least), "F")


def consistency(window_returns: Floats) -> Estimate:
    """Share of windows with a positive out-of-sample return, of float64[n_windows]; 0 and undefined without any."""
    if not np.isfinite(window_returns).all():
        raise InputError("returns of windows: allowed are finite numbers")
    return Estimate(float((window_returns > 0.0).mean())) if len(window_returns) else Estimate(0.0, defined=False)


def transfer(out_of_sample: float, in_sample: float) -> Estimate:
    """Out-of-sample over in-sample Sharpe ratio, within +-`MOST_TRANSFER`; 0 and undefined unless the latter is > 0."""
    if not in_sample > 0.0:
        return Estimate(0.0, defined=False)
    return Estimate(min(max(out_of_sample / in_sample, -MOST_TRANSFER), MOST_TRANSFER))


def _criterion(name: str, figure: float, most: float, corners: tuple[tuple[float, float], ...]) -> Criterion:
    """Points on the straight lines between ``corners`` (figure, points), constant beyond the first and the last."""
    if not math.isfinite(figure):
        raise InputError(f"{name} = {figure}: allowed are finite numbers")
    figures, points = zip(*corners, strict=True)
    return Criterion(name, figure, float(np.interp(figure, figures, points)), most)
