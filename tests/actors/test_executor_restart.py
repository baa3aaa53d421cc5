"""What a restarted executor finds out, and what it must not tell twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.messages import FillRole, OrderFilled
from storage.records import Query
from tests.actors.street import ENTRY, START_MS, Street, street, wave

BTC, RUNNER = "BTC-USDT", "runner:envelope_dca"
CANDLES = {BTC: wave(6, 60, 60_000.0, depth=0.16, seed=1, pace=0.9)}
BEFORE_THE_FALL = 140
"""Minutes; the ladder is filled in the half hour after."""


async def live(world: Street) -> float:
    """The position that the runner believes in."""
    shown: dict[str, Any] = await world.ask(RUNNER, "health")
    return float(shown["symbols"][BTC]["live"])


async def test_the_very_first_fill_is_found_although_it_came_while_nobody_looked(tmp_path: Path) -> None:
    async with street(tmp_path, CANDLES) as world:
        lockstep = world.lockstep()
        for _ in range(BEFORE_THE_FALL):
            await lockstep.minute()
        await world.crash("executor")
        fills = 0
        while not fills:
            fills = int((await world.sandbox.advance(1))["fills"])
        await world.sandbox.advance(1)  # a minute later the fill is history
        await world.revive("executor")
        await lockstep.settled(world.sandbox.state.now_ms)
        held = world.account.positions[BTC]
        assert await live(world) == held.direction * held.quantity > 0


async def test_a_stop_that_closed_the_position_while_nobody_looked_ends_our_cycle(tmp_path: Path) -> None:
    near = ENTRY.model_copy(update={"params": {**ENTRY.params, "stop_fraction": 0.01}})
    async with street(tmp_path, CANDLES, entry=near) as world:
        lockstep = world.lockstep()
        for _ in range(BEFORE_THE_FALL):
            await lockstep.minute()
        while not world.account.positions:
            await lockstep.minute()
        await world.crash("executor")
        while world.account.positions:
            await world.sandbox.advance(1)
        await world.revive("executor")
        await lockstep.settled(world.sandbox.state.now_ms)
        last = (await world.ask("ledger", "fills", Query(limit=1))).items[0]
        assert (last.strategy, last.role) == ("envelope_dca", FillRole.STOP)
        assert await live(world) == 0.0


def fill(number: int) -> OrderFilled:
    """Entries and targets in turn: a closed cycle every two."""
    entry = number % 2 == 0
    return OrderFilled(
        START_MS + number, number + 1, "envelope_dca", BTC, number // 2, 0 if entry else -1,
        FillRole.ENTRY if entry else FillRole.TARGET, 1, 60_000.0 if entry else 61_000.0, 0.001, 0.01, True,
        f"t{number}", "",
    )


async def test_fills_of_long_ago_are_not_taken_again_after_a_restart(tmp_path: Path) -> None:
    async with street(tmp_path, CANDLES) as world:
        for number in range(260):  # more than a runner remembers
            await world.ask("ledger", "record", (fill(number),))
            await world.ask(RUNNER, "on_fill", fill(number))
        ladder = world.actors[RUNNER]._tracks[BTC].live
        before = ladder.wallet
        await world.crash("executor")
        await world.revive("executor")
        await world.ask(RUNNER, "progress")  # after everything that the executor told it
        assert ladder.wallet == before > 0
        assert await live(world) == 0.0
