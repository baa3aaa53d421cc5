"""What a desk does when the exchange misbehaves; the venue is a small fake whose faults are said beforehand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from actors.executor_desk import Desk, Manners
from actors.executor_ids import Ids
from actors.executor_journal import Line
from actors.executor_mirror import Mirror
from actors.parts import Timing
from core.errors import Refused, RetryLater, UnknownOutcome
from core.instrument import Instrument
from core.messages import FillRole, Severity
from core.order import Execution, OpenOrder, OrderKind, OrderRequest, OrderStatus, Side
from core.position import VenuePosition
from core.target import ApprovedTarget, Rung, Target
from engine.client_ids import decode, tag

SYMBOL = "BTC-USDT"
LADDER = Target("dca", SYMBOL, 60_000, 0, 1, (Rung(0, 90.0, 1.0, 70.0), Rung(1, 80.0, 1.0, 65.0)))
HELD = LADDER._replace(rungs=LADDER.rungs[1:], filled=1, quantity=1.0, stop=70.0, target=100.0)
POSITION = VenuePosition(SYMBOL, 1, 1.0, 90.0, 3, "isolated", 30, 90, 60, 0, 1)


class FakeVenue:
    """Orders and a position; ``faults`` maps a method to what it raises next, ``late`` works and then raises."""

    def __init__(self) -> None:
        self.orders: dict[str, OpenOrder] = {}
        self.held: VenuePosition | None = None
        self.faults: dict[str, list[Exception]] = {}
        self.late: dict[str, list[Exception]] = {}
        self.placed: list[OrderRequest] = []
        self.count = 0

    def _meet(self, method: str, faults: dict[str, list[Exception]]) -> None:
        if faults.get(method):
            raise faults[method].pop(0)

    async def open_orders(self, symbol: str) -> list[OpenOrder]:
        self._meet("open_orders", self.faults)
        return list(self.orders.values())

    async def positions(self) -> list[VenuePosition]:
        return [self.held] if self.held else []

    async def executions(self, symbol: str, from_ms: int) -> list[Execution]:
        return []

    async def order(self, symbol: str, client_id: str) -> OpenOrder | None:
        self._meet("order", self.faults)
        plain = [o for o in self.orders.values() if o.kind is not OrderKind.STOP_LOSS]  # as venues do
        return next((o for o in plain if o.client_id == client_id), None)

    async def place(self, request: OrderRequest) -> str:
        self._meet("place", self.faults)
        self.placed.append(request)
        if request.kind is OrderKind.MARKET and request.reduce_only:
            self.held, self.orders = None, {}
            return "m"
        order_id = self._add(request.client_id, request.side, OrderKind.LIMIT, request)
        self._meet("place", self.late)
        return order_id

    async def amend(self, order: OpenOrder, request: OrderRequest) -> str:
        self._meet("amend", self.faults)
        self.orders[order.order_id] = order._replace(
            client_id=request.client_id, price=request.price, quantity=request.quantity, stop=request.stop
        )
        return order.order_id

    async def cancel(self, order: OpenOrder) -> bool:
        return self.orders.pop(order.order_id, None) is not None

    async def place_stop(self, symbol: str, direction: int, trigger: float, client_id: str) -> str:
        self._meet("place_stop", self.faults)
        order_id = self._add(client_id, Side.opening(-direction), OrderKind.STOP_LOSS, None)
        self.orders[order_id] = self.orders[order_id]._replace(trigger=trigger)
        self._meet("place_stop", self.late)
        return order_id

    async def amend_stop(self, stop: OpenOrder, trigger: float) -> None:
        self.orders[stop.order_id] = stop._replace(trigger=trigger)

    def _add(self, client_id: str, side: Side, kind: OrderKind, r: OrderRequest | None) -> str:
        self.count += 1
        order_id = f"v{self.count}"
        self.orders[order_id] = OpenOrder(
            order_id, client_id, SYMBOL, side, kind, OrderStatus.OPEN, r.quantity if r else 0.0,
            price=r.price if r else None, reduce_only=r.reduce_only if r else True, stop=r.stop if r else None,
        )
        return order_id


class FakeOffice:
    def __init__(self) -> None:
        self.journalled: list[str] = []
        self.outcomes: list[str] = []
        self.ended: list[Line] = []
        self.halts: list[tuple[str, str]] = []
        self.alerts: list[str] = []
        self.time_ms = 1_000_000
        self.desk: Desk | None = None

    async def journal(self, lines: Sequence[Line], *, urgent: bool) -> None:
        self.journalled += [line.client_id for line in lines]

    def outcome(self, line: Line, state: str) -> None:
        self.outcomes.append(state)
        self.ended.append(line)

    def fills(self, symbol: str, executions: list[Execution]) -> None:
        assert not executions

    def shown(self, order: OpenOrder) -> None:
        pass

    def looked(self, symbol: str) -> None:
        pass

    def halt(self, symbol: str, reason: str) -> None:
        self.halts.append((symbol, reason))
        assert self.desk is not None
        self.desk.halted = reason

    def alert(self, kind: str, severity: Severity, symbol: str, detail: str) -> None:
        self.alerts.append(kind)

    def now_ms(self) -> int:
        return self.time_ms

    def met(self, error: BaseException) -> None:
        pass

    def sent(self, symbol: str, row_ms: int) -> None:
        pass


class Bench:
    def __init__(self, target: Target, manners: Manners = Manners()) -> None:
        self.venue, self.office = FakeVenue(), FakeOffice()
        mirror = Mirror(SYMBOL, Instrument(symbol=SYMBOL, tick=0.1, step=0.001), {tag("dca", SYMBOL): "dca"})
        timing = Timing(0.2, 0.05, 0.01)
        self.desk = Desk(mirror, self.venue, Ids(), self.office, timing, manners=manners)  # type: ignore[arg-type]
        self.office.desk = self.desk
        self.give(target, 1)

    def give(self, target: Target, sequence: int) -> None:
        self.desk.apply(ApprovedTarget(target, sequence, 0))

    def stops(self) -> list[float | None]:
        return [o.trigger for o in self.venue.orders.values() if o.kind is OrderKind.STOP_LOSS]

    def rungs(self) -> list[float | None]:
        parsed = {o.price: decode(o.client_id) for o in self.venue.orders.values()}
        return sorted(price for price, p in parsed.items() if p is not None and p.role is FillRole.ENTRY and price)


async def test_every_intent_is_in_the_journal_before_the_exchange_knows_of_it() -> None:
    bench = Bench(LADDER)
    await bench.desk.settle()
    assert bench.rungs() == [80.0, 90.0]
    assert [r.client_id for r in bench.venue.placed] == bench.office.journalled
    assert bench.office.outcomes == ["done", "done"]


async def test_written_down_sent_and_answered_are_three_moments() -> None:
    bench = Bench(LADDER._replace(rungs=LADDER.rungs[:1]))
    journal, place, did = bench.office.journal, bench.venue.place, list[tuple[str, float]]()

    async def slow_journal(lines: Sequence[Line], *, urgent: bool) -> None:
        await journal(lines, urgent=urgent)
        await asyncio.sleep(0.01)
        did.append(("written", time.monotonic()))

    async def slow_place(request: OrderRequest) -> str:
        did.append(("sending", time.monotonic()))
        await asyncio.sleep(0.01)
        return await place(request)

    bench.office.journal, bench.venue.place = slow_journal, slow_place  # type: ignore[method-assign]
    await bench.desk.settle()
    (line,) = bench.office.ended
    (_, written_s), (_, sending_s) = did
    assert line.sent_s is not None
    assert line.answered_s is not None
    assert line.made_s < written_s <= line.sent_s <= sending_s < line.answered_s


async def test_orders_of_one_comparison_leave_together_and_are_one_entry_in_the_journal() -> None:
    bench, under_way, release = Bench(LADDER), list[OrderRequest](), asyncio.Event()

    async def slow(request: OrderRequest) -> str:
        under_way.append(request)
        await release.wait()
        return await FakeVenue.place(bench.venue, request)

    bench.venue.place = slow  # type: ignore[method-assign]
    task = asyncio.create_task(bench.desk.settle())
    async with asyncio.timeout(3):
        while len(under_way) < 2:
            await asyncio.sleep(0.005)
    assert bench.office.journalled == [r.client_id for r in under_way]
    release.set()
    await task
    assert bench.rungs() == [80.0, 90.0]


async def test_an_order_whose_answer_was_lost_is_found_by_its_id_and_not_sent_again() -> None:
    bench = Bench(LADDER)
    bench.venue.late["place"] = [UnknownOutcome("timed out")]
    await bench.desk.settle()
    assert bench.rungs() == [80.0, 90.0]
    assert len(bench.venue.placed) == 2


async def test_a_lookup_that_fails_is_repeated_until_it_answers() -> None:
    bench = Bench(LADDER)
    bench.venue.late["place"] = [UnknownOutcome("timed out")]
    bench.venue.faults["order"] = [RetryLater("down", retry_after_s=0.01), RetryLater("down", retry_after_s=0.01)]
    await bench.desk.settle()
    assert len(bench.venue.placed) == 2


async def test_an_order_that_never_arrived_is_sent_again_under_the_same_id() -> None:
    bench = Bench(LADDER._replace(rungs=LADDER.rungs[:1]))
    bench.venue.faults["place"] = [UnknownOutcome("reset")]
    await bench.desk.settle()
    assert bench.rungs() == [90.0]
    assert len(set(bench.office.journalled)) == 1


async def test_a_refusal_is_not_repeated_before_the_target_changes() -> None:
    bench = Bench(LADDER._replace(rungs=LADDER.rungs[:1]))
    bench.venue.faults["place"] = [Refused("too far", code="1")]
    await bench.desk.settle()
    await bench.desk.settle()
    assert bench.rungs() == []
    bench.give(LADDER._replace(rungs=LADDER.rungs[:1], row_ms=120_000), 2)
    await bench.desk.settle()
    assert bench.rungs() == [90.0]
    assert not bench.office.halts


async def test_three_refusals_in_a_row_halt_the_symbol() -> None:
    bench = Bench(LADDER)
    bench.venue.faults["place"] = [Refused("no")] * 4
    for sequence in (2, 3):
        await bench.desk.settle()
        bench.give(LADDER._replace(row_ms=60_000 * sequence), sequence)
    assert [s for s, _ in bench.office.halts] == [SYMBOL]
    await bench.desk.settle()
    assert bench.rungs() == []


async def test_an_older_approval_changes_nothing() -> None:
    bench = Bench(LADDER)
    bench.give(LADDER._replace(rungs=()), 3)
    assert not bench.desk.apply(ApprovedTarget(LADDER, 2, 0))
    await bench.desk.settle()
    assert bench.rungs() == []


async def test_a_position_found_without_a_stop_gets_one_first() -> None:
    bench = Bench(HELD)
    bench.venue.held = POSITION
    await bench.desk.settle()
    assert bench.stops() == [70.0]
    assert decode(bench.office.journalled[0]).role is FillRole.STOP  # type: ignore[union-attr]


async def test_a_stop_that_vanishes_is_placed_again() -> None:
    bench = Bench(HELD)
    bench.venue.held = POSITION
    await bench.desk.settle()
    bench.venue.orders = {k: o for k, o in bench.venue.orders.items() if o.kind is not OrderKind.STOP_LOSS}
    bench.desk.mirror.doubt = True
    await bench.desk.settle()
    assert bench.stops() == [70.0]


async def test_a_dead_stop_left_by_a_lost_message_does_not_cost_the_live_one() -> None:
    bench = Bench(HELD)
    bench.venue.held = POSITION
    await bench.desk.settle()
    (live,) = [o for o in bench.venue.orders.values() if o.kind is OrderKind.STOP_LOSS]
    there = set(bench.venue.orders)
    for dead_id in ("a", "z"):  # whichever of two equal stops would be kept
        bench.desk.order_seen(live._replace(order_id=dead_id))
        bench.desk.mirror.doubt = False
        await bench.desk.settle()
        assert set(bench.venue.orders) == there


async def test_a_preset_stop_is_waited_for_before_one_is_placed() -> None:
    bench = Bench(HELD)
    bench.venue.held = POSITION
    bench.desk.filled()
    await bench.desk.settle()
    assert bench.stops() == []
    task = asyncio.create_task(bench.desk.run())
    async with asyncio.timeout(3):
        while not bench.stops():
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert bench.stops() == [70.0]


async def test_a_stop_that_is_refused_twice_ends_the_position_and_halts_the_symbol() -> None:
    bench = Bench(HELD)
    bench.venue.held = POSITION
    bench.venue.faults["place_stop"] = [Refused("passed"), Refused("passed")]
    await bench.desk.settle()
    assert bench.venue.held is None
    assert [s for s, _ in bench.office.halts] == [SYMBOL]
    last = bench.venue.placed[-1]
    assert (last.kind, last.reduce_only, last.side) == (OrderKind.MARKET, True, Side.SELL)


async def test_trouble_that_passes_is_tried_again_by_the_loop() -> None:
    bench = Bench(LADDER)
    bench.venue.faults["open_orders"] = [RetryLater("busy", retry_after_s=0.01)]
    with pytest.raises(RetryLater):
        await bench.desk.settle()
    task = asyncio.create_task(bench.desk.run())
    async with asyncio.timeout(3):
        while len(bench.rungs()) < 2:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_orphan_is_protected_and_its_target_stays_without_entries_against_it() -> None:
    bench = Bench(Target("dca", SYMBOL, 60_000, 0, 0))
    bench.venue.held = POSITION
    await bench.desk.settle()
    assert bench.stops() == [85.5]


async def test_an_order_whose_change_is_refused_is_withdrawn_and_placed_anew() -> None:
    bench = Bench(LADDER._replace(rungs=LADDER.rungs[:1]))
    await bench.desk.settle()
    bench.venue.faults["amend"] = [Refused("not for this order", code="1")]
    bench.give(LADDER._replace(rungs=(Rung(0, 91.0, 1.0, 71.0),), row_ms=120_000), 2)
    await bench.desk.settle()
    assert bench.rungs() == [91.0]
    assert len(bench.venue.orders) == 1
    assert not bench.office.halts
    assert "refused" not in bench.office.alerts


async def test_a_stop_whose_answer_was_lost_is_found_among_the_triggers() -> None:
    bench = Bench(HELD)
    bench.venue.held = POSITION
    bench.venue.late["place_stop"] = [UnknownOutcome("timed out")]
    await bench.desk.settle()
    assert bench.stops() == [70.0]
    assert bench.office.outcomes[0] == "done"
    assert bench.office.alerts[1:] == ["stop_missing", "unknown_outcome"]


async def test_a_stop_of_another_price_source_is_set_anew_and_what_stays_as_it_was_is_told_once() -> None:
    bench = Bench(HELD, Manners(trigger_source="mark"))
    bench.venue.held = POSITION
    moved: list[float] = []

    async def in_vain(stop: OpenOrder, trigger: float) -> None:
        moved.append(trigger)

    bench.venue.amend_stop = in_vain  # type: ignore[method-assign]
    await bench.desk.settle()
    (stop,) = (o for o in bench.venue.orders.values() if o.kind is OrderKind.STOP_LOSS)
    bench.venue.orders[stop.order_id] = stop._replace(trigger_source="last")
    for _ in range(3):
        bench.desk.mirror.doubt = True
        await bench.desk.settle()
    assert moved == [70.0]
    assert bench.office.alerts.count("stop_not_as_asked") == 1


async def test_too_many_changes_in_a_minute_wait_and_protection_does_not() -> None:
    bench = Bench(LADDER, Manners(changes_per_minute=3))
    await bench.desk.settle()
    for sequence in (2, 3, 4):
        rungs = tuple(r._replace(price=(r.price or 0.0) - sequence) for r in LADDER.rungs)
        bench.give(LADDER._replace(rungs=rungs, row_ms=60_000 * sequence), sequence)
        await bench.desk.settle()
    assert bench.rungs() == [80.0, 88.0]
    assert bench.desk.held == 2
    assert bench.office.alerts == ["churn"]
    bench.venue.held = POSITION
    bench.desk.mirror.doubt = True
    await bench.desk.settle()
    assert len(bench.stops()) == 1
    bench.venue.held, bench.venue.orders = None, {k: o for k, o in bench.venue.orders.items() if not o.trigger}
    bench.office.time_ms += 60_000
    bench.desk.mirror.doubt = True
    await bench.desk.settle()
    assert bench.rungs() == [76.0, 86.0]
    assert not bench.desk.held


async def test_entries_wait_while_the_account_is_not_as_configured() -> None:
    bench = Bench(LADDER)
    bench.desk.unprepared = "leverage"
    await bench.desk.settle()
    assert bench.rungs() == []
    bench.desk.unprepared = ""
    await bench.desk.settle()
    assert bench.rungs() == [80.0, 90.0]


async def test_after_a_halt_was_ended_refusals_are_counted_from_the_beginning() -> None:
    bench = Bench(LADDER)
    bench.venue.faults["place"] = [Refused("no")] * 5
    for sequence in (2, 3):
        await bench.desk.settle()
        bench.give(LADDER._replace(row_ms=60_000 * sequence), sequence)
    assert len(bench.office.halts) == 1
    bench.desk.halted = ""
    bench.desk.sender.resume()
    await bench.desk.settle()
    assert len(bench.office.halts) == 1
    assert bench.rungs() != []


async def test_a_partly_filled_order_is_looked_at_between_its_end_and_its_successor() -> None:
    bench = Bench(LADDER._replace(rungs=LADDER.rungs[:1]))
    await bench.desk.settle()
    (resting,) = bench.venue.orders.values()
    bench.venue.orders[resting.order_id] = resting._replace(filled=0.25)
    did: list[str] = []

    async def looks(symbol: str) -> list[OpenOrder]:
        did.append("look")
        return list(bench.venue.orders.values())

    async def cancels(order: OpenOrder) -> bool:
        did.append("cancel")
        return bench.venue.orders.pop(order.order_id, None) is not None

    async def places(request: OrderRequest) -> str:
        did.append("place")
        return await FakeVenue.place(bench.venue, request)

    bench.venue.open_orders, bench.venue.cancel, bench.venue.place = looks, cancels, places  # type: ignore[method-assign]
    bench.desk.mirror.doubt = True
    bench.give(LADDER._replace(rungs=(Rung(0, 91.0, 1.0, 71.0),), row_ms=120_000), 2)
    await bench.desk.settle()
    assert did == ["look", "cancel", "look", "place"]


async def test_fills_that_were_read_are_not_read_again_but_those_of_the_last_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench, asked = Bench(LADDER), list[int]()
    bench.desk.since_ms = 1_000_000
    fills = [Execution("t1", "o1", "c1", SYMBOL, Side.BUY, 90.0, 1.0, 0.0, maker=True, ts_ms=5_000_000)]

    async def executions(symbol: str, from_ms: int) -> list[Execution]:
        asked.append(from_ms)
        return [fill for fill in fills if fill.ts_ms >= from_ms]

    monkeypatch.setattr(bench.venue, "executions", executions)
    monkeypatch.setattr(bench.office, "fills", lambda *_: None)
    for _ in range(2):
        await bench.desk.look()
    fills.clear()
    await bench.desk.look()
    assert asked == [1_000_000, 4_700_000, 4_700_000]
