"""The local exchange in lockstep as a process of its own, and its admin endpoint over HTTP.

``python -m tests.ray.exchange HOURS KIND`` is that process: it trades the candles of `market`, with a classic or a
unified account.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from core.candle import Candles
from sandbox.account import CLASSIC
from sandbox.client import AdminClient
from sandbox.config import AccountConfig, SandboxConfig
from sandbox.process import serve
from sandbox.source import StoredSource
from tests.actors.street import START_MS, wave

ROOT = Path(__file__).resolve().parents[2]
HISTORY_HOURS = 60
PACE = 0.9


def market(hours: int) -> dict[str, Candles]:
    """Hours that a ladder fills and recovers in again and again; the same at every call."""
    return {
        "BTC-USDT": wave(hours + 2, HISTORY_HOURS, 60_000.0, depth=0.16, seed=1, pace=PACE),
        "ETH-USDT": wave(hours + 2, HISTORY_HOURS, 2_500.0, depth=0.13, seed=4, pace=PACE),
    }


class ExchangeProcess:
    """A running exchange; ``url`` and ``admin_key`` are its own."""

    def __init__(self, hours: int, kind: str = CLASSIC) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.ray.exchange", str(hours), kind], stdout=subprocess.PIPE, cwd=ROOT,
        )
        assert self._process.stdout is not None
        said = json.loads(self._process.stdout.readline())
        self.url, self.admin_key = f"http://127.0.0.1:{said['port']}", str(said["admin_key"])

    def stop(self) -> None:
        """End it and wait for its end."""
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Admin(AdminClient):
    """What the exchange tells of itself and of its one account. Use as an asynchronous context."""

    def __init__(self, url: str, key: str) -> None:
        super().__init__(url, key)
        self.seen: list[dict[str, Any]] = []
        """Orders, triggers and fills, as far as they have been `collect`ed."""
        self._last = 0

    async def state(self) -> dict[str, Any]:
        """Orders, triggers, positions, violations; the account's part under ``account``."""
        found = await super().state()
        return {**found, "account": found["accounts"][0]}

    async def fills(self) -> int:
        """How many the account has had."""
        return int((await self.state())["account"]["fills"])

    async def collect(self) -> None:
        """Read the events since the last time: the exchange forgets the oldest."""
        fresh = await self.events(self._last)
        self._last = fresh[-1]["sequence"] if fresh else self._last
        self.seen += [e for e in fresh if e["kind"] in ("order", "trigger", "fill")]


def account_of(kind: str) -> AccountConfig:
    """Whose keys trade there."""
    return AccountConfig() if kind == CLASSIC else AccountConfig.unified()


if __name__ == "__main__":
    config = SandboxConfig(lockstep=True, accounts=(account_of(sys.argv[2]),))
    serve(config, StoredSource(market(int(sys.argv[1])), START_MS))
