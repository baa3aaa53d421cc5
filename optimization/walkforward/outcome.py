"""What a walk-forward run found: all that database, report and API show. Nothing is NaN or infinite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.candle import Floats, Ints
from engine.breakdown import RegimePart
from optimization.statistics.bootstrap import Bootstrap
from optimization.statistics.estimate import Estimate
from optimization.statistics.gate import Gate
from optimization.statistics.grade import Grade
from optimization.statistics.pbo import Overfitting
from optimization.statistics.tail import Tail
from optimization.walkforward.chunks import Floats32
from optimization.walkforward.grid import Codes, Grid
from optimization.walkforward.job import Job
from optimization.walkforward.windows import Window


@dataclass(frozen=True, eq=False, slots=True)
class Dense:
    """Figures of every combination in every window: float32[W, n], trades int32[W, n].

    sharpe : annualised. net_return, max_drawdown : fractions over the window. All 0 without trades.
    """

    sharpe: Floats32
    net_return: Floats32
    max_drawdown: Floats32
    trades: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one combination in one window, or of the stitched curve. Fractions; Sharpe and Sortino annualised."""

    sharpe: float
    sortino: float
    net_return: float
    max_drawdown: float
    trades: int
    wins: int


@dataclass(frozen=True, slots=True)
class WindowResult:
    """What was chosen in a window and how it did. chosen : row of `Outcome.codes`, -1 where nothing had trades enough.

    params : its parameters, all of them, {} where nothing was chosen; then the window stays flat. score : the
    objective in sample, over the neighbours if so configured. candidates : how many had trades enough.
    """

    window: Window
    chosen: int
    params: Mapping[str, Any]
    score: float
    candidates: int
    in_sample: Figures
    out_of_sample: Figures


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """The chosen combinations' out-of-sample days one after another: UTC day numbers int64[n], daily returns
    float64[n] and equity float64[n + 1] that begins with 1.
    """

    days: Ints
    daily: Floats
    equity: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Verdict:
    """How the stitched curve is judged. reason : why the grade cannot be better, in words, '' where there is nothing.

    probabilistic, deflated : probabilities. trials : combinations ever evaluated that the latter counts, this run's
    included. trial_variance : of their daily Sharpe ratios, as this run's combinations have them out of sample.
    judged : how many combinations the probability of overfitting is of. track_record_days : the least that would do.
    """

    grade: Grade
    gate: Gate
    figures: Figures
    in_sample_sharpe: float
    consistency: Estimate
    transfer: Estimate
    probabilistic: Estimate
    deflated: Estimate
    trials: int
    trial_variance: Estimate
    track_record_days: Estimate
    overfitting: Overfitting
    bootstrap: Bootstrap
    instability: Estimate
    tail: Tail
    regimes: tuple[RegimePart, ...]
    judged: int
    reason: str


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """One run. from_ms, to_ms : the candles there were. purge_ms : between the two parts of each window.

    codes : int32[n, n_names], every combination evaluated (``grid.values_of(codes[i])`` are its parameters). born :
    int32[n], the first window that may choose it (a search around the best of one window is not known to those before).
    deployment : Dense of one row, on the most recent in-sample window, latest : its span; deployed : what is chosen
    there, {} where nothing had trades enough. result_hash : sha256 (hex) of everything but duration, trials before
    this run and what follows from them.
    """

    job: Job
    fingerprint: str
    data_digest: str
    code_version: str
    from_ms: int
    to_ms: int
    purge_ms: int
    grid: Grid
    codes: Codes
    born: NDArray[np.int32]
    windows: tuple[WindowResult, ...]
    in_sample: Dense
    out_of_sample: Dense
    latest: tuple[int, int]
    deployment: Dense
    deployed: Mapping[str, Any]
    curve: Curve
    verdict: Verdict
    candle_combinations: int
    duration_s: float
    result_hash: str
