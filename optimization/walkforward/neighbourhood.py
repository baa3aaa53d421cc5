"""How the chosen combinations would have done had each parameter been a little other than it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import ValidationError

from core.candle import Floats
from core.timeframe import DAY_MS
from engine import metrics
from engine.bind import Binder
from engine.sweep import Sweep
from optimization.statistics.axes import axes
from optimization.statistics.stability import SHIFTS, moved
from optimization.walkforward.chunks import Spans, Task, days_in
from optimization.walkforward.recording import Recorder

Params = Mapping[str, Any]


def neighbour_sharpes(task: Task, recorder: Recorder, chosen: Sequence[Params], spans: Spans) -> Floats:
    """float64[v]: annualised Sharpe ratio of the stitched days, one parameter moved by one of `SHIFTS` in every window.

    ``chosen`` : what is walked in each of ``spans``, {} for nothing. A parameter stays as it is in a window where it
    cannot be moved; what moves nowhere is left out.
    """
    variants = _variants(task, chosen)
    daily = np.zeros((len(variants), days_in(spans)))
    begin = 0
    for w, (from_ms, to_ms) in enumerate(spans):
        _walk(task, recorder, [variant[w] for variant in variants], (from_ms, to_ms), daily[:, begin:])
        begin += (to_ms - from_ms) // DAY_MS
    return np.array([metrics.sharpe(row) for row in daily])


def _variants(task: Task, chosen: Sequence[Params]) -> list[list[Params]]:
    """What is walked in every window, for each axis and shift, each once."""
    model = task.material.strategy.Params
    found: list[list[Params]] = []
    for axis in axes(model, task.job.grid.names):
        for shift in SHIFTS:
            variant = [_shifted(model, p, axis.name, moved(p[axis.name], axis, shift)) if p else p for p in chosen]
            if variant != list(chosen) and variant not in found:
                found.append(variant)
    return found


def _shifted(model: Any, params: Params, name: str, value: float) -> Params:
    """``params`` with the value, unchanged where the parameters' own rules forbid it."""
    changed = {**params, name: value}
    try:
        model.__pydantic_validator__.validate_python(changed)
    except ValidationError:
        return params
    return changed


def _walk(task: Task, recorder: Recorder, variants: list[Params], span: tuple[int, int], out: Floats) -> None:
    """Daily returns of every variant over one window, into the first columns of ``out``."""
    walked = recorder.span(*span)
    if not variants or not variants[0] or not len(walked):
        return
    binder = Binder(len(recorder.market))
    binder.extend([recorder.plan(params) for params in variants])
    at = int(walked.packed["day"][0]) - span[0] // DAY_MS
    daily = Sweep(task.job.symbol, walked, binder, task.job.costs, task.job.capital).walk(daily=True).daily
    out[:, at : at + daily.shape[1]] = daily
