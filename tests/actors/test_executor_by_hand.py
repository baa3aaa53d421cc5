"""What a hand in the exchange's own app does to us: each act is told, and what is open stays protected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from core.messages import FillRole
from core.order import OpenOrder, OrderKind, OrderRequest, Side
from engine.client_ids import decode, encode, tag
from sandbox.config import AccountConfig
from storage.records import Query
from tests.actors.street import ENTRY, Street, street, wave

BTC = "BTC-USDT"
CANDLES = {BTC: wave(6, 60, 60_000.0, depth=0.16, seed=1, pace=0.9)}
ONE = ENTRY.model_copy(update={"symbols": (BTC,)})
BEFORE_THE_FALL = 140
SETTLED_S = 0.4
"""What a fill has caused is shown by then."""


def accounts(now: AccountConfig, campaign: AccountConfig) -> pytest.MarkDecorator:
    """One kind of account with every run of the tests, the other with the campaigns."""
    both = [now, pytest.param(campaign, marks=pytest.mark.chaos)]
    return pytest.mark.parametrize("account", both, ids=[now.kind, campaign.kind])


async def until(what: Callable[[], Awaitable[Any]], seconds: float = 8.0) -> Any:
    """The first answer that is not empty."""
    async with asyncio.timeout(seconds):
        while not (found := await what()):
            await asyncio.sleep(0.02)
    return found


class Hand:
    """Acts on the account, and looks at what became of it."""

    def __init__(self, world: Street, venue: Any, symbol: str = BTC) -> None:
        self._world, self.venue, self._symbol = world, venue, symbol

    async def order(self, side: Side, quantity: float, price: float | None = None, client_id: str = "app") -> None:
        kind = OrderKind.MARKET if price is None else OrderKind.LIMIT
        await self.venue.place(OrderRequest(client_id, self._symbol, side, kind, quantity, price))

    async def told(self, kind: str) -> Any:
        async def alerts() -> list[Any]:
            page = await self._world.ask("ledger", "events", Query(kind="alert_raised", limit=200))
            return [e.payload for e in page.items if e.payload["kind"] == kind]

        return await until(alerts)

    async def live(self) -> list[OpenOrder]:
        orders: list[OpenOrder] = await self.venue.open_orders(self._symbol)
        return orders

    async def rungs(self) -> list[float]:
        parsed = [(o, decode(o.client_id)) for o in await self.live()]
        return sorted(o.price or 0.0 for o, i in parsed if i is not None and i.role is FillRole.ENTRY)

    async def stop(self) -> list[OpenOrder]:
        return [o for o in await self.live() if o.kind is OrderKind.STOP_LOSS]

    async def held(self) -> float:
        return sum(float(p.direction * p.quantity) for p in await self.venue.positions())

    async def stop_at(self, trigger: float) -> bool:
        return [o.trigger for o in await self.stop()] == [trigger]


@accounts(AccountConfig.unified(), AccountConfig())
async def test_a_flat_symbol_in_somebody_elses_hands(tmp_path: Path, account: AccountConfig) -> None:
    async with (
        street(tmp_path, CANDLES, entry=ONE, audit_s=0.2, settle_s=0.3, account=account) as world,
        world.by_hand() as venue,
    ):
        lockstep, hand = world.lockstep(), Hand(world, venue)
        for _ in range(61):
            await lockstep.minute()
        ladder = await until(hand.rungs)

        await hand.order(Side.BUY, 0.01, 30_000.0, "app-order")
        assert "not ours" in (await hand.told("foreign_order"))[0]["detail"]
        assert await hand.rungs() == ladder

        gone = next(o for o in await hand.live() if decode(o.client_id))
        await venue.cancel(gone)
        assert str(gone.price)[:5] in (await hand.told("order_gone"))[0]["detail"]
        await until(lambda: _equal(hand.rungs, ladder))

        await hand.order(Side.BUY, 0.01, client_id="app-buy")
        (stop,) = await until(hand.stop)
        assert stop.side is Side.SELL
        assert (await hand.told("foreign_position"))[0]["strategy"] == ""
        await until(lambda: _equal(hand.rungs, []))
        assert len(await hand.live()) == 2  # the stop and the other one's order

        await asyncio.sleep(SETTLED_S)
        await venue.amend_stop(stop, 55_000.0)
        assert "55000" in (await hand.told("stop_moved"))[0]["detail"]
        assert await hand.stop_at(55_000.0)

        await venue.cancel((await hand.stop())[0])
        await until(hand.stop)
        await hand.told("stop_missing")

        await hand.order(Side.SELL, 0.01, client_id="app-sell")
        await until(lambda: _equal(hand.rungs, ladder))
        assert not await hand.stop()

        another = encode(tag("envelope_dca", BTC), 7, FillRole.ENTRY, 5, 0, 3)
        await hand.order(Side.BUY, 0.01, 20_000.0, another)
        assert another in (await hand.told("second_instance"))[0]["detail"]
        await until(lambda: _halted(world))
        await until(lambda: _equal(hand.rungs, []))
        assert not await world.violations()


@accounts(AccountConfig(), AccountConfig.unified())
async def test_a_position_of_ours_in_somebody_elses_hands(tmp_path: Path, account: AccountConfig) -> None:
    async with (
        street(tmp_path, CANDLES, entry=ONE, audit_s=0.2, settle_s=0.3, account=account) as world,
        world.by_hand() as venue,
    ):
        lockstep, hand = world.lockstep(), Hand(world, venue)
        for _ in range(BEFORE_THE_FALL):
            await lockstep.minute()
        while not await hand.held():
            await lockstep.minute()
        (stop,) = await hand.stop()
        await asyncio.sleep(SETTLED_S)

        await venue.amend_stop(stop, round((stop.trigger or 0.0) * 0.9, 1))
        await hand.told("stop_moved")
        await until(lambda: hand.stop_at(stop.trigger or 0.0))

        await hand.order(Side.BUY, 0.01, client_id="app-more")  # added by hand: the same stop covers it
        await hand.told("foreign_fill")
        assert len(await hand.stop()) == 1

        await hand.order(Side.SELL, await hand.held(), client_id="app-close")
        assert (await hand.told("manual_close"))[0]["strategy"] == "envelope_dca"
        await until(lambda: _equal(hand.stop, []))
        runner = await world.ask("runner:envelope_dca", "health")
        assert runner["symbols"][BTC]["live"] == 0.0
        (guarded,) = await until(lambda: _guarded(world))
        assert guarded.payload["unprotected_ms"] == 0
        assert not await world.violations()


async def _equal(what: Callable[[], Awaitable[Any]], wanted: Any) -> bool:
    return bool(await what() == wanted)


async def _guarded(world: Street) -> Any:
    return (await world.ask("ledger", "events", Query(kind="position_guarded"))).items


async def _halted(world: Street) -> bool:
    return "" in (await world.ask("risk", "states"))["halts"]
