"""Markets of stored data: the extra columns that a strategy needs and no others, or a line on what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from core.errors import DataError
from core.market import Market
from core.plan import AVERAGE, Level, Plan
from core.recordings import BookSnapshots, PublicTrades
from core.strategy import Need, Parameters, Strategy
from core.timeframe import DAY_MS, MINUTE_MS
from market.source import open_source
from market.store import CandleStore
from optimization.markets import Asked, known_share, prepare
from tests.market.builders import START, random_walk
from tests.shared import shared_path

HOUR = 3_600_000


class Needy(Strategy[Parameters]):
    """Wants what it is told to."""

    name: ClassVar[str] = "needy"
    timeframe: ClassVar[str] = "1h"

    def __init__(self, *needs: Need) -> None:
        self.needs = needs  # type: ignore[misc]

    def warmup(self, params: Parameters) -> int:
        return 5

    def plan(self, market: Market, params: Parameters) -> Plan:
        return Plan(0, (0.0,), (1.0,), Level(AVERAGE, -0.1), base=market.close)


def book(*times: int) -> BookSnapshots:
    """One level a side; three quarters of the depth are bids."""
    ones = np.ones((len(times), 1))
    return BookSnapshots(np.array(times, np.int64), 99 * ones, 3 * ones, 101 * ones, ones)


def trades(*times: int) -> PublicTrades:
    """Buys of 2."""
    ones = np.ones(len(times))
    return PublicTrades(np.array(times, np.int64), 100 * ones, 2 * ones, np.ones(len(times), np.int8))


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    """Four days of hours from START on."""
    store = CandleStore(tmp_path)
    store.append("X", "BTC-USDT", random_walk(96, "1h"))
    return store


def made(store: CandleStore, *needs: Need, from_ms: int = START + DAY_MS, timeframe: str = "1h") -> tuple[Market, int]:
    asked = Asked("BTC-USDT", timeframe, from_ms, 2**53)
    return prepare(open_source(store.root), Needy(*needs), Parameters(), asked)


def test_a_strategy_on_candles_alone_gets_no_extra_columns(store: CandleStore) -> None:
    store.append_series("X", "BTC-USDT", "funding", (np.array([START]), np.array([1e-4])))
    assert made(store)[0].extra == {}


def test_funding_of_before_the_first_candle_is_known_at_its_close(store: CandleStore) -> None:
    times = START + np.arange(-8, 96, 8) * HOUR
    store.append_series("X", "BTC-USDT", "funding", (times, np.arange(len(times)) / 1e4))
    market, first = made(store, "funding", from_ms=START)
    assert (first, sorted(market.extra)) == (0, ["funding", "funding_ms"])
    np.testing.assert_array_equal(market.funding[[0, 7, 8, 95]], [1e-4, 1e-4, 2e-4, 12e-4])
    np.testing.assert_array_equal(market.funding_ms[[0, 8]], [START, START + 8 * HOUR])
    assert known_share(market) == {"funding": 1.0, "funding_ms": 1.0}


def test_a_settlement_inside_the_last_candle_is_known_and_one_at_its_close_is_not(store: CandleStore) -> None:
    ends = START + 96 * HOUR
    store.append_series("X", "BTC-USDT", "funding", (np.array([ends - 1, ends]), np.array([6e-4, 7e-4])))
    assert made(store, "funding")[0].funding[-1] == 6e-4


def test_open_interest_is_there_where_it_is_fresh(store: CandleStore) -> None:
    times = START + np.arange(48, 72) * HOUR
    store.append_series("X", "BTC-USDT", "open_interest", (times, np.full(24, 5e8)))
    market, first = made(store, "open_interest")
    assert list(market.extra) == ["open_interest"]
    assert known_share(market, first)["open_interest"] == pytest.approx(25 / 72)


def test_order_flow_comes_from_what_lies_in_each_candle(store: CandleStore) -> None:
    inside = START + 30 * HOUR
    store.append_recording("X", "BTC-USDT", book(inside, inside + HOUR - 1))
    store.append_recording("X", "BTC-USDT", trades(inside, inside + 1))
    market, first = made(store, "book", "trades")
    assert set(market.extra) == {"book_imbalance", "trade_delta", "trade_volume", "large_share"}
    row = first + 6
    assert market.book_imbalance[row] == pytest.approx(0.5)
    assert (market.trade_delta[row], market.trade_volume[row]) == (4.0, 4.0)
    for column in market.extra.values():
        assert np.flatnonzero(np.isfinite(column)).tolist() == [row]


def test_days_of_recordings_do_not_touch_one_another(store: CandleStore) -> None:
    """Parts are read a day at a time; a hole in the candles between two of them must not cost the day before."""
    hole = CandleStore(store.root + "/other")
    whole = random_walk(96, "1h")
    keep = np.arange(96) != 24  # the first hour of the second day is missing
    columns = [getattr(whole, n)[keep] for n in ("ts_ms", "open", "high", "low", "close", "volume")]
    hole.append("X", "BTC-USDT", type(whole)("1h", *columns))
    hole.append_recording("X", "BTC-USDT", trades(START + 24 * HOUR - 1, START + 24 * HOUR, START + 25 * HOUR))
    market, _ = made(hole, "trades", from_ms=START)
    assert np.flatnonzero(np.isfinite(market.trade_volume)).tolist() == [23, 24]


@pytest.mark.parametrize(
    ("need", "complaint"),
    [
        ("funding", "no funding from 2025-03-02T00:00Z to 2025-03-05T00:00Z, which needy needs; `scalp-radar data "
                    "import PATH` (BTC-USDT/funding.parquet) or `scalp-radar data fetch --symbol BTC-USDT "
                    "--timeframe 1h --from 2025-03-02` brings it"),
        ("open_interest", "no open interest from 2025-03-02T00:00Z to 2025-03-05T00:00Z, which needy needs; "
                          "`scalp-radar data import PATH` (BTC-USDT/oi.parquet) brings it"),
        ("book", "no order book from 2025-03-02T00:00Z to 2025-03-05T00:00Z, which needy needs; "
                 "`scalp-radar data import PATH` (BTC-USDT/book*.parquet) brings it"),
        ("trades", "no trades from 2025-03-02T00:00Z to 2025-03-05T00:00Z, which needy needs; "
                   "`scalp-radar data import PATH` (BTC-USDT/trades*.parquet) brings it"),
    ],
)
def test_what_is_missing_is_named_with_the_command_that_brings_it(
    need: Need, complaint: str, store: CandleStore
) -> None:
    with pytest.raises(DataError) as caught:
        made(store, need)
    assert str(caught.value) == f"BTC-USDT: {complaint}"


def test_what_is_known_of_before_the_span_alone_is_missing(store: CandleStore) -> None:
    store.append_recording("X", "BTC-USDT", trades(START + 20 * HOUR))
    with pytest.raises(DataError, match="no trades from"):
        made(store, "trades")


def test_order_flow_is_for_candles_of_at_most_a_day(store: CandleStore) -> None:
    store.append_recording("X", "BTC-USDT", trades(START))
    with pytest.raises(DataError, match="timeframe '2d': order flow is known for candles of at most a day"):
        made(store, "trades", from_ms=START - DAY_MS, timeframe="2d")


def test_real_recordings_make_real_columns() -> None:
    source = open_source(shared_path("data", "BINANCE_FUTURES"))
    begin = 1_723_161_240_000  # 2024-08-08T23:54Z: five minutes that were recorded, of a symbol whose hours are there
    asked = Asked("BTC-USDT", "5m", begin - begin % (5 * MINUTE_MS), begin + 6 * MINUTE_MS)
    market, first = prepare(source, Needy("book", "trades", "funding"), Parameters(), asked)
    assert np.isfinite(market.book_imbalance[first:]).all()
    assert (np.abs(market.book_imbalance[first:]) < 1).all()
    recorded = market.trade_volume[first + 1]  # 23:55 to 24:00 was recorded whole
    assert recorded == pytest.approx(market.volume[first + 1], rel=1e-3)
    assert abs(market.trade_delta[first + 1]) < recorded
