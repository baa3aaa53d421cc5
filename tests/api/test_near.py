"""How near candles came to the ladder: the pane below the chart."""

from __future__ import annotations

import pytest

from actors.watch_near import near
from core.candle import Candle
from core.messages import FillRole, OrderFilled, PlanChanged
from core.target import Rung, Target
from core.timeframe import HOUR_MS
from tests.messages import T0


def plan(at_ms: int, direction: int, *prices: float | None) -> PlanChanged:
    rungs = tuple(Rung(n, price, 1.0, 1.0) for n, price in enumerate(prices))
    return PlanChanged(at_ms, 1, Target("dca", "BTC-USDT", at_ms, 1, direction, rungs, 0, 0.0, None, None), 100.0)


def candle(hour: int, low: float, high: float) -> Candle:
    return Candle(T0 + hour * HOUR_MS, low, high, low, high, 1.0)


def fill(hour: float, role: FillRole = FillRole.ENTRY) -> OrderFilled:
    at = T0 + round(hour * HOUR_MS)
    return OrderFilled(at, 1, "dca", "BTC-USDT", 1, 0, role, 1, 80.0, 1.0, 0.0, True, "t", "c")


@pytest.mark.parametrize(
    ("direction", "prices", "low", "high", "distance"),
    [
        (1, (80.0, 60.0), 100.0, 110.0, 0.25), (1, (80.0, 60.0), 80.0, 110.0, 0.0), (1, (80.0,), 70.0, 110.0, 0.0),
        (-1, (200.0, 250.0), 90.0, 150.0, 0.25), (-1, (200.0,), 90.0, 210.0, 0.0),
        (1, (None, 50.0), 100.0, 110.0, 1.0), (1, (None,), 100.0, 110.0, None), (1, (), 100.0, 110.0, None),
    ],
)
def test_a_long_ladder_is_met_by_the_low_a_short_one_by_the_high(
    direction: int, prices: tuple[float | None, ...], low: float, high: float, distance: float | None
) -> None:
    found = near("1h", [candle(1, low, high)], [plan(T0, direction, *prices)], ())
    assert found.distance == (pytest.approx(distance) if distance is not None else None,)


def test_each_candle_is_held_against_the_plan_that_stood_when_it_opened() -> None:
    plans = [plan(T0 + HOUR_MS + 5, 1, 50.0), plan(T0 + 3 * HOUR_MS, 1, 100.0), plan(T0 + 3 * HOUR_MS + 9, 1, 10.0)]
    found = near("1h", [candle(hour, 100.0, 101.0) for hour in range(5)], plans, ())
    assert found.distance == (None, pytest.approx(1.0), pytest.approx(1.0), 0.0, pytest.approx(9.0))
    assert found.t == tuple(T0 + hour * HOUR_MS for hour in range(5))


def test_a_candle_in_which_an_entry_filled_is_at_zero_an_exit_changes_nothing() -> None:
    candles = [candle(hour, 100.0, 101.0) for hour in range(2)]
    found = near("1h", candles, [plan(T0, 1, 50.0)], (fill(0.5), fill(1.5, FillRole.TARGET)))
    assert found.distance == (0.0, pytest.approx(1.0))
