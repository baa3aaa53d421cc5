"""Death at every moment at which an executor touches the world; trades must be those of an undisturbed run."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from core.timeframe import HOUR_MS
from tests.actors.proof import prove
from tests.actors.street import ENTRY, START_MS, street, wave
from tests.await_points import Moment, Points

BTC = "BTC-USDT"
HOURS = 4
CANDLES = {BTC: wave(HOURS + 2, 60, 60_000.0, depth=0.16, seed=1, pace=0.9)}
SINGLE = ENTRY.model_copy(update={"symbols": (BTC,)})


async def run(folder: Path, deaths: Sequence[Moment]) -> tuple[Counter[str], int]:
    """Points that the last executor passed, and how many died; asserts that trades are those of the backtest."""
    died, ahead = 0, list(deaths)
    folder.mkdir(exist_ok=True)
    async with street(folder, CANDLES, entry=SINGLE, points=Points(ahead.pop(0) if ahead else None)) as world:
        lockstep = world.lockstep()
        for _ in range(HOURS * 60):
            minute = asyncio.create_task(lockstep.minute())
            while not minute.done():
                assert world.points is not None
                reached = asyncio.create_task(world.points.reached.wait())
                await asyncio.wait((minute, reached), return_when=asyncio.FIRST_COMPLETED)
                if world.points.reached.is_set():
                    died += 1
                    await world.crash("executor")
                    world.points = Points(ahead.pop(0) if ahead else None)
                    await world.revive("executor")
                reached.cancel()
            await minute
        counts = await prove(world, SINGLE, CANDLES, START_MS, START_MS + HOURS * HOUR_MS)
        assert sum(counts.values()) >= 1
        assert world.points is not None
        return world.points.passed, died


FEW: list[Moment] = [
    ("venue.place after", 1), ("ask ledger.journal_all after", 2), ("venue.open_orders before", 2),
    ("venue.events Executed", 1), ("tell runner:envelope_dca.on_fill before", 1),
]


async def test_death_on_the_way_changes_no_trade(tmp_path: Path) -> None:
    _, died = await run(tmp_path, FEW)
    assert died == len(FEW)
