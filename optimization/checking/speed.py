"""What a plan costs: a row of a live step, and a row of a whole history at once."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from core.plan import Plan
from core.timeframe import timeframe_ms
from engine.costs import Costs
from engine.ladder import Ladder
from optimization.checking.market import CheckMarket
from optimization.checking.subject import Checked

_SPARE_ROWS: Final = 8
"""As a runner keeps beyond the warm-up."""
_TIMES: Final = 15


@dataclass(frozen=True, slots=True)
class Speed:
    """Microseconds of processor time a plan row, medians.

    step_us : one row of a runner: market, plan and ladder on a window of the warm-up. vectorised_us : a row of the
    whole market planned at once.
    """

    step_us: float
    vectorised_us: float


def speed(subject: Checked[Any], market: CheckMarket) -> Speed:
    """Measure on ``market``, with nothing remembered from one time to the next. Raises Broken."""
    n = len(market)
    rows = min(subject.warmup + _SPARE_ROWS, n)
    window = market.slice(n - rows, n)
    closed_ms = int(market.candles.ts_ms[-1]) + timeframe_ms(market.candles.timeframe)
    ladder = Ladder(market.symbol, Costs(), 10_000.0)

    def step() -> None:
        answer = subject.answer(window.market())
        if isinstance(answer, Plan):
            ladder.new_row(answer, closed_ms, rows)

    return Speed(_median_us(step), _median_us(lambda: subject.answer(market.market())) / n)


def _median_us(work: Callable[[], object]) -> float:
    work()
    taken = []
    for _ in range(_TIMES):
        begun = time.thread_time()
        work()
        taken.append((time.thread_time() - begun) * 1e6)
    return statistics.median(taken)
