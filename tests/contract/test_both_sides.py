"""Strategies that trade both sides have no favourite one: on the path upside down long and short are exchanged.

Means of 1/p are not 1 over means of p, so the market is a calm one, and a signal in a hundredth of its rows may differ.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from core.plan import EXIT_LONG, EXIT_SHORT, Plan
from optimization.checking.market import CheckMarket, candles, extras
from tests.contract.strategies import FOUND

SEEDS = (5, 6, 7, 8)
CALM = 0.005
TELLING = 50  # signals; fewer say little about how many of them are the same
EXCHANGED = np.array([0, EXIT_SHORT, EXIT_LONG, EXIT_LONG | EXIT_SHORT], np.int8)

Signs = NDArray[np.int8]


@lru_cache(maxsize=32)
def plans(name: str) -> list[tuple[Plan, Plan]]:
    """Plans with default parameters, each on a seeded market and on the same upside down."""
    strategy, made = FOUND[name], []
    params = strategy.Params()
    for seed in SEEDS:
        c = candles(strategy.timeframe, seed, volatility=CALM)
        market = CheckMarket("TEST-USDT", c, extras(c))
        made.append((strategy.plan(market.market(), params), strategy.plan(market.inverted().market(), params)))
    return made


def directions(name: str) -> tuple[Signs, Signs]:
    """All rows as they are, and upside down; a direction that is the same for all rows is one row."""
    both = [np.concatenate([np.atleast_1d(plan.direction) for plan in side]) for side in zip(*plans(name), strict=True)]
    return both[0].astype(np.int8), both[1].astype(np.int8)


def agreement(mine: Signs, expected: Signs) -> float:
    """The share of rows where both say the same, of those where one says anything."""
    said = (mine != 0) | (expected != 0)
    return float((mine == expected)[said].mean())


BOTH = [name for name in FOUND if {-1, 1} <= set(directions(name)[0].tolist())]


def test_strategies_of_both_sides_are_found_without_a_list() -> None:
    assert {"bollinger_mr", "donchian_breakout", "supertrend"} <= set(BOTH)
    assert not {"envelope_dca", "envelope_dca_short", "sma_cross"} & set(BOTH)


@pytest.mark.parametrize("name", BOTH)
def test_what_is_long_is_never_long_upside_down(name: str) -> None:
    mine, theirs = directions(name)
    assert np.mean((mine == theirs) & (mine != 0)) < 0.01


@pytest.mark.parametrize("name", BOTH)
def test_long_and_short_are_exchanged_upside_down(name: str) -> None:
    mine, theirs = directions(name)
    assert {-1, 1} <= set(theirs.tolist())
    if np.count_nonzero(mine) >= TELLING:
        assert agreement(mine, -theirs) > 0.9


@pytest.mark.parametrize("name", BOTH)
def test_exits_of_longs_and_shorts_are_exchanged_upside_down(name: str) -> None:
    for plan, other in plans(name):
        assert (plan.exit is None) == (other.exit is None)
    leaves = [(p.exit, q.exit) for p, q in plans(name) if p.exit is not None and q.exit is not None]
    if leaves:
        mine, theirs = (np.concatenate(side) for side in zip(*leaves, strict=True))
        assert agreement(mine, EXCHANGED[theirs]) > 0.9
