"""Everything dies at once, as with Ray, the driver or the machine: after a new start no trade is another."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from core.timeframe import HOUR_MS
from tests.actors.proof import prove
from tests.actors.street import ENTRY, START_MS, street, wave

BTC = "BTC-USDT"
HOURS = 4
CANDLES = {BTC: wave(HOURS + 2, 60, 60_000.0, depth=0.16, seed=1, pace=0.9)}
SINGLE = ENTRY.model_copy(update={"symbols": (BTC,)})


class Death(NamedTuple):
    """Not before a minute; ``held`` : with a position open, or without one, None for either."""

    minute: int
    held: bool | None = None


async def run(folder: Path, deaths: Sequence[Death], *, settle_s: float) -> int:
    """How many deaths came upon a position; each is in the middle of the first minute that it fits."""
    held, ahead = 0, list(deaths)
    async with street(folder, CANDLES, entry=SINGLE) as world:
        lockstep = world.lockstep()
        for minute in range(HOURS * 60):
            positioned = bool(world.account.positions)
            if not ahead or minute < ahead[0].minute or ahead[0].held not in (None, positioned):
                await lockstep.minute()
                continue
            ahead.pop(0)
            held += positioned
            step = asyncio.create_task(lockstep.minute())  # the market does not wait for us
            await asyncio.sleep(settle_s)
            await world.perish()
            await world.start()
            await step
        counts = await prove(world, SINGLE, CANDLES, START_MS, START_MS + HOURS * HOUR_MS)
        assert sum(counts.values()) >= 1
    assert not ahead
    return held


async def test_the_same_trades_after_everything_died_with_a_position_open_and_without_one(tmp_path: Path) -> None:
    assert await run(tmp_path, [Death(20, held=False), Death(30, held=True)], settle_s=0.01) == 1


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2))
async def test_the_same_trades_however_often_everything_dies(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    minutes = draw.sample(range(HOURS * 60), 20)
    held = await run(tmp_path, [Death(m) for m in sorted(minutes)], settle_s=draw.uniform(0.0, 0.03))
    assert held > 0
    sys.stdout.write(f"20 deaths of everything, {held} with a position open: the same trades\n")
