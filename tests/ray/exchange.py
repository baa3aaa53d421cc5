"""The local exchange in lockstep as a process of its own, and its admin endpoint over HTTP.

``python -m tests.ray.exchange HOURS`` is that process: it trades the candles of `market`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp

from core.candle import Candles
from sandbox.admin import ADMIN_HEADER
from sandbox.config import SandboxConfig
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

    def __init__(self, hours: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.ray.exchange", str(hours)], stdout=subprocess.PIPE, cwd=ROOT,
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


class Admin:
    """What the exchange tells of itself. Use as an asynchronous context."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key
        self._session: aiohttp.ClientSession | None = None
        self.events: list[dict[str, Any]] = []
        """Orders, triggers and fills, as far as they have been `collect`ed."""
        self._last = 0

    async def __aenter__(self) -> Admin:
        self._session = aiohttp.ClientSession(self._url, headers={ADMIN_HEADER: self._key})
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def advance(self) -> dict[str, Any]:
        """Walk a minute, pausing at fills."""
        return await self._asked("POST", "advance", {"candles": 1, "pause_on_fill": True})

    async def state(self) -> dict[str, Any]:
        """Orders, triggers, positions, violations; the account's part under ``account``."""
        found = await self._asked("GET", "state")
        return {**found, "account": found["accounts"][0]}

    async def fills(self) -> int:
        """How many the account has had."""
        return int((await self.state())["account"]["fills"])

    async def unprotected(self) -> list[dict[str, Any]]:
        """Every position with its time without stop."""
        rows: list[dict[str, Any]] = (await self._asked("GET", "unprotected"))["positions"]
        return rows

    async def collect(self) -> None:
        """Read the events since the last time: the exchange forgets the oldest."""
        fresh = (await self._asked("GET", f"events?since={self._last}"))["events"]
        self._last = fresh[-1]["sequence"] if fresh else self._last
        self.events += [e for e in fresh if e["kind"] in ("order", "trigger", "fill")]

    async def _asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        assert self._session is not None
        async with self._session.request(method, f"/admin/{path}", json=body) as answer:
            answer.raise_for_status()
            found: dict[str, Any] = await answer.json()
            return found


if __name__ == "__main__":
    serve(SandboxConfig(lockstep=True), StoredSource(market(int(sys.argv[1])), START_MS))
