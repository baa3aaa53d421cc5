"""Whatever arrives, in whatever order: what has ended stays ended, and a fill counts once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.executor_mirror import Mirror
from core.instrument import Instrument
from core.messages import FillRole
from core.order import Execution, OpenOrder, OrderKind, OrderStatus, Side
from core.position import VenuePosition
from engine.client_ids import encode, tag

SYMBOL = "BTC-USDT"
TAG = tag("dca", SYMBOL)
IDS = ["o1", "o2", "o3"]
LIVE = [OrderStatus.OPEN, OrderStatus.PARTIAL]
OVER = [OrderStatus.FILLED, OrderStatus.CANCELLED]


def order(order_id: str, status: OrderStatus) -> OpenOrder:
    client_id = encode(TAG, 0, FillRole.ENTRY, IDS.index(order_id), 0, 0)
    return OpenOrder(order_id, client_id, SYMBOL, Side.BUY, OrderKind.LIMIT, status, 1.0, price=90.0)


def fill(number: int) -> Execution:
    side = Side.BUY if number % 2 else Side.SELL
    return Execution(f"t{number}", "x", "", SYMBOL, side, 100.0, 1.0, 0.0, False, number)


events = st.lists(
    st.one_of(
        st.tuples(st.just("pushed"), st.sampled_from(IDS), st.sampled_from(LIVE + OVER)),
        st.tuples(st.just("placed"), st.sampled_from(IDS), st.just(OrderStatus.OPEN)),
        st.tuples(st.just("looked"), st.sets(st.sampled_from(IDS)), st.booleans()),
        st.tuples(st.just("filled"), st.integers(0, 5), st.none()),
    ),
    max_size=25,
)


@settings(max_examples=200)
@given(events)
def test_what_has_ended_stays_ended_and_a_fill_counts_once(happened: list[tuple[str, object, object]]) -> None:
    mirror = Mirror(SYMBOL, Instrument(symbol=SYMBOL, tick=0.1, step=0.001), {TAG: "dca"})
    held = VenuePosition(SYMBOL, 1, 1.0, 100.0, 3, "isolated", 33, 100, 70, 0, 1)
    ended: set[str] = set()
    counted: set[str] = set()
    for what, which, how in happened:
        if what == "pushed":
            mirror.order_seen(order(str(which), how))  # type: ignore[arg-type]
            if how in OVER:
                ended.add(str(which))
        elif what == "placed":
            mirror.placed(order(str(which), OrderStatus.OPEN))
        elif what == "looked":
            mirror.looked([order(i, OrderStatus.OPEN) for i in which], held if how else None)  # type: ignore[attr-defined]
        else:
            version = mirror.version
            part = mirror.executed(fill(int(which)))  # type: ignore[call-overload]
            assert (part is None) == (f"t{which}" in counted)
            assert mirror.version - version == (part is not None)
            assert part is None or mirror.doubt
            counted.add(f"t{which}")
        assert not ended & set(mirror.orders)


def test_a_position_that_a_look_no_longer_showed_is_closed_by_the_fill_that_comes_later() -> None:
    mirror = Mirror(SYMBOL, Instrument(symbol=SYMBOL, tick=0.1, step=0.001), {TAG: "dca"})
    entry = encode(TAG, 3, FillRole.ENTRY, 0, 0, 0)
    mirror.executed(Execution("t1", "o1", entry, SYMBOL, Side.BUY, 100.0, 1.0, 0.1, True, 1))
    stop = OpenOrder("s", "", SYMBOL, Side.SELL, OrderKind.STOP_LOSS, OrderStatus.OPEN, 0.0, trigger=80.0)
    mirror.looked([stop], VenuePosition(SYMBOL, 1, 1.0, 100.0, 3, "isolated", 33, 100, 70, 0, 1))
    mirror.looked([], None)
    late = mirror.executed(Execution("t2", "s9", "", SYMBOL, Side.SELL, 79.9, 1.0, 0.1, False, 2))
    assert late == ("dca", 3, -1, FillRole.STOP, 1)


def test_what_a_stop_closed_while_nobody_looked_is_the_end_of_what_was_open() -> None:
    mirror = Mirror(SYMBOL, Instrument(symbol=SYMBOL, tick=0.1, step=0.001), {TAG: "dca"})
    mirror.remember("t1", "dca", 3, 0, FillRole.ENTRY, 1.0)
    mirror.recall(1, 100.0, 90.0, 70.0)
    second = encode(TAG, 3, FillRole.ENTRY, 1, 0, 0)
    mirror.named("o2", second, 80.0)
    mirror.executed(Execution("t2", "o2", "", SYMBOL, Side.BUY, 95.0, 1.0, 0.1, True, 2))
    end = mirror.executed(Execution("t3", "s9", "", SYMBOL, Side.SELL, 79.9, 2.0, 0.1, False, 3))
    assert end == ("dca", 3, -1, FillRole.STOP, 1)


def test_what_our_fills_left_open_is_ours_until_they_have_closed_it() -> None:
    mirror = Mirror(SYMBOL, Instrument(symbol=SYMBOL, tick=0.1, step=0.001), {TAG: "dca"})
    mirror.remember("t1", "dca", 3, 0, FillRole.ENTRY, 1.0)
    mirror.remember("t2", "dca", 3, 1, FillRole.ENTRY, 1.0)
    mirror.remember("t3", "dca", 3, -1, FillRole.TARGET, 0.5)
    assert mirror.owner == ("dca", 3)
    mirror.remember("t4", "dca", 3, -1, FillRole.STOP, 1.5)
    assert mirror.owner == ("", 0)
