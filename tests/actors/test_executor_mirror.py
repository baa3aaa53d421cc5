from __future__ import annotations

from actors.executor_mirror import Mirror
from actors.executor_protection import Guard, Guarded, Unprotected
from core.instrument import Instrument
from core.messages import FillRole
from core.order import Execution, OpenOrder, OrderKind, OrderStatus, Side
from core.position import VenuePosition
from engine.client_ids import encode, tag

SYMBOL = "BTC-USDT"
TAG = tag("dca", SYMBOL)
ENTRY_0, ENTRY_1 = (encode(TAG, 4, FillRole.ENTRY, level, 0, 0) for level in (0, 1))
TAKE = encode(TAG, 4, FillRole.TARGET, -1, 0, 0)


def mirror() -> Mirror:
    return Mirror(SYMBOL, Instrument(symbol=SYMBOL, tick=0.1, step=0.001), {TAG: "dca"})


def fill(n: int, side: Side, price: float, quantity: float = 1.0, client_id: str = "", order_id: str = "") -> Execution:
    return Execution(f"t{n}", order_id or f"o{n}", client_id, SYMBOL, side, price, quantity, 0.1, True, 1000 + n)


def stop(trigger: float, created_ms: int = 0) -> OpenOrder:
    return OpenOrder(
        "s", "", SYMBOL, Side.SELL, OrderKind.STOP_LOSS, OrderStatus.OPEN, 0.0, trigger=trigger, created_ms=created_ms
    )


def test_fills_make_the_position_and_are_counted_once() -> None:
    m = mirror()
    first = m.executed(fill(1, Side.BUY, 100.0, client_id=ENTRY_0))
    assert first == ("dca", 4, 0, FillRole.ENTRY, 1)
    assert m.executed(fill(1, Side.BUY, 100.0, client_id=ENTRY_0)) is None
    m.executed(fill(2, Side.BUY, 90.0, client_id=ENTRY_1))
    assert m.position is not None
    assert (m.position.quantity, m.position.average) == (2.0, 95.0)
    assert m.filled("dca", 4) == {0: 1.0, 1: 1.0}
    assert m.executed(fill(3, Side.SELL, 99.0, 2.0, client_id=TAKE)) == ("dca", 4, -1, FillRole.TARGET, 1)
    assert m.position is None


def test_a_fill_that_names_only_its_order_is_known_by_the_order() -> None:
    m = mirror()
    m.named("o7", ENTRY_1)
    part = m.executed(fill(1, Side.BUY, 90.0, order_id="o7"))
    assert part is not None
    assert (part.role, part.level) == (FillRole.ENTRY, 1)


def test_a_closing_fill_without_a_name_is_the_stops_when_it_is_there_or_worse() -> None:
    for price, role in ((80.0, FillRole.STOP), (70.0, FillRole.STOP), (95.0, FillRole.FOREIGN)):
        m = mirror()
        m.executed(fill(1, Side.BUY, 100.0, client_id=ENTRY_0))
        m.order_seen(stop(80.0))
        part = m.executed(fill(2, Side.SELL, price))
        assert part == ("dca", 4, -1, role, 1)


def test_an_opening_fill_without_a_name_is_nobodys() -> None:
    assert mirror().executed(fill(1, Side.SELL, 100.0)) == ("", 0, -1, FillRole.FOREIGN, -1)


def test_a_fill_asks_for_a_look_and_a_look_ends_the_doubt() -> None:
    m = mirror()
    m.looked([], None)
    assert not m.doubt
    m.executed(fill(1, Side.BUY, 100.0, client_id=ENTRY_0))
    assert m.doubt
    m.looked([stop(80.0)], VenuePosition(SYMBOL, 1, 1.0, 100.0, 3, "isolated", 33, 100, 70, 0, 1001))
    assert not m.doubt
    assert [o.trigger for o in m.stops()] == [80.0]


def test_an_order_that_ended_before_its_acceptance_was_known_is_not_shown_as_live() -> None:
    m = mirror()
    m.looked([], None)
    order = OpenOrder("o1", ENTRY_0, SYMBOL, Side.BUY, OrderKind.LIMIT, OrderStatus.FILLED, 1.0, 1.0, 100.0)
    m.order_seen(order)
    m.placed(order._replace(status=OrderStatus.OPEN, filled=0.0))
    assert not m.orders
    assert m.doubt


def test_a_live_stop_in_the_stream_is_taken_over_and_its_end_asks_for_a_look() -> None:
    m = mirror()
    m.looked([], VenuePosition(SYMBOL, 1, 1.0, 100.0, 3, "isolated", 33, 100, 70, 0, 1001))
    assert m.order_seen(stop(80.0))
    assert m.stops()
    assert m.order_seen(stop(80.0)._replace(status=OrderStatus.CANCELLED))
    assert m.doubt
    assert not m.stops()


def test_the_time_without_a_stop_is_counted_by_the_exchanges_timestamps() -> None:
    position = VenuePosition(SYMBOL, 1, 1.0, 100.0, 3, "isolated", 33, 100, 70, 0, 1_000)
    clock = Unprotected()
    assert clock.see(position, [], 1_400) == 400
    assert clock.see(position, [stop(80.0, created_ms=1_600)], 2_000) == 600
    assert clock.see(position, [stop(80.0, created_ms=1_600)], 9_000) == 600
    assert clock.see(position, [], 9_500) == 600
    assert clock.see(position, [stop(80.0, created_ms=9_700)], 9_900) == 800
    assert clock.see(None, [], 10_000) == 0
    assert clock.see(position._replace(opened_ms=20_000), [stop(80.0, created_ms=20_000)], 20_500) == 0


def test_a_position_that_has_ended_is_told_with_its_owner_and_its_time_without_a_stop() -> None:
    position = VenuePosition(SYMBOL, 1, 1.0, 100.0, 3, "isolated", 33, 100, 70, 0, 1_000)
    guard = Guard()
    assert guard.see(position, [], ("dca", 4), 1_300) == (300, None)
    assert guard.see(position, [stop(80.0, created_ms=1_500)], ("", 0), 2_000) == (500, None)
    following = position._replace(opened_ms=9_000)
    assert guard.see(following, [stop(80.0, created_ms=9_000)], ("", 0), 9_100) == (0, Guarded("dca", 4, 1_000, 500))
    assert guard.see(None, [], ("", 0), 9_500) == (0, Guarded("", 0, 9_000, 0))
    assert guard.see(None, [], ("", 0), 9_600) == (0, None)
