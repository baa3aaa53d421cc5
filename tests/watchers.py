"""Many who look, and what trading notices of it: ``python -m tests.watchers [--clients 200] [--seconds 40]``.

Runs the demo twice, alone and with that many WebSocket clients that take every topic five times a second, and prints
how long orders took from their decision candle, how long answers of live state took, and what each client was sent.
``--clients 0 --speed 1``: answers alone, at a market's own pace.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
from websockets.asyncio.client import connect

from api.live import MAX_PER_S
from api.topics import TOPICS
from scripts.launch import LATENCIES
from scripts.running import check_port

ROOT: Final = Path(__file__).parents[1]
READS: Final = ("/api/now", "/health", "/api/positions", "/api/runners", "/api/prices", "/api/conditions", "/api/risk")
_START_S: Final = 120.0
_SETTLE_S: Final = 5.0


class Measured(NamedTuple):
    """Milliseconds; ``sent`` are pushes that each client got."""

    orders_ms: list[float]
    answers_ms: list[float]
    sent: list[int]


async def _watch(url: str, count: list[int], at: int, until_s: float) -> None:
    async with connect(f"{url.replace('http', 'ws')}/ws/live?topics=", max_queue=None, compression=None) as client:
        await client.send(json.dumps({"op": "subscribe", "topics": list(TOPICS), "max_per_s": MAX_PER_S}))
        while time.monotonic() < until_s:
            try:
                async with asyncio.timeout(max(until_s - time.monotonic(), 0.01)):
                    await client.recv()
            except TimeoutError:
                return
            count[at] += 1


async def _ask(url: str, until_s: float) -> list[float]:
    took: list[float] = []
    async with httpx.AsyncClient(base_url=url) as client:
        while time.monotonic() < until_s:
            for path in READS:
                began = time.perf_counter()
                (await client.get(path)).raise_for_status()
                took.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.1)
    return took


def _look_politely(url: str, clients: int, seconds: float) -> tuple[list[float], list[int]]:
    """In a process of its own: watchers stand for other machines, so what is measured goes first."""
    os.nice(10)
    return asyncio.run(_look(url, clients, seconds))


async def _look(url: str, clients: int, seconds: float) -> tuple[list[float], list[int]]:
    until_s, count = time.monotonic() + seconds, [0] * clients
    async with asyncio.TaskGroup() as looking:
        asked = looking.create_task(_ask(url, until_s))
        for i in range(clients):
            looking.create_task(_watch(url, count, i, until_s))
    return asked.result(), count


def measure(clients: int, seconds: float, speed: float) -> Measured:
    """One demo with so many watchers."""
    with tempfile.TemporaryDirectory() as folder:
        port = check_port(0)
        url = f"http://127.0.0.1:{port}"
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.main", "up", "--port", str(port), "--speed", str(speed)], cwd=ROOT,
            env={**os.environ, "SCALP_RADAR_STATE": folder}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            _await(url)
            time.sleep(_SETTLE_S)
            with ProcessPoolExecutor(1, get_context("spawn")) as apart:
                answers, count = apart.submit(_look_politely, url, clients, seconds).result()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
        (kept,) = Path(folder).rglob(LATENCIES)
        return Measured(json.loads(kept.read_text()), answers, count)


def _await(url: str) -> None:
    until_s = time.monotonic() + _START_S
    while time.monotonic() < until_s:
        try:
            if httpx.get(f"{url}/api/now").json()["health"]["exchange_ms"] and httpx.get(f"{url}/api/risk").is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise SystemExit("the demo did not begin in time")


def _shares(values: list[float]) -> str:
    ordered = sorted(values) or [float("nan")]
    at = {share: ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95, 0.99)}
    return "  ".join(f"p{share * 100:.0f} {ms:6.1f} ms" for share, ms in at.items()) + f"  (of {len(values)})"


def main() -> None:
    """Print both runs and their ratio."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--clients", type=int, default=200)
    asked.add_argument("--seconds", type=float, default=40.0)
    asked.add_argument("--speed", type=float, default=600.0)
    given: Any = asked.parse_args()
    runs = {n: measure(n, given.seconds, given.speed) for n in sorted({0, given.clients})}
    for clients, run in runs.items():
        print(f"{clients} watchers")
        print(f"  candle to order  {_shares(run.orders_ms)}")
        print(f"  answers          {_shares(run.answers_ms)}")
        if run.sent:
            rate = statistics.mean(run.sent) / given.seconds
            print(f"  sent to each     {rate:.1f} pushes/s, least {min(run.sent) / given.seconds:.1f}")
    at = {n: sorted(r.orders_ms)[int(0.99 * len(r.orders_ms))] for n, r in runs.items() if r.orders_ms}
    if len(at) > 1:
        print(f"candle to order, p99 with / without: {at[given.clients] / at[0]:.2f}")


if __name__ == "__main__":
    main()
