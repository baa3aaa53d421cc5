"""A verdict in one or two sentences, out of the figures that it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from storage.research_records import StoredRun


def sentence(run: StoredRun, gate: Sequence[dict[str, Any]], reason: str) -> str:
    """What a reader should take from a run before looking at anything else."""
    failed = [line for line in gate if not line["passed"]]
    parts = [_quality(run), _overfitting(run)]
    first = ", ".join(part for part in parts if part)
    if not failed:
        last = "Every line of the gate is kept."
    else:
        names = ", ".join(str(line["criterion"]) for line in failed[:3])
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        last = f"{len(failed)} of {len(gate)} lines of the gate fail ({names}{more}): stays in paper."
    why = f" {reason[:1].upper()}{reason[1:]}." if reason else ""
    return f"{first[:1].upper()}{first[1:]}.{why} {last}"


def _quality(run: StoredRun) -> str:
    sharpe, promised = run.sharpe or 0.0, run.in_sample_sharpe or 0.0
    if run.trades < 1:
        return "no trade was made on the days after the choices"
    if sharpe <= 0.0:
        return f"what was chosen lost on the days after (Sharpe {_two(sharpe)})"
    word = "a fine" if sharpe >= 2.0 else "a modest" if sharpe >= 0.5 else "a weak"
    kept = f", {_percent(sharpe / promised)} of what was promised in sample" if promised > 0.0 else ""
    return f"{word} Sharpe ratio of {sharpe:.2f} on the days after{kept}"


def _overfitting(run: StoredRun) -> str:
    if run.pbo is None:
        return ""
    return f"in {_percent(run.pbo)} of the splits the winner of one half ended in the worse half of the other"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _two(figure: float) -> str:
    return f"{figure:.2f}".replace("-", "\u2212")
