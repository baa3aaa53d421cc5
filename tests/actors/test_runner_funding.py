"""A strategy that needs funding: on paper, rate by rate from the exchange, it trades as its backtest does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actors.feed import Feed
from actors.ledger import Ledger
from actors.parts import FeedConfig, RiskConfig, RunnerConfig, Trader
from actors.peers import Peers
from actors.risk import RiskActor
from actors.runner import Runner
from core.candle import Candles
from core.errors import ConfigurationError
from core.extra import funding_columns
from core.market import Market
from core.settings import Confirm, Exchange, RateBudget, Risk, StrategyEntry
from core.timeframe import HOUR_MS, MINUTE_MS
from engine.backtest import run
from engine.span import span
from exchanges.registry import public_venue
from optimization.costs import costs_of
from sandbox.config import SandboxConfig
from sandbox.path import expand
from sandbox.server import Sandbox
from sandbox.source import StoredSource
from storage.records import Query
from strategies.discovery import find
from tests.actors.local_transport import LocalTransport

START = 1_740_787_200_000
SYMBOL = "BTC-USDT"
HOURS, HISTORY = 34, 40
RATES = [(START + h * HOUR_MS, rate) for h, rate in
         ((-24, 3e-4), (-16, -1e-4), (-8, 2e-4), (0, 2e-4), (8, -1e-4), (16, 0.0), (24, 4e-4), (32, -2e-4))]
ENTRY = StrategyEntry(enabled=True, symbols=(SYMBOL,), leverage=2, capital_usdt=10_000, capital_fraction=0.5)
STRATEGY = '''
"""Short while the rate is high."""

from typing import ClassVar

import numpy as np

from core.market import Market
from core.plan import AVERAGE, EXIT_SHORT, MARKET, Level, Plan
from core.strategy import Need, Parameters, Strategy


class Crowded(Strategy[Parameters]):
    """Sells while the rate settled last is above two ten-thousandths less a bit, leaves when it is not."""

    name: ClassVar[str] = "crowded"
    timeframe: ClassVar[str] = "1h"
    needs: ClassVar[tuple[Need, ...]] = ("funding",)

    def warmup(self, params: Parameters) -> int:
        return 12

    def plan(self, market: Market, params: Parameters) -> Plan:
        high = market.funding > 1.5e-4
        way = np.where(high, -1, 0).astype(np.int8)
        leave = np.where(high, 0, EXIT_SHORT).astype(np.int8)
        return Plan(way, (MARKET,), (1.0,), Level(AVERAGE, -0.3), exit=leave)
'''


def hours() -> Candles:
    path = np.round(100.0 + np.cumsum(np.random.default_rng(3).normal(0, 0.4, HOURS + HISTORY + 1)), 1)
    o, c = path[:-1], path[1:]
    ts = START + (np.arange(len(o), dtype=np.int64) - HISTORY) * HOUR_MS
    high, low = np.maximum(o, c) + 0.1, np.minimum(o, c) - 0.1
    return Candles("1h", ts, o, high, low, c, np.full(len(o), 5.0)).checked("hours")


class Paper:
    """Feed, runner, risk and ledger on a local exchange in lockstep; nothing is traded."""

    def __init__(self, sandbox: Sandbox, port: int, folder: Path) -> None:
        self.sandbox, self._folder = sandbox, folder
        self._exchange = Exchange(
            rest_url=f"http://127.0.0.1:{port}", ws_url=f"ws://127.0.0.1:{port}", subscribe_interval_ms=0,
            rate=RateBudget(market=1e4, trade=1e4, account=1e4, position=1e4),
        )
        self.transport = LocalTransport()
        self.actors: dict[str, Any] = {}

    def make(self, name: str) -> Any:
        peers, risk = Peers(self.transport, retry_s=0.02), Risk(min_free_margin_usdt=0, kill_runner_loss=1)
        if name == "ledger":
            return Ledger(f"sqlite:///{self._folder}/ledger.sqlite")
        if name == "feed":
            venue = partial(public_venue, "bitget", self._exchange)
            return Feed(FeedConfig("feed", (SYMBOL,), ("runner",), "risk"), venue, peers)
        if name == "risk":
            trader = Trader("runner", ENTRY.leverage, ENTRY.capital_usdt)
            return RiskActor(
                RiskConfig("risk", risk, {SYMBOL: "x"}, {"crowded": trader}, 0.0005, 1e4, "feed", ""), peers
            )
        return Runner(runner_config(self._folder), peers)

    async def start(self) -> None:
        for name in ("ledger", "feed", "risk", "runner"):
            self.place(name)
        self.actors["feed"].start()
        await asyncio.wait_for(self.actors["feed"].ready(), 20)
        await self.ask("runner", "start")

    def place(self, name: str) -> None:
        self.actors[name] = self.make(name)
        self.transport.add(name, self.actors[name])

    async def ask(self, name: str, method: str, *arguments: Any) -> Any:
        return await self.transport.remote(name, method, arguments, {})

    async def until(self, last_ms: int) -> None:
        """Minute by minute, each taken by the runner before the next."""
        while self.sandbox.state.now_ms < last_ms:
            await self.sandbox.advance(1, False)
            while (await self.ask("runner", "progress"))["last_ms"] < self.sandbox.state.now_ms:
                await asyncio.sleep(0)

    async def stop(self) -> None:
        for name in ("runner", "risk", "feed", "ledger"):
            await self.ask(name, "stop")
        self.transport.close()


def runner_config(folder: Path, entry: StrategyEntry = ENTRY) -> RunnerConfig:
    folders = (str(folder / "mine"),)
    return RunnerConfig("runner", "crowded", entry, (SYMBOL,), folders, 0.0005, 0.7, False, False, "feed")


@asynccontextmanager
async def paper(folder: Path) -> AsyncIterator[Paper]:
    sandbox = Sandbox(SandboxConfig(lockstep=True), StoredSource({SYMBOL: hours()}, START, {SYMBOL: RATES}))
    world = Paper(sandbox, await sandbox.start(), folder)
    try:
        await world.start()
        yield world
    finally:
        await world.stop()
        await sandbox.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "crowded.py").write_text(STRATEGY)
    return tmp_path


def backtested(world: Paper, folder: Path, to_ms: int) -> list[tuple[int, int, int]]:
    strategy, candles = find("crowded", [folder / "mine"]), hours()
    rates = np.array([t for t, _ in RATES], np.int64), np.array([r for _, r in RATES])
    market = Market(SYMBOL, candles, funding_columns(candles, *rates))
    costs = costs_of(world.sandbox.config.instruments[SYMBOL], ENTRY, 0.0005, 0.7, crossed=False)
    walked = span(expand(candles.between(START, to_ms)), candles, rates)
    plan = strategy.plan(market, strategy.Params())
    closed = run(SYMBOL, walked, plan, len(candles), costs, 10_000.0).closed()
    return [(t.direction, t.opened_ms, t.closed_ms) for t in closed]


async def recorded(world: Paper) -> list[tuple[int, int, int]]:
    page = await world.ask("ledger", "trades", Query(scope="paper", symbol=SYMBOL, limit=100))
    return [(t.direction, t.opened_ms, t.ts_ms) for t in sorted(page.items, key=lambda t: t.cycle)]


@pytest.mark.parametrize("killed_at", [None, 3, 20], ids=["undisturbed", "killed-early", "killed-late"])
async def test_paper_trades_on_settled_rates_as_the_backtest_does(killed_at: int | None, folder: Path) -> None:
    async with paper(folder) as world:
        if killed_at is not None:
            await world.until(START + killed_at * HOUR_MS + 7 * MINUTE_MS)
            world.transport.kill("runner")
            world.place("runner")
            await world.ask("runner", "health")
        end = START + (HOURS - 1) * HOUR_MS + 5 * MINUTE_MS
        await world.until(end)
        await world.ask("runner", "stop")  # it delivers what it had to tell
        expected = backtested(world, folder, end)
        assert await recorded(world) == expected
        assert not world.transport.errors
    # short from the start on (the rates of -8 and 0 hours), out at 9 h, in again at 25 h, out at 33 h
    assert [(d, (a - START) // MINUTE_MS, (b - START) // MINUTE_MS) for d, a, b in expected] == [
        (-1, 0, 9 * 60), (-1, 25 * 60, 33 * 60)
    ]


async def test_what_nobody_records_while_running_is_refused(folder: Path) -> None:
    entry = ENTRY.model_copy(update={"confirm": Confirm(strategy="order_flow", min_score=0.2)})
    peers = Peers(LocalTransport())
    with pytest.raises(ConfigurationError, match=r"crowded = .*book.*: allowed live beside candles: funding"):
        Runner(runner_config(folder, entry), peers)
