"""A walk-forward job: everything that decides its result, and the fingerprint of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from core.errors import InputError
from core.settings import GateLimits
from engine.costs import Costs
from optimization.statistics.bootstrap import RESAMPLES
from optimization.walkforward.digest import digest
from optimization.walkforward.grid import Grid
from optimization.walkforward.windows import WindowRule

Objective = Literal["sharpe", "sortino", "calmar", "return"]


@dataclass(frozen=True, slots=True)
class Choice:
    """How a combination is chosen in sample: the best ``objective`` of those with ``min_trades`` or more.

    plateau : the objective is averaged over the neighbours in the grid first, which prefers plateaus to peaks.
    max_combinations : a larger grid is sampled (Latin hypercube), then searched around the best.
    """

    objective: Objective = "sharpe"
    plateau: bool = False
    min_trades: int = 5
    max_combinations: int = 20_000

    def __post_init__(self) -> None:
        if self.min_trades < 1:
            raise InputError(f"min_trades = {self.min_trades}: allowed is 1 or more")
        if self.max_combinations < 1:
            raise InputError(f"max_combinations = {self.max_combinations}: allowed is 1 or more")


@dataclass(frozen=True, slots=True)
class Job:
    """One strategy on one asset; the span is half-open, UTC ms.

    detail : a finer timeframe to walk fills on, or ''.
    seed : of the sample of a large grid and of the bootstrap. funded : whether funding is paid.
    """

    strategy: str
    symbol: str
    timeframe: str
    from_ms: int
    to_ms: int
    grid: Grid
    costs: Costs
    capital: float
    detail: str = ""
    rule: WindowRule = field(default_factory=WindowRule)
    choice: Choice = field(default_factory=Choice)
    limits: GateLimits = field(default_factory=GateLimits)
    resamples: int = RESAMPLES
    funded: bool = True
    seed: int = 0


def fingerprint(job: Job, data_digest: str, strategy_source_digest: str, code_version: str) -> str:
    """sha256 (hex) of everything that decides the result; the same job over the same data and code has the same."""
    return digest(job, data_digest, strategy_source_digest, code_version)
