"""The way to real money: local exchange, real ccxt, every actor and the monitor; nothing opens until it was earned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from actors.ledger import Ledger
from actors.monitor import Monitor
from actors.parts import Contender, MonitorConfig, RiskConfig, Trader
from actors.risk import RiskActor
from core.live_settings import Selector, Watchdog
from core.timeframe import HOUR_MS
from engine.selector import Setup, Verdict
from sandbox.config import SandboxConfig
from sandbox.server import Sandbox
from sandbox.source import StoredSource
from storage.records import Query
from tests.actors.street import ENTRY, GROUPS, LIMITS, START_MS, Street, wave

HOURS = 40
CANDLES = {
    "BTC-USDT": wave(HOURS + 2, 60, 60_000.0, depth=0.16, seed=1, pace=1.4),
    "ETH-USDT": wave(HOURS + 2, 60, 2_500.0, depth=0.14, seed=1, pace=1.4),
}
NOW = START_MS
SETUP = Setup(ENTRY.params, "1h", ENTRY.leverage)
RUNNER = "runner:envelope_dca"


class GatedStreet(Street):
    """A street whose risk waits for the selector."""

    def make(self, name: str) -> Any:
        if name != "risk":
            return super().make(name)
        trader = Trader(RUNNER, ENTRY.leverage, ENTRY.capital_usdt / len(self.symbols))
        return RiskActor(RiskConfig(
            "risk", LIMITS, GROUPS, {"envelope_dca": trader}, 0.0005, 10_000.0, "feed", "executor", gated=True
        ), self.peers())


@asynccontextmanager
async def gated_street(folder: Path) -> AsyncIterator[GatedStreet]:
    sandbox = Sandbox(SandboxConfig(lockstep=True), StoredSource(CANDLES, START_MS))
    world = GatedStreet(sandbox, await sandbox.start(), folder, tuple(CANDLES), ENTRY)
    try:
        await world.start()
        yield world
    finally:
        await world.stop()
        await sandbox.stop()


async def test_nothing_opens_live_until_verdict_and_paper_allow_it_and_then_only_what_they_allow(
    tmp_path: Path
) -> None:
    verdicts: dict[tuple[str, str], Verdict] = {}
    async with gated_street(tmp_path) as world:
        monitor = Monitor(
            MonitorConfig(
                "monitor",
                (Contender("envelope_dca", RUNNER, ENTRY.capital_usdt, True, True, dict.fromkeys(CANDLES, SETUP)),),
                Selector(min_trades=1), Watchdog(), True, "feed", "executor",
            ), world.peers(), lambda: verdicts, lambda: NOW,
        )
        ledger: Ledger = world.actors["ledger"]
        lockstep = world.lockstep()
        minutes = iter(range(HOURS * 60))

        async def paper_trades(symbol: str) -> int:
            return len((await world.ask("ledger", "trades", Query(scope="paper", symbol=symbol))).items)

        await monitor.select()
        while not await paper_trades("BTC-USDT"):
            next(minutes)
            await lockstep.minute()
        assert not world.account.fills
        assert not any(d.may_open for d in await monitor.select())

        verdicts["envelope_dca", "BTC-USDT"] = Verdict(NOW, "ab" * 32, "A", True, SETUP)
        verdicts["envelope_dca", "ETH-USDT"] = Verdict(NOW, "cd" * 32, "F", False, SETUP)
        decided = {d.symbol: d for d in await monitor.select()}
        assert decided["BTC-USDT"].may_open
        assert [c.code for c in decided["ETH-USDT"].failed] == ["gate"]
        for _ in minutes:
            await lockstep.minute()
            if (await world.ask("ledger", "trades", Query(scope="live"))).items:
                break
        traded = (await world.ask("ledger", "trades", Query(scope="live"))).items
        assert [t.symbol for t in traded] == ["BTC-USDT"]
        assert {f.symbol for f in ledger.fills(Query()).items} == {"BTC-USDT"}
        assert await paper_trades("ETH-USDT")
        refused = ledger.events(Query(kind="target_refused", symbol="ETH-USDT")).items
        assert {e.payload["code"] for e in refused} == {"not_selected"}
        assert traded[0].opened_ms < START_MS + HOURS * HOUR_MS
        for _ in range(3):  # a twin may be told until two minutes later
            await lockstep.minute()
        for _ in range(2):
            await monitor.compare()
        await world.ask("ledger", "health")
        compared = [e.payload for e in ledger.events(Query(kind="trade_compared")).items]
        told = sorted((c["symbol"], c["match"], c["cause"], c["paper_cycle"]) for c in compared)
        assert told[0] == ("BTC-USDT", "missed", "refusal", 0)
        assert told[1][:2] == ("BTC-USDT", "twin")
        twin = next(c for c in compared if c["match"] == "twin")
        assert abs(twin["entry_bps"]) < 3  # paper is richer by its first trade, so its quantities are rounded otherwise
        assert (twin["levels"], 0 <= twin["opened_late_ms"] <= 60_000) == (0, True)
        assert {t[:3] for t in told[2:]} == {("ETH-USDT", "missed", "refusal")}
        assert "not_selected" in next(c["detail"] for c in compared if c["match"] == "missed")
        assert not await world.violations()
        assert not any(await world.unprotected_ms())
        assert not await world.errors()
