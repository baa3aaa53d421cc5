"""Random trading through random faults, each kind of account; afterwards the adapter and the exchange tell one story.

Laws, whatever was lost, refused or answered late
- An order id that the adapter knows is one that the exchange knows, in the same state; and the other way round.
- Nothing was sent twice: the exchange has no order that was not asked for, and none twice.
- The adapter's open orders are the exchange's.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from core.errors import Refused, RetryLater, UnknownOutcome
from core.order import OpenOrder, OrderKind, OrderRequest, Side
from sandbox.faults.kinds import FaultKind
from sandbox.faults.rules import FaultRule
from tests.exchanges.benches import Bench, entry

T = TypeVar("T")
SYMBOL = "BTC-USDT"


def trouble(seed: int) -> list[FaultRule]:
    lost = {"seconds": 0.01, "probability": 0.12}
    return [
        FaultRule(FaultKind.ACCEPT_SILENT, seed=seed, **lost),  # type: ignore[arg-type]
        FaultRule(FaultKind.REQUEST_LOST, seed=seed + 1, **lost),  # type: ignore[arg-type]
        FaultRule(FaultKind.ACCEPT_LATE, seed=seed + 2, **lost),  # type: ignore[arg-type]
        FaultRule(FaultKind.SERVER_ERROR, seed=seed + 3, probability=0.05),
        FaultRule(FaultKind.REFUSE, seed=seed + 4, probability=0.05),
    ]


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer to a question, asked again while the venue is in trouble."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await ask()
            except RetryLater:
                await asyncio.sleep(0)


class Trader:
    """Does something random, and believes what the adapter says about it."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self.bench, self.venue, self.chance = bench, bench.trading, random.Random(seed)
        self.count = 0
        self.asked: set[str] = set()
        self.believed: dict[str, bool] = {}

    def name(self) -> str:
        self.count += 1
        self.asked.add(f"id{self.count}")
        return f"id{self.count}"

    async def attempt(self, client_id: str, call: Callable[[], Awaitable[object]]) -> None:
        try:
            await call()
            self.believed[client_id] = True
        except (UnknownOutcome, RetryLater, Refused):
            found = await patiently(lambda: self.venue.order(SYMBOL, client_id))
            self.believed[client_id] = found is not None

    async def act(self) -> None:
        orders = await patiently(lambda: self.venue.open_orders(SYMBOL))
        positions = await patiently(self.venue.positions)
        resting = [o for o in orders if o.kind is OrderKind.LIMIT]
        stops = [o for o in orders if o.kind is OrderKind.STOP_LOSS]
        choice, pick = self.chance.random(), self.chance.choice
        possible: tuple[tuple[float, bool, Callable[[], Awaitable[None]]], ...] = (
            (0.10, True, lambda: self._enter(None)),
            (0.35, True, lambda: self._enter(round(self.chance.uniform(18_500, 19_900), 1))),
            (0.55, bool(resting), lambda: self._amend(pick(resting))),
            (0.65, bool(resting), lambda: self._cancel(pick(resting))),
            (0.75, bool(positions), lambda: self._target(positions[0].quantity)),
            (0.85, bool(positions) and not stops, self._stop),
            (0.95, bool(stops), lambda: self._move(stops[0])),
            (1.00, bool(stops), lambda: self._cancel(stops[0])),
        )
        act = next((act for below, there, act in possible if choice < below and there), None)
        if act is not None:
            await act()

    async def _stop(self) -> None:
        client_id, trigger = self.name(), round(self.chance.uniform(15_000, 18_000), 1)
        await self.attempt(client_id, lambda: self.venue.place_stop(SYMBOL, 1, trigger, client_id))

    async def _enter(self, price: float | None) -> None:
        client_id = self.name()
        stop = round(self.chance.uniform(15_000, 18_000), 1)
        await self.attempt(client_id, lambda: self.venue.place(entry(price, client_id, stop)))

    async def _target(self, quantity: float) -> None:
        client_id, price = self.name(), round(self.chance.uniform(20_500, 22_000), 1)
        wanted = OrderRequest(client_id, SYMBOL, Side.SELL, OrderKind.LIMIT, quantity, price, reduce_only=True)
        await self.attempt(client_id, lambda: self.venue.place(wanted))

    async def _amend(self, order: OpenOrder) -> None:
        client_id = self.name()
        low, high = (20_500, 22_000) if order.side is Side.SELL else (18_500, 19_900)
        stop = order.stop if self.chance.random() < 0.5 else round(self.chance.uniform(15_000, 18_000), 1)
        wanted = OrderRequest(
            client_id, SYMBOL, order.side, OrderKind.LIMIT, order.quantity, round(self.chance.uniform(low, high), 1),
            order.reduce_only, stop=None if order.reduce_only else stop,
        )  # fmt: skip
        await self.attempt(client_id, lambda: self.venue.amend(order, wanted))

    async def _cancel(self, order: OpenOrder) -> None:
        try:
            await self.venue.cancel(order)
        except (UnknownOutcome, RetryLater, Refused):
            return

    async def _move(self, stop: OpenOrder) -> None:
        trigger = round(self.chance.uniform(15_000, 18_000), 1)
        try:
            await self.venue.amend_stop(stop, trigger)
        except (UnknownOutcome, RetryLater, Refused):
            return
        (shown,) = [o for o in await patiently(lambda: self.venue.open_orders(SYMBOL)) if o.order_id == stop.order_id]
        assert shown.trigger == trigger


async def trade(bench: Bench, seed: int, actions: int) -> None:
    await bench.trading.prepare(SYMBOL, 5.0, "isolated")
    trader = Trader(bench, seed)
    bench.faults(trouble(seed))
    for _ in range(actions):
        await trader.act()
    bench.exchange.state.faults.remove()
    account = next(iter(bench.exchange.state.accounts.values()))
    plain, triggers = account.every_order.values(), account.every_trigger.values()
    sent = Counter(o.client_id for o in [*plain, *triggers] if o.client_id in trader.asked)
    assert not [client_id for client_id, times in sent.items() if times > 1]
    for client_id, believed in trader.believed.items():
        found = await bench.trading.order(SYMBOL, client_id)
        if client_id in sent:
            assert believed, client_id
            assert found is not None, client_id
        elif found is not None:  # amended in place: at the exchange it goes by its first name
            assert believed, client_id
            assert int(found.order_id) in account.every_order
    shown = {(o.order_id, o.quantity, o.price, o.trigger, o.stop) for o in await bench.trading.open_orders(SYMBOL)}
    assert {row[0] for row in shown} == {
        str(o.order_id) for o in [*account.live_orders(SYMBOL), *account.live_triggers(SYMBOL)]
    }
    for order in account.live_orders(SYMBOL):
        assert (str(order.order_id), order.quantity, order.limit, None, order.preset_stop) in shown
    assert bench.exchange.state.journal.violations == []


async def test_the_adapter_and_the_exchange_tell_one_story(bench: Bench):
    await trade(bench, 1, 20)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(100, 115))
async def test_the_adapter_and_the_exchange_tell_one_story_for_long(bench: Bench, seed: int):
    await trade(bench, seed, 80)
