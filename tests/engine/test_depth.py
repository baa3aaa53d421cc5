"""Slippage from order books: by hand, and laws of any book."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.recordings import BookSnapshots
from engine.depth import average_price, estimate, slippage


def books(count: int = 1, *, start: int = 1000, quantity: float = 1.0) -> BookSnapshots:
    """Bids at 99, 98, asks at 101, 102, of one quantity each; a second between snapshots."""
    sizes = np.full((count, 2), quantity)
    ts_ms = start + np.arange(count, dtype=np.int64) * 1000
    bids, asks = np.tile([99.0, 98.0], (count, 1)), np.tile([101.0, 102.0], (count, 1))
    return BookSnapshots(ts_ms, bids, sizes, asks, sizes)


@pytest.mark.parametrize(("notional", "fraction"), [
    (50.0, 0.01),  # half a coin: the spread's half
    (100.0, 0.01),
    (150.0, (101 + 0.5 * 102) / 1.5 / 100 - 1),  # one and a half: both levels
    (200.0, 0.015),
])
def test_an_order_pays_half_the_spread_and_its_walk_through_the_levels(notional: float, fraction: float) -> None:
    assert slippage(books(), notional).tolist() == pytest.approx([fraction])


def test_a_book_that_is_too_thin_is_not_a_number() -> None:
    assert np.isnan(slippage(books(), 200.1)).all()


def test_an_estimate_says_what_it_rests_on() -> None:
    found = estimate([books(3), books(0), books(2, start=9000, quantity=0.4)], 100.0)
    assert found.slippage == pytest.approx(0.01)
    assert (found.notional, found.snapshots, found.thin, found.from_ms, found.to_ms) == (100.0, 5, 2, 1000, 10_000)


def test_without_books_or_with_thin_ones_alone_there_is_no_estimate() -> None:
    with pytest.raises(DataError, match="no recorded order books"):
        estimate([books(0)], 100.0)
    with pytest.raises(DataError, match="an order of 1,000 is larger than every recorded order book"):
        estimate([books(3)], 1000.0)


@given(
    st.lists(st.tuples(st.floats(0.01, 5.0), st.floats(0.01, 9.0)), min_size=1, max_size=8), st.floats(0.001, 60.0),
    st.floats(0.0, 1.0),
)
def test_a_larger_order_never_fills_better(levels: list[tuple[float, float]], wanted: float, share: float) -> None:
    prices = 100.0 + np.cumsum([[step for step, _ in levels]], axis=1)
    quantities = np.array([[quantity for _, quantity in levels]])
    large = average_price(prices, quantities, np.array([wanted]))[0]
    small = average_price(prices, quantities, np.array([wanted * max(share, 1e-3)]))[0]
    assert np.isnan(large) == (wanted > quantities.sum())
    if np.isfinite(large):
        assert prices[0, 0] * (1 - 1e-9) <= small <= large * (1 + 1e-9)
        assert large <= prices[0, -1] * (1 + 1e-9)
