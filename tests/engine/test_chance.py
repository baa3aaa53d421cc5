"""Chance: a function of its arguments, even, and blind to who asks first."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.chance import symbol_id, uniform
from tests.reference.arithmetic import draw

WHOLE = st.integers(-(2**63), 2**63 - 1)
START = 1_740_787_200_000


def draws(count: int, seed: int = 0, level: int = 0) -> np.ndarray:
    """One draw a minute."""
    return np.array([uniform(seed, symbol_id("BTC-USDT"), START + i * 60_000, level) for i in range(count)])


@given(WHOLE, WHOLE, WHOLE, WHOLE)
def test_a_draw_is_in_the_unit_interval_and_always_the_same(seed: int, symbol: int, ts_ms: int, level: int) -> None:
    one = uniform(seed, symbol, ts_ms, level)
    assert 0.0 <= one < 1.0
    assert uniform(seed, symbol, ts_ms, level) == one
    assert draw(seed, symbol, ts_ms, level) == one


def test_draws_are_what_they_were_on_every_machine() -> None:
    """Written down once: a change would silently change every backtest with a fill probability."""
    assert symbol_id("BTC-USDT") == 61289663
    assert draws(3).tolist() == [0.49876978899703694, 0.8220174616980674, 0.008711735594446268]


def test_draws_do_not_depend_on_their_order() -> None:
    places = list(itertools.product((0, 1), (5, 6), range(START, START + 5), (0, 1)))
    forward = {p: uniform(*p) for p in places}
    backward = {p: uniform(*p) for p in reversed(places)}
    assert forward == backward
    assert len(set(forward.values())) == len(places)


def test_draws_are_even() -> None:
    """Chi-square over 20 boxes, 99.99 % of even generators are below 50."""
    for seed, level in ((0, 0), (1, 0), (0, 7)):
        seen = np.histogram(draws(20_000, seed, level), bins=20, range=(0, 1))[0]
        assert ((seen - 1000.0) ** 2 / 1000.0).sum() < 50


def test_neighbours_in_time_seed_and_level_are_not_alike() -> None:
    base = draws(5000)
    for other in (draws(5000, seed=1), draws(5000, level=1), np.roll(base, 1)):
        assert abs(np.corrcoef(base, other)[0, 1]) < 0.06


def test_symbols_have_numbers_of_their_own() -> None:
    names = [f"{a}{b}-USDT" for a in "ABCDEFGH" for b in "ABCDEFGH"]
    assert len({symbol_id(n) for n in names}) == len(names)
