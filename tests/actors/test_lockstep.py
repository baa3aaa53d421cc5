"""The whole way in one process: local exchange, real ccxt, feed, runner, risk, executor, ledger."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.timeframe import HOUR_MS
from sandbox.config import AccountConfig
from tests.actors.proof import prove
from tests.actors.street import ENTRY, START_MS, street, wave

HOURS = 22
END_MS = START_MS + HOURS * HOUR_MS
CANDLES = {
    "BTC-USDT": wave(HOURS + 2, 60, 60_000.0, depth=0.16, seed=1),
    "ETH-USDT": wave(HOURS + 2, 60, 2_500.0, depth=0.13, seed=4),
}

SINGLE = ENTRY.model_copy(update={"symbols": ("BTC-USDT",)})


async def test_paper_equals_the_backtest_and_live_equals_paper(tmp_path: Path) -> None:
    async with street(tmp_path, CANDLES) as world:
        lockstep = world.lockstep()
        for _ in range(HOURS * 60):
            await lockstep.minute()
        counts = await prove(world, ENTRY, CANDLES, START_MS, END_MS)
        assert sum(counts.values()) >= 2


async def test_on_a_unified_account_too(tmp_path: Path) -> None:
    hours, candles = 9, {"BTC-USDT": CANDLES["BTC-USDT"]}
    async with street(tmp_path, candles, entry=SINGLE, account=AccountConfig.unified()) as world:
        lockstep = world.lockstep()
        for _ in range(hours * 60):
            await lockstep.minute()
        counts = await prove(world, SINGLE, candles, START_MS, START_MS + hours * HOUR_MS)
        assert sum(counts.values()) >= 1
        assert world.account.kind == "unified"


@pytest.mark.slow
async def test_killing_every_actor_while_a_position_is_open_changes_no_trade(tmp_path: Path) -> None:
    victims = ["runner:envelope_dca", "executor", "ledger", "feed", "risk", "executor", "runner:envelope_dca"]
    async with street(tmp_path, CANDLES) as world:
        lockstep = world.lockstep()
        killed = 0
        for minute in range(HOURS * 60):
            await lockstep.minute()
            if victims and world.account.positions and minute % 20 == 0:
                victim = victims.pop(0)
                await world.crash(victim)
                step = asyncio.create_task(lockstep.minute())  # the market does not wait for us
                await asyncio.sleep(0.02)
                await world.revive(victim)
                await step
                killed += 1
        assert killed >= 5
        counts = await prove(world, ENTRY, CANDLES, START_MS, END_MS)
        assert sum(counts.values()) >= 2
