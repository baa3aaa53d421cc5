"""The contract of every filter, found by its file: no look-ahead, warm-up, bounds, no word on what is not known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core.candle import Floats
from optimization.checking.market import CheckMarket, on_synthetic, synthetic
from optimization.checking.report import Outcome
from optimization.checking.subject import FilterSubject
from optimization.checking.suite import FilterCheck
from strategies.discovery import AnyFilter, discover_filters
from tests.contract.strategies import EXAMPLES

FILTERS = discover_filters([EXAMPLES])
every = pytest.mark.parametrize("one", FILTERS.values(), ids=FILTERS)


def score(one: AnyFilter, market: CheckMarket) -> Floats:
    return one.score(market.market(), one.Params())


def check(one: AnyFilter, timeframe: str = "5m") -> FilterCheck:
    """The checks with default parameters, patient enough for most rows and corners."""
    return FilterCheck(FilterSubject(one, one.Params()), on_synthetic(timeframe), patience_s=4.0)


def passes(outcome: Outcome) -> None:
    assert outcome.status == "passed", outcome.detail


def test_filters_are_found_without_a_list() -> None:
    assert "order_flow" in FILTERS
    for name, one in FILTERS.items():
        assert one.name == name


@every
@pytest.mark.parametrize("timeframe", ["1m", "5m", "1h"])
def test_no_row_changes_when_the_future_is_cut_off(one: AnyFilter, timeframe: str) -> None:
    outcome = check(one, timeframe).look_ahead()
    passes(outcome)
    assert outcome.figures["cuts"] > 200


@every
def test_the_declared_warm_up_gives_what_all_history_gives(one: AnyFilter) -> None:
    passes(check(one).warm_up())


@every
def test_the_corners_of_the_parameters_hold_too(one: AnyFilter) -> None:
    outcome = check(one).parameters()
    passes(outcome)
    assert outcome.figures["checked"] > 0


@every
def test_scores_are_known_after_the_warm_up_and_speak_both_ways_within_their_bounds(one: AnyFilter) -> None:
    found = score(one, synthetic("5m", 4))
    assert found.dtype == np.float64
    after = found[one.warmup(one.Params()) :]
    assert np.isfinite(after).all()
    assert -1.0 <= after.min() < -0.1
    assert 0.1 < after.max() <= 1.0


@every
def test_all_prices_times_ten_give_the_same_score(one: AnyFilter) -> None:
    market = synthetic("5m", 5)
    np.testing.assert_allclose(score(one, market.scaled(10.0)), score(one, market), rtol=1e-9, atol=1e-9)


@every
def test_the_inverted_market_has_the_inverted_score(one: AnyFilter) -> None:
    """Ranges of 1/p are not those of p, so a part that measures a candle's body may differ a little."""
    market = synthetic("5m", 6)
    np.testing.assert_allclose(score(one, market.inverted()), -score(one, market), atol=0.05)


@every
def test_nothing_is_said_of_a_row_of_which_nothing_was_recorded(one: AnyFilter) -> None:
    market = synthetic("5m", 7)
    assert one.needs
    for name in market.extra:
        holed = {**market.extra, name: market.extra[name].copy()}
        holed[name][2000:2003] = np.nan
        found = score(one, dataclasses.replace(market, extra=holed))
        if not np.array_equal(found, score(one, market), equal_nan=True):  # a column that this filter reads
            assert np.isnan(found[2000:2003]).all(), name
            assert not np.isinf(found).any()
            assert np.isfinite(found[2003 + one.warmup(one.Params()) :]).all(), name


@every
def test_a_score_is_a_function_of_the_market_and_leaves_it_alone(one: AnyFilter) -> None:
    passes(check(one).pure())
