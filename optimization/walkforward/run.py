"""One run: every window, every combination, the choice, what it earned after, and the verdict on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.errors import DataError
from core.timeframe import DAY_MS
from optimization.statistics.returns import equity
from optimization.walkforward.choosing import Chosen, choose
from optimization.walkforward.chunks import Spans, Task, combinations_at_once
from optimization.walkforward.digest import digest
from optimization.walkforward.job import Job
from optimization.walkforward.judging import Evidence, judge, stitched
from optimization.walkforward.material import Material
from optimization.walkforward.neighbourhood import neighbour_sharpes
from optimization.walkforward.outcome import Dense, Outcome, WindowResult
from optimization.walkforward.port import ChunkLedger, Executor, Progress, Tell
from optimization.walkforward.recording import Recorded, Recorder
from optimization.walkforward.searching import Searched, searched
from optimization.walkforward.source import code_version as version_of_code
from optimization.walkforward.waves import Surroundings, Wave, wave
from optimization.walkforward.windows import Window, latest, needed_days, windows

MOST_JUDGED = 4096
"""Combinations whose daily returns are kept for the probability of overfitting: all, or an even sample of so many."""


def run(
    job: Job, material: Material, executor: Executor, ledger: ChunkLedger,
    trials_so_far: Callable[[], int] = lambda: 0,
    tell: Tell = lambda progress: None, code_version: str = "",
) -> Outcome:
    """Evaluate, choose, stitch, judge.

    ``trials_so_far`` : asked for the verdict, combinations evaluated before, without this run's own.
    Chunks that ``ledger`` has are not computed again. ``code_version`` is that of the code itself unless given.
    Raises DataError when there is too little data, Cancelled when the executor was cancelled.
    """
    began = time.perf_counter()
    version = code_version or version_of_code()
    task = Task.of(job, material, version)
    inside = _windows(job, material, 0)
    recent = latest(job.rule, material.from_ms, material.to_ms)
    spans = (*((w.in_from_ms, w.in_to_ms) for w in inside), recent)
    near = Surroundings(executor, ledger, tell, combinations_at_once(task, spans), began)
    found = searched(task, spans, near)
    purge_ms = -(-found.results.longest_hold_ms // DAY_MS) * DAY_MS
    judged = _windows(job, material, purge_ms)
    outside: Spans = tuple((w.out_from_ms, w.out_to_ms) for w in judged)
    every = -(-len(found.codes) // MOST_JUDGED)
    after = wave(task, found.codes, 0, outside, near, "out of sample", every)
    tell(Progress(job.symbol, "statistics", 0, 1, 0, 0, len(judged), time.perf_counter() - began))
    chosen = choose(job.grid, found.codes, found.born, found.results.score, found.results.trades, job.choice)
    outcome = _outcome(task, version, judged, recent, found, after, chosen, purge_ms, trials_so_far())
    seconds = time.perf_counter() - began
    tell(Progress(job.symbol, "statistics", 1, 1, 0, len(judged), len(judged), seconds))
    return replace(outcome, duration_s=seconds)


def _outcome(
    task: Task, version: str, judged: Sequence[Window], recent: tuple[int, int], found: Searched, after: Wave,
    chosen: Chosen, purge_ms: int, trials_so_far: int,
) -> Outcome:
    """Everything that follows from the two waves."""
    job, codes, recorder = task.job, found.codes, Recorder(task)
    params: list[Mapping[str, Any]] = [job.grid.values_of(codes[row]) if row >= 0 else {} for row in chosen.rows]
    results, recorded = _recorded(recorder, judged, params, chosen)
    daily = np.concatenate([r.daily for r in recorded])
    curve = stitched(results, recorded, equity(daily))
    outside: Spans = tuple((w.out_from_ms, w.out_to_ms) for w in judged)
    moved = neighbour_sharpes(task, recorder, params[: len(judged)], outside)
    trials = trials_so_far + len(codes)
    verdict = judge(Evidence(task, results, recorded, curve, after, moved, trials))
    inside = _dense(found.results, slice(0, len(judged)))
    walked = int(np.diff(np.searchsorted(task.material.walked.ts_ms, [*_spans(judged, recent), *outside])).sum())
    outcome = Outcome(
        job=job, fingerprint=task.fingerprint, data_digest=task.material.digest, code_version=version,
        from_ms=task.material.from_ms, to_ms=task.material.to_ms, purge_ms=purge_ms, grid=job.grid, codes=codes,
        born=found.born, windows=tuple(results), in_sample=inside,
        out_of_sample=_dense(after, slice(None)), latest=recent, deployment=_dense(found.results, slice(-1, None)),
        deployed=params[-1], curve=curve, verdict=verdict, candle_combinations=walked * len(codes), duration_s=0.0,
        result_hash="",
    )
    return replace(outcome, result_hash=result_hash(outcome))


def result_hash(outcome: Outcome) -> str:
    """sha256 (hex) of what was found, without how long it took and what follows from trials of other runs."""
    o, v = outcome, outcome.verdict
    return digest(
        o.fingerprint, o.purge_ms, o.codes, o.born, o.windows, o.in_sample, o.out_of_sample, o.latest, o.deployment,
        o.deployed, o.curve, v.figures, v.in_sample_sharpe, v.consistency, v.transfer, v.probabilistic,
        v.trial_variance, v.overfitting, v.bootstrap, v.instability, v.tail, v.regimes, v.judged, v.reason,
    )


def _windows(job: Job, material: Material, purge_ms: int) -> tuple[Window, ...]:
    """The windows of the data. Raises DataError with the command that brings more."""
    try:
        return windows(job.rule, material.from_ms, material.to_ms, purge_ms)
    except DataError as error:
        day = np.datetime64(material.to_ms // DAY_MS - needed_days(job.rule, purge_ms), "D")
        command = f"`scalp-radar data fetch --symbol {job.symbol} --timeframe {job.timeframe} --from {day}`"
        raise DataError(f"{job.symbol}: {error}; {command} brings more") from error


def _spans(judged: Sequence[Window], recent: tuple[int, int]) -> Spans:
    return (*((w.in_from_ms, w.in_to_ms) for w in judged), recent)


def _recorded(
    recorder: Recorder, judged: Sequence[Window], params: Sequence[Mapping[str, Any]], chosen: Chosen
) -> tuple[list[WindowResult], list[Recorded]]:
    """What was chosen in each window, in sample and out of sample."""
    results, recorded = [], []
    for w, window in enumerate(judged):
        before = recorder.figures(params[w], window.in_from_ms, window.in_to_ms)
        after = recorder.record(params[w], window.out_from_ms, window.out_to_ms)
        results.append(WindowResult(
            window, int(chosen.rows[w]), params[w], float(chosen.scores[w]), int(chosen.candidates[w]),
            before, after.figures,
        ))
        recorded.append(after)
    return results, recorded


def _dense(found: Wave, rows: slice) -> Dense:
    return Dense(found.sharpe[rows], found.net_return[rows], found.max_drawdown[rows], found.trades[rows])
