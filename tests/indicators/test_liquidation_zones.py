"""Liquidation zones against a slow book that is written down position by position, and small books by hand."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indicators.liquidation_zones import BUCKET, HORIZON, LEVERAGES, MAINTENANCE, SHARES, liquidation_zones

DAY = 86_400_000
HOURS_8 = DAY // 3
WIDTH = math.log1p(BUCKET)


class Series(NamedTuple):
    ts_ms: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    open_interest: np.ndarray

    def cut(self, start: int, stop: int) -> Series:
        return Series(*(c[start:stop].copy() for c in self))


def series(seed: int, n: int, rows_a_day: int = 24, holes: bool = True) -> Series:
    """A walk whose open interest has a new reading on some rows, and none at all on a few."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.004, n)))
    high, low = close * (1 + rng.gamma(1.0, 0.002, n)), close * (1 - rng.gamma(1.0, 0.002, n))
    contracts = 1e5 * np.exp(np.cumsum(rng.normal(0, 0.02, n)))
    fresh = rng.random(n) < 0.5
    fresh[:1] = True
    last = np.maximum.accumulate(np.where(fresh, np.arange(n), 0))
    open_interest = (contracts * close)[last]
    if holes:
        open_interest[rng.random(n) < 0.02] = np.nan
    return Series(np.arange(n, dtype=np.int64) * (DAY // rows_a_day), high, low, close, open_interest)


class Slow:
    """The book of every row from the definition: a list of positions, looked at anew for each row."""

    def __init__(self, s: Series, window: int) -> None:
        self.s, self.window = s, window
        self.rise, self.left = self._readings()
        self.opened = np.cumsum(self.rise)
        before = np.concatenate((s.close[:1], s.close[:-1]))
        self.passed = list(zip(np.minimum(s.low, before), np.maximum(s.high, before), strict=True))

    def _readings(self) -> tuple[np.ndarray, np.ndarray]:
        n, oi = len(self.s.close), self.s.open_interest
        rise, left = np.zeros(n, np.int64), np.zeros(n, np.int64)
        level: int | None = None
        opened = gone = 0
        for t in range(n):
            if math.isnan(oi[t]):
                level = None
            elif t and oi[t] != oi[t - 1] and not math.isnan(oi[t - 1]):
                lots = round(oi[t] / self.s.close[t] * 1e4)
                rise[t] = max(lots - level, 0) if level is not None else 0
                level, opened = lots, opened + int(rise[t])
                gone = max(gone, opened - lots)
            left[t] = gone
        return rise, left

    def positions(self, i: int) -> list[tuple[float, int]]:
        """(liquidation price, lots) of what row ``i`` opened and did not itself liquidate."""
        price = (self.s.high[i] + self.s.low[i] + self.s.close[i]) / 3.0
        out = []
        for d in (-1, 1):
            for leverage, share in zip(LEVERAGES, SHARES, strict=True):
                at = price * (1.0 + d * (1.0 / leverage - MAINTENANCE))
                if not self.s.low[i] <= at <= self.s.high[i]:
                    out.append((at, round(int(self.rise[i]) * share / 2.0)))
        return out

    def stands(self, i: int, t: int) -> bool:
        """Whether what row ``i`` opened has neither left with a fall by row ``t`` nor been forgotten."""
        return bool(self.rise[i] and i > t - self.window and self.opened[i] > self.left[t]) or (i == t)

    def bucket(self, price: float, anchor: float) -> int:
        return math.floor(math.log(price / anchor) / WIDTH + 0.5)

    def book(self, t: int, midnight: int) -> dict[int, int]:
        anchor, book = self.s.close[midnight], dict[int, int]()
        for i in range(t + 1):
            if not self.rise[i] or not self.stands(i, t):
                continue
            for at, lots in self.positions(i):
                if any(low <= at <= high for low, high in self.passed[i + 1 : midnight + 1]):
                    continue
                b = self.bucket(at, anchor)
                after = self.passed[max(i, midnight) + 1 : t + 1]
                if any(self.bucket(low, anchor) <= b <= self.bucket(high, anchor) for low, high in after):
                    continue
                book[b] = book.get(b, 0) + lots
        return book

    def zones(self, t: int) -> tuple[float, float]:
        s = self.s
        midnight = t
        while midnight and s.ts_ms[midnight - 1] // DAY == s.ts_ms[t] // DAY:
            midnight -= 1
        filled = sorted(x for x in self.book(midnight, midnight).values() if x > 0)
        if not filled or math.isnan(s.open_interest[t]):
            return math.nan, math.nan
        full = filled[min(int(len(filled) * 0.9), len(filled) - 1)]
        book, anchor = self.book(t, midnight), s.close[midnight]
        here, reach = self.bucket(s.close[t], anchor), int(math.log1p(HORIZON) / WIDTH)
        found = []
        for step in (1, -1):
            near = (here + step * k for k in range(1, reach + 1))
            found.append(next((anchor * math.exp(WIDTH * b) for b in near if book.get(b, 0) >= full), math.nan))
        return found[0], found[1]


@settings(max_examples=40, deadline=None)  # the slow book is slow
@example(seed=2312, n=82, window=41)  # a candle that opens beyond a position's liquidation
@given(seed=st.integers(0, 10_000), n=st.integers(1, 130), window=st.integers(24, 90))
def test_zones_are_those_of_a_book_kept_position_by_position(seed: int, n: int, window: int) -> None:
    s = series(seed, n)
    above, below = liquidation_zones(*s, window)
    slow = Slow(s, window)
    for t in range(n):
        np.testing.assert_allclose((above[t], below[t]), slow.zones(t), rtol=1e-12, err_msg=f"row {t}")


@given(seed=st.integers(0, 10_000), cut=st.integers(1, 299))
def test_zones_of_a_prefix_are_the_prefix_of_the_zones(seed: int, cut: int) -> None:
    s = series(seed, 300)
    for part, whole in zip(liquidation_zones(*s.cut(0, cut), 48), liquidation_zones(*s, 48), strict=True):
        np.testing.assert_array_equal(part, whole[:cut])


@given(seed=st.integers(0, 10_000), start=st.integers(0, 250))
def test_zones_forget_what_is_older_than_the_window_and_a_day(seed: int, start: int) -> None:
    s, window, warm = series(seed, 400, holes=False), 48, 48 + 24 + 24
    for part, whole in zip(liquidation_zones(*s.cut(start, 400), window), liquidation_zones(*s, window), strict=True):
        np.testing.assert_array_equal(part[warm:], whole[start + warm :])


@given(seed=st.integers(0, 10_000), factor=st.sampled_from([10.0, 0.001, 3.7]))
def test_zones_are_the_same_at_every_scale_of_prices(seed: int, factor: float) -> None:
    s = series(seed, 200)
    larger = Series(s.ts_ms, *(c * factor for c in s[1:]))
    for a, b in zip(liquidation_zones(*s, 48), liquidation_zones(*larger, 48), strict=True):
        np.testing.assert_allclose(a * factor, b, rtol=1e-12)


def steady(prices: list[float], contracts: list[float]) -> Series:
    """Candles of one price each, three a day; 40,000 of the contracts are opened at 100 on the third."""
    price = np.array(prices)
    ts_ms = np.arange(len(prices), dtype=np.int64) * HOURS_8
    return Series(ts_ms, price, price.copy(), price.copy(), np.array(contracts) * price)


OPENED = [10_000.0, 10_001.0, 50_001.0]
"""Ten times leverage holds most of them: shorts are liquidated at 109.50, longs at 90.50."""
SHORTS_END = 106.0 * (1.0 + BUCKET) ** 13
"""The middle of the bucket of 109.50, counted from a day's first close of 106: 13 x 0.25 % are 3.3 %."""


def test_a_zone_above_is_where_the_shorts_of_the_most_used_leverage_are_liquidated() -> None:
    above, below = liquidation_zones(*steady([100.0] * 3 + [106.0] * 3, [*OPENED, 50_000.0, 50_001.0, 50_000.0]), 60)
    np.testing.assert_allclose(above, [np.nan] * 3 + [SHORTS_END] * 3)
    assert np.isnan(below).all()  # 90.50 is farther than the horizon


def test_a_zone_below_is_where_the_longs_are_liquidated() -> None:
    above, below = liquidation_zones(*steady([100.0] * 3 + [94.0] * 3, [*OPENED, 50_000.0, 50_001.0, 50_000.0]), 60)
    np.testing.assert_allclose(below[3:], 94.0 * (1.0 + BUCKET) ** round(math.log(90.5 / 94.0) / WIDTH))
    assert np.isnan(above).all()


def test_a_zone_that_price_has_touched_is_spent_that_day_and_the_next() -> None:
    prices = [100.0] * 3 + [106.0, 109.6, 106.0, 106.0]
    above, _ = liquidation_zones(*steady(prices, [*OPENED, 50_000.0, 50_001.0, 50_000.0, 50_001.0]), 60)
    np.testing.assert_allclose(above[3], SHORTS_END)
    assert np.isnan(above[4:]).all()


def test_positions_leave_with_falls_of_open_interest_the_oldest_first() -> None:
    for left, there in ((10_000.5, True), (9_999.5, False)):  # 10,000 younger ones are opened in between
        contracts = [*OPENED, 50_001.0, 60_001.0, left]
        above, _ = liquidation_zones(*steady([100.0] * 3 + [106.0] * 3, contracts), 60)
        assert np.isfinite(above[3:5]).all()
        assert np.isfinite(above[5]) == there


def test_positions_are_forgotten_after_the_window() -> None:
    contracts = [*OPENED, *[50_000.0, 50_001.0] * 5]
    above, _ = liquidation_zones(*steady([100.0] * 3 + [106.0] * 10, contracts), 6)
    assert np.isfinite(above[3:8]).all()
    assert not np.isclose(above[8:], SHORTS_END).any()


def test_a_series_without_open_interest_has_no_zones() -> None:
    s = series(1, 100)
    for zones in liquidation_zones(*s[:4], np.full(100, np.nan), 48):
        assert np.isnan(zones).all()


def test_zones_are_unknown_on_rows_where_open_interest_is() -> None:
    s = series(3, 300)
    hole = np.isnan(s.open_interest)
    assert hole.any()
    for zones in liquidation_zones(*s, 48):
        assert np.isnan(zones[hole]).all()
        assert not np.isnan(zones).all()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_next_to_nothing_is_no_zone(n: int) -> None:
    for zones in liquidation_zones(*series(1, n), 48):
        assert len(zones) == n
        assert np.isnan(zones).all()


def test_a_price_far_beyond_the_buckets_of_a_day_is_survived() -> None:
    s = series(2, 200)
    for c in s[1:4]:
        c[90:100] *= 1e3
        c[150:160] *= 1e-3
    for zones in liquidation_zones(*s, 48):
        assert len(zones) == 200
