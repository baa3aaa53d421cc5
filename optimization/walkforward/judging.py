"""The verdict on a stitched curve: every statistic, the grade, the gate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.candle import Floats, Ints
from core.timeframe import DAY_MS
from engine.breakdown import by_regime
from engine.metrics import DAYS_A_YEAR
from indicators.regime import Label
from optimization.statistics.bootstrap import FEWEST_TRADES, bootstrap
from optimization.statistics.deflated import deflated_sharpe, expected_maximum, trial_variance
from optimization.statistics.estimate import Estimate
from optimization.statistics.gate import gate
from optimization.statistics.grade import consistency, grade, transfer
from optimization.statistics.pbo import overfitting
from optimization.statistics.probabilistic import minimum_track_record, probabilistic_sharpe
from optimization.statistics.returns import LARGEST_RETURN, moments
from optimization.statistics.stability import instability
from optimization.statistics.tail import tail
from optimization.walkforward.chunks import Task
from optimization.walkforward.figures import sharpe_of_sums
from optimization.walkforward.outcome import Curve, Verdict, WindowResult
from optimization.walkforward.recording import Recorded, stitched_figures
from optimization.walkforward.waves import Wave


@dataclass(frozen=True, eq=False, slots=True)
class Evidence:
    """What a verdict is made of. recorded : the chosen combination of each window, out of sample.

    out_of_sample : of all combinations. neighbours : Sharpe ratios of the chosen ones, moved. trials : combinations
    evaluated, this run's and those before.
    """

    task: Task
    windows: Sequence[WindowResult]
    recorded: Sequence[Recorded]
    curve: Curve
    out_of_sample: Wave
    neighbours: Floats
    trials: int


def judge(evidence: Evidence) -> Verdict:
    """The verdict. A curve without trades has grade F, with the reason, and every figure is defined or has a flag."""
    job, curve = evidence.task.job, evidence.curve
    trades = np.concatenate([r.trades for r in evidence.recorded])
    exposure = np.concatenate([r.exposure for r in evidence.recorded])
    figures = stitched_figures(curve.daily, trades)
    chosen = [w for w in evidence.windows if w.chosen >= 0]
    inside = float(np.mean([w.in_sample.sharpe for w in chosen])) if chosen else 0.0
    found = moments(curve.daily)
    variance = trial_variance(_trial_sharpes(evidence))
    probabilistic, deflated = probabilistic_sharpe(found), deflated_sharpe(found, evidence.trials, variance.value)
    share = consistency(np.array([w.out_of_sample.net_return for w in evidence.windows]))
    carried = transfer(figures.sharpe, inside)
    unstable = instability(evidence.neighbours, figures.sharpe)
    overfitted = overfitting(evidence.out_of_sample.daily)
    fitted = Estimate(overfitted.probability, overfitted.defined)
    regimes = evidence.task.material.regimes
    ends = tail(curve.daily, trades["net"], exposure, regimes.of(curve.days) == Label.CRASH)
    graded = grade(figures.sharpe, share.value, carried.value, deflated.value, unstable.value)
    benchmark = min(expected_maximum(evidence.trials, variance.value), LARGEST_RETURN)
    return Verdict(
        grade=graded,
        gate=gate(graded.score, fitted, deflated, len(trades), ends, job.limits),
        figures=figures,
        in_sample_sharpe=inside,
        consistency=share,
        transfer=carried,
        probabilistic=probabilistic,
        deflated=deflated,
        trials=evidence.trials,
        trial_variance=variance,
        track_record_days=minimum_track_record(found, benchmark),
        overfitting=overfitted,
        bootstrap=bootstrap(curve.daily, len(trades), resamples=job.resamples, seed=job.seed),
        instability=unstable,
        tail=ends,
        regimes=by_regime(curve.days * DAY_MS, curve.equity[1:], 1.0, trades, regimes),
        judged=len(evidence.out_of_sample.daily),
        reason=_reason(job.choice.min_trades, chosen, len(trades), inside),
    )


def stitched(windows: Sequence[WindowResult], recorded: Sequence[Recorded], equity: Floats) -> Curve:
    """The curve of the windows one after another; ``equity`` is that of all their days."""
    days: list[Ints] = [
        np.arange(w.window.out_from_ms // DAY_MS, w.window.out_to_ms // DAY_MS, dtype=np.int64) for w in windows
    ]
    return Curve(np.concatenate(days), np.concatenate([r.daily for r in recorded]), equity)


def _trial_sharpes(evidence: Evidence) -> Floats:
    """A day's Sharpe ratio of every combination over all out-of-sample days."""
    total, squares = evidence.out_of_sample.sums
    return sharpe_of_sums(total, squares, len(evidence.curve.daily)) / math.sqrt(DAYS_A_YEAR)


def _reason(min_trades: int, chosen: Sequence[WindowResult], trades: int, inside: float) -> str:
    if not chosen:
        return f"no combination has {min_trades} trades or more in any in-sample window"
    if not trades:
        return "what was chosen in sample makes no trade out of sample"
    if inside <= 0.0:
        return "what was chosen in sample does not earn there either"
    if trades < FEWEST_TRADES:
        return f"underpowered: {trades} out-of-sample trades, {FEWEST_TRADES} are needed"
    return ""
