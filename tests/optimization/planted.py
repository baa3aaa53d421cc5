"""Strategies with something wrong planted in them, to see that it is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import Field

from core.candle import Floats
from core.market import Market
from core.plan import AVERAGE, Level, Plan
from core.strategy import Condition, Parameters, Strategy
from indicators.moving_average import sma
from optimization.checking.market import on_synthetic
from optimization.checking.subject import Subject
from optimization.checking.suite import Check

WARM_UP = 20


class PlantedParams(Parameters):
    """A period and a distance, for corners."""

    period: int = Field(WARM_UP, ge=5, le=60, description="candles of the average")
    offset: float = Field(0.03, gt=0, lt=0.2, description="distance of the entry")


Planner = Callable[[Market, PlantedParams], dict[str, Any]]


class _Planted(Strategy[PlantedParams]):
    """Buys below an average, except for what ``change`` says otherwise."""

    name: ClassVar[str] = "planted"
    timeframe: ClassVar[str] = "1h"
    Params: ClassVar[type[Parameters]] = PlantedParams

    def __init__(self, change: Planner, warmup: int | None, conditions: list[Condition]) -> None:
        self._change, self._warmup, self._conditions = change, warmup, conditions

    def warmup(self, params: PlantedParams) -> int:
        return self._warmup or params.period

    def plan(self, market: Market, params: PlantedParams) -> Plan:
        average = market.column(sma, "close", params.period)
        fields: dict[str, Any] = {
            "direction": 1, "coefficients": (-params.offset,), "weights": (1.0,), "stop": Level(AVERAGE, -0.1),
            "base": average, "target": Level(average, moving=True),
        }
        return Plan(**{**fields, **self._change(market, params)})

    def conditions(self, market: Market, params: PlantedParams) -> list[Condition]:
        return self._conditions


def planted(
    change: Planner = lambda market, params: {}, warmup: int | None = None, conditions: list[Condition] | None = None
) -> Subject:
    """The strategy with fields of its plan changed, a declared warm-up, conditions; a faultless one without."""
    return Subject(_Planted(change, warmup, conditions or []), PlantedParams())


def base(column: Callable[[Market], Floats], warmup: int | None = None) -> Subject:
    """The strategy whose limits lie below ``column``."""
    return planted(lambda market, params: {"base": column(market), "target": None}, warmup)


def check(subject: Subject) -> Check:
    """Its checks on synthetic markets, patient enough for any machine."""
    return Check(subject, on_synthetic("1h"), {"planted": subject.strategy}, patience_s=60.0)


def tomorrow(values: Floats, rows: int = 1) -> Floats:
    """Each row's value of ``rows`` later; the last ones keep their own."""
    out = values.copy()
    out[:-rows] = values[rows:]
    return out
