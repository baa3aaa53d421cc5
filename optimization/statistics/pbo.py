"""Probability of backtest overfitting, by combinatorially symmetric cross-validation.

Bailey, D., Borwein, J., Lopez de Prado, M. and Zhu, Q. (2015), The probability of backtest overfitting, Journal of
Computational Finance 20(4). The days are cut into blocks; each half of the blocks in turn chooses the best
combination, and the other half says where that one ranks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.candle import Floats
from core.errors import InputError
from optimization.statistics.splits import chosen

BLOCKS = 16
FEWEST_BLOCKS = 4
MOST_BLOCKS = 20
FEWEST_BLOCK_DAYS = 10  # fewer days have no Sharpe ratio worth ranking

_ROWS_AT_ONCE = 1024


@dataclass(frozen=True, eq=False, slots=True)
class Overfitting:
    """What the splits say; arrays are float64[n_splits], Sharpe ratios annualised.

    probability : share of splits whose choice ranks at or below the middle out of sample. logits : ln(w / (1 - w)) of
    the choice's relative rank w = rank / (combinations + 1). in_sample, out_of_sample : the choice's Sharpe ratios.
    slope, intercept : least squares of the second on the first (performance degradation); 0 and the mean when the
    first do not vary. loss : share of splits whose choice has a Sharpe ratio below 0 out of sample. blocks, days :
    what the matrix was cut into and how much of it was used. defined : two combinations or more, and days enough;
    otherwise probability and loss are 1 and the arrays empty.
    """

    probability: float
    loss: float
    slope: float
    intercept: float
    logits: Floats
    in_sample: Floats
    out_of_sample: Floats
    blocks: int
    days: int
    combinations: int
    defined: bool

    def distribution(self, bins: int = 20) -> tuple[Floats, NDArray[np.int64]]:
        """Edges float64[bins + 1] and counts int64[bins] of the logits, symmetric around 0."""
        reach = max(float(np.abs(self.logits).max()), 1.0) if len(self.logits) else 1.0
        counts, edges = np.histogram(self.logits, bins=bins, range=(-reach, reach))
        return edges, counts.astype(np.int64)


def blocks_for(days: int, most: int = BLOCKS) -> int:
    """Even number of blocks, at most ``most``, each of `FEWEST_BLOCK_DAYS` or more; 0 when fewer than 4 fit."""
    blocks = min(most, days // FEWEST_BLOCK_DAYS) // 2 * 2
    return blocks if blocks >= FEWEST_BLOCKS else 0


def overfitting(daily: Floats, most_blocks: int = BLOCKS) -> Overfitting:
    """Probability of overfitting of float64[n_combinations, n_days] daily returns, as a sweep gives them.

    Days that do not fill the blocks are left out at the beginning. Ties: see `optimization.statistics.splits.chosen`;
    the order of combinations does not matter. Memory beyond ``daily`` stays below a few megabytes a thousand
    combinations. Raises InputError on values that are not finite and on an odd or impossible number of blocks.
    """
    if daily.ndim != 2:
        raise InputError(f"daily returns: {daily.ndim} dimensions: allowed are two, combinations x days")
    if most_blocks % 2 or not FEWEST_BLOCKS <= most_blocks <= MOST_BLOCKS:
        raise InputError(f"blocks = {most_blocks}: allowed is an even number from {FEWEST_BLOCKS} to {MOST_BLOCKS}")
    if not all(np.isfinite(daily[i : i + _ROWS_AT_ONCE]).all() for i in range(0, len(daily), _ROWS_AT_ONCE)):
        raise InputError("daily returns of combinations: allowed are finite numbers")
    combinations, days = daily.shape
    blocks = blocks_for(days, most_blocks)
    if blocks == 0 or combinations < 2:
        nothing = np.zeros(0)
        return Overfitting(1.0, 1.0, 0.0, 0.0, nothing, nothing, nothing, blocks, days, combinations, defined=False)
    inside, outside, rank = chosen(daily, blocks)
    logits = np.log(rank / (combinations + 1.0 - rank))
    slope, intercept = _line(inside, outside)
    return Overfitting(
        probability=float((logits <= 0.0).mean()),
        loss=float((outside < 0.0).mean()),
        slope=slope,
        intercept=intercept,
        logits=logits,
        in_sample=inside,
        out_of_sample=outside,
        blocks=blocks,
        days=days // blocks * blocks,
        combinations=combinations,
        defined=True,
    )


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and intercept of y on x by least squares; 0 and the mean of y when x does not vary."""
    dx, mean = x - x.mean(), float(y.mean())
    spread = float((dx * dx).sum())  # not a product of vectors: BLAS would wake its threads for it
    if spread <= 1e-24 * len(x) * max(1.0, float(np.abs(x).max()) ** 2):
        return 0.0, mean
    slope = float((dx * (y - mean)).sum()) / spread
    return slope, mean - slope * float(x.mean())
