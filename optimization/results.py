"""A walk-forward outcome as what is kept of it: a run, its windows, and a table of every combination.

Law: no NaN and no infinity; a figure that could not be estimated is None in the run's own columns, and stands with
``defined`` false in its detail.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pydantic import BaseModel

from optimization.run_file import METRICS, PARAM, Kept
from optimization.statistics.bootstrap import resampled
from optimization.statistics.estimate import Estimate
from optimization.statistics.fan import SHARES, fan
from optimization.statistics.pbo import Overfitting
from optimization.walkforward.outcome import Dense, Outcome, WindowResult
from storage.research_records import StoredRun, StoredWindow
from storage.rows import plain

_SCATTER: Final = 500
_BINS: Final = 40
_FIELDS: Final = dict(zip(METRICS, ("sharpe", "net_return", "max_drawdown", "trades"), strict=True))


def kept(outcome: Outcome, finished_ms: int, origin: str) -> Kept:
    """The records of an outcome that was finished at ``finished_ms`` (UTC ms) on the machine named ``origin``."""
    windows = tuple(_window(result) for result in outcome.windows)
    return Kept(_run(outcome, finished_ms, origin), windows, combinations(outcome))


def combinations(outcome: Outcome) -> Any:
    """The table of every combination: its parameters, the first window that may choose it, its figures in each.

    Parameters are dictionaries of the grid's values; figures are float32, trades int32, without copies.
    """
    columns: dict[str, Any] = {}
    for i, (name, values) in enumerate(zip(outcome.grid.names, outcome.grid.values, strict=True)):
        codes = pa.array(np.ascontiguousarray(outcome.codes[:, i]))
        columns[f"{PARAM}{name}"] = pa.DictionaryArray.from_arrays(codes, _dictionary(values))
    columns["born"] = pa.array(outcome.born)
    for part, dense in (("in", outcome.in_sample), ("out", outcome.out_of_sample)):
        for metric in METRICS:
            for window, row in enumerate(_matrix(dense, metric)):
                columns[f"{part}.{metric}.{window}"] = pa.array(row)
    return pa.table(columns)


def json_words(value: Any) -> Any:
    """``value`` in JSON's words: arrays as lists, NumPy's numbers as Python's, records as dicts, NaN as None."""
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, BaseModel):
        return json_words(value.model_dump())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: json_words(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: json_words(item) for name, item in zip(value._fields, value, strict=True)}
    if isinstance(value, Mapping):
        return {str(key): json_words(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [json_words(item) for item in value]
    return plain(value)


def _run(outcome: Outcome, finished_ms: int, origin: str) -> StoredRun:
    job, verdict = outcome.job, outcome.verdict
    figures, overfitting = verdict.figures, verdict.overfitting
    return StoredRun(
        fingerprint=outcome.fingerprint, result_hash=outcome.result_hash, ts_ms=finished_ms, received_ms=finished_ms,
        strategy=job.strategy, symbol=job.symbol, timeframe=job.timeframe, from_ms=outcome.from_ms,
        to_ms=outcome.to_ms, origin=origin, code_version=outcome.code_version, duration_s=outcome.duration_s,
        combinations=len(outcome.codes), windows=len(outcome.windows), trials=verdict.trials,
        grade=verdict.grade.letter, score=float(verdict.grade.score), gate_passed=verdict.gate.passed,
        sharpe=float(figures.sharpe), in_sample_sharpe=float(verdict.in_sample_sharpe),
        total_return=float(figures.net_return), max_drawdown=float(figures.max_drawdown), trades=int(figures.trades),
        consistency=_defined(verdict.consistency), deflated_sharpe=_defined(verdict.deflated),
        pbo=float(overfitting.probability) if overfitting.defined else None,
        p_value=float(verdict.bootstrap.p_value) if verdict.bootstrap.defined else None,
        instability=_defined(verdict.instability), params=json_words(outcome.deployed), detail=_detail(outcome),
    )


def _detail(outcome: Outcome) -> dict[str, Any]:
    verdict = json_words(dataclasses.replace(outcome.verdict, overfitting=_thinned(outcome.verdict.overfitting)))
    verdict["bootstrap"].update(_resampled(outcome))
    edges, counts = outcome.verdict.overfitting.distribution()
    verdict["overfitting"]["histogram"] = {"edges": json_words(edges), "counts": json_words(counts)}
    return {
        "job": json_words(outcome.job), "data_digest": outcome.data_digest, "purge_ms": outcome.purge_ms,
        "candle_combinations": outcome.candle_combinations, "verdict": verdict, "curve": json_words(outcome.curve),
        "latest": json_words(outcome.latest),
    }


def _resampled(outcome: Outcome) -> dict[str, Any]:
    """How resampled Sharpe ratios, deepest drawdowns and equity are spread, for pictures."""
    told = outcome.verdict.bootstrap
    drawn = resampled(outcome.curve.daily, told.block_days, told.resamples, outcome.job.seed)
    found: dict[str, Any] = {}
    for name, values in (("histogram", drawn[:, 0]), ("drawdowns", drawn[:, 2])):
        counts, edges = np.histogram(values, _BINS)
        found[name] = {"edges": json_words(edges), "counts": json_words(counts)}
    days, spread = fan(outcome.curve.daily, told.block_days, told.resamples, outcome.job.seed)
    bands = {f"{share:.0%}": json_words(band.round(6)) for share, band in zip(SHARES, spread, strict=True)}
    return {**found, "fan": {"days": json_words(days), "bands": bands}}


def _thinned(overfitting: Overfitting) -> Overfitting:
    """With at most 500 of its splits, evenly spread: a picture needs no more, and there are thousands."""
    splits = len(overfitting.logits)
    if splits <= _SCATTER:
        return overfitting
    which = np.linspace(0, splits - 1, _SCATTER).astype(np.int64)
    thinned = {name: getattr(overfitting, name)[which] for name in ("logits", "in_sample", "out_of_sample")}
    return dataclasses.replace(overfitting, **thinned)


def _window(result: WindowResult) -> StoredWindow:
    window, inside, outside = result.window, result.in_sample, result.out_of_sample
    return StoredWindow(
        number=window.index, in_from_ms=window.in_from_ms, in_to_ms=window.in_to_ms, out_from_ms=window.out_from_ms,
        out_to_ms=window.out_to_ms, combination=result.chosen, params=json_words(result.params),
        in_sharpe=float(inside.sharpe), out_sharpe=float(outside.sharpe), in_return=float(inside.net_return),
        out_return=float(outside.net_return), in_drawdown=float(inside.max_drawdown),
        out_drawdown=float(outside.max_drawdown), in_trades=int(inside.trades), out_trades=int(outside.trades),
    )


def _defined(estimate: Estimate) -> float | None:
    return float(estimate.value) if estimate.defined else None


def _matrix(dense: Dense, metric: str) -> Any:
    return getattr(dense, _FIELDS[metric])


def _dictionary(values: tuple[Any, ...]) -> Any:
    """The values as an array of one type; as JSON text where they have none in common."""
    kinds = {type(value) for value in values}
    if kinds <= {int, float} or (len(kinds) == 1 and kinds <= {bool, str}):
        return pa.array(values)
    return pa.array([json.dumps(json_words(value)) for value in values])
