"""Verdicts as plain values, the same that are stored and that the API gives."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from optimization.results import kept
from optimization.walkforward.estimating import Estimated
from optimization.walkforward.outcome import Outcome
from scripts.optimizing import Finished, NotRun


def finished_as_plain(finished: Finished) -> dict[str, Any]:
    """Every run with its windows, and what could not be run."""
    return {"results": [outcome_as_plain(o) for o in finished.outcomes], "not_run": _refused(finished.not_run)}


def estimates_as_plain(estimates: tuple[Estimated, ...], workers: int, not_run: tuple[NotRun, ...]) -> dict[str, Any]:
    """What would be computed by so many ``workers``."""
    return {
        "estimates": [e._asdict() for e in estimates], "workers": workers,
        "seconds": sum(e.seconds for e in estimates) / workers, "not_run": _refused(not_run),
    }


def outcome_as_plain(outcome: Outcome) -> dict[str, Any]:
    """One run; combinations are not in it, for they may be a million."""
    run, windows, _ = kept(outcome, 0, "")
    plain = asdict(run)
    for of_the_store in ("ts_ms", "received_ms", "origin", "latest"):
        del plain[of_the_store]
    return {**plain, "by_window": [asdict(window) for window in windows]}


def _refused(not_run: tuple[NotRun, ...]) -> list[dict[str, str]]:
    return [refused._asdict() for refused in not_run]
