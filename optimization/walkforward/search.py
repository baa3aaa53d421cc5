"""A grid too large to evaluate whole: a Latin hypercube of it, then steps of one around the best.

McKay, M., Beckman, R. and Conover, W. (1979), A comparison of three methods for selecting values of input variables,
Technometrics 21(2).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.errors import InputError
from core.strategy import Parameters
from optimization.walkforward.grid import Codes, Grid, allowed, positions

FIRST_SHARE = 0.75
"""How much of the combinations that may be evaluated the hypercube takes; the rest is for steps around the best."""

_DRAWS = 20


def sample(grid: Grid, model: type[Parameters], count: int, seed: int) -> Codes:
    """At most ``count`` different allowed combinations, int32[n, n_names], in the order of the whole grid.

    Each draw of n has each value of each name n / values times, to the next whole number. What is drawn twice or not
    allowed is drawn again, 20 times at most. Raises InputError when nothing that was drawn is allowed.
    """
    rng = np.random.default_rng(seed)
    found = np.empty((0, len(grid.names)), np.int32)
    for _ in range(_DRAWS):
        lacking = count - len(found)
        if lacking <= 0:
            break
        drawn = np.concatenate((found, _hypercube(grid.shape, lacking, rng)))
        _, first = np.unique(positions(grid, drawn), return_index=True)
        fresh = np.sort(first[first >= len(found)])
        if len(fresh):
            check = _allowed_or_none if len(found) else allowed
            found = np.concatenate((found, check(grid, model, drawn[fresh])))
    return found[np.argsort(positions(grid, found))]


def around(grid: Grid, model: type[Parameters], best: Codes) -> Codes:
    """Allowed combinations that differ from one of ``best`` by one step of one name, each once; none of ``best``."""
    moved: list[Codes] = []
    for axis, size in enumerate(grid.shape):
        for step in (-1, 1):
            codes = best.copy()
            codes[:, axis] += step
            moved.append(codes[(codes[:, axis] >= 0) & (codes[:, axis] < size)])
    codes = np.concatenate(moved)
    if len(codes) == 0:
        return codes
    numbers, first = np.unique(positions(grid, codes), return_index=True)
    fresh = codes[first[~np.isin(numbers, positions(grid, best))]]
    return _allowed_or_none(grid, model, fresh)


def _hypercube(shape: Sequence[int], count: int, rng: np.random.Generator) -> Codes:
    """One Latin hypercube of ``count`` points: each name's range in as many strata, each drawn from once."""
    columns = [((rng.permutation(count) + rng.random(count)) / count * size).astype(np.int32) for size in shape]
    return np.minimum(np.stack(columns, axis=1), np.array(shape, np.int32) - 1).astype(np.int32)


def _allowed_or_none(grid: Grid, model: type[Parameters], codes: Codes) -> Codes:
    """As `allowed`, but none is no error, since others were allowed before."""
    try:
        return allowed(grid, model, codes) if len(codes) else codes
    except InputError:
        return codes[:0]
