"""Positions on symbols that are not traded here: protected like any other, and risk counts them until they are gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.executor_eyes import Eyes
from core.messages import Severity
from core.order import Side
from core.position import Balance, VenuePosition
from sandbox.config import AccountConfig
from tests.actors.street import Street, street, wave
from tests.actors.test_executor_by_hand import CANDLES, ONE, Hand, accounts, until

STRANGE = VenuePosition("XRP-USDT", 1, 100.0, 2.0, 10.0, "isolated", 20.0, 2.0, None, 0.0, 7)
ETH = "ETH-USDT"
BOTH = {**CANDLES, ETH: wave(6, 60, 2_500.0, depth=0.01, seed=2)}


class Venue:
    """An account with nothing but what a hand opened in the exchange's app."""

    def __init__(self) -> None:
        self.held: list[VenuePosition] = []

    async def all_open_orders(self) -> list[Any]:
        return []

    async def positions(self) -> list[VenuePosition]:
        return self.held

    async def balance(self) -> Balance:
        return Balance(1000.0, 980.0)


class Reception:
    """Where it is written down what was told."""

    def __init__(self) -> None:
        self.told: list[tuple[VenuePosition, ...]] = []
        self.guarded: list[str] = []

    def elsewhere(self, positions: tuple[VenuePosition, ...]) -> None:
        self.told.append(positions)

    def guard(self, symbol: str) -> None:
        self.guarded.append(symbol)

    def balance(self, _: Balance) -> None:
        """Not looked at."""


class Patience:
    async def patiently(self, call: Any) -> Any:
        return await call()


async def test_risk_hears_of_a_foreign_position_as_long_as_it_is_there_and_of_its_end() -> None:
    venue, reception = Venue(), Reception()
    eyes = Eyes(venue, {}, reception, Patience(), lambda _: None)  # type: ignore[arg-type, return-value]
    more = STRANGE._replace(quantity=150.0)
    for held in ([], [STRANGE], [more], [], []):
        venue.held = held
        await eyes._look_at_everything()
    assert reception.told == [(STRANGE,), (more,), ()]
    assert reception.guarded == ["XRP-USDT", "XRP-USDT"]


@accounts(AccountConfig(), AccountConfig.unified())
async def test_a_position_on_a_symbol_that_is_not_traded_gets_its_stop(tmp_path: Path, account: AccountConfig) -> None:
    async with (
        street(tmp_path, BOTH, entry=ONE, audit_s=0.1, settle_s=0.3, account=account, others=[ETH]) as world,
        world.by_hand() as venue,
    ):
        lockstep, ours = world.lockstep(), Hand(world, venue)
        for _ in range(61):
            await lockstep.minute()
        ladder = await until(ours.rungs)
        await venue.prepare(ETH, 10.0, "isolated")
        hand = Hand(world, venue, ETH)

        await hand.order(Side.SELL, 1.0, client_id="app-sell")
        (stop,) = await until(hand.stop)
        (position,) = await venue.positions()
        assert stop.side is Side.BUY
        assert stop.price is None
        assert (stop.trigger or 0.0) / position.average == pytest.approx(1.05, rel=1e-3)
        assert (await hand.told("foreign_position"))[0]["symbol"] == ETH
        assert (await world.ask("risk", "states"))["positions"] == 1
        assert await ours.rungs() == ladder

        await world.crash("executor")
        await venue.cancel(stop)
        await world.revive("executor")
        assert len(await until(hand.stop)) == 1

        await world.crash("executor")
        await hand.order(Side.BUY, 1.0, client_id="app-buy")
        await world.revive("executor")
        await until(lambda: _read_as_flat(world))
        assert not await hand.live()
        assert await ours.rungs() == ladder
        assert not await world.violations()


async def test_what_the_exchange_does_not_list_cannot_be_protected_and_halts_everything(tmp_path: Path) -> None:
    async with street(tmp_path, CANDLES, entry=ONE) as world:
        world.actors["executor"].guard("GONE-USDT")
        hand = Hand(world, None)
        (alert,) = await hand.told("foreign_position")
        assert alert["severity"] == Severity.CRITICAL
        assert "" in (await world.ask("risk", "states"))["halts"]


async def _read_as_flat(world: Street) -> bool:
    """Whether what the ledger holds of the symbol, and all others are shown, has its end."""
    return [p.quantity for p in await world.ask("ledger", "protections") if p.symbol == ETH] == [0.0]
