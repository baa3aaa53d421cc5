"""The grid seen over every two of its parameters: a figure of all combinations that share both values."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import numpy as np

from core.candle import Ints
from optimization.walkforward.outcome import Outcome
from scripts.report.verdict import value_text

MOST_VALUES: Final = 20
"""Of an axis; where there are more, neighbours share a cell."""
MOST_PAIRS: Final = 28


def surfaces(outcome: Outcome) -> dict[str, Any]:
    """Axes, and for each two of them the cells of each figure, as plain finite values.

    axes : name, labels of its values, ``chosen``, where the deployed value is (-1: nowhere). pairs : the two axes
    (rows, columns) and for each figure rows of cells, None where no combination is. Figures are means over the windows
    of a combination; a cell is their median, or the best of them.
    """
    free = [i for i, size in enumerate(outcome.grid.shape) if size > 1]
    axes = [_axis(outcome, i) for i in free]
    places = [_places(outcome.codes[:, i], outcome.grid.shape[i]) for i in free]
    figures = _figures(outcome)
    which = list(combinations(range(len(free)), 2))[:MOST_PAIRS] or ([(0, 0)] if len(free) == 1 else [])
    pairs = []
    for a, b in which:
        rows, columns = (np.zeros_like(places[b]) if a == b else places[a]), places[b]
        size = (1 if a == b else len(axes[a]["labels"]), len(axes[b]["labels"]))
        cells = {name: _cells(values, rows, columns, size, best) for name, (values, best) in figures.items()}
        pairs.append({"rows": -1 if a == b else a, "columns": b, "cells": cells})
    return {"axes": axes, "pairs": pairs, "figures": list(figures)}


def _figures(outcome: Outcome) -> dict[str, tuple[Any, bool]]:
    """Figures by name: float64[n], and whether a cell shows the best of them."""
    outside, inside = outcome.out_of_sample, outcome.in_sample
    after = outside.sharpe.mean(axis=0, dtype=np.float64)
    return {
        "Sharpe after the choice, median": (after, False),
        "Sharpe after the choice, best": (after, True),
        "Sharpe before it, median": (inside.sharpe.mean(axis=0, dtype=np.float64), False),
        "return a window, median, %": (outside.net_return.mean(axis=0, dtype=np.float64) * 100.0, False),
        "deepest drawdown, median, %": (-outside.max_drawdown.max(axis=0).astype(np.float64) * 100.0, False),
        "trades a window, median": (outside.trades.mean(axis=0, dtype=np.float64), False),
    }


def _axis(outcome: Outcome, i: int) -> dict[str, Any]:
    name, values = outcome.grid.names[i], outcome.grid.values[i]
    places = _places(np.arange(len(values)), len(values))
    labels = []
    for place in range(int(places[-1]) + 1):
        inside = [v for v, p in zip(values, places.tolist(), strict=True) if p == place]
        first, last = value_text(inside[0]), value_text(inside[-1])
        labels.append(first if len(inside) == 1 else f"{first} to {last}")
    deployed = outcome.deployed.get(name)
    chosen = int(places[values.index(deployed)]) if outcome.deployed and deployed in values else -1
    return {"name": name, "labels": labels, "chosen": chosen}


def _places(codes: Any, size: int) -> Ints:
    """In which cell of an axis each value is."""
    found: Ints = np.asarray(codes, np.int64) * min(size, MOST_VALUES) // size
    return found


def _cells(values: Any, rows: Ints, columns: Ints, size: tuple[int, int], best: bool) -> list[list[float | None]]:
    """The median (or the best) of the values in each cell."""
    flat = rows * size[1] + columns
    order = np.argsort(flat, kind="stable")
    edges = np.searchsorted(flat[order], np.arange(size[0] * size[1] + 1))
    cells: list[float | None] = []
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        inside = values[order[begin:end]]
        found = (inside.max() if best else np.median(inside)) if len(inside) else None
        cells.append(None if found is None else float(f"{found:.4g}"))
    return [cells[r * size[1] : (r + 1) * size[1]] for r in range(size[0])]
