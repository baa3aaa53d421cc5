"""The exchange misbehaves while we trade on it: no trade changes, and a stop is there when it counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.settings import StrategyEntry
from core.timeframe import HOUR_MS
from sandbox.config import AccountConfig
from sandbox.faults.kinds import FaultKind as Kind
from sandbox.faults.rules import FaultRule
from tests.actors.proof import prove
from tests.actors.street import START_MS, Street, street
from tests.actors.test_executor_by_hand import BEFORE_THE_FALL, BTC, CANDLES, ONE, Hand, until

HOURS = 4
ORDERS = ("order*", "fill*", "position*", "fast-fill*")

SEVERAL = [
    FaultRule(Kind.ACCEPT_SILENT, times=1, seconds=0.02), FaultRule(Kind.PUSH_LOST, probability=0.5, channels=ORDERS),
    FaultRule(Kind.PRESET_DROPPED, times=1), FaultRule(Kind.REQUEST_LOST, times=1, seconds=0.02),
]


async def unharmed(folder: Path, rules: list[FaultRule], account: AccountConfig) -> int:
    """How often faults struck; asserts that nothing came of it."""
    async with street(folder, CANDLES, entry=ONE, audit_s=0.2, settle_s=0.3, account=account) as world:
        world.sandbox.state.faults.add(rules)
        lockstep = world.lockstep()
        for _ in range(HOURS * 60):
            await lockstep.minute()
        counts = await prove(world, ONE, CANDLES, START_MS, START_MS + HOURS * HOUR_MS)
        assert sum(counts.values()) >= 1
        return world.sandbox.state.journal.counts["fault"]


async def test_several_faults_at_once_change_no_trade(tmp_path: Path) -> None:
    assert await unharmed(tmp_path, SEVERAL, AccountConfig()) >= len(SEVERAL)


async def _in_a_position(world: Street, hand: Hand) -> None:
    """Minute by minute until our ladder has filled."""
    lockstep = world.lockstep()
    for _ in range(BEFORE_THE_FALL):
        await lockstep.minute()
    while not await hand.held():
        await lockstep.minute()


@pytest.mark.chaos
async def test_a_stop_that_vanishes_is_back_with_the_next_audit(tmp_path: Path) -> None:
    async with street(tmp_path, CANDLES, entry=ONE, audit_s=0.2, settle_s=0.3) as world, world.by_hand() as venue:
        hand = Hand(world, venue)
        await _in_a_position(world, hand)
        world.sandbox.state.faults.add([FaultRule(Kind.STOP_VANISHES, nth=1)])
        await world.sandbox.advance(1)
        assert await hand.stop() == []
        (stop,) = await until(hand.stop, 2.0)
        assert stop.price is None
        await hand.told("stop_missing")


async def test_a_stop_that_fails_to_execute_ends_in_a_close_at_market_and_a_halt(tmp_path: Path) -> None:
    near = ONE.model_copy(update={"params": {**ONE.params, "stop_fraction": 0.01}})
    async with _falling(tmp_path, near) as world, world.by_hand() as venue:
        hand = Hand(world, venue)
        await _in_a_position(world, hand)
        world.sandbox.state.faults.add([FaultRule(Kind.TRIGGER_FAILS, roles=("stop",))])
        counts = world.sandbox.state.journal.counts
        while not counts["fault"]:
            await world.sandbox.advance(1)

        async def flat() -> bool:
            return not await hand.held()

        await until(flat)
        assert (await hand.told("emergency_close"))[0]["severity"] == "critical"
        assert BTC in (await world.ask("risk", "states"))["halts"]
        assert await hand.stop() == []
        assert not await world.violations()


def _falling(folder: Path, entry: StrategyEntry) -> Any:
    return street(folder, CANDLES, entry=entry, audit_s=0.2, settle_s=0.3)
