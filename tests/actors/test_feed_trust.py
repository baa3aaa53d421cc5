"""When a stream is believed."""

from __future__ import annotations

from itertools import pairwise

import pytest

from actors.feed_trust import Trust, agree
from core.candle import Candle
from core.timeframe import MINUTE_MS

BOTH = ("BTC-USDT", "ETH-USDT")


def row(minute: int, close: float = 100.0) -> Candle:
    return Candle(minute * MINUTE_MS, 100.0, max(101.0, close), min(99.0, close), close, 1.0)


def trust() -> Trust:
    return Trust(BOTH, 0.0, 90.0)


def test_silence_by_our_clock_is_stale_and_news_ends_it() -> None:
    t = trust()
    assert t.stale(90.0) == frozenset()
    assert t.stale(90.1) == frozenset(BOTH)
    t.pushed("BTC-USDT", row(1), 95.0)
    assert t.stale(96.0) == {"ETH-USDT"}


def test_rows_that_repeat_themselves_or_go_back_are_no_news() -> None:
    t = trust()
    t.pushed("BTC-USDT", row(5), 1.0)
    for second in range(2, 100):
        t.pushed("BTC-USDT", row(5), second)
        t.pushed("BTC-USDT", row(4, 100.5), second)
        t.pushed("ETH-USDT", row(5, 100 + second / 1e3), second)
    assert t.stale(99.0) == {"BTC-USDT"}


def test_a_symbol_that_stands_while_others_go_on_is_stale_by_the_exchanges_clock_whatever_ours_says() -> None:
    t = trust()
    for minute in range(1, 6):
        t.pushed("BTC-USDT", row(minute), minute / 100)
    t.pushed("ETH-USDT", row(1), 0.01)
    assert t.stale(0.06) == {"ETH-USDT"}
    t.pushed("ETH-USDT", row(3), 0.07)
    assert t.stale(0.08) == frozenset()


def test_what_rest_contradicts_is_stale_until_it_is_confirmed() -> None:
    t = trust()
    t.contradicted("BTC-USDT")
    assert t.stale(0.0) == {"BTC-USDT"}
    t.confirmed("ETH-USDT")
    assert t.stale(0.0) == {"BTC-USDT"}
    t.confirmed("BTC-USDT")
    assert t.stale(0.0) == frozenset()


@pytest.mark.parametrize(
    ("shown", "same"),
    [(row(1), True), (row(1, 100.04), True), (row(1, 100.2), False), (row(1, 99.8), False), (row(2), False)],
)
def test_reports_of_a_minute_agree_up_to_late_trades(shown: Candle, same: bool) -> None:
    assert agree(row(1), shown) is same


def test_a_quiet_symbol_is_named_again_only_after_as_long_a_time() -> None:
    t = trust()
    assert t.quiet(10.1, 10.0) == list(BOTH)
    assert t.quiet(15.0, 10.0) == []
    assert t.quiet(20.2, 10.0) == list(BOTH)


def test_connections_are_rebuilt_ever_more_rarely_for_the_same_symbol() -> None:
    t, moments, now = trust(), list[float](), 0.0
    while now < 20_000:
        if t.may_rebuild("BTC-USDT", now):
            moments.append(now)
        now += 1.0
    waits = [b - a for a, b in pairwise(moments)]
    assert waits[:3] == [30.0, 60.0, 120.0]
    assert max(waits) == 1_800.0
    assert t.may_rebuild("ETH-USDT", now)
    assert t.may_rebuild("BTC-USDT", now + 10_000)
    assert t.may_rebuild("BTC-USDT", now + 10_031)
