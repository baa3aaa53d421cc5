"""While the private stream is lost nobody hears of fills: entries wait, protection and exits do not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from actors.executor_eyes import Eyes
from core.messages import FillRole
from core.order import OrderKind
from engine.client_ids import decode
from exchanges.port import AccountEvent, Reconnected, StreamLost
from tests.actors.test_executor_desk import HELD, LADDER, POSITION, SYMBOL, Bench


async def hear(bench: Bench, *events: AccountEvent) -> None:
    class Venue:
        async def events(self, symbols: Sequence[str]) -> AsyncIterator[AccountEvent]:
            for event in events:
                yield event

    unused: Any = None
    await Eyes(Venue(), {SYMBOL: bench.desk}, unused, unused, unused).events()  # type: ignore[arg-type]


async def test_no_entry_is_sent_while_the_stream_is_lost_and_all_are_once_it_is_back() -> None:
    bench = Bench(LADDER)
    await hear(bench, StreamLost("account", "silent"))
    await bench.desk.settle()
    assert bench.venue.placed == []
    await hear(bench, Reconnected("account"))
    assert bench.desk.mirror.doubt
    await bench.desk.settle()
    assert bench.rungs() == [80.0, 90.0]


async def test_entries_that_rest_stay_as_they_are_while_the_stream_is_lost() -> None:
    bench = Bench(LADDER)
    await bench.desk.settle()
    await hear(bench, StreamLost("account", "silent"))
    moved = LADDER._replace(rungs=tuple(rung._replace(price=rung.price - 1.0) for rung in LADDER.rungs if rung.price))
    bench.give(moved, 2)
    await bench.desk.settle()
    assert bench.rungs() == [80.0, 90.0]


async def test_stop_and_take_profit_are_placed_although_the_stream_is_lost() -> None:
    bench = Bench(HELD)
    bench.venue.held = POSITION
    await hear(bench, StreamLost("account", "silent"))
    await bench.desk.settle()
    assert bench.stops() == [70.0]
    roles = {p.role for o in bench.venue.orders.values() if (p := decode(o.client_id)) and o.kind is OrderKind.LIMIT}
    assert roles == {FillRole.TARGET}
