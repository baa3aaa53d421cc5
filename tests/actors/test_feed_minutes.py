from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.feed_minutes import Batches, Minutes, Span, sound
from core.candle import Candle
from core.timeframe import MINUTE_MS


def minute(i: int, close: float = 1.0) -> Candle:
    return Candle(i * MINUTE_MS, 1.0, max(1.0, close), min(1.0, close), close, 5.0)


def test_a_candle_is_closed_when_a_newer_row_follows_it_in_the_same_push() -> None:
    minutes = Minutes(0)
    assert minutes.see([minute(1)]) == []
    assert minutes.see([minute(1, 2.0), minute(2)]) == [minute(1, 2.0)]
    assert minutes.missing() is None


def test_a_candle_whose_last_state_was_not_seen_is_asked_for() -> None:
    minutes = Minutes(0)
    minutes.see([minute(1)])
    assert minutes.see([minute(2)]) == []
    assert minutes.missing() == Span(MINUTE_MS, 2 * MINUTE_MS)


def test_a_candle_is_passed_on_once() -> None:
    minutes = Minutes(0)
    minutes.see([minute(1), minute(2)])
    assert minutes.see([minute(1), minute(2)]) == []


def test_a_hole_holds_the_newer_ones_back_until_it_is_filled() -> None:
    minutes = Minutes(0)
    assert minutes.see([minute(3), minute(4)]) == []
    assert minutes.missing() == Span(MINUTE_MS, 3 * MINUTE_MS)
    minutes.hold(minute(1))
    assert minutes.ready() == [minute(1)]
    minutes.hold(minute(2))
    assert minutes.ready() == [minute(2), minute(3)]


def test_a_hole_that_the_venue_has_not_either_is_given_up() -> None:
    minutes = Minutes(0)
    minutes.see([minute(3), minute(4)])
    assert minutes.skip_to(3 * MINUTE_MS) == [minute(3)]
    assert minutes.missing() is None


def test_the_clock_of_the_venue_tells_of_minutes_that_nobody_pushed() -> None:
    minutes = Minutes(0)
    minutes.expect(3 * MINUTE_MS)
    assert minutes.missing() == Span(MINUTE_MS, 3 * MINUTE_MS)


def test_an_impossible_candle_is_not_believed() -> None:
    assert sound(minute(1))
    for wrong in ({"low": 2.0}, {"high": 0.5}, {"volume": -1.0}, {"close": float("nan")}, {"ts_ms": 1}, {"low": 0.0}):
        assert not sound(minute(1)._replace(**wrong))


@given(st.permutations(list(range(1, 9))), st.sets(st.integers(1, 8)))
def test_whatever_the_order_every_minute_comes_out_once_and_in_order(order: list[int], repeated: set[int]) -> None:
    minutes, out = Minutes(0), []
    for i in [*order, *repeated, *order]:
        minutes.hold(minute(i))
        out += minutes.ready()
    assert out == [minute(i) for i in range(1, 9)]


def test_a_batch_waits_for_every_symbol() -> None:
    batches = Batches(["B", "A"], 1.5)
    batches.add("A", minute(1), 0.0)
    assert batches.take(1.0) is None
    batches.add("B", minute(1), 1.0)
    assert batches.take(1.0) == (("B", minute(1)), ("A", minute(1)))
    assert batches.take(1.0) is None


def test_a_straggler_is_waited_for_only_so_long_and_comes_by_itself_then() -> None:
    batches = Batches(["A", "B"], 1.5)
    batches.add("A", minute(1), 0.0)
    assert batches.take(1.49) is None
    assert batches.take(1.5) == (("A", minute(1)),)
    batches.add("B", minute(1), 9.0)
    assert batches.take(9.0) == (("B", minute(1)),)


def test_an_older_minute_goes_first_even_when_a_newer_one_is_complete() -> None:
    batches = Batches(["A", "B"], 1.5)
    batches.add("A", minute(1), 0.0)
    batches.add("A", minute(2), 0.1)
    batches.add("B", minute(2), 0.1)
    assert batches.take(0.2) is None
    batches.add("B", minute(1), 0.3)
    assert [batch[0][1].ts_ms for batch in iter(lambda: batches.take(0.3), None)] == [MINUTE_MS, 2 * MINUTE_MS]
