"""Verdicts as one HTML file that needs nothing beside itself: no network, no other file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.timeframe import DAY_MS
from optimization.statistics.bootstrap import resampled
from optimization.statistics.returns import equity
from optimization.walkforward.outcome import Outcome
from scripts.optimizing import NotRun
from scripts.options import when_text
from scripts.report.frame import asset, environment, write_html
from scripts.report.numbers import Line
from scripts.report.surfaces import surfaces
from scripts.report.svg import Dots, Mark, columns, histogram, scatter
from scripts.report.verdict import (
    criteria_rows,
    first_failed,
    free_names,
    gate_rows,
    latest_text,
    lines,
    sentence,
    tail_rows,
    value_text,
    window_text,
    won,
)

POINTS: Final = 1200
"""Of a curve, and of a cloud: a picture needs no more."""
DOTS: Final = 900


def write_verdicts(path: Path, outcomes: Sequence[Outcome], not_run: Sequence[NotRun]) -> None:
    """Write the verdicts, whole or not at all. Raises ConfigurationError when the file cannot be written."""
    write_html(path, verdicts(outcomes, not_run))


def verdicts(outcomes: Sequence[Outcome], not_run: Sequence[NotRun]) -> str:
    """The verdicts as HTML."""
    return environment().get_template("verdict.html.j2").render(
        results=[_result(outcome) for outcome in outcomes], not_run=not_run,
        css=asset("uplot.min.css") + asset("page.css") + asset("verdict.css"), uplot=asset("uplot.min.js"),
        script=asset("results.js") + asset("verdict.js"),
    )


def _result(outcome: Outcome) -> dict[str, Any]:
    """What the template shows of one outcome."""
    v = outcome.verdict
    return {
        "name": outcome.job.strategy, "symbol": outcome.job.symbol, "timeframe": outcome.job.timeframe,
        "verdict": v, "figures": v.figures, "sentence": sentence(outcome), "failed": first_failed(outcome),
        "span": f"{when_text(outcome.from_ms)[:10]} to {when_text(outcome.to_ms)[:10]}",
        "combinations": len(outcome.codes), "candle_combinations": outcome.candle_combinations,
        "seconds": outcome.duration_s, "windows": len(outcome.windows), "won": won(outcome),
        "criteria": criteria_rows(outcome), "gate": gate_rows(outcome), "lines": (*lines(outcome), *_facts(outcome)),
        "tail": tail_rows(outcome), "regimes": v.regimes,
        "largest_change": max((abs(p.net_return) for p in v.regimes), default=0.0),
        "deployed": [(name, value_text(outcome.deployed[name])) for name in outcome.grid.names]
        if outcome.deployed else [], "latest": latest_text(outcome),
        "chart": _curve(outcome), "spark": _spark(outcome), "surfaces": surfaces(outcome), "strip": _strip(outcome),
        **_plots(outcome),
    }


def _facts(outcome: Outcome) -> tuple[Line, ...]:
    """What makes a run repeatable."""
    job = outcome.job
    return (
        Line("chosen by", f"{job.choice.objective}, {job.choice.min_trades} trades or more"
             + (", over neighbours" if job.choice.plateau else ""), "In sample, in each window anew."),
        Line("costs", f"maker {job.costs.maker_fee:.3%}, taker {job.costs.taker_fee:.3%}, slippage "
             f"{job.costs.slippage * 1e4:.4g} bp, leverage {job.costs.leverage:g}", "As configured; funding too."),
        Line("result", outcome.result_hash[:16], "The same job over the same data and code has the same, anywhere."),
    )


def _plots(outcome: Outcome) -> dict[str, Any]:
    """The charts that are drawn here."""
    v, b = outcome.verdict, outcome.verdict.bootstrap
    before = outcome.in_sample.sharpe.mean(axis=0, dtype=np.float64)
    after = outcome.out_of_sample.sharpe.mean(axis=0, dtype=np.float64)
    some = np.unique(np.linspace(0, len(after) - 1, min(len(after), DOTS)).astype(np.int64))
    picked = [w for w in outcome.windows if w.chosen >= 0]
    windows = Dots(np.array([w.in_sample.sharpe for w in picked]), np.array([w.out_of_sample.sharpe for w in picked]),
                   "chosen", 4.0)
    as_chosen = float(np.mean([w.out_of_sample.sharpe for w in outcome.windows]))  # measured as the others are
    drawn = resampled(outcome.curve.daily, b.block_days, b.resamples, outcome.job.seed)[:, 0]
    found: dict[str, Any] = {
        "transfer": scatter((Dots(before[some], after[some], "cloud", 2.2), windows), "Sharpe before the choice",
                            "Sharpe after it", lambda x: x, "nothing lost"),
        "distribution": histogram(after, "mean Sharpe after the choice, of every combination", (
            Mark(as_chosen, f"as chosen {as_chosen:.2f}", "accent"), Mark(0.0, "nothing", "quiet"),
        ), 0.0),
        "bootstrap": histogram(drawn, "Sharpe of resampled days", (
            Mark(v.figures.sharpe, f"as it was {v.figures.sharpe:.2f}", "accent"),
            Mark(0.0, f"p = {b.p_value:.3f}", "quiet"),
        ), 0.0),
        "bars": columns(
            [(w.in_sample.sharpe, w.out_of_sample.sharpe) for w in outcome.windows],
            [f"{window_text(w)}: promised {w.in_sample.sharpe:.2f}, then {w.out_of_sample.sharpe:.2f}, "
             f"{w.out_of_sample.net_return:+.1%}, {w.out_of_sample.trades} trades" for w in outcome.windows],
            "Sharpe",
        ),
        "logits": "", "degradation": "",
    }
    pbo = v.overfitting
    if pbo.defined:
        edges, counts = pbo.distribution(32)
        found["logits"] = histogram(pbo.logits, "rank of the best, out of sample (logit)", (
            Mark(0.0, f"below the middle {pbo.probability:.0%}", "quiet"),
        ), 0.0, edges=edges, counts=counts.astype(np.float64))
        some = np.unique(np.linspace(0, len(pbo.logits) - 1, min(len(pbo.logits), DOTS)).astype(np.int64))
        found["degradation"] = scatter(
            (Dots(pbo.in_sample[some], pbo.out_of_sample[some], "cloud", 2.2),), "Sharpe of the best of one half",
            "its Sharpe in the other", lambda x: pbo.intercept + pbo.slope * x, f"slope {pbo.slope:.2f}",
        )
    return found


def _curve(outcome: Outcome) -> dict[str, Any]:
    """Columns of the equity and drawdown charts, and where windows begin; times in seconds (UTC)."""
    curve = outcome.curve
    growth = np.asarray(curve.equity)[1:]
    peak = np.maximum.accumulate(np.maximum(growth, 1.0))
    edges = np.unique(np.linspace(0, len(growth), min(len(growth), POINTS) + 1).astype(np.int64))
    starts, last = edges[:-1], edges[1:] - 1
    fall = np.minimum.reduceat(growth / peak - 1.0, starts) * 100.0 if len(growth) else growth
    return {
        "time": ((np.asarray(curve.days)[last] + 1) * (DAY_MS // 1000)).tolist(),
        "equity": [float(f"{100.0 * v:.7g}") for v in growth[last]],
        "drawdown": [float(f"{v:.4g}") for v in fall],
        "edges": [w.window.out_from_ms // 1000 for w in outcome.windows],
    }


def _spark(outcome: Outcome, width: int = 120, height: int = 28) -> str:
    """Points of an SVG polyline of the equity."""
    values = np.log(np.maximum(np.asarray(equity(outcome.curve.daily)), 1e-6))
    values = values[np.unique(np.linspace(0, len(values) - 1, 60).astype(np.int64))]
    low, high = float(values.min()), float(values.max())
    y = height - 2.0 - (values - low) / ((high - low) or 1.0) * (height - 4.0)
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(np.linspace(0, width, len(values)), y, strict=True))


def _strip(outcome: Outcome) -> dict[str, Any]:
    """What was chosen in each window: for each parameter its values, and how far along the grid each is (0 to 1)."""
    names = free_names(outcome)
    rows = []
    for name in names:
        values = outcome.grid.values[outcome.grid.names.index(name)]
        cells: list[tuple[str, float] | None] = []
        for w in outcome.windows:
            at = values.index(w.params[name]) / max(len(values) - 1, 1) if w.params else 0.0
            cells.append((value_text(w.params[name]), at) if w.params else None)
        rows.append({"name": name, "cells": cells})
    heads = [
        {"from": window_text(w)[:10], "text": window_text(w), "promised": w.in_sample.sharpe, "after": w.out_of_sample,
         "chosen": bool(w.params)}
        for w in outcome.windows
    ]
    return {"rows": rows, "windows": heads}
