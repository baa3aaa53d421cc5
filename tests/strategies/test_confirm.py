"""A strategy behind a filter enters where the filter agrees, and leaves as it always did."""

from __future__ import annotations

import math
import pickle
from typing import ClassVar

import numpy as np
import pytest
from pydantic import Field

from core.candle import Candles, Floats
from core.confirmed import Confirmed
from core.errors import ConfigurationError
from core.market import Market
from core.plan import AVERAGE, EXIT_LONG, EXIT_SHORT, MARKET, Flags, Level, Plan
from core.settings import Confirm, StrategyEntry
from core.strategy import Condition, Filter, Need, Parameters, Strategy
from engine.backtest import run
from engine.costs import Costs
from engine.span import span
from strategies.configured import configured, find_configured
from strategies.discovery import discover, discover_filters

HOUR = 3_600_000


class LeanParams(Parameters):
    """One number."""

    turn: float = Field(1.0, ge=-1, le=1)


class Lean(Filter[LeanParams]):
    """Says what a column says."""

    name: ClassVar[str] = "lean"
    needs: ClassVar[tuple[Need, ...]] = ("book",)
    Params: ClassVar[type[Parameters]] = LeanParams

    def warmup(self, params: LeanParams) -> int:
        return 9

    def score(self, market: Market, params: LeanParams) -> Floats:
        return params.turn * market.book_imbalance


class Told(Strategy[Parameters]):
    """Goes where it is told; leaves the other side with each turn."""

    name: ClassVar[str] = "told"
    timeframe: ClassVar[str] = "1h"
    needs: ClassVar[tuple[Need, ...]] = ("funding",)
    directions: ClassVar[Flags | int] = 1

    def warmup(self, params: Parameters) -> int:
        return 3

    def plan(self, market: Market, params: Parameters) -> Plan:
        way = self.directions
        leave = None
        if not isinstance(way, int):
            leave = (way < 0) * np.int8(EXIT_LONG) | (way > 0) * np.int8(EXIT_SHORT)
        return Plan(way, (MARKET,), (1.0,), Level(AVERAGE, -0.5), target=Level(AVERAGE, 0.4), max_hold=50, exit=leave)

    def conditions(self, market: Market, params: Parameters) -> list[Condition]:
        return [Condition("a", d, 1.0, 1.0, ">=", True, 1.0) for d in (1, -1)]


def market(scores: list[float]) -> Market:
    rows = [(i * HOUR, 100.0, 101.0, 99.0, 100.0, 1.0) for i in range(len(scores))]
    return Market("X-USDT", Candles.of("1h", rows), {"book_imbalance": np.array(scores)})


def behind(directions: Flags | int, min_score: float = 0.2, turn: float = 1.0) -> Confirmed:
    told = type("Told", (Told,), {"directions": directions, "__doc__": Told.__doc__})()
    return Confirmed(told, Lean(), LeanParams(turn=turn), min_score)


SCORES = [0.2, 0.19, -0.2, -0.19, math.nan, 1.0, -1.0, 0.0]


@pytest.mark.parametrize(
    ("direction", "confirmed"),
    [
        (1, [1, 0, 0, 0, 0, 1, 0, 0]),
        (-1, [0, 0, -1, 0, 0, 0, -1, 0]),
        (0, [0] * 8),
        (np.array([1, -1, 1, -1, 1, -1, -1, 1], np.int8), [1, 0, 0, 0, 0, 0, -1, 0]),
    ],
)
def test_rows_without_enough_score_in_their_direction_do_not_enter(
    direction: Flags | int, confirmed: list[int]
) -> None:
    plan = behind(direction).plan(market(SCORES), Parameters())
    assert isinstance(plan.direction, np.ndarray)
    assert plan.direction.dtype == np.int8
    assert plan.direction.tolist() == confirmed


def test_everything_else_of_the_plan_stays() -> None:
    one = behind(np.array([1, -1] * 4, np.int8))
    mine, own = one.plan(market(SCORES), Parameters()), one.strategy.plan(market(SCORES), Parameters())
    for name in set(Plan.__slots__) - {"direction"}:
        np.testing.assert_array_equal(getattr(mine, name), getattr(own, name))


def test_the_filter_has_parameters_of_its_own() -> None:
    plan = behind(1, turn=-1.0).plan(market(SCORES), Parameters())
    assert plan.direction.tolist() == [0, 0, 1, 0, 0, 0, 1, 0]  # type: ignore[union-attr]


def test_a_flip_that_is_not_confirmed_leaves_and_does_not_enter() -> None:
    way = np.array([1, 0, 0, -1, 0, 0, 1, 0, 0], np.int8)
    m = market([0.9, 0, 0, 0.9, 0, 0, 0.9, 0, 0])
    plan = behind(way).plan(m, Parameters())
    trades = run("X-USDT", span(m.candles), plan, len(m), Costs(), 10_000.0).closed()
    assert [(t.direction, t.opened_ms // HOUR, t.closed_ms // HOUR) for t in trades] == [(1, 1, 4)]


def test_it_is_a_strategy_with_the_needs_and_the_warm_up_of_both() -> None:
    one = behind(1)
    assert (one.name, one.timeframe, one.needs, one.Params) == ("told", "1h", ("funding", "book"), Parameters)
    assert one.warmup(Parameters()) == 9
    assert one.__doc__ == Told.__doc__
    assert Told.needs == ("funding",)


def test_the_score_is_a_condition_in_each_direction() -> None:
    said = behind(1).conditions(market([0.0, -0.3]), Parameters())[2:]
    assert [(c.name, c.direction, c.value, c.comparison, c.threshold, c.met) for c in said] == [
        ("lean", 1, -0.3, ">=", 0.2, False),
        ("lean", -1, -0.3, "<=", -0.2, True),
    ]
    assert said[0].nearness == pytest.approx(0.5)
    assert len(behind(1).conditions(market([math.nan]), Parameters())) == 2


def test_the_configuration_puts_a_strategy_behind_its_filter_and_no_other() -> None:
    entry = StrategyEntry(confirm=Confirm(strategy="order_flow", min_score=0.3, params={"lookback": 20}))
    found = configured(discover(), {"envelope_dca": entry}, discover_filters())
    one = found["envelope_dca"]
    assert isinstance(one, Confirmed)
    assert (one.min_score, one.filter.name, one.filter_params.model_dump()["lookback"]) == (0.3, "order_flow", 20)
    assert [n for n, s in found.items() if isinstance(s, Confirmed)] == ["envelope_dca"]
    again = find_configured("envelope_dca", entry)
    assert isinstance(again, Confirmed)
    assert again.needs == ("book", "trades")
    assert not isinstance(find_configured("envelope_dca", StrategyEntry()), Confirmed)


def test_a_confirmed_strategy_can_be_sent_to_another_process() -> None:
    entry = StrategyEntry(confirm=Confirm(strategy="order_flow", min_score=0.3))
    one = pickle.loads(pickle.dumps(find_configured("envelope_dca", entry)))
    assert (one.name, one.needs, one.min_score) == ("envelope_dca", ("book", "trades"), 0.3)


def test_an_unknown_filter_lists_the_known_ones() -> None:
    entry = StrategyEntry(confirm=Confirm(strategy="moon", min_score=0.3))
    with pytest.raises(ConfigurationError, match=r"confirm.strategy = 'moon': unknown filter; known are order_flow"):
        find_configured("envelope_dca", entry)
