"""Combinations of a run as the API shows them: the best, and a figure over two parameters with what is marked there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from api import research_models as models
from api.research import BestQuestion, HeatmapQuestion
from storage.research_records import StoredRun

if TYPE_CHECKING:
    from optimization.combinations import Combinations
    from optimization.combinations import Heatmap as Brought
    from optimization.result_store import ResultStore


def best(store: ResultStore, run: StoredRun, question: BestQuestion) -> models.CombinationPage:
    """Combinations, best first, each with its place in sample."""
    read = store.combinations(run.fingerprint)
    found = read.best(question.by, question.limit, question.offset, question.window)
    inside = f"in.{question.by.partition('.')[2]}"
    ranks = read.rank(inside, [one.row for one in found], question.window)
    items = tuple(
        models.CombinationFigures(**one._asdict(), rank_in_sample=rank) for one, rank in zip(found, ranks, strict=True)
    )
    return models.CombinationPage(total=run.combinations, items=items)


def heatmap(store: ResultStore, run: StoredRun, question: HeatmapQuestion) -> models.Heatmap:
    """A figure over two parameters. Raises DataError for what is not there."""
    import numpy as np  # with the store, which has loaded it

    read = store.combinations(run.fingerprint)
    aggregate: Any = question.aggregate
    about = (question.x, question.y)
    fixed = dict(question.fixed)
    found = read.heatmap(*about, question.figure, aggregate, question.window, fixed)
    trades = read.heatmap(*about, "in.trades", "median", question.window, fixed)
    known = found.cells[np.isfinite(found.cells)]
    low, high = np.quantile(known, (0.02, 0.98)).tolist() if len(known) else (None, None)
    fewest = run.detail["job"]["choice"]["min_trades"]
    return models.Heatmap(
        x=models.Axis(**found.x._asdict()), y=models.Axis(**found.y._asdict()), figure=found.figure,
        aggregate=found.aggregate, window=found.window, cells=found.cells.tolist(), counts=found.counts.tolist(),
        few=(trades.cells < fewest).tolist(), low=low, high=high, marks=tuple(_marks(store, run, read, found)),
    )


def _marks(store: ResultStore, run: StoredRun, read: Combinations, found: Brought) -> Iterator[models.Mark]:
    """What each window chose, what is deployed, and the best out of sample."""
    for window in store.windows(run.fingerprint):
        if window.combination >= 0:
            yield _mark("chosen", window.number, window.params, found)
    if run.params:
        yield _mark("deploy", None, run.params, found)
    for one in read.best("out.sharpe", 1):
        yield _mark("best", None, one.params, found)


def _mark(kind: Any, window: int | None, params: dict[str, Any], found: Brought) -> models.Mark:
    x, y = (
        axis.values.index(params[axis.name]) if params.get(axis.name) in axis.values else -1
        for axis in (found.x, found.y)
    )
    return models.Mark(kind=kind, window=window, x=x, y=y)
