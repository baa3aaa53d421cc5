"""A campaign: episodes one after the other on one exchange, each with its faults and its kills, drawn from a seed."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from actors.lockstep import Cast, Lockstep, Venue
from core.timeframe import HOUR_MS
from sandbox.client import AdminClient
from sandbox.config import AccountConfig
from sandbox.faults.rules import FaultRule
from tests.actors.proof import prove
from tests.actors.street import START_MS, Street, street
from tests.chaos.fate import Fate
from tests.chaos.market import TRADED, market
from tests.chaos.records import Deal, Records, Row

AUDIT_S: Final = 1.0
OTHERS: Final = ("ledger", "feed", "risk", "runner:envelope_dca")
_AWAY_S: Final = 0.05
_COVERED_S: Final = 10.0
_PATIENCE_S: Final = 60.0


class Episode(NamedTuple):
    """Hours of the market under the same trouble.

    every : an actor other than the executor dies about once in so many minutes; 0 for none. deaths : the executor dies
    at points that none has died at yet. covers : the market waits while a position has no stop, as it would at the pace
    of the world, where an audit takes less than a minute. lifted_s : the faults begin anew with each hour and end after
    so many wall seconds, what cannot be traded through. resumes : what was halted is let go on at the end.
    """

    name: str
    hours: int
    rules: tuple[FaultRule, ...] = ()
    every: int = 0
    deaths: bool = False
    covers: bool = False
    lifted_s: float = 0.0
    resumes: bool = False


class Told(NamedTuple):
    """What came of an episode, and what it took in wall seconds.

    ``unprotected`` : of each position that was open in it the longest time without stop that began in it, wall ms.
    ``causes`` : of such times, as the exchange has them on record.
    """

    name: str
    from_ms: int
    to_ms: int
    faults: int
    kills: int
    cycles: int
    unprotected: list[int]
    causes: list[str]
    took_s: float


class Outcome(NamedTuple):
    """What came of a campaign, by the exchange's records."""

    told: list[Told]
    records: Records
    deals: list[Deal]
    fate: Fate
    kills: Counter[str]
    errors: list[str]


class Trouble:
    """The faults of an episode, in force between `begin` and `end`, or for as long as it says."""

    def __init__(self, admin: AdminClient, episode: Episode) -> None:
        self._admin, self._episode = admin, episode
        self._numbers: list[int] = []
        self._lifting: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Put them in force."""
        if self._episode.rules:
            self._numbers = await self._admin.add_faults(*self._episode.rules)
        if self._episode.lifted_s:
            self._lifting = asyncio.create_task(self._lift())

    async def end(self) -> None:
        """Take them back."""
        if self._lifting is not None:
            await self._lifting
        await self._admin.remove_faults(self._numbers)

    async def _lift(self) -> None:
        await asyncio.sleep(self._episode.lifted_s)
        await self._admin.remove_faults(self._numbers)


class Campaign:
    """Drives the market minute by minute through the episodes."""

    def __init__(self, world: Street, records: Records, fate: Fate, seed: int) -> None:
        self._world, self._records, self._fate = world, records, fate
        self._chance = random.Random(seed)
        self._lockstep = self._watched(world)
        self._at_fill = ""
        self.kills: Counter[str] = Counter()

    async def run(self, episodes: Sequence[Episode]) -> list[Told]:
        """What each came to."""
        spans: list[tuple[Episode, int, int, int, int, float]] = []
        for episode in episodes:
            began_s = time.monotonic()
            from_ms, faults, kills = self._world.sandbox.state.now_ms, len(self._records.faults), self.kills.total()
            await self._episode(episode)
            to_ms = self._world.sandbox.state.now_ms
            faults, kills = len(self._records.faults) - faults, self.kills.total() - kills
            spans.append((episode, from_ms, to_ms, faults, kills, time.monotonic() - began_s))
        positions = await self._records.admin.unprotected()
        deals = self._records.deals()
        return [_told(*span, positions, deals) for span in spans]

    async def _episode(self, episode: Episode) -> None:
        faults, last = Trouble(self._records.admin, episode), episode.hours * 60
        await faults.begin()
        self._fate.mortal = episode.deaths
        for minute in range(1, last + 1):
            if minute == last:  # what stands at the end is looked at in peace
                self._fate.mortal = False
                await faults.end()
            await self._minute(episode)
            if episode.covers:
                await self._covered()
            if minute % 60 == 0:
                await self._records.look()
                if episode.lifted_s and minute < last:
                    await faults.begin()
        if episode.resumes:
            for symbol in (await self._world.ask("risk", "states"))["halts"]:
                await self._world.ask("risk", "resume", symbol)

    async def _minute(self, episode: Episode) -> None:
        victim = ""
        if episode.every and self._chance.random() < 1 / episode.every:
            victim = self._chance.choice(OTHERS)
        moment = self._chance.choice(("before", "during", "fill")) if victim else ""
        striking = None
        if moment == "before":
            striking = asyncio.create_task(self._kill(victim))
        elif moment == "during":
            striking = asyncio.create_task(self._kill(victim, self._chance.random() * 0.01))
        else:
            self._at_fill = victim or self._at_fill
        step = asyncio.create_task(self._lockstep.minute())
        try:
            await self._raised(step)
        finally:
            step.cancel()
        if striking is not None:
            await striking

    async def _raised(self, step: asyncio.Task[Any]) -> None:
        """Returns when the step is done; an executor that dies meanwhile is followed by another."""
        world = self._world
        while not step.done():
            assert world.points is not None
            reached = asyncio.create_task(world.points.reached.wait())
            await asyncio.wait((step, reached), return_when=asyncio.FIRST_COMPLETED)
            reached.cancel()
            if world.points.reached.is_set():
                self.kills["executor"] += 1
                await world.crash("executor")
                world.points = self._fate.points()
                await world.revive("executor")
        await step

    async def _kill(self, name: str, delay_s: float = 0.0) -> None:
        await asyncio.sleep(delay_s)
        if name not in self._world.actors:
            return  # it is dead already: two deaths of one actor may fall together
        self.kills[name] += 1
        await self._world.crash(name)
        await asyncio.sleep(self._chance.random() * _AWAY_S)
        await self._world.revive(name)

    def _watched(self, world: Street) -> Lockstep:
        async def advance() -> dict[str, Any]:
            answer = await world.sandbox.advance(1, True)
            if answer["fills"] and self._at_fill:
                name, self._at_fill = self._at_fill, ""
                await self._kill(name)
            return answer

        async def fills() -> int:
            return len(world.account.fills)

        cast = Cast("feed", {"envelope_dca": "runner:envelope_dca"}, "risk", "executor")
        return Lockstep(Venue(advance, fills), cast, world.ask, patience_s=_PATIENCE_S)

    async def _covered(self) -> None:
        """Returns when every position has its stop."""
        async with asyncio.timeout(_COVERED_S):
            while any(guarded.exposed for guarded in self._world.sandbox.state.protection.all()):
                await asyncio.sleep(0.02)


async def campaign(
    folder: Path, episodes: Sequence[Episode], account: AccountConfig, *, seed: int = 1, proven: bool = True
) -> Outcome:
    """Live through the episodes.

    proven : afterwards what the ledger holds must be the backtest on paper and the same live.
    """
    folder.mkdir(exist_ok=True)
    hours = sum(episode.hours for episode in episodes)
    candles, fate = market(hours), Fate()
    running = street(
        folder, candles, entry=TRADED, points=fate.points(), audit_s=AUDIT_S, settle_s=0.5, quiet_s=1.0, account=account
    )
    async with running as world, AdminClient(world.url, world.sandbox.config.admin_key) as admin:
        records = Records(admin)
        driven = Campaign(world, records, fate, seed)
        told = await driven.run(episodes)
        if proven:
            await prove(world, TRADED, candles, START_MS, START_MS + hours * HOUR_MS)
        return Outcome(told, records, records.deals(), fate, driven.kills, await world.errors())


def _told(
    episode: Episode, from_ms: int, to_ms: int, faults: int, kills: int, took_s: float, positions: list[Row],
    deals: list[Deal],
) -> Told:
    there = [p for p in positions if p["opened"] < to_ms and (p["closed"] is None or p["closed"] >= from_ms)]
    ended = [[s for s in p["spans"] if from_ms <= s["from_ms"] < to_ms and s["to_ms"] is not None] for p in there]
    unprotected = [max((s["wall_to_ms"] - s["wall_from_ms"] for s in spans), default=0) for spans in ended]
    cycles = sum(from_ms <= deal.closed_ms < to_ms for deal in deals)
    shown = zip(there, ended, strict=True)
    causes = [f"{p['symbol']} at {s['from_ms']}: {s['cause']}" for p, spans in shown for s in spans]
    return Told(episode.name, from_ms, to_ms, faults, kills, cycles, unprotected, causes, took_s)

