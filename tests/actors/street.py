"""A whole little world in one process: local exchange in lockstep, ccxt clients, every actor, SQLite, no Ray."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from actors.executor import Executor
from actors.feed import Feed
from actors.ledger import Ledger
from actors.lockstep import Cast, Lockstep, Venue
from actors.parts import ExecutorConfig, FeedConfig, RiskConfig, RunnerConfig, Timing, Trader, Watched
from actors.peers import Peers
from actors.risk import RiskActor
from actors.runner import Runner
from core.candle import Candles
from core.instrument import Instrument
from core.settings import Exchange, RateBudget, Risk, StrategyEntry
from core.timeframe import HOUR_MS
from exchanges.port import Credentials, TradingVenue
from exchanges.registry import public_venue, trading_venue
from sandbox.account import UNIFIED
from sandbox.config import AccountConfig, SandboxConfig
from sandbox.server import Sandbox
from sandbox.source import StoredSource
from tests.actors.local_transport import LocalTransport
from tests.await_points import Points

START_MS = 1_740_787_200_000
GROUPS = {
    "BTC-USDT": "majors", "ETH-USDT": "platforms", "SOL-USDT": "platforms", "DOGE-USDT": "memes",
    "LINK-USDT": "oracles",
}
LIMITS = Risk(
    max_same_direction_per_group=5, min_free_margin_usdt=0, daily_loss=1, drawdown_24h=1, kill_runner_loss=1,
    kill_drawdown_24h=1, kill_real_loss=1,  # a stop-out must not end the day: its trades are compared
)
ENTRY = StrategyEntry(
    enabled=True, symbols=("BTC-USDT", "ETH-USDT"), leverage=3, capital_usdt=10_000, capital_fraction=0.65,
    params={"ma_period": 5, "num_levels": 3, "envelope_start": 0.05, "envelope_step": 0.02, "stop_fraction": 0.2},
)


def wave(hours: int, history: int, start: float, *, depth: float, seed: int, pace: float = 2.6) -> Candles:
    """Hours that fall and recover every ``2 pi pace`` hours, so that an envelope ladder fills and takes profit."""
    rng = np.random.default_rng(seed)
    n = hours + history
    phase = np.sin(np.arange(n + 1) / pace + seed) ** 7
    path = start * np.exp(-depth * np.clip(phase, 0, None) + 0.004 * rng.standard_normal(n + 1))
    path = np.round(path, 1)
    o, c = path[:-1], path[1:]
    high = np.round(np.maximum(o, c) * (1 + 0.003 * rng.random(n)), 1)
    low = np.round(np.minimum(o, c) * (1 - 0.003 * rng.random(n)), 1)
    ts = START_MS + (np.arange(n) - history) * HOUR_MS
    return Candles("1h", ts.astype(np.int64), o, np.maximum(high, np.maximum(o, c)),
                   np.minimum(low, np.minimum(o, c)), c, np.full(n, 100.0)).checked("wave")


class Street:
    """The actors by name, and the exchange."""

    def __init__(self, sandbox: Sandbox, port: int, folder: Path, symbols: Sequence[str], entry: StrategyEntry) -> None:
        self.sandbox, self.transport = sandbox, LocalTransport()
        self.entry, self.symbols, self._folder = entry, tuple(symbols), folder
        self.url = f"http://127.0.0.1:{port}"
        self._settings = Exchange(
            rest_url=self.url, ws_url=self.url.replace("http", "ws"), subscribe_interval_ms=0,
            account_type="unified" if sandbox.config.accounts[0].kind == UNIFIED else "classic",
            rate=RateBudget(market=1e4, trade=1e4, account=1e4, position=1e4),
        )
        self.actors: dict[str, Any] = {}
        self.audit_s, self.settle_s, self.quiet_s = 5.0, 1.0, 10.0
        self.points: Points | None = None
        """Around the next executor that is made; None for none."""

    def peers(self) -> Peers:
        return Peers(self.transport, retry_s=0.02)

    def make(self, name: str) -> Any:
        """A freshly constructed actor, as Ray would after a crash."""
        symbols, runner = self.symbols, "runner:envelope_dca"
        match name:
            case "ledger":
                return Ledger(f"sqlite:///{self._folder}/ledger.sqlite")
            case "feed":
                venue = partial(public_venue, "bitget", self._settings)
                fed = FeedConfig("feed", symbols, (runner,), "risk", quiet_s=self.quiet_s)
                return Feed(fed, venue, self.peers())
            case "risk":
                trader = Trader(runner, self.entry.leverage, self.entry.capital_usdt / len(symbols))
                carried = RiskConfig(
                    "risk", LIMITS, GROUPS, {"envelope_dca": trader}, 0.0005, 10_000.0, "feed", "executor",
                    runners=(Watched("envelope_dca", runner, symbols),),
                )
                return RiskActor(carried, self.peers())
            case "executor":
                keys = self.sandbox.config.accounts[0]
                credentials = Credentials(keys.key, keys.secret, keys.passphrase)
                venues = partial(trading_venue, "bitget", self._settings, credentials)
                points = self.points or Points()
                return Executor(
                    ExecutorConfig(
                        "executor", {"envelope_dca": runner}, {"envelope_dca": symbols},
                        dict.fromkeys(symbols, self.entry.leverage), "isolated", "feed",
                        timing=Timing(settle_s=self.settle_s), audit_s=self.audit_s, unsafe_key=True,
                    ),
                    points.venues(venues), points.peers(self.peers()),
                )
            case _:
                return Runner(
                    RunnerConfig(
                        runner, "envelope_dca", self.entry, symbols, (), 0.0005, LIMITS.max_margin_use, False, True,
                        "feed",
                    ),
                    self.peers(),
                )

    async def start(self) -> None:
        for name in ("ledger", "feed", "risk", "executor", "runner:envelope_dca"):
            self.actors[name] = self.make(name)
            self.transport.add(name, self.actors[name])
        self.actors["feed"].start()
        self.actors["executor"].start()
        await asyncio.wait_for(self.actors["feed"].ready(), 20)
        await self.ask("runner:envelope_dca", "start")
        await self._trading()

    async def _trading(self) -> None:
        """Returns when the executor is at work, or has died at the point that was chosen for it."""
        ends = [asyncio.create_task(self.actors["executor"].ready())]
        if self.points is not None:
            ends.append(asyncio.create_task(self.points.reached.wait()))
        done, others = await asyncio.wait(ends, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        assert done, "the executor is not ready after 20 seconds"

    async def ask(self, name: str, method: str, *arguments: Any) -> Any:
        """The answer of an actor's method, run where its calls run."""
        return await self.transport.remote(name, method, arguments, {})

    async def crash(self, name: str) -> None:
        """Kill -9: the actor is gone with everything in its memory; its calls fail until `revive`."""
        self.transport.kill(name)
        await self._bury(name)

    async def perish(self) -> None:
        """Kill -9 of everything at once: messages on their way, and those to be told again, are gone too."""
        for name in self.actors:
            self.transport.kill(name)
        self.transport = LocalTransport()
        for name in list(self.actors):
            await self._bury(name)

    async def _bury(self, name: str) -> None:
        """End what still runs of an actor."""
        dead = self.actors.pop(name)
        tasks = [*getattr(getattr(dead, "_life", None), "_tasks", {}).values(), getattr(dead, "_asking", None)]
        for task in [*tasks, getattr(getattr(dead, "_journal", None), "_writer", None)]:
            if task is not None:
                task.cancel()
        venue = getattr(dead, "_venue", None)
        if venue is not None:
            await venue.close()

    async def revive(self, name: str) -> None:
        """The constructor again, and what starts it."""
        self.actors[name] = self.make(name)
        self.transport.add(name, self.actors[name])
        if name in ("feed", "executor"):
            self.actors[name].start()
            await (self._trading() if name == "executor" else asyncio.wait_for(self.actors[name].ready(), 20))
        elif name != "ledger":
            await self.ask(name, "health")

    async def instrument(self, symbol: str) -> Instrument:
        """The exchange's rules of a symbol."""
        return self.sandbox.config.instruments[symbol]

    async def violations(self) -> list[str]:
        """Of the exchange's books."""
        return list(self.sandbox.state.journal.violations)

    async def unprotected_ms(self) -> list[int]:
        """Of every position, how long it stood without stop."""
        return [guarded.unprotected_ms for guarded in self.sandbox.state.protection.all()]

    async def errors(self) -> list[str]:
        """What actors raised at messages."""
        return [repr(error) for error in self.transport.errors]

    @property
    def account(self) -> Any:
        """The exchange's own account of ours."""
        accounts = self.sandbox.state.accounts
        return next(iter(accounts.values() if isinstance(accounts, Mapping) else accounts))

    @asynccontextmanager
    async def by_hand(self) -> AsyncIterator[TradingVenue]:
        """The same account in somebody else's hands: the exchange's own app, or another program."""
        keys = self.sandbox.config.accounts[0]
        venue = trading_venue("bitget", self._settings, Credentials(keys.key, keys.secret, keys.passphrase))
        await venue.open(self.symbols)
        try:
            yield venue
        finally:
            await venue.close()

    def lockstep(self) -> Lockstep:
        account = self.account

        async def fills() -> int:
            return len(account.fills)

        venue = Venue(partial(self.sandbox.advance, 1, True), fills)
        return Lockstep(venue, Cast("feed", {"envelope_dca": "runner:envelope_dca"}, "risk", "executor"), self.ask)

    async def stop(self) -> None:
        for name in ("executor", "risk", "runner:envelope_dca", "feed", "ledger"):
            if name in self.actors:
                await self.ask(name, "stop")
        self.transport.close()


@asynccontextmanager
async def street(
    folder: Path, candles: Mapping[str, Candles], *, entry: StrategyEntry = ENTRY, start_ms: int = START_MS,
    points: Points | None = None, audit_s: float = 5.0, settle_s: float = 1.0, quiet_s: float = 10.0,
    account: AccountConfig | None = None, others: Sequence[str] = (),
) -> AsyncIterator[Street]:
    """A running world; everything is stopped afterwards.

    points : around its first executor. quiet_s : of the feed. account : whose it trades with, else a classic one.
    others : symbols of the exchange that nobody here trades.
    """
    config = SandboxConfig(lockstep=True, accounts=(account or AccountConfig(),))
    sandbox = Sandbox(config, StoredSource(candles, start_ms))
    port = await sandbox.start()
    world = Street(sandbox, port, folder, [symbol for symbol in candles if symbol not in others], entry)
    world.points, world.audit_s, world.settle_s, world.quiet_s = points, audit_s, settle_s, quiet_s
    try:
        await world.start()
        yield world
    finally:
        await world.stop()
        await sandbox.stop()
