"""The whole way in one process: local exchange, real ccxt, feed, runner, risk, executor, ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from actors.runner import costs_of
from core.candle import Candles
from core.market import Market
from core.messages import TradeClosed
from core.timeframe import HOUR_MS
from engine.backtest import run
from engine.span import span
from sandbox.path import expand
from storage.queries import Query
from strategies.discovery import find
from tests.actors.street import ENTRY, LIMITS, START_MS, Street, street, wave

HOURS = 22
CANDLES = {
    "BTC-USDT": wave(HOURS + 2, 60, 60_000.0, depth=0.16, seed=1),
    "ETH-USDT": wave(HOURS + 2, 60, 2_500.0, depth=0.13, seed=4),
}


def backtested(world: Street, symbol: str, candles: Candles) -> list[tuple[Any, ...]]:
    """The trades of the engine alone on the same minutes."""
    strategy = find("envelope_dca")
    market = Market(symbol, candles)
    minutes = expand(candles.between(START_MS, START_MS + HOURS * HOUR_MS))
    rules = world.sandbox.config.instruments[symbol]
    costs = costs_of(rules, ENTRY, 0.0005, LIMITS.max_margin_use, crossed=False)
    params = strategy.Params(**ENTRY.params)
    result = run(
        symbol, span(minutes, candles), strategy.plan(market, params), len(candles), costs,
        ENTRY.capital_usdt / len(ENTRY.symbols),
    )
    return [
        (t.cycle, t.direction, t.opened_ms, t.closed_ms, t.quantity, t.average, t.exit_price, t.levels, t.fees, t.net,
         t.reason)
        for t in result.closed()
    ]


async def recorded(world: Street, scope: str, symbol: str) -> list[tuple[Any, ...]]:
    page = await world.ask("ledger", "trades", Query(scope=scope, symbol=symbol, limit=500))
    trades: list[TradeClosed] = sorted(page.items, key=lambda t: t.cycle)
    return [
        (t.cycle, t.direction, t.opened_ms, t.ts_ms, t.quantity, t.average, t.exit_price, t.levels, t.fees, t.net,
         t.reason)
        for t in trades
    ]


def alike(live: tuple[Any, ...], paper: tuple[Any, ...]) -> bool:
    """The same trade: on the exchange within a minute of the candle's opening, money up to rounding."""
    exact = (0, 1, 7, 10)
    return (
        all(live[i] == paper[i] for i in exact)
        and all(0 <= live[i] - paper[i] <= 60_000 for i in (2, 3))
        and all(live[i] == pytest.approx(paper[i], rel=1e-9, abs=1e-6) for i in (4, 5, 6, 8, 9))
    )


async def prove(world: Street, candles: Mapping[str, Candles]) -> int:
    """Paper is the backtest, live is paper, every position had its stop all the time; the number of trades."""
    count = 0
    for symbol, column in candles.items():
        expected = backtested(world, symbol, column)
        paper, live = [await recorded(world, scope, symbol) for scope in ("paper", "live")]
        assert paper == expected
        assert len(live) == len(paper)
        assert all(alike(a, b) for a, b in zip(live, paper, strict=True)), (live, paper)
        count += len(paper)
    assert not world.sandbox.state.journal.violations
    guarded = world.sandbox.state.protection.all()
    assert [g.unprotected_ms for g in guarded] == [0] * len(guarded)
    assert not world.transport.errors
    return count


async def test_paper_equals_the_backtest_and_live_equals_paper(tmp_path: Path) -> None:
    async with street(tmp_path, CANDLES) as world:
        lockstep = world.lockstep()
        for _ in range(HOURS * 60):
            await lockstep.minute()
        assert await prove(world, CANDLES) >= 2


@pytest.mark.slow
async def test_killing_every_actor_while_a_position_is_open_changes_no_trade(tmp_path: Path) -> None:
    victims = ["runner:envelope_dca", "executor", "ledger", "feed", "risk", "executor", "runner:envelope_dca"]
    async with street(tmp_path, CANDLES) as world:
        lockstep = world.lockstep()
        killed = 0
        for minute in range(HOURS * 60):
            await lockstep.minute()
            if victims and world.account.positions and minute % 20 == 0:
                victim = victims.pop(0)
                await world.crash(victim)
                step = asyncio.create_task(lockstep.minute())  # the market does not wait for us
                await asyncio.sleep(0.02)
                await world.revive(victim)
                await step
                killed += 1
        assert killed >= 5
        assert await prove(world, CANDLES) >= 2
