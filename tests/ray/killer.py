"""Kills at seeded moments, and how long each actor needs until it works again."""

from __future__ import annotations

import asyncio
import time
from typing import Any, NamedTuple

from actors.lockstep import Lockstep, Venue
from tests.ray.plan import Moment, Plan, planned
from tests.ray.world import PROCESSES, RayWorld

COLLECT_MINUTES = 300


class Kill(NamedTuple):
    """A kill that happened; ``heal_s`` wall seconds until the actor was at work again."""

    actor: str
    minute: int
    moment: str
    in_position: bool
    heal_s: float


class Killer:
    """Drives the market and kills on the way; one kill at a time, the next when the last has healed."""

    def __init__(self, world: RayWorld, seed: int, each: int, minutes: int) -> None:
        self._world, self._plans = world, planned(PROCESSES, seed, each, minutes)
        self._last_minute = minutes - 30
        self._healing: asyncio.Task[None] | None = None
        self._minute = 0
        self._held = False
        self.kills: list[Kill] = []

    def venue(self) -> Venue:
        """The exchange, watched for the moment of a fill."""
        return Venue(self._advance, self._world.admin.fills)

    async def minute(self, minute: int, lockstep: Lockstep) -> None:
        """One minute of the market, with whatever kill is due in it; the market goes on while the actor heals."""
        self._minute = minute
        if minute % COLLECT_MINUTES == 0:
            await self._world.admin.collect()
        plan = self._due()
        self._held = await self._in_position() if plan else False
        if plan is None or plan.moment is Moment.FILL or not self._fits(plan):
            await lockstep.minute()
        elif plan.moment is Moment.BEFORE:
            self._strike()
            await lockstep.minute()
        else:
            step = asyncio.create_task(lockstep.minute())
            await asyncio.sleep(plan.delay_s)
            self._strike()
            await step
        if self._plans and minute >= self._last_minute - 1:
            await self._healed()  # what is left is crowded into the last minutes

    async def done(self) -> None:
        """Returns once the last one has healed; every kill has happened."""
        await self._healed()
        assert not self._plans

    async def _healed(self) -> None:
        if self._healing is not None:
            await self._healing

    def _due(self) -> Plan | None:
        plan = self._plans[0] if self._plans else None
        healed = self._healing is None or self._healing.done()
        return plan if plan is not None and healed and plan.minute <= self._minute else None

    def _fits(self, plan: Plan) -> bool:
        return self._held or not plan.in_position or self._minute >= self._last_minute

    async def _advance(self) -> dict[str, Any]:
        answer = await self._world.admin.advance()
        plan = self._due()
        if plan is not None and plan.moment is Moment.FILL and (answer["fills"] or self._minute >= self._last_minute):
            self._held = await self._in_position()
            if self._fits(plan):
                self._strike()
        return answer

    async def _in_position(self) -> bool:
        return bool((await self._world.admin.state())["account"]["positions"])

    def _strike(self) -> None:
        plan = self._plans.pop(0)
        struck = self._world.kill(plan.actor)
        assert struck == 1, f"{plan.actor} has {struck} processes"
        self._healing = asyncio.create_task(self._heal(plan, self._held, time.monotonic()))

    async def _heal(self, plan: Plan, held: bool, began_s: float) -> None:
        await self._world.at_work(plan.actor)
        self.kills.append(Kill(plan.actor, self._minute, plan.moment.value, held, time.monotonic() - began_s))
