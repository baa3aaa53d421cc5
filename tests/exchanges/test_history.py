"""Paging candles against a venue that forgets and answers something else without a word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from core.errors import DataError
from core.timeframe import DAY_MS, MINUTE_MS
from exchanges.bitget.public import BitgetPublic
from tests.exchanges.fake_bitget import FakeBitget

NOW = 1_700_000_040_000 // MINUTE_MS * MINUTE_MS
LISTED = NOW - 40 * DAY_MS
REMEMBERED = NOW - 30 * DAY_MS


def row(ts: int) -> list[str]:
    return [str(ts), "1", "2", "0.5", "1.5", str(ts // MINUTE_MS % 7), "1"]


def answer(asked: dict[str, Any], limit: int, first: int) -> list[list[str]]:
    start, end = max(int(asked["startTime"]), first), min(int(asked["endTime"]), NOW + 1)
    start = -(-start // MINUTE_MS) * MINUTE_MS
    rows = [row(ts) for ts in range(start, end, MINUTE_MS)]
    return rows[-min(limit, int(asked["limit"])) :]  # the newest of a span that is too long


@pytest.fixture(params=["classic", "unified"])
async def both(request: pytest.FixtureRequest, venue: FakeBitget) -> AsyncIterator[BitgetPublic]:
    """Each of the two APIs: 1000 recent rows, 200 or 100 older ones."""
    venue.answers |= {
        "/api/v2/public/time": {"serverTime": str(NOW)},
        "/api/v2/mix/market/candles": lambda a: answer(a, 1000, REMEMBERED),
        "/api/v2/mix/market/history-candles": lambda a: answer(a, 200, LISTED),
        "/api/v3/market/candles": lambda a: answer(a, 1000, REMEMBERED),
        "/api/v3/market/history-candles": lambda a: answer(a, 100, LISTED),
    }
    found = BitgetPublic(venue.settings(account_type=request.param))
    await found.open(["BTC-USDT"])
    venue.asked.clear()
    yield found
    await found.close()


@pytest.fixture
def minutes(venue: FakeBitget) -> FakeBitget:
    venue.answers |= {
        "/api/v2/public/time": {"serverTime": str(NOW)},
        "/api/v2/mix/market/candles": lambda a: answer(a, 1000, REMEMBERED),
        "/api/v2/mix/market/history-candles": lambda a: answer(a, 200, LISTED),
    }
    return venue


@pytest.mark.parametrize(
    ("from_ms", "to_ms"),
    [(NOW - 100 * MINUTE_MS, NOW), (NOW - 2500 * MINUTE_MS, NOW + DAY_MS),
     (REMEMBERED - 700 * MINUTE_MS, REMEMBERED + 700 * MINUTE_MS), (LISTED, LISTED + 950 * MINUTE_MS),
     (NOW - 28 * DAY_MS - 5 * MINUTE_MS, NOW - 28 * DAY_MS + 2100 * MINUTE_MS)],
)  # fmt: skip
async def test_every_closed_candle_of_the_span_comes_once(both: BitgetPublic, from_ms: int, to_ms: int):
    candles = await both.candles("BTC-USDT", "1m", from_ms, to_ms)
    last = min(to_ms, NOW)  # the candle that opens now has not closed
    assert candles.ts_ms.tolist() == list(range(from_ms, last, MINUTE_MS))


async def test_a_recent_answer_with_holes_is_completed_from_history(minutes: FakeBitget, public: BitgetPublic):
    minutes.answers["/api/v2/mix/market/candles"] = lambda a: answer(a, 200, REMEMBERED)  # silently the last 200
    candles = await public.candles("BTC-USDT", "1m", NOW - 1000 * MINUTE_MS, NOW)
    assert len(candles) == 1000
    assert all(int(a["limit"]) <= 200 for a in minutes.of("history-candles"))


async def test_rows_of_another_time_are_not_what_was_asked_for(minutes: FakeBitget, public: BitgetPublic):
    newest = [row(NOW - i * MINUTE_MS) for i in range(5)]
    minutes.answers |= {"/api/v2/mix/market/candles": newest, "/api/v2/mix/market/history-candles": newest}
    assert len(await public.candles("BTC-USDT", "1m", NOW - 2000 * MINUTE_MS, NOW - 1900 * MINUTE_MS)) == 0


async def test_before_the_listing_there_is_nothing(minutes: FakeBitget, public: BitgetPublic):
    candles = await public.candles("BTC-USDT", "1m", LISTED - 300 * MINUTE_MS, LISTED + 10 * MINUTE_MS)
    assert candles.ts_ms[0] == LISTED


async def test_a_broken_row_is_a_data_error(minutes: FakeBitget, public: BitgetPublic):
    broken = [str(NOW - MINUTE_MS), "1", "0.7", "0.5", "1.5", "1", "1"]
    minutes.answers["/api/v2/mix/market/candles"] = [broken]
    with pytest.raises(DataError, match="BTCUSDT 1m"):
        await public.candles("BTC-USDT", "1m", NOW - MINUTE_MS, NOW)


async def test_a_timeframe_the_venue_does_not_have_is_a_data_error(minutes: FakeBitget, public: BitgetPublic):
    with pytest.raises(DataError, match="8m"):
        await public.candles("BTC-USDT", "8m", 0, NOW)


async def test_funding_is_paged_back_to_the_start_and_cut_to_the_span(venue: FakeBitget, public: BitgetPublic):
    hours8 = 8 * 3_600_000
    rates = [{"symbol": "BTCUSDT", "fundingRate": str(i / 1e6), "fundingTime": str(i * hours8)} for i in range(250)]

    def page(asked: dict[str, Any]) -> Any:
        first = (int(asked["pageNo"]) - 1) * int(asked["pageSize"])
        return rates[::-1][first : first + int(asked["pageSize"])]

    venue.answers["/api/v2/mix/market/history-fund-rate"] = page
    found = await public.funding("BTC-USDT", 60 * hours8, 249 * hours8)
    assert [f.ts_ms for f in found] == [i * hours8 for i in range(60, 249)]
    assert found[0].rate == 60 / 1e6


async def test_funding_of_the_unified_api_is_paged_by_number(venue: FakeBitget):
    hours8 = 8 * 3_600_000
    rates = [{"symbol": "BTCUSDT", "fundingRate": str(i / 1e6), "fundingRateTimestamp": str(i * hours8)}
             for i in range(250, 0, -1)]  # fmt: skip

    def page(asked: dict[str, Any]) -> Any:
        first = (int(asked["cursor"]) - 1) * int(asked["limit"])
        return {"resultList": rates[first : first + int(asked["limit"])]}

    venue.answers["/api/v3/market/history-fund-rate"] = page
    public = BitgetPublic(venue.settings(account_type="unified"))
    await public.open(["BTC-USDT"])
    found = await public.funding("BTC-USDT", 10 * hours8, 240 * hours8)
    assert [f.ts_ms for f in found] == [i * hours8 for i in range(10, 240)]
    await public.close()


async def test_open_interest_is_in_base_currency(venue: FakeBitget, public: BitgetPublic):
    venue.answers["/api/v2/mix/market/open-interest"] = {
        "openInterestList": [{"symbol": "BTCUSDT", "size": "34278.06"}], "ts": "1",
    }  # fmt: skip
    assert await public.open_interest("BTC-USDT") == 34278.06


async def test_the_venue_is_asked_for_its_time_only_where_a_candle_may_not_have_closed(
    minutes: FakeBitget, public: BitgetPublic
):
    for to_ms, times in ((NOW - MINUTE_MS, 1), (NOW, 1), (NOW - DAY_MS, 1), (NOW + MINUTE_MS, 2), (NOW - 1, 2)):
        candles = await public.candles("BTC-USDT", "1m", to_ms - 3 * MINUTE_MS, to_ms)
        assert candles.ts_ms[-1] <= NOW - MINUTE_MS
        assert len(minutes.of("public/time")) == times
