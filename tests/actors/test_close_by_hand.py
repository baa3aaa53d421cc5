"""Closing by hand, through risk, executor and the exchange: it leaves at market once, and stays out."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.records import Query
from tests.actors.street import ENTRY, Street, street, wave

BTC = "BTC-USDT"
HOURS = 4
CANDLES = {BTC: wave(HOURS + 2, 60, 60_000.0, depth=0.16, seed=1, pace=0.9)}
SINGLE = ENTRY.model_copy(update={"symbols": (BTC,)})


async def standing(world: Street) -> tuple[int, int]:
    """Positions and orders at the exchange."""
    async with world.by_hand() as venue:
        return len(await venue.positions()), len(await venue.open_orders(BTC))


@pytest.mark.parametrize("dies", [False, True], ids=["at once", "after the executor has died"])
async def test_it_leaves_at_market_and_nothing_opens_until_a_human_resumes(tmp_path: Path, dies: bool) -> None:
    async with street(tmp_path, CANDLES, entry=SINGLE) as world:
        lockstep = world.lockstep()
        while not world.account.positions:
            await lockstep.minute()
        if dies:
            await world.crash("executor")
        await world.ask("risk", "close", BTC, "enough", "hand")
        if dies:
            await world.revive("executor")
        await lockstep.minute()
        assert await standing(world) == (0, 0)
        assert (await world.ask("risk", "states"))["halts"] == {BTC: "enough"}
        (trade,) = [t for t in (await world.ask("ledger", "trades", Query())).items if t.scope == "live"]
        assert trade.reason == "exit"
        for _ in range(60):
            await lockstep.minute()
            assert not world.account.positions
        assert await standing(world) == (0, 0), "the next decision places nothing either"
        await world.ask("risk", "resume", BTC)
        await lockstep.minute()
        assert (await standing(world))[1] > 0
        assert await world.unprotected_ms() == [0]
        assert await world.violations() == []
        assert await world.errors() == []
