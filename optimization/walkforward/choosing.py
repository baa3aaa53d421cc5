"""What is chosen in sample: the best objective among combinations with enough trades, on a plateau if so wished."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.candle import Floats
from optimization.walkforward.chunks import Floats32
from optimization.walkforward.grid import Codes, Grid, positions
from optimization.walkforward.job import Choice

NONE = -1


@dataclass(frozen=True, eq=False, slots=True)
class Chosen:
    """For each of W windows: row of the codes (-1: none had trades enough), its score, how many had trades enough."""

    rows: NDArray[np.int64]
    scores: Floats
    candidates: NDArray[np.int64]


def choose(
    grid: Grid, codes: Codes, born: NDArray[np.int32], score: Floats32, trades: NDArray[np.int32], choice: Choice
) -> Chosen:
    """The choice in every window, of float32[W, n] ``score`` and int32[W, n] ``trades``.

    ``born`` int32[n] : the first window that may choose a combination. Of equal ones the first is chosen.
    """
    windows = len(score)
    rows, scores = np.full(windows, NONE, np.int64), np.zeros(windows)
    candidates = np.zeros(windows, np.int64)
    seen = _Neighbours(grid, codes) if choice.plateau else None
    for w in range(windows):
        enough = (trades[w] >= choice.min_trades) & (born <= w)
        candidates[w] = int(enough.sum())
        if not candidates[w]:
            continue
        values = score[w].astype(np.float64)
        if seen is not None:
            values = seen.mean(values, enough)
        rows[w] = int(np.argmax(np.where(enough, values, -np.inf)))
        scores[w] = float(values[rows[w]])
    return Chosen(rows, scores, candidates)


class _Neighbours:
    """Which combinations differ by one step of one name."""

    def __init__(self, grid: Grid, codes: Codes) -> None:
        numbers = positions(grid, codes)
        order = np.argsort(numbers)
        self._pairs = []
        stride = 1
        for axis in reversed(range(len(grid.shape))):
            size = grid.shape[axis]
            inside = np.flatnonzero(codes[:, axis] + 1 < size)
            at = np.searchsorted(numbers[order], numbers[inside] + stride)
            there = order[np.minimum(at, len(order) - 1)]
            same = numbers[there] == numbers[inside] + stride
            self._pairs.append((inside[same], there[same]))
            stride *= size

    def mean(self, values: Floats, enough: NDArray[np.bool_]) -> Floats:
        """float64[n]: mean of a combination's own value and those of its neighbours that had trades enough."""
        counted = np.where(enough, values, 0.0)
        total, count = counted.copy(), enough.astype(np.float64)
        for low, high in self._pairs:  # along one axis a combination has one neighbour either way
            total[low] += counted[high]
            total[high] += counted[low]
            count[low] += enough[high]
            count[high] += enough[low]
        return total / np.maximum(count, 1.0)
