"""The parts of the order flow score, one at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from core.candle import Candles, Floats
from core.market import Market
from core.timeframe import MINUTE_MS
from market.source import open_source
from optimization.markets import Asked, prepare
from strategies.order_flow import OrderFlow, OrderFlowParams
from tests.optimization.test_markets import Needy
from tests.shared import shared_path

NAMES = ("depth", "delta", "recent", "large", "absorption")


def only(part: str, lookback: int = 5) -> OrderFlowParams:
    """All the weight on one part."""
    return OrderFlowParams(lookback=lookback, **{f"weight_{name}": float(name == part) for name in NAMES})


def market(
    delta: list[float], volume: list[float] | None = None, moves: list[float] | None = None, **columns: list[float]
) -> Market:
    """Candles that open at 100, move by ``moves`` in a range of 1, with this order flow."""
    n = len(delta)
    rows = [(i * MINUTE_MS, 100.0, 100.5 + max(0, m), 99.5 + min(0, m), 100.0 + m, 1.0)
            for i, m in enumerate(moves or [0.0] * n)]
    extra = {"trade_delta": delta, "trade_volume": volume or [10.0] * n, "book_imbalance": [0.0] * n,
             "large_share": [0.0] * n} | columns
    return Market("X-USDT", Candles.of("1m", rows), {k: np.array(v, float) for k, v in extra.items()})


def last(market: Market, part: str) -> float:
    score: Floats = OrderFlow().score(market, only(part))
    return float(score[-1])


@pytest.mark.parametrize(("part", "column"), [("depth", "book_imbalance"), ("large", "large_share")])
def test_what_is_a_share_already_is_taken_as_it_is(part: str, column: str) -> None:
    assert last(market([1.0] * 6, **{column: [0.0] * 5 + [-0.4]}), part) == pytest.approx(-0.4)


def test_a_delta_counts_by_its_deviations_and_in_full_from_three_on() -> None:
    # the root mean square of (1, -1, 1, -1, 2) is the root of 8 / 5
    assert last(market([1, -1, 1, -1, 2]), "delta") == pytest.approx(2 / math.sqrt(8 / 5) / 3)
    long = market([0.1] * 49 + [-50.0])
    assert OrderFlow().score(long, only("delta", 50))[-1] == -1.0


def test_five_candles_of_one_side_weigh_more_than_one() -> None:
    steady = market([1.0] * 10)
    assert last(steady, "delta") == pytest.approx(1 / 3)
    assert last(steady, "recent") == pytest.approx(math.sqrt(5) / 3)


def test_no_delta_at_all_is_no_pressure() -> None:
    assert last(market([0.0] * 8), "delta") == last(market([0.0] * 8), "recent") == 0.0


@pytest.mark.parametrize(
    ("delta", "volume", "move", "score"),
    [
        (8.0, 10.0, 0.0, 0.0),  # the usual volume is no effort
        (9.0, 15.0, 0.0, -0.6 * 4 / 11),  # 15 against a mean of 11; bought and nothing moved
        (15.0, 30.0, 0.0, -0.5),  # more than twice the usual volume is the whole effort
        (-15.0, 30.0, 0.0, 0.5),  # sold and nothing moved
        (15.0, 30.0, 0.5, -0.5 * 2 / 3),  # went up by a third of its range
        (15.0, 30.0, -0.5, -0.5),  # went the other way: no progress at all
        (0.0, 30.0, 0.0, 0.0),  # nobody pressed
    ],
)
def test_volume_that_moves_nothing_speaks_against_those_who_pressed(
    delta: float, volume: float, move: float, score: float
) -> None:
    told = market([0.0] * 4 + [delta], [10.0] * 4 + [volume], [0.0] * 4 + [move])
    assert last(told, "absorption") == pytest.approx(score, abs=1e-12)


def test_the_parts_are_weighed() -> None:
    told = market([0.0] * 6, book_imbalance=[0.6] * 6, large_share=[-0.2] * 6)
    params = OrderFlowParams(
        lookback=5, weight_depth=0.6, weight_large=0.2, weight_delta=0, weight_recent=0, weight_absorption=0
    )
    assert OrderFlow().score(told, params)[-1] == pytest.approx((0.6 * 0.6 - 0.2 * 0.2) / 0.8)


def test_a_part_without_weight_need_not_be_known() -> None:
    assert last(market([1.0] * 6, large_share=[math.nan] * 6, book_imbalance=[0.3] * 6), "depth") == pytest.approx(0.3)


def test_something_must_weigh() -> None:
    with pytest.raises(ValidationError, match="at least one weight must be above 0"):
        OrderFlowParams(**{f"weight_{name}": 0.0 for name in NAMES})


def test_real_recordings_have_a_score() -> None:
    begin = 1_723_161_240_000  # 2024-08-08T23:54Z
    source = open_source(shared_path("data", "BINANCE_FUTURES"))
    asked = Asked("BTC-USDT", "5m", begin - begin % (5 * MINUTE_MS), begin + 6 * MINUTE_MS)
    found, first = prepare(source, Needy("book", "trades"), Needy.Params(), asked)
    known = OrderFlow().score(found, only("depth"))[first:]
    assert (np.abs(known) < 1).all()
    assert np.isnan(OrderFlow().score(found, OrderFlowParams())[first:]).all()  # six minutes are no history
