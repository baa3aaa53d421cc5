"""The gate from paper to live: limits that the grade alone does not open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.settings import GateLimits
from optimization.statistics.estimate import Estimate
from optimization.statistics.grade import LEAST_SCORE
from optimization.statistics.tail import Tail


@dataclass(frozen=True, slots=True)
class Line:
    """One criterion: its figure must be ``comparison`` its limit; ``defined`` as in `Estimate`."""

    criterion: str
    figure: float
    comparison: Literal[">=", "<="]
    limit: float
    passed: bool
    defined: bool = True


@dataclass(frozen=True, slots=True)
class Gate:
    """Every line, and whether all of them are passed."""

    lines: tuple[Line, ...]

    @property
    def passed(self) -> bool:
        """All lines are passed."""
        return all(line.passed for line in self.lines)


def gate(score: float, pbo: Estimate, deflated: Estimate, trades: int, tail: Tail, limits: GateLimits) -> Gate:
    """Figures held against ``limits``. An undefined figure counts with its fallback, which never flatters."""
    gaps = max((g.loss for g in tail.gaps), default=0.0)
    return Gate((
        _at_least("grade score", Estimate(score), LEAST_SCORE[limits.grade]),
        _at_most("probability of overfitting", pbo, limits.pbo),
        _at_least("deflated Sharpe", deflated, limits.deflated_sharpe),
        _at_least("trades", Estimate(float(trades)), float(limits.trades)),
        _at_least("worst day", tail.worst_day, limits.worst_day),
        _at_least("expected shortfall", tail.expected_shortfall, limits.expected_shortfall),
        _at_most("largest loss over average win", tail.loss_to_win, limits.loss_to_win),
        _at_most("days under water", Estimate(float(tail.under_water_days)), float(limits.under_water_days)),
        _at_least("return in crashes", tail.crash_return, limits.crash_return),
        _at_most("loss in a gap", Estimate(gaps), limits.gap_loss),
    ))


def _at_least(criterion: str, figure: Estimate, limit: float) -> Line:
    return Line(criterion, figure.value, ">=", limit, figure.value >= limit, figure.defined)


def _at_most(criterion: str, figure: Estimate, limit: float) -> Line:
    return Line(criterion, figure.value, "<=", limit, figure.value <= limit, figure.defined)
