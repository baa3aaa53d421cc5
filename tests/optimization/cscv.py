"""Combinatorially symmetric cross-validation as the paper tells it: every split sliced and ranked by itself."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import linregress, rankdata

from engine.metrics import sharpe

Floats = NDArray[np.float64]


def splits(daily: Floats, blocks: int) -> tuple[Floats, Floats, Floats]:
    """Logit, in-sample and out-of-sample Sharpe ratio of the choice, for every split; ``daily`` is float64[N, T]."""
    n, days = daily.shape
    parts = np.split(daily[:, days % blocks :], blocks, axis=1)
    logits, inside, outside = [], [], []
    for taken in combinations(range(blocks), blocks // 2):
        first = np.concatenate([parts[i] for i in taken], axis=1)
        second = np.concatenate([parts[i] for i in range(blocks) if i not in taken], axis=1)
        a, b = (np.array([sharpe(column) for column in half]) for half in (first, second))
        best = np.flatnonzero(a == a.max())
        choice = best[np.argmin(b[best])]
        w = rankdata(b)[choice] / (n + 1)
        logits.append(np.log(w / (1 - w)))
        inside.append(a[choice])
        outside.append(b[choice])
    return np.array(logits), np.array(inside), np.array(outside)


def degradation(inside: Floats, outside: Floats) -> tuple[float, float]:
    """Slope and intercept of out-of-sample on in-sample."""
    line = linregress(inside, outside)
    return float(line.slope), float(line.intercept)
