"""The whole system on a real Ray, driven in lockstep, whose actors' processes may be killed.

Composed by `actors.wiring.house` as ``scalp-radar up`` does it; only time is in other hands. `set_flags` comes before
this file is imported, since it imports Ray.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import ray
from ray.exceptions import RayActorError

from actors.blueprint import Blueprint, draw
from actors.lockstep import Cast, Lockstep, Venue
from actors.wiring import house as wiring
from actors.wiring.head import running_head
from core.instrument import Instrument
from core.settings import Exchange, RateBudget, Settings, Strategies
from core.timeframe import HOUR_MS
from exchanges.port import Credentials
from sandbox.account import CLASSIC
from scripts.configuration import load_settings
from scripts.running import check_port
from storage.records import Query
from tests.actors.proof import STRATEGY, prove
from tests.actors.street import ENTRY, LIMITS, START_MS
from tests.ray.exchange import ROOT, Admin, ExchangeProcess, account_of, market

EXECUTOR, FEED, RUNNER = "executor:bitget", "feed:bitget", f"runner:{STRATEGY}"
PROCESSES = {
    EXECUTOR: "ExecutorActor", "risk": "RiskProcess", RUNNER: "RunnerActor", FEED: "FeedActor",
    "ledger": "LedgerActor", "api": "ApiActor",
}
"""Actor -> the class that its worker process bears in its title."""
_ANSWER_S = 10.0


class RayWorld:
    """A running system; `tests.actors.proof` can be asked about it."""

    def __init__(self, house: wiring.House, admin: Admin) -> None:
        self.admin = admin
        self._house = house
        self._instruments: dict[str, Instrument] = {}

    async def ask(self, name: str, method: str, *arguments: Any) -> Any:
        """The answer of an actor's method. Raises LookupError while it is away, TimeoutError."""
        try:
            return await asyncio.wait_for(getattr(self._house.handles[name], method).remote(*arguments), _ANSWER_S)
        except RayActorError as error:
            raise LookupError(f"{name}: {error}") from error

    def lockstep(self, venue: Venue) -> Lockstep:
        """The market in our hands."""
        return Lockstep(venue, Cast(FEED, {STRATEGY: RUNNER}, "risk", EXECUTOR), self.ask, patience_s=60.0)

    def pids(self, name: str) -> list[int]:
        """Worker processes of an actor: one, or none while Ray makes another."""
        family = psutil.Process().children(recursive=True)
        return [p.pid for p in family if _title(p).startswith(f"ray::{PROCESSES[name]}")]

    def kill(self, name: str) -> int:
        """Kill -9; how many processes that were (one, unless it was away already)."""
        pids = self.pids(name)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return len(pids)

    async def at_work(self, name: str) -> None:
        """Returns once an actor does its work again: has what it needs from the others, takes calls."""
        if name in (EXECUTOR, FEED):
            await self._until_answered(name, "ready")
            return
        while (await self._until_answered(name, "health"))["state"] != "ok":
            await asyncio.sleep(0.02)

    async def shown(self) -> dict[str, Any]:
        """Everybody's progress and health, or the error of asking."""
        found: dict[str, Any] = {}
        for name in PROCESSES:
            for method in ("progress", "health") if name not in ("ledger", "api") else ("health",):
                try:
                    found[f"{name}.{method}"] = await self.ask(name, method)
                except (LookupError, TimeoutError) as error:
                    found[f"{name}.{method}"] = repr(error)
        return found

    async def _until_answered(self, name: str, method: str) -> Any:
        while True:
            try:
                return await self.ask(name, method)
            except (LookupError, TimeoutError):
                await asyncio.sleep(0.02)

    async def instrument(self, symbol: str) -> Instrument:
        """The exchange's rules of a symbol, as the feed has them over ccxt."""
        if not self._instruments:
            self._instruments = await self.ask(FEED, "instruments")
        return self._instruments[symbol]

    async def violations(self) -> list[str]:
        """Of the exchange's books."""
        found: list[str] = (await self.admin.state())["violations"]
        return found

    async def unprotected_ms(self) -> list[int]:
        """Of every position, how long it stood without stop."""
        return [row["unprotected_ms"] for row in await self.admin.unprotected()]

    async def errors(self) -> list[str]:
        """Halts, and orders or positions that nobody wants."""
        state = (await self.admin.state())["account"]
        executor = await self.ask(EXECUTOR, "health")
        runner = await self.ask(RUNNER, "health")
        risk = await self.ask("risk", "states")
        halts = [f"halted {s or 'everything'}: {reason}" for s, reason in risk["halts"].items()]
        halts += [f"{s} halted: {desk['halted']}" for s, desk in executor["symbols"].items() if desk["halted"]]
        held = {p["symbol"]: p["direction"] * p["quantity"] for p in state["positions"]}
        wanted = {s: shown["live"] for s, shown in runner["symbols"].items() if shown["live"]}
        orphans = [] if held == wanted else [f"positions are {held}, the runner's {wanted}"]
        stray = [t for t in state["triggers"] if t["symbol"] not in held]
        return [*halts, *orphans, *(f"a trigger without position: {t}" for t in stray)]

    async def doubled(self) -> list[str]:
        """Client ids that two orders bore, and fills that are not once in the ledger."""
        await self.admin.collect()
        orders: dict[str, set[int]] = {}
        for event in self.admin.seen:
            if event["kind"] in ("order", "trigger") and event["subject"]["client_id"]:
                orders.setdefault(event["subject"]["client_id"], set()).add(event["subject"]["order_id"])
        filled = sorted(str(e["subject"]["trade_id"]) for e in self.admin.seen if e["kind"] == "fill")
        page = await self.ask("ledger", "fills", Query(limit=1000))
        known = sorted(fill.trade_id for fill in page.items)
        doubled = [f"{name}: {len(ids)} orders" for name, ids in orders.items() if len(ids) > 1]
        return doubled + ([] if known == filled else [f"the ledger has fills {known}, the exchange {filled}"])

    async def prove(self, hours: int) -> dict[str, int]:
        """Trades by symbol, after asserting everything that must be true at the end."""
        counts = await prove(self, ENTRY, market(hours), START_MS, START_MS + hours * HOUR_MS)
        assert not await self.doubled()
        return counts


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


def _blueprint(url: str, kind: str) -> Blueprint:
    settings: Settings = load_settings(ROOT / "config")
    settings = settings.model_copy(update={"strategies": Strategies(strategies={STRATEGY: ENTRY}), "risk": LIMITS})
    exchange: Exchange = settings.exchanges.exchanges[settings.exchanges.default].model_copy(update={
        "rest_url": url, "ws_url": url.replace("http", "ws", 1), "account_type": kind, "subscribe_interval_ms": 0,
        "rate": RateBudget(market=1_000, trade=1_000, account=1_000, position=1_000),
    })
    return draw(settings, "demo", exchange, (), {STRATEGY: "1h"}, {})


@asynccontextmanager
async def ray_world(state: Path, hours: int) -> AsyncIterator[RayWorld]:
    """A system at work; everything is stopped afterwards."""
    exchange = ExchangeProcess(hours)
    try:
        with running_head() as head:
            wiring.join(head.address)
            try:
                async with furnished(exchange.url, exchange.admin_key, CLASSIC, state) as world:
                    yield world
            finally:
                ray.shutdown()
    finally:
        exchange.stop()


@asynccontextmanager
async def furnished(url: str, admin_key: str, kind: str, state: Path) -> AsyncIterator[RayWorld]:
    """Every actor at work on an exchange that runs already, stopped in order afterwards; Ray was joined."""
    blueprint = _blueprint(url, kind)
    account = account_of(kind)
    keys = Credentials(account.key, account.secret, account.passphrase)
    house = wiring.build(blueprint, state, port=check_port(0), api_key="a-key-for-this-test", credentials=keys)
    try:
        await asyncio.to_thread(wiring.await_ready, house, blueprint, 60.0)
        async with Admin(url, admin_key) as admin:
            yield RayWorld(house, admin)
    finally:
        await asyncio.to_thread(wiring.stop, house)
