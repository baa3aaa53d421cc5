"""The gate from paper to live: limits that the grade alone does not open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from optimization.statistics.bootstrap import FEWEST_TRADES
from optimization.statistics.estimate import Estimate
from optimization.statistics.grade import LEAST_SCORE, Letter
from optimization.statistics.tail import Tail


class GateLimits(BaseModel):
    """What must be kept. Returns are fractions; a limit of the tail is the worst that may have happened."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    grade: Letter = Field("C", description="least letter")
    pbo: float = Field(0.2, ge=0, le=1, description="largest probability of backtest overfitting")
    deflated_sharpe: float = Field(0.95, ge=0, le=1, description="least deflated Sharpe ratio")
    trades: int = Field(FEWEST_TRADES, ge=1, description="fewest out-of-sample trades; below: underpowered")
    worst_day: float = Field(-0.15, ge=-1, le=0, description="worst daily return")
    expected_shortfall: float = Field(-0.06, ge=-1, le=0, description="mean of the worst 5 % of days")
    loss_to_win: float = Field(20.0, gt=0, description="largest loss over average win")
    under_water_days: int = Field(180, ge=1, description="longest time below a peak")
    crash_return: float = Field(-0.25, ge=-1, le=0, description="return over the crash days")
    gap_loss: float = Field(0.6, gt=0, description="share of equity that the largest gap may take")


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
