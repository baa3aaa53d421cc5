"""Candles, money over the day, costs of a cycle, conditions, ladders as they stood, and why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.api_backfill import backfill
from actors.feed_prices import show_prices
from actors.read_costs import CostBook
from actors.read_market import KEPT, MarketBook, Series
from actors.read_model import ReadModel
from actors.read_money import SPARK_POINTS, Curves, EquityCurve
from actors.topics import topic
from actors.watch_views import nearest_entry
from actors.watch_why import halted_at
from api.topics import TOPICS
from core.candle import Candle, Candles
from core.instrument import Instrument
from core.messages import CandlesClosed, ConditionsSeen, EquityMarked, FillRole, TargetRefused, TradingHalted
from core.strategy import Condition
from core.target import Rung
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from exchanges.port import TickerSeen
from storage.rows import StoredEvent
from tests import messages
from tests.api.rig import FACTS, NOW, Rig
from tests.local_handles import LocalHandle
from tests.messages import T0

BTC = "BTC-USDT"


def minute(number: int, close: float = 100.0, **changes: Any) -> Candle:
    return Candle(T0 + number * MINUTE_MS, close, close + 1, close - 1, close, 1.0)._replace(**changes)


def mark(ts_ms: int, equity: float, strategy: str = "envelope_dca") -> EquityMarked:
    return EquityMarked(ts_ms, 1, "live", strategy, 10_000.0, equity)


# ----------------------------------------------------------------------------------------------------------- candles


def test_longer_candles_are_folded_from_minutes_and_the_last_is_in_progress() -> None:
    series = Series()
    for i in range(7):
        series.add(minute(i, 100.0 + i))
    five = series.rows("5m")
    assert [c.ts_ms for c in five] == [T0, T0 + 5 * MINUTE_MS]
    assert five[0] == Candle(T0, 100.0, 105.0, 99.0, 104.0, 5.0)
    assert five[1] == Candle(T0 + 5 * MINUTE_MS, 105.0, 107.0, 104.0, 106.0, 2.0)


@given(st.integers(1, 200), st.sampled_from(["5m", "15m", "1h"]))
def test_folding_loses_neither_extremes_nor_volume(count: int, timeframe: str) -> None:
    series = Series()
    for i in range(count):
        series.add(minute(i, 100.0 + (i * 7919) % 23))
    whole, minutes = series.rows(timeframe), series.rows("1m")
    assert sum(c.volume for c in whole) == count
    assert max(c.high for c in whole) == max(c.high for c in minutes)
    assert min(c.low for c in whole) == min(c.low for c in minutes)
    assert whole[-1].close == minutes[-1].close


def test_a_minute_that_came_before_changes_nothing_and_the_past_is_bounded() -> None:
    series = Series()
    for i in range(KEPT + 5):
        series.add(minute(i))
    before = series.rows("1m")
    series.add(minute(3, 7.0))
    assert (series.rows("1m"), len(before)) == (before, KEPT)


def test_history_goes_before_what_came_and_mends_the_candle_begun_late() -> None:
    series = Series()
    series.add(minute(118, 50.0))  # the first minute that came live, near the end of its hour
    series.add(minute(119, 51.0))
    series.add(minute(120, 52.0))
    series.load("1h", [Candle(T0, 1, 2, 1, 2, 9), Candle(T0 + HOUR_MS, 2, 90, 1, 51, 60)])
    assert [c.high for c in series.rows("1h")] == [2, 90, 53.0]
    late = Series()
    late.add(minute(30, 52.0))
    late.load("1m", [minute(i, 40.0) for i in range(30)])
    assert late.rows("1h") == [Candle(T0, 40.0, 53.0, 39.0, 52.0, 31.0)]


def test_the_change_of_a_day_begins_twenty_four_hours_ago() -> None:
    series = Series()
    for i in range(0, 2 * 1440, 15):
        series.add(minute(i, 100.0 if i < 1440 else 110.0))
    change = series.change(121.0)
    assert (change.fraction, change.from_ms) == (pytest.approx(0.21), T0 + 1425 * MINUTE_MS)
    assert Series().change(1.0) == (None, 0)


def test_prices_that_cannot_be_are_no_candles() -> None:
    book = MarketBook()
    book.add(((BTC, minute(0, low=float("nan"))), (BTC, minute(0, open=0.0))))
    assert book.series == {}


# ------------------------------------------------------------------------------------------------------------- money


def test_equity_of_a_scope_is_the_sum_of_its_strategies_and_a_late_one_lifts_nothing() -> None:
    curve = EquityCurve()
    for i in range(5):
        curve.add(mark(T0 + i * HOUR_MS, 10_000.0 + i))
    curve.add(mark(T0 + 5 * HOUR_MS, 10_000.0, "grid_atr"))
    assert curve.now is not None
    assert (curve.now.equity, curve.strategies) == (20_004.0, 2)
    since = curve.since(T0)
    assert since is not None
    assert since.money == pytest.approx(4.0)


def test_the_drawdown_of_the_day_is_the_deepest_fall_from_a_peak() -> None:
    curve = EquityCurve()
    for i, equity in enumerate((100.0, 120.0, 90.0, 110.0, 99.0)):
        curve.add(mark(T0 + i * HOUR_MS, equity))
    assert curve.drawdown() == pytest.approx(90 / 120 - 1)


@given(st.lists(st.floats(9_000, 11_000), min_size=1, max_size=400))
def test_a_spark_is_short_keeps_the_last_and_never_leaves_the_range(values: list[float]) -> None:
    curve = EquityCurve()
    for i, equity in enumerate(values):
        curve.add(mark(T0 + i * MINUTE_MS, equity))
    spark = curve.spark()
    assert len(spark) <= SPARK_POINTS
    assert spark[-1] == values[-1]
    assert set(spark) <= set(values)


def test_scopes_are_never_added_up_and_marks_of_before_go_before() -> None:
    curves = Curves()
    curves.add(mark(T0 + DAY_MS, 10_500.0))
    curves.add(EquityMarked(T0, 1, "paper", "envelope_dca", 1.0, 7.0))
    restored = curves.restored([mark(T0 + DAY_MS - HOUR_MS, 10_000.0)])
    assert {scope: curve.now.equity for scope, curve in restored.scopes.items() if curve.now} == {
        "live": 10_500.0, "paper": 7.0
    }
    since = restored.scopes["live"].since(0)
    assert since is not None
    assert since.money == 500.0


def test_what_a_cycle_cost_is_said_only_when_its_fills_make_up_the_position() -> None:
    book = CostBook()
    book.filled(messages.fill(0, quantity=0.01, fee=0.2))
    book.filled(messages.fill(1, level=1, quantity=0.02, fee=0.3))
    costs = book.of("envelope_dca", BTC)
    assert costs is not None
    assert costs.covers(0.03)
    assert not costs.covers(0.05)
    assert costs.fees == pytest.approx(0.5)
    held = {BTC: messages.protection(quantity=0.03, direction=1)}
    batch = CandlesClosed(T0, 1, "1m", ((BTC, minute(0, 80_000.0)),), ((BTC, 0.0001),))
    book.settled(batch, held, {BTC: "envelope_dca"})
    costs = book.of("envelope_dca", BTC)
    assert costs is not None
    assert costs.funding == pytest.approx(0.0001 * 0.03 * 80_000.0)
    book.filled(messages.fill(2, cycle=1, quantity=0.01))
    costs = book.of("envelope_dca", BTC)
    assert costs is not None
    assert (costs.cycle, costs.funding) == (1, 0.0)


# -------------------------------------------------------------------------------------------------------- conditions


def said(*conditions: tuple[str, int, float]) -> ConditionsSeen:
    return ConditionsSeen(T0, 1, "s", BTC, tuple(Condition(n, d, 1.0, 2.0, "<", x == 1.0, x) for n, d, x in conditions))


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ((), (0, None)),
        ((("level 1", 1, 0.4), ("level 2", 1, 0.1)), (1, 0.4)),
        ((("RSI", 1, 0.9), ("volume", 1, 0.2), ("RSI", -1, 0.3), ("volume", -1, 0.5)), (-1, 0.3)),
        ((("RSI", 1, 0.9), ("level 2", 1, 0.1)), (1, 0.9)),
        ((("RSI", 1, 0.9), ("level 1", 1, 0.5)), (1, 0.5)),
        ((("volume", 0, 0.3), ("RSI", 1, 0.9)), (1, 0.3)),
    ],
)
def test_the_nearest_entry_is_as_near_as_its_farthest_condition(
    conditions: tuple[tuple[str, int, float], ...], expected: tuple[int, float | None]
) -> None:
    assert nearest_entry(said(*conditions)) == expected


def test_every_topic_has_a_view_and_the_present_is_there() -> None:
    state = ReadModel(FACTS)
    state.apply(messages.candles(T0), NOW)
    state.apply(said(("level 1", 1, 0.4)), NOW)
    assert all(isinstance(topic(state, name, NOW, NOW), dict) for name in TOPICS)
    assert topic(state, "conditions", NOW, NOW)[f"s:{BTC}"]["nearness"] == 0.4
    assert topic(state, "prices", NOW, NOW)[BTC]["last"] > 0


# --------------------------------------------------------------------------------------------------------------- why


HOUR = Candle(T0, 84_000.0, 85_000.0, 79_000.0, 84_500.0, 1.0)
TWO = (Rung(0, 80_000.0, 0.01, 60_000.0), Rung(1, 76_000.0, 0.02, 57_000.0))


async def asked(rig: Rig, at: int = T0) -> dict[str, dict[str, Any]]:
    answer = await rig.client.get(f"/api/grid/envelope_dca/{BTC}/why", params={"candle": at})
    assert answer.status_code == 200, answer.text
    return {part["part"]: part for part in answer.json()["parts"]}


def tell_hour(rig: Rig, candle: Candle = HOUR) -> None:
    rig.state.apply(CandlesClosed(T0 + MINUTE_MS, 1, "1m", ((BTC, candle),)), NOW)


async def test_why_names_what_was_not_touched_and_by_how_much(rig: Rig) -> None:
    rig.tell(messages.plan(T0, rungs=TWO))
    tell_hour(rig)
    parts = await asked(rig)
    assert parts["L2"]["outcome"] == "not_touched"
    assert parts["L2"]["distance"] == pytest.approx(79_000 / 76_000 - 1)
    assert parts["L1"]["outcome"] == "filled", "paper: what was touched was filled"


async def test_why_prefers_what_the_exchange_did(rig: Rig) -> None:
    rig.tell(messages.plan(T0, rungs=TWO), messages.fill(5, level=1, price=76_001.0, quantity=0.02))
    tell_hour(rig)
    parts = await asked(rig)
    assert (parts["L2"]["outcome"], "maker" in parts["L2"]["text"]) == ("filled", True)


async def test_why_says_refusals_and_halts(rig: Rig) -> None:
    rig.tell(messages.plan(T0, rungs=TWO), TargetRefused(T0 + 1, 1, "envelope_dca", BTC, "max_positions", "5 of 5"))
    tell_hour(rig)
    assert (await asked(rig))["L1"] | {} == {
        "part": "L1", "price": 80_000.0, "outcome": "refused", "distance": 0.0, "text": "refused: max_positions: 5 of 5"
    }
    rig.tell(TradingHalted(T0 - 1, 9, "", "by hand"))
    assert (await asked(rig))["L1"]["text"] == "halted: by hand"


async def test_why_tells_of_target_and_stop_of_an_open_position(rig: Rig) -> None:
    rig.tell(
        messages.plan(T0, rungs=(), filled=1, quantity=0.01, stop=60_000.0, target=84_900.0),
        messages.fill(9, role=FillRole.TARGET, level=-1),
    )
    tell_hour(rig)
    parts = await asked(rig)
    assert (parts["target"]["outcome"], parts["stop"]["outcome"]) == ("filled", "not_touched")


def test_a_halt_holds_until_it_was_ended_for_its_symbol_or_for_all() -> None:
    def event(ts_ms: int, kind: str, symbol: str, reason: str = "") -> StoredEvent:
        return StoredEvent(ts_ms, kind, "", symbol, {"reason": reason})

    events = (event(1, "trading_halted", "", "drawdown"), event(5, "trading_resumed", ""))
    assert [halted_at(at, BTC, events) for at in (0, 1, 4, 5)] == ["", "drawdown", "drawdown", ""]
    assert halted_at(9, BTC, (event(1, "trading_halted", "ETH-USDT", "x"),)) == ""


async def test_a_grid_shows_rows_as_they_stood_with_the_one_before_the_span(rig: Rig) -> None:
    rig.tell(
        messages.plan(T0, 1, rungs=TWO), messages.plan(T0 + HOUR_MS, 2, rungs=TWO[1:], row_ms=T0 + HOUR_MS),
        messages.fill(10),
        messages.plan(T0 + 2 * HOUR_MS, 3, rungs=(), filled=1, quantity=0.01, stop=1.0, row_ms=T0 + 2 * HOUR_MS),
    )
    span = {"from_ms": T0 + HOUR_MS + 1, "to_ms": T0 + 3 * HOUR_MS}
    grid = (await rig.client.get(f"/api/grid/envelope_dca/{BTC}", params=span)).json()
    assert [(p["from_ms"] - T0) // HOUR_MS for p in grid["plans"]] == [1, 2]
    assert [len(p["levels"]) for p in grid["plans"]] == [1, 0]
    assert grid["complete"] is True
    assert grid["near"] == {"timeframe": "1h", "t": [], "distance": []}


async def test_candles_are_columns_filtered_by_their_opening(rig: Rig) -> None:
    for i in range(4):
        rig.state.apply(CandlesClosed(T0, 1, "1m", ((BTC, minute(i, 10.0 + i)),)), NOW)
    query = {"symbol": BTC, "timeframe": "1m", "from_ms": T0 + MINUTE_MS, "to_ms": T0 + 3 * MINUTE_MS}
    answer = (await rig.client.get("/api/candles", params=query)).json()
    assert (answer["t"], answer["close"]) == ([T0 + MINUTE_MS, T0 + 2 * MINUTE_MS], [11.0, 12.0])
    assert (await rig.client.get("/api/candles?symbol=NO-USDT")).status_code == 404
    assert (await rig.client.get("/api/candles?symbol=BTC-USDT&timeframe=2m")).status_code == 422


@pytest.mark.parametrize("path", ["/api/prices", "/api/instruments", "/api/conditions", "/api/conditions/BTC-USDT"])
async def test_what_is_watched_is_answered_with_and_without_anything_known(rig: Rig, path: str) -> None:
    assert (await rig.client.get(path)).json() == []
    rig.tell(*messages.ONE_OF_EACH)
    rig.state.market.learn({BTC: Instrument(symbol=BTC, tick=0.1)})
    assert len((await rig.client.get(path)).json()) == 1


# ---------------------------------------------------------------------------------------------------- prices, history


class Tickers:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[TickerSeen | None] = asyncio.Queue()

    async def watch_tickers(self, symbols: Sequence[str]) -> AsyncIterator[TickerSeen]:
        while (ticker := await self.queue.get()) is not None:
            yield ticker
        raise OSError("gone")


async def test_of_many_tickers_only_the_newest_of_each_symbol_is_shown() -> None:
    venue, shown = Tickers(), []
    for i in range(50):
        venue.queue.put_nowait(TickerSeen(BTC, i, float(i), 1.0, 1.0, 1.0))
    venue.queue.put_nowait(None)
    with pytest.raises(OSError, match="gone"):
        await show_prices(venue, (BTC,), shown.append, 0.01)  # type: ignore[arg-type]  # half a venue is enough
    assert [ticker.ts_ms for batch in shown for ticker in batch][-1] == 49
    assert len(shown) < 5


class Feed:
    async def instruments(self) -> dict[str, Instrument]:
        return {BTC: Instrument(symbol=BTC, tick=0.1)}

    async def now(self) -> int:
        return T0 + 2 * HOUR_MS

    async def history(self, symbol: str, timeframe: str, from_ms: int, to_ms: int) -> Candles:
        return Candles.of(timeframe, [Candle(T0, 1.0, 2.0, 1.0, 2.0, 3.0)])


class Runner:
    def __init__(self) -> None:
        self.shown = 0

    def show(self) -> None:
        self.shown += 1


async def test_a_restarted_api_asks_for_the_past_beside_everything_else(rig: Rig) -> None:
    rig.ledger.record([mark(T0 + i * HOUR_MS, 10_000.0 + i) for i in range(5)])
    feed, runner = Feed(), Runner()
    peers = {"feed:bitget": LocalHandle(feed), "runner:s": LocalHandle(runner)}
    rig.state.facts = type(FACTS)("demo", (BTC,), {"s": "1h"}, ("feed:bitget", "runner:s"))
    async with asyncio.timeout(10):
        await backfill(rig.state, peers.__getitem__, rig.ledger_handle)
    assert rig.state.market.rules[BTC].tick == 0.1
    assert rig.state.market.series[BTC].rows("1h") == [Candle(T0, 1.0, 2.0, 1.0, 2.0, 3.0)]
    assert runner.shown == 1
    now = rig.state.curves.scopes["live"].now
    assert now is not None
    assert now.equity == 10_004.0
