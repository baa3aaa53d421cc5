"""Faults planted in a filter are found."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pytest

from core.candle import Floats
from core.market import Market
from core.strategy import Filter, Parameters
from indicators.moving_average import sma
from optimization.checking.market import on_synthetic
from optimization.checking.report import Report
from optimization.checking.subject import FilterSubject
from optimization.checking.suite import FilterCheck
from tests.optimization.planted import tomorrow


class _Planted(Filter[Parameters]):
    """Scores by a function of the market."""

    name: ClassVar[str] = "planted"

    def __init__(self, of: Callable[[Market], Floats]) -> None:
        self._of = of

    def warmup(self, params: Parameters) -> int:
        return 20

    def score(self, market: Market, params: Parameters) -> Floats:
        return self._of(market)


def report(of: Callable[[Market], Floats]) -> Report:
    return FilterCheck(FilterSubject(_Planted(of), Parameters()), on_synthetic("5m"), patience_s=60.0).report()


def side(market: Market) -> Floats:
    return np.tanh(market.close / market.column(sma, "close", 20) - 1.0)


def test_a_faultless_filter_passes() -> None:
    found = report(side)
    assert found.passed, found
    assert [o.name for o in found.outcomes] == ["pure", "score", "look-ahead", "warm-up", "parameters", "speed"]


FAULTS = {
    "score of row 19 (2023-11-15 01:35 UTC): ": lambda m: tomorrow(side(m)),
    "allowed is -1 to 1, or NaN": lambda m: 1e3 * side(m),
    "score: list: allowed is float64(3000,)": lambda m: list(side(m)),
    "score: float64(2999,): allowed is float64(3000,)": lambda m: side(m)[1:],
    "no row of this market has a score": lambda m: np.full(len(m), np.nan),
    "from 20 candles": lambda m: np.tanh(m.close / m.column(sma, "close", 30) - 1.0),
    "remembers something: score of row 0 (": lambda m: np.full(len(m), np.random.random()),
}


@pytest.mark.parametrize("said", FAULTS)
def test_a_fault_is_found_and_named(said: str) -> None:
    found = report(FAULTS[said])
    assert not found.passed
    first = next(o for o in found.outcomes if o.status == "failed")
    assert said in first.detail
