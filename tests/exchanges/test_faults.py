"""The adapter while the exchange misbehaves: each kind of account, the local exchange's own faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from core.errors import Refused, RetryLater, UnknownOutcome, VenueError
from core.order import OrderKind, OrderStatus
from exchanges.bitget.public import BitgetPublic
from exchanges.bitget.session import Timing
from exchanges.bitget.trading import BitgetTrading
from exchanges.port import AccountEvent, Executed, OrderSeen, Reconnected, StreamLost
from sandbox.faults.kinds import FaultKind
from sandbox.faults.rules import FaultRule
from tests.exchanges.benches import SYMBOLS, Bench, entry, take
from tests.exchanges.conftest import impatient

ORDERS = ("order*",)
"""The private stream of orders in both APIs."""


@pytest.fixture
async def watchful(ready: Bench) -> AsyncIterator[BitgetTrading]:
    """A second client of the same account that soon misses what it is owed."""
    found = ready.another("probe", ready.keys)
    assert isinstance(found, BitgetTrading)
    found._timing = Timing(stale_s=0, echo_s=0.15)
    await found.open(SYMBOLS)
    yield found
    await found.close()


async def both(events: AsyncIterator[AccountEvent]) -> list[type[AccountEvent]]:
    """What the stream tells of itself until it is back."""
    seen: list[type[AccountEvent]] = []
    async with asyncio.timeout(5):
        async for event in events:
            if isinstance(event, StreamLost | Reconnected):
                seen.append(type(event))
            if seen[-2:] == [StreamLost, Reconnected]:
                return seen
    raise AssertionError("the stream ended")


async def test_an_order_that_was_taken_without_an_answer_is_found_by_its_id_and_not_doubled(ready: Bench):
    ready.faults([FaultRule(FaultKind.ACCEPT_SILENT, times=1, seconds=0.05)])
    with pytest.raises(UnknownOutcome):
        await ready.trading.place(entry(19_000.0, "mine"))
    found = await ready.trading.order("BTC-USDT", "mine")
    assert found is not None
    assert (found.kind, found.status) == (OrderKind.LIMIT, OrderStatus.OPEN)
    with pytest.raises(Refused):
        await ready.trading.place(entry(19_000.0, "mine"))
    assert len(await ready.trading.open_orders("BTC-USDT")) == 1


async def test_an_order_that_never_arrived_is_known_to_be_nowhere(ready: Bench):
    ready.faults([FaultRule(FaultKind.REQUEST_LOST, times=1, seconds=0.05)])
    with pytest.raises(UnknownOutcome):
        await ready.trading.place(entry(19_000.0, "mine"))
    assert await ready.trading.order("BTC-USDT", "mine") is None
    assert await ready.trading.open_orders("BTC-USDT") == []


async def test_a_stop_that_was_taken_without_an_answer_is_found_by_its_id(ready: Bench):
    await ready.trading.place(entry(None, "in", None))
    ready.faults([FaultRule(FaultKind.ACCEPT_SILENT, times=1, seconds=0.05)])
    with pytest.raises(UnknownOutcome):
        await ready.trading.place_stop("BTC-USDT", 1, 18_000.0, "stop")
    found = await ready.trading.order("BTC-USDT", "stop")
    assert found is not None
    assert (found.kind, found.trigger) == (OrderKind.STOP_LOSS, 18_000.0)


async def test_an_amendment_without_an_answer_is_told_by_what_the_order_has_become(ready: Bench):
    await ready.trading.place(entry(19_000.0, "e1"))
    (resting,) = await ready.trading.open_orders("BTC-USDT")
    ready.faults([FaultRule(FaultKind.REQUEST_LOST, times=1, seconds=0.05)])
    with pytest.raises(UnknownOutcome):
        await ready.trading.amend(resting, entry(18_900.0, "e2"))
    assert await ready.trading.order("BTC-USDT", "e2") is None
    ready.faults([FaultRule(FaultKind.ACCEPT_SILENT, times=1, seconds=0.05)])
    with pytest.raises(UnknownOutcome):
        await ready.trading.amend(resting, entry(18_900.0, "e3"))
    found = await ready.trading.order("BTC-USDT", "e3")
    assert found is not None
    assert (found.client_id, found.price, found.status) == ("e3", 18_900.0, OrderStatus.OPEN)


@pytest.mark.parametrize("kind", [FaultKind.RATE_CODE, FaultKind.TOO_MANY_REQUESTS])
async def test_too_many_requests_wait_and_are_sent_again(ready: Bench, kind: FaultKind):
    ready.faults([FaultRule(kind, times=1, paths=("*orders-pending", "*unfilled-orders"))])
    ready.trading._client._limiter = impatient(ready.trading._client.settings)  # type: ignore[attr-defined]
    assert await ready.trading.all_open_orders() == []
    given = [e for e in ready.exchange.state.journal.events if e.kind == "fault"]
    assert len(given) == 1


@pytest.mark.parametrize(
    ("rule", "error"),
    [(FaultRule(FaultKind.SERVER_ERROR, times=1), RetryLater), (FaultRule(FaultKind.MAINTENANCE, times=1), RetryLater)],
    ids=["502", "maintenance"],
)
async def test_trouble_of_the_venue_is_transient_for_who_reads(
    ready: Bench, rule: FaultRule, error: type[VenueError]
):
    ready.faults([rule])
    with pytest.raises(error):
        await ready.trading.positions()
    assert await ready.trading.positions() == []


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(FaultKind.SOCKET_DROP, times=1, channels=ORDERS),
        FaultRule(FaultKind.SOCKET_FREEZE, times=1, channels=ORDERS),
        FaultRule(FaultKind.PUSH_LOST, times=1, channels=ORDERS),
    ],
    ids=lambda rule: rule.kind.value,
)
async def test_a_private_stream_that_drops_freezes_or_loses_an_order_is_noticed_and_rebuilt(
    ready: Bench, watchful: BitgetTrading, rule: FaultRule
):
    events = watchful.events(["BTC-USDT"])
    assert isinstance(await take(events, lambda _: True), Reconnected)
    ready.faults([rule])
    await watchful.place(entry(19_000.0, "lost"))
    assert await both(events) == [StreamLost, Reconnected]
    assert [o.client_id for o in await watchful.open_orders("BTC-USDT")] == ["lost"]
    await watchful.place(entry(18_900.0, "heard"))
    seen = await take(events, lambda e: isinstance(e, OrderSeen) and e.order.client_id == "heard")
    assert isinstance(seen, OrderSeen)


async def test_a_fill_that_rest_shows_and_the_stream_does_not_is_noticed(ready: Bench, watchful: BitgetTrading):
    """Nothing of ours was sent: only the audit's own look can tell."""
    events = watchful.events(["BTC-USDT"])
    assert isinstance(await take(events, lambda _: True), Reconnected)
    assert await watchful.executions("BTC-USDT", 0) == []
    ready.faults([FaultRule(FaultKind.PUSH_LOST, times=1, channels=("fill",))])
    await ready.trading.place(entry(None, "elsewhere", None))
    assert len(await watchful.executions("BTC-USDT", 0)) == 1
    assert await both(events) == [StreamLost, Reconnected]


async def test_pushes_that_arrive_in_time_leave_the_connection_alone(watchful: BitgetTrading):
    events = watchful.events(["BTC-USDT"])
    assert isinstance(await take(events, lambda _: True), Reconnected)
    for n in range(5):
        await watchful.place(entry(19_000.0 - n, f"e{n}"))
        await take(events, lambda e: isinstance(e, OrderSeen))
        await watchful.place(entry(None, f"m{n}", None))
        await take(events, lambda e: isinstance(e, Executed))
        await watchful.executions("BTC-USDT", 0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await take(events, lambda e: isinstance(e, StreamLost | Reconnected))


async def test_a_frozen_market_stream_is_rebuilt_and_goes_on(bench: Bench):
    public = BitgetPublic(bench.public._client.settings, timing=Timing(stale_s=0.2, echo_s=0.1))  # type: ignore[attr-defined]
    await public.open(SYMBOLS)
    events = public.watch_candles(["BTC-USDT"])
    first = await take(events, lambda _: True)
    bench.faults([FaultRule(FaultKind.SOCKET_FREEZE, times=1)])
    await bench.step()
    later = await take(events, lambda e: e.rows[-1].ts_ms > first.rows[-1].ts_ms)
    assert later.rows[-2].ts_ms == first.rows[-1].ts_ms
    await public.close()


async def test_a_distrusted_connection_is_built_anew(bench: Bench):
    events = bench.public.watch_candles(["BTC-USDT"])
    first = await take(events, lambda _: True)
    bench.public.distrust(["BTC-USDT", "NO-USDT"])
    again = await take(events, lambda e: len(e.rows) > 1)
    assert again.rows[-1].ts_ms == first.rows[-1].ts_ms
    assert _sockets(bench) == 1


def _sockets(bench: Bench) -> int:
    clients: dict[str, object] = bench.public._client.ccxt.clients  # type: ignore[attr-defined]
    return len(clients)


