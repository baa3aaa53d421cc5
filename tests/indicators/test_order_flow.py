"""Order flow inside a candle: worked examples, laws, and the slow way to compute it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.candle import Candles
from core.recordings import BookSnapshots, PublicTrades
from indicators.order_flow import book_imbalance, large_share, trade_delta, trade_volume

MINUTE = 60_000


def minutes(*places: int) -> Candles:
    return Candles.of("1m", [(m * MINUTE, 100.0, 101.0, 99.0, 100.0, 1.0) for m in places])


def book(*snapshots: tuple[int, list[float], list[float]], tick: float = 1.0) -> BookSnapshots:
    """Snapshots of (time, bid quantities, ask quantities) around a mid of 100, a tick between levels."""
    bids = np.array([s[1] for s in snapshots])
    away = tick * (np.arange(bids.shape[1]) + 0.5)
    rows = np.ones((len(snapshots), 1))
    asks = np.array([s[2] for s in snapshots])
    times = np.array([s[0] for s in snapshots], np.int64)
    return BookSnapshots(times, rows * (100 - away), bids, rows * (100 + away), asks).checked("test")


def trades(*rows: tuple[int, float, int]) -> PublicTrades:
    """Trades of (time, quantity, side)."""
    times, quantities, sides = (np.array(c) for c in zip(*rows, strict=True)) if rows else (np.empty(0),) * 3
    prices = np.full(len(rows), 100.0)
    return PublicTrades(times.astype(np.int64), prices, quantities.astype(float), sides.astype(np.int8)).checked("test")


@pytest.mark.parametrize(
    ("bids", "asks", "imbalance"),
    [
        ([1.0], [1.0], 0.0),
        ([3.0], [1.0], 0.5),
        ([1.0], [3.0], -0.5),
        # the second level is three times as far: 1/0.5 + 3/1.5 = 4 against 1/0.5 + 6/1.5 = 6
        ([1.0, 3.0], [1.0, 6.0], -0.2),
    ],
)
def test_depth_counts_by_its_nearness(bids: list[float], asks: list[float], imbalance: float) -> None:
    assert book_imbalance(minutes(0), book((5, bids, asks)))[0] == pytest.approx(imbalance)


def test_the_imbalance_does_not_depend_on_the_tick() -> None:
    coarse, fine = (book((5, [1.0, 3.0, 2.0], [2.0, 1.0, 9.0]), tick=tick) for tick in (1.0, 0.01))
    assert book_imbalance(minutes(0), coarse)[0] == pytest.approx(book_imbalance(minutes(0), fine)[0])


def test_levels_beyond_the_tenth_do_not_count() -> None:
    deep = book((5, [1.0] * 10 + [500.0], [1.0] * 10 + [1.0]))
    assert book_imbalance(minutes(0), deep)[0] == pytest.approx(0.0)
    assert book_imbalance(minutes(0), deep, 11)[0] > 0.5


def test_a_candle_has_the_mean_of_its_snapshots_and_of_no_others() -> None:
    snapshots = book((0, [3.0], [1.0]), (MINUTE - 1, [1.0], [3.0]), (MINUTE, [3.0], [1.0]), (4 * MINUTE, [9.0], [1.0]))
    np.testing.assert_allclose(book_imbalance(minutes(0, 1, 2, 3), snapshots), [0.0, 0.5, np.nan, np.nan])


def test_what_lies_in_a_gap_between_candles_belongs_to_none() -> None:
    np.testing.assert_array_equal(trade_volume(minutes(0, 5), trades((2 * MINUTE, 7.0, 1))), [np.nan, np.nan])


def test_delta_is_what_was_bought_less_what_was_sold() -> None:
    recorded = trades((0, 2.0, 1), (10, 0.5, -1), (MINUTE, 3.0, -1))
    np.testing.assert_array_equal(trade_delta(minutes(0, 1, 2), recorded), [1.5, -3.0, np.nan])
    np.testing.assert_array_equal(trade_volume(minutes(0, 1, 2), recorded), [2.5, 3.0, np.nan])


def test_an_order_that_was_published_in_pieces_is_one_order() -> None:
    """Nine orders of 1 and one of 9 in three pieces, of which a sell lies between: mean 19 / 11, large from 8.64 on."""
    small = [(i, 1.0, 1) for i in range(9)]
    pieces = [(50, 3.0, -1), (50, 1.0, 1), (50, 3.0, -1), (50, 3.0, -1)]
    assert large_share(minutes(0), trades(*small, *pieces))[0] == pytest.approx(-9.0 / 19.0)
    apart = [(50, 3.0, -1), (51, 1.0, 1), (52, 3.0, -1), (53, 3.0, -1)]
    assert large_share(minutes(0), trades(*small, *apart))[0] == 0.0


def test_nothing_recorded_is_nothing_known() -> None:
    for function in (trade_volume, trade_delta, large_share):
        assert np.isnan(function(minutes(0, 1), trades())).all()
    empty = book((0, [1.0], [1.0])).between(1, 2)
    assert np.isnan(book_imbalance(minutes(0, 1), empty)).all()


tape = st.lists(st.tuples(st.integers(0, 6 * MINUTE), st.floats(0.01, 1e4), st.sampled_from([-1, 1])), max_size=40)


@given(tape, st.lists(st.integers(0, 5), unique=True, min_size=1).map(sorted))
def test_columns_are_bounded_and_equal_a_loop_over_the_trades(
    rows: list[tuple[int, float, int]], opens: list[int]
) -> None:
    recorded, candles = trades(*sorted(rows)), minutes(*opens)
    delta, volume, large = (f(candles, recorded) for f in (trade_delta, trade_volume, large_share))
    for row, m in enumerate(opens):
        inside = [(q, s) for t, q, s in sorted(rows) if m * MINUTE <= t < (m + 1) * MINUTE]
        if not inside:
            assert np.isnan([delta[row], volume[row], large[row]]).all()
            continue
        assert volume[row] == pytest.approx(sum(q for q, _ in inside))
        assert delta[row] == pytest.approx(sum(q * s for q, s in inside), abs=1e-6)
        assert -1.0 - 1e-12 <= large[row] <= 1.0 + 1e-12


@given(tape)
def test_a_candle_does_not_change_with_what_was_recorded_after_it(rows: list[tuple[int, float, int]]) -> None:
    whole, candles = trades(*sorted(rows)), minutes(0, 1, 2, 3, 4, 5)
    for function in (trade_delta, trade_volume, large_share):
        before = function(candles, whole.between(0, 3 * MINUTE))
        np.testing.assert_array_equal(function(candles, whole)[:3], before[:3])
