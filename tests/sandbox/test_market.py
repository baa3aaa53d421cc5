"""Time, candles and funding as the market goes on."""

from __future__ import annotations

import pytest

from core.candle import Candle, Candles
from core.errors import DataError
from core.order import Side
from core.resample import aggregate
from sandbox.account import Account
from sandbox.desk import place
from sandbox.market import Market
from sandbox.orders import NewOrder
from sandbox.series import Series
from sandbox.source import StoredSource
from sandbox.state import State
from tests.sandbox.builders import MINUTE, PLAIN, START_MS, SYMBOL, flat, minutes, order, stored

HOUR = 60 * MINUTE
OTHER = "ETH-USDT"


def opened(source: StoredSource) -> tuple[State, Account, Market]:
    account = Account("key", "secret", "passphrase", 10_000.0)
    rules = {symbol: PLAIN.model_copy(update={"symbol": symbol}) for symbol in source.symbols}
    state = State([account], rules, 0.0, source.start_ms)
    return state, account, Market(state, source)


def test_a_turn_tells_the_closed_candle_and_the_first_row_of_the_next() -> None:
    state, _, market = opened(stored([(100, 105, 95, 101), (102, 103, 101, 103)]))
    assert state.now_ms == START_MS
    assert state.prices[SYMBOL] == 100
    market.walk()
    ((symbol, closed, new),) = market.turn()
    assert symbol == SYMBOL
    assert closed == Candle(START_MS, 100, 105, 95, 101, 3.0)
    assert new == Candle(START_MS + MINUTE, 102, 102, 102, 102, 0.0)
    assert (state.now_ms, state.prices[SYMBOL]) == (START_MS + MINUTE, 102)


def test_the_market_ends_with_its_candles_and_stands_still() -> None:
    state, _, market = opened(stored([(100, 105, 95, 101)]))
    market.walk()
    ((_, closed, flat_row),) = market.turn()
    assert closed.close == 101
    assert flat_row == Candle(START_MS + MINUTE, 101, 101, 101, 101, 0.0)
    assert market.ended
    assert market.walk() == 0
    assert market.turn() == []
    assert state.prices[SYMBOL] == 101


def test_a_gap_is_jumped_and_a_symbol_without_a_minute_says_nothing() -> None:
    gap = Candles.of("1m", [*flat(50, 2).rows(), *flat(60, 1, START_MS + 10 * MINUTE).rows()])
    other = flat(7, 3)
    state, _, market = opened(StoredSource({SYMBOL: gap, OTHER: other}, START_MS))
    told = []
    while not market.ended:
        market.walk()
        told.append((sorted(turn.symbol for turn in market.turn()), (state.now_ms - START_MS) // MINUTE))
    assert told == [([SYMBOL, OTHER], 1), ([OTHER], 2), ([SYMBOL], 10), ([SYMBOL, OTHER], 11)]


def test_funding_is_paid_at_the_opening_by_what_was_carried_into_it() -> None:
    source = stored([(100, 100, 100, 100), (110, 110, 110, 110), (90, 90, 90, 90)],
                    funding={SYMBOL: [(START_MS - HOUR, 0.5), (START_MS + MINUTE, 0.001)]})
    state, account, market = opened(source)
    order(state, account, "buy", 1.0)
    before = account.wallet
    market.walk()
    market.turn()
    assert account.wallet == pytest.approx(before - 0.11)
    order(state, account, "buy", 1.0)  # comes after the opening: does not pay
    before = account.wallet
    market.walk()
    market.turn()
    assert account.wallet == pytest.approx(before)
    assert [rate.rate for rate in market.settled[SYMBOL]] == [0.5, 0.001]


def test_hours_come_live_as_minutes_and_aggregate_back() -> None:
    hours = Candles.of("1h", [(START_MS + i * HOUR, 100 + i, 108 + i, 97 + i, 104 + i, 60.0) for i in range(-30, 30)])
    _, _, market = opened(StoredSource({SYMBOL: hours}, START_MS))
    live = []
    while not market.ended:
        market.walk()
        live += [turn.closed for turn in market.turn()]
    assert aggregate(Candles.of("1m", live), "1h").rows() == hours.between(START_MS, START_MS + 99 * HOUR).rows()


@pytest.mark.parametrize("length", [1, 5, 60, 240], ids=lambda n: f"{n} minutes")
def test_what_is_shown_is_the_past_whatever_the_source(length: int) -> None:
    hours = Candles.of("1h", [(START_MS + i * HOUR, 100 + i, 108 + i, 97 + i, 104 + i, 60.0) for i in range(-30, 30)])
    _, _, market = opened(StoredSource({SYMBOL: hours}, START_MS))
    for _ in range(150):
        market.walk()
        market.turn()
    now = START_MS + 150 * MINUTE
    rows = market.series[SYMBOL].rows(length * MINUTE, START_MS - 5 * HOUR, now + 10 * HOUR).rows()
    assert rows[0].ts_ms == -(-(START_MS - 5 * HOUR) // (length * MINUTE)) * length * MINUTE
    assert [row.ts_ms for row in rows] == list(range(rows[0].ts_ms, now + 1, length * MINUTE))
    assert rows[-1].close == market.in_progress()[0][1].open
    closed = [row for row in rows if row.ts_ms + HOUR <= now and row.ts_ms % HOUR == 0]
    if length == 60:
        assert closed == hours.between(START_MS - 5 * HOUR, START_MS + 2 * HOUR).rows()


def test_a_day_that_began_before_the_market_opened_is_one_candle() -> None:
    noon = START_MS + 12 * HOUR
    past = flat(100, 12 * 60)
    series = Series(past, noon)
    live = minutes([(100, 120, 90, 110)], noon)
    series.extend(live)
    series.current = live.candle(0)
    (row,) = series.rows(24 * HOUR, START_MS, noon + 1).rows()
    assert row == Candle(START_MS, 100, 120, 90, 110, 3.0 * 721)


def test_a_source_that_ends_before_its_start_is_refused() -> None:
    with pytest.raises(DataError, match="no candle at or after"):
        StoredSource({SYMBOL: flat(100, 5)}, START_MS + HOUR)


def test_symbols_move_together_and_meet_in_the_order_of_their_ways() -> None:
    rows = {SYMBOL: [(100, 100, 90, 95)], OTHER: [(100, 100, 90, 95)]}
    state, account, market = opened(StoredSource({name: minutes(row) for name, row in rows.items()}, START_MS))
    for symbol, limit in ((SYMBOL, 91.0), (OTHER, 95.0), (SYMBOL, 97.0)):
        place(state, account, NewOrder(symbol, Side.BUY, 1.0, limit))
    times = []
    while market.walk(pause=True):
        times.append(state.now_ms)
        fill = account.fills[-1]
        assert state.prices == pytest.approx({SYMBOL: fill.price, OTHER: fill.price})
    assert [(fill.symbol, fill.price) for fill in account.fills] == [(SYMBOL, 97.0), (OTHER, 95.0), (SYMBOL, 91.0)]
    assert times == sorted(set(times))


def test_a_flat_minute_takes_its_time() -> None:
    state, _, market = opened(stored([(100, 100, 100, 100)] * 2))
    market.walk(0.5)
    assert state.now_ms == START_MS
    market.walk()
    assert state.now_ms == START_MS + MINUTE - 1
