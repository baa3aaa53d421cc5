"""Twenty strategies on fifty symbols at four fifths of the trading budget, against the venue's own rate limits.

Every actor on Ray and ccxt as in a demo, but with the budget and the pace of subscriptions of a real account, and a
local exchange that refuses what Bitget would refuse. What was asked, and when orders came, are its own records.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import ray

from actors.blueprint import Blueprint, draw
from actors.wiring import house as wiring
from actors.wiring.head import running_head
from actors.wiring.house import House
from core.messages import FillRole
from core.settings import Settings
from core.timeframe import MINUTE_MS
from engine.client_ids import decode
from exchanges.port import Credentials
from sandbox.client import AdminClient
from sandbox.config import AccountConfig
from scripts.bench.crowd import CAPITAL, STRATEGIES, SYMBOLS, crowd
from scripts.bench.figures import Figure, at_most
from scripts.bench.system import memory_of, percentile
from scripts.launch import PATIENCE_S
from scripts.local_exchange import LocalExchange
from scripts.running import check_port

SPEED: Final = 2.4
"""A minute in 25 seconds: so long rungs and take profits of fifty symbols take at four fifths of the budget."""
_TRADE_PATHS: Final = ("place-order", "modify-order", "cancel-order", "place-tpsl-order", "modify-tpsl-order",
                       "cancel-plan-order")  # fmt: skip


class Seen(NamedTuple):
    """What the exchange tells of one stretch: its summary, its events, how positions were protected."""

    summary: dict[str, Any]
    orders: list[dict[str, Any]]
    fills: list[dict[str, Any]]
    positions: list[dict[str, Any]]


def measure(config: Path, seconds: float) -> list[Figure]:
    """Start it, let it trade for so many seconds, and look at the exchange's records."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        settings = crowd(config, folder / "config")
        arguments = [
            "--limits", "bitget", "--speed", str(SPEED), "--config", str(folder / "config"),
            "--balance", str(CAPITAL * STRATEGIES), "--history-days", "2",
        ]
        exchange = LocalExchange(arguments, folder / "exchange.log")
        try:
            blueprint = _blueprint(settings, exchange.listening(), folder / "config")
            began = time.perf_counter()
            with _at_work(blueprint, folder) as house:
                ready_s = time.perf_counter() - began
                exchange.begin()
                time.sleep(2 * 60 / SPEED)  # the ladders are placed for the first time
                before = asyncio.run(_seen(exchange))
                time.sleep(seconds)
                after = asyncio.run(_seen(exchange, before.summary["last_event"]))
                executor = house.handles[f"executor:{blueprint.exchange_name}"]
                stamps: list[float] = ray.get(executor.latencies.remote(), timeout=10)
                health: dict[str, Any] = ray.get(executor.health.remote(), timeout=10)
                ours, theirs = memory_of(os.getpid())
        finally:
            exchange.stop()
    figures = [
        Figure("load: ready", ready_s, "s", beside=f"{STRATEGIES} strategies, {SYMBOLS} symbols"),
        Figure("load: memory (PSS)", ours, "GB", beside=f"local exchange {theirs:.2f} GB"),
        at_most("load: halts", float(len(health["halts"])), "", 0, str(health["halts"] or "")[:80]),
    ]
    return figures + _rates(before.summary, after.summary, settings, seconds) + _times(after, sorted(stamps))


def _rates(before: Mapping[str, Any], after: Mapping[str, Any], settings: Settings, seconds: float) -> list[Figure]:
    """Refusals, and requests beside what is allowed."""
    refused = after["limits"]["by_path"]
    found = [at_most("load: refused as too many (429, 30006)", sum(refused.values(), 0.0), "", 0, str(refused or ""))]
    budget = settings.exchanges.exchanges[settings.exchanges.default].rate.trade
    traded = 0.0
    for path, asked in sorted(after["requests"].items()):
        rate = (asked["requests"] - before["requests"].get(path, {"requests": 0})["requests"]) / seconds
        traded += rate if path.endswith(_TRADE_PATHS) else 0.0
        found.append(at_most(
            f"load: {path.removeprefix('/api/v2/')}", rate, "/s", asked["most"], f"busiest second {asked['busiest']}",
        ))
    share = 100 * traded / budget
    return [*found, Figure("load: share of the trading budget", share, "%", beside=f"{traded:.1f} of {budget:g}/s")]


def _times(seen: Seen, stamps: list[float]) -> list[Figure]:
    """Candle to order, and fill to take profit, by the exchange's clock; candle to order by the executor's stamps."""
    entries, exits = [], []
    known: set[str] = set()
    filled: dict[str, int] = {}
    for event in sorted([*seen.orders, *seen.fills], key=lambda e: int(e["sequence"])):
        if event["kind"] == "fill":
            filled[event["symbol"]] = event["ts"]
            continue
        client_id = event["subject"]["client_id"]
        parsed = decode(client_id)
        if parsed is None or client_id in known:
            continue
        known.add(client_id)
        if parsed.role is FillRole.ENTRY:
            entries.append(event["ts"] % MINUTE_MS / SPEED)
        elif parsed.role is FillRole.TARGET and event["symbol"] in filled:
            exits.append((event["ts"] - filled.pop(event["symbol"])) / SPEED)
    measured = {
        "candle to order, before the budget": stamps, "candle to order at the exchange": entries,
        "fill to take profit at the exchange": exits,
    }
    figures = [
        Figure(f"load: {what}, p{p}", percentile(sorted(times), p), "ms", beside=f"{len(times)} orders")
        for what, times in measured.items() if times for p in (50, 99)
    ]
    bare = max((p["unprotected_wall_ms"] for p in seen.positions), default=0.0)
    return [*figures, at_most("load: longest without a stop", bare, "ms", 0, f"{len(seen.positions)} positions")]


def _blueprint(settings: Settings, url: str, folder: Path) -> Blueprint:
    """As of a demo, with budget and pace as configured for the real exchange."""
    exchange = settings.exchanges.exchanges[settings.exchanges.default].model_copy(update={
        "rest_url": url, "ws_url": url.replace("http", "ws", 1), "account_type": "classic", "allow_unsafe_key": True,
    })
    strategies = settings.strategies.strategies
    return draw(settings, "demo", exchange, (str(folder / "copies.py"),), dict.fromkeys(strategies, "1m"), {})


@contextmanager
def _at_work(blueprint: Blueprint, folder: Path) -> Iterator[House]:
    """Every actor trading, stopped in order afterwards."""
    account = AccountConfig()
    keys = Credentials(account.key, account.secret, account.passphrase)
    with running_head() as head:
        wiring.join(head.address)
        house = wiring.build(blueprint, folder, port=check_port(0), api_key="of-a-load-alone", credentials=keys)
        try:
            wiring.await_ready(house, blueprint, PATIENCE_S)
            yield house
        finally:
            wiring.stop(house)


async def _seen(exchange: LocalExchange, since: int = 0) -> Seen:
    async with AdminClient(exchange.url, exchange.admin_key) as admin:
        return Seen(
            await admin.summary(), await admin.events(since, kind="order"), await admin.events(since, kind="fill"),
            await admin.unprotected(),
        )
