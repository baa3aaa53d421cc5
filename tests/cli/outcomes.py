"""Outcomes of walk-forward runs built from random daily returns, with the real statistics of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.timeframe import DAY_MS
from engine.breakdown import RegimePart
from engine.costs import Costs
from engine.metrics import drawdown, sharpe
from optimization.statistics import deflated as trials_of
from optimization.statistics import returns
from optimization.statistics.bootstrap import bootstrap
from optimization.statistics.estimate import Estimate
from optimization.statistics.gate import GateLimits, gate
from optimization.statistics.grade import consistency, grade, transfer
from optimization.statistics.pbo import overfitting
from optimization.statistics.probabilistic import minimum_track_record, probabilistic_sharpe
from optimization.statistics.tail import tail
from optimization.walkforward.grid import Grid
from optimization.walkforward.job import Job
from optimization.walkforward.outcome import Curve, Dense, Figures, Outcome, Verdict, WindowResult
from optimization.walkforward.windows import WindowRule, latest, windows

FROM_MS = 1_609_459_200_000  # 2021-01-01
GRID: Mapping[str, Sequence[Any]] = {
    "ma_period": (5, 7, 10), "num_levels": (2, 3, 4), "envelope_start": (0.05, 0.07, 0.10),
    "stop_fraction": (0.15, 0.20, 0.25, 0.30),
}
RULE = WindowRule(180, 60, 60)


def outcome(
    seed: int = 1, *, edge: float = 0.0, days: int = 900, grid: Mapping[str, Sequence[Any]] = GRID, trades: int = 12,
    symbol: str = "BTC-USDT", strategy: str = "envelope_dca", chosen: bool = True, instability: float = 0.4,
) -> Outcome:
    """A run whose combinations earn ``edge`` standard deviations a day; nothing is traded when ``trades`` is 0.

    chosen : False when no combination ever had trades enough.
    """
    rng = np.random.default_rng(seed)
    made = Grid(tuple(grid), tuple(tuple(v) for v in grid.values()), (("fixed_one", 3),))
    codes = np.stack(np.unravel_index(np.arange(made.size), made.shape), axis=1).astype(np.int32)
    n, to_ms = len(codes), FROM_MS + days * DAY_MS
    taste = np.sin(np.linspace(0.5, 2.5, n)) * edge
    daily = rng.standard_t(4, (n, days)) * 0.5 + rng.standard_t(4, days) + taste[:, None]
    daily *= 0.012 if trades and chosen else 0.0
    spans = windows(RULE, FROM_MS, to_ms)
    inside = dense(daily, [(w.in_from_ms, w.in_to_ms) for w in spans], 3 * trades)
    outside = dense(daily, [(w.out_from_ms, w.out_to_ms) for w in spans], trades)
    best = [int(np.argmax(row)) if chosen and trades else -1 for row in inside.sharpe]
    found = tuple(
        WindowResult(w, b, made.values_of(codes[b]) if b >= 0 else {}, float(inside.sharpe[i, b]) if b >= 0 else 0.0,
                     n if b >= 0 else 0, figures(daily, b, (w.in_from_ms, w.in_to_ms), 3 * trades),
                     figures(daily, b, (w.out_from_ms, w.out_to_ms), trades))
        for i, (w, b) in enumerate(zip(spans, best, strict=True))
    )
    pieces = [of(daily, b, (w.out_from_ms, w.out_to_ms)) for w, b in zip(spans, best, strict=True)]
    stitched = np.concatenate(pieces)
    first = spans[0].out_from_ms // DAY_MS
    curve = Curve(np.arange(first, first + len(stitched)), stitched, np.append(1.0, np.cumprod(1.0 + stitched)))
    newest = latest(RULE, FROM_MS, to_ms)
    job = Job(strategy, symbol, "1h", FROM_MS, to_ms, made, Costs(), 2000.0, rule=RULE)
    return Outcome(
        job=job, fingerprint=f"{seed:064x}", data_digest="d" * 64, code_version="c" * 16, from_ms=FROM_MS, to_ms=to_ms,
        purge_ms=0, grid=made, codes=codes, born=np.zeros(n, np.int32), windows=found, in_sample=inside,
        out_of_sample=outside, latest=newest, deployment=dense(daily, [newest], 3 * trades),
        deployed=made.values_of(codes[best[-1]]) if chosen and trades else {}, curve=curve,
        verdict=verdict(daily, found, stitched, n, instability), candle_combinations=n * days * 24 * 2, duration_s=1.25,
        result_hash="e" * 64,
    )


def verdict(
    daily: Any, found: Sequence[WindowResult], stitched: Any, n: int, instability: float
) -> Verdict:
    """The real statistics of the stitched days."""
    made = sum(w.out_of_sample.trades for w in found)
    of_curve = returns.moments(stitched)
    variance = trials_of.trial_variance(np.array([returns.moments(row).sharpe for row in daily]))
    counted = 2 * n
    deep = trials_of.deflated_sharpe(of_curve, counted, variance.value)
    inside = float(np.mean([w.in_sample.sharpe for w in found]))
    whole = figures(stitched[None], 0, (0, len(stitched) * DAY_MS), made, 0)
    even = consistency(np.array([w.out_of_sample.net_return for w in found]))
    over = transfer(whole.sharpe, inside)
    graded = grade(whole.sharpe, even.value, over.value, deep.value, instability)
    nets = stitched[stitched != 0.0] * 2000.0
    exposure = np.abs(stitched) * 20
    ends = tail(stitched, nets, exposure, np.arange(len(stitched)) % 50 == 0)
    pbo = overfitting(daily)
    return Verdict(
        grade=graded, gate=gate(graded.score, Estimate(pbo.probability, pbo.defined), deep, made, ends, GateLimits()),
        figures=whole, in_sample_sharpe=inside, consistency=even, transfer=over,
        probabilistic=probabilistic_sharpe(of_curve), deflated=deep, trials=counted, trial_variance=variance,
        track_record_days=minimum_track_record(of_curve), overfitting=pbo,
        bootstrap=bootstrap(stitched, made, resamples=200), instability=Estimate(instability), tail=ends,
        regimes=(RegimePart("bull", 200, 120.0, 0.06, 40, 25), RegimePart("crash", 9, -60.0, -0.03, 3, 1)), judged=n,
        reason="" if made else "no window had a combination with 5 trades in sample",
    )


def dense(daily: Any, spans: Sequence[tuple[int, int]], trades: int) -> Dense:
    """Figures of every combination over every span."""
    cut = [np.stack([of(daily, row, span) for row in range(len(daily))]) for span in spans]
    each = np.float32
    return Dense(
        sharpe=np.array([[sharpe(d) for d in part] for part in cut], each),
        net_return=np.array([np.prod(1.0 + part, axis=1) - 1.0 for part in cut], each),
        max_drawdown=np.array([[drawdown(np.append(1.0, np.cumprod(1.0 + d)))[0] for d in part] for part in cut], each),
        trades=np.full((len(spans), len(daily)), trades, np.int32),
    )


def of(daily: Any, row: int, span: tuple[int, int], from_ms: int = FROM_MS) -> Any:
    """Daily returns of a combination over a span; flat for none."""
    begin, end = ((ms - from_ms) // DAY_MS for ms in span)
    return daily[row, begin:end] if row >= 0 else np.zeros(end - begin)


def figures(daily: Any, row: int, span: tuple[int, int], trades: int, from_ms: int = FROM_MS) -> Figures:
    """Of one combination over one span."""
    part = of(daily, row, span, from_ms)
    equity = np.append(1.0, np.cumprod(1.0 + part))
    made = trades if row >= 0 else 0
    return Figures(sharpe(part), returns.sortino(part).value, float(equity[-1] - 1.0), drawdown(equity)[0], made,
                   math.ceil(made * 0.7))
