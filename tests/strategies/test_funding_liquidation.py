"""funding enters once after an extreme payment; liquidation when a zone comes within reach: by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from core.candle import Candles
from core.market import Market
from core.plan import AVERAGE, EXIT_LONG, EXIT_SHORT, MARKET
from strategies.funding import Funding, FundingParams
from strategies.liquidation import Liquidation, LiquidationParams

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
NAN = np.nan


def paid(rates: list[float], settled_h: list[float], start_h: float = 0.0) -> Market:
    """Flat candles of 15m; the rate known at each close, and the hour of its settlement."""
    n = len(rates)
    ts_ms = (np.arange(n, dtype=np.int64) * 15 * MINUTE_MS) + int(start_h * HOUR_MS)
    flat = np.full(n, 100.0)
    candles = Candles("15m", ts_ms, flat, flat, flat, flat, flat)
    return Market("X-USDT", candles, {"funding": np.array(rates), "funding_ms": np.array(settled_h) * HOUR_MS})


def directions(m: Market, **params: Any) -> list[int]:
    direction = Funding().plan(m, FundingParams(**params)).direction
    assert isinstance(direction, np.ndarray)
    return [int(x) for x in direction]


HIGH, LOW = 0.0006, -0.0006


@pytest.mark.parametrize(("rate", "expected"), [(HIGH, -1), (LOW, 1), (0.0005, -1), (-0.0005, 1), (0.0004, 0)])
def test_the_first_row_after_the_wait_enters_against_the_side_that_paid(rate: float, expected: int) -> None:
    # settled at 8:00, which is the close of the second row; the third closes at 8:15
    m = paid([0.0001, rate, rate, rate, rate], [0, 8, 8, 8, 8], start_h=7.5)
    assert directions(m) == [0, 0, expected, 0, 0]


@pytest.mark.parametrize(("wait", "row"), [(0, 1), (5, 2), (15, 2), (16, 3), (45, 4), (46, None)])
def test_the_wait_is_the_least_time_from_the_payment_to_the_close_of_the_row(wait: int, row: int | None) -> None:
    m = paid([0.0001, HIGH, HIGH, HIGH, HIGH], [0, 8, 8, 8, 8], start_h=7.5)
    assert directions(m, wait_minutes=wait) == [-1 if t == row else 0 for t in range(5)]


def test_each_payment_is_entered_once_and_again_when_the_next_is_extreme_too() -> None:
    rates = [HIGH] * 70
    settled = [0.0] * 31 + [8.0] * 32 + [16.0] * 7  # rows close every quarter, from 0:15 on
    found = directions(paid(rates, settled))
    assert np.flatnonzero(found).tolist() == [32, 64]  # 8:15 and 16:15; the first row cannot know


def test_nothing_is_entered_while_funding_is_unknown() -> None:
    assert directions(paid([NAN, NAN, HIGH, HIGH], [NAN, NAN, 8, 8], start_h=7.5)) == [0, 0, -1, 0]
    assert directions(paid([NAN] * 4, [NAN] * 4)) == [0] * 4


def test_funding_leaves_when_the_rate_is_neutral_or_after_the_longest_hold() -> None:
    plan = Funding().plan(paid([HIGH, 0.0001, -0.0001, 0.00011, NAN], [0, 8, 16, 24, NAN]), FundingParams())
    assert plan.exit is not None
    both = EXIT_LONG | EXIT_SHORT
    assert plan.exit.tolist() == [0, both, both, 0, 0]
    assert plan.max_hold == 32
    assert (plan.coefficients, plan.stop.coefficient) == ((MARKET,), -0.008)
    assert plan.target is not None
    assert (plan.target.reference, plan.target.coefficient) == (AVERAGE, 0.01)


def test_funding_says_how_extreme_the_rate_is_and_how_long_it_has_been() -> None:
    long_rate, long_wait, short_rate, short_wait = Funding().conditions(
        paid([0.00025, 0.00025], [8, 8], start_h=7.75), FundingParams()
    )
    assert (short_rate.met, short_rate.nearness, short_rate.comparison) == (False, pytest.approx(0.5), ">=")
    assert (long_rate.met, long_rate.nearness, long_rate.threshold) == (False, 0.0, -0.0005)
    assert short_wait.value == long_wait.value == 15.0
    assert short_wait.met
    assert Funding().conditions(paid([NAN], [NAN]), FundingParams()) == []


def test_a_neutral_rate_that_is_extreme_is_refused() -> None:
    with pytest.raises(ValidationError, match="rate_neutral must be below rate_extreme"):
        FundingParams(rate_neutral=0.0005)


WINDOW = 288


def crowd(prices: list[float], contracts: list[float]) -> Market:
    """Flat candles, three a day, as the zones' own tests have them: the book does not ask for 5m."""
    price = np.array(prices)
    ts_ms = np.arange(len(prices), dtype=np.int64) * 8 * HOUR_MS
    candles = Candles("8h", ts_ms, price, price, price, price, np.ones(len(prices)))
    return Market("X-USDT", candles, {"open_interest": np.array(contracts) * price})


# 40,000 contracts opened at 100: most shorts are liquidated at 109.50. From 106 that is 3.3 % away, from 108 1.4 %.
OPENED = [10_000.0, 10_001.0, 50_001.0]


def approach(last: list[float], **params: Any) -> list[int]:
    m = crowd([100.0, 100.0, 100.0, 106.0, *last], [*OPENED, *([50_000.0, 50_001.0] * 5)[: len(last) + 1]])
    direction = Liquidation().plan(m, LiquidationParams(window=WINDOW, **params)).direction
    assert isinstance(direction, np.ndarray)
    return [int(x) for x in direction[3:]]


def test_liquidation_enters_towards_a_zone_on_the_row_that_gets_within_reach() -> None:
    assert approach([107.0, 108.0]) == [0, 0, 1]
    assert approach([108.0, 108.1]) == [0, 1, 0]  # near is not nearer
    assert approach([108.0, 108.0], reach=0.01) == [0, 0, 0]
    assert approach([107.0, 107.0], reach=0.025) == [0, 1, 0]


def test_a_zone_that_is_too_near_is_not_worth_the_fees() -> None:
    assert approach([107.0, 108.0], least=0.012) == [0, 0, 1]
    assert approach([107.0, 108.0], least=0.0145) == [0, 0, 0]


def test_liquidation_below_is_entered_short_with_the_zone_as_target() -> None:
    m = crowd([100.0, 100.0, 100.0, 94.0, 91.6], [*OPENED, 50_000.0, 50_001.0])
    plan = Liquidation().plan(m, LiquidationParams(window=WINDOW))
    assert isinstance(plan.direction, np.ndarray)
    assert plan.direction.tolist() == [0, 0, 0, 0, -1]
    assert plan.target is not None
    assert isinstance(plan.target.reference, np.ndarray)
    assert plan.target.reference[-1] == pytest.approx(90.5, rel=0.00125)  # within half a bucket
    assert not plan.target.moving
    assert (plan.stop.coefficient, plan.max_hold) == (-0.006, 24)


def test_liquidation_says_how_far_zones_are() -> None:
    m = crowd([100.0, 100.0, 100.0, 106.0], [*OPENED, 50_000.0])
    near, least = Liquidation().conditions(m, LiquidationParams(window=WINDOW))
    assert (near.direction, near.met, near.threshold) == (1, False, 0.015)
    assert near.value == pytest.approx(109.5 / 106.0 - 1.0, abs=0.00125)
    assert near.nearness == pytest.approx(1.0 - (near.value - 0.015) / 0.05)
    assert least.met
    assert Liquidation().conditions(crowd([100.0] * 2, [NAN] * 2), LiquidationParams()) == []


def test_without_open_interest_the_column_is_missed_by_name() -> None:
    flat = np.full(5, 100.0)
    m = Market("X-USDT", Candles("5m", np.arange(5, dtype=np.int64) * 300_000, flat, flat, flat, flat, flat))
    with pytest.raises(AttributeError, match="open_interest"):
        Liquidation().plan(m, LiquidationParams())


def test_a_least_distance_beyond_the_reach_is_refused() -> None:
    with pytest.raises(ValidationError, match="least must be below reach"):
        LiquidationParams(least=0.02)
