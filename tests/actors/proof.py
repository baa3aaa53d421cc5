"""What a run through the whole stack must show: paper is the backtest, live is paper, nobody was without stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from actors.runner import costs_of
from core.candle import Candles
from core.market import Market
from core.messages import TradeClosed
from core.settings import StrategyEntry
from engine.backtest import run
from engine.span import span
from sandbox.path import expand
from storage.records import Query
from strategies.discovery import find
from tests.actors.street import LIMITS, Street

EXACT = (0, 1, 7, 10)
TIMES = (2, 3)
MONEY = (4, 5, 6, 8, 9)


def backtested(world: Street, entry: StrategyEntry, symbol: str, candles: Candles, from_ms: int, to_ms: int) -> Any:
    """The trades of the engine alone on the same minutes."""
    strategy = find("envelope_dca")
    market = Market(symbol, candles)
    minutes = expand(candles.between(from_ms, to_ms))
    rules = world.sandbox.config.instruments[symbol]
    costs = costs_of(rules, entry, 0.0005, LIMITS.max_margin_use, crossed=False)
    plan = strategy.plan(market, strategy.Params(**entry.params))
    capital = entry.capital_usdt / len(entry.symbols)
    return [
        (t.cycle, t.direction, t.opened_ms, t.closed_ms, t.quantity, t.average, t.exit_price, t.levels, t.fees, t.net,
         t.reason)
        for t in run(symbol, span(minutes, candles), plan, len(candles), costs, capital).closed()
    ]


async def recorded(world: Street, scope: str, symbol: str) -> Any:
    """The trades that the ledger holds, in order."""
    page = await world.ask("ledger", "trades", Query(scope=scope, symbol=symbol, limit=500))
    trades: list[TradeClosed] = sorted(page.items, key=lambda t: t.cycle)
    return [
        (t.cycle, t.direction, t.opened_ms, t.ts_ms, t.quantity, t.average, t.exit_price, t.levels, t.fees, t.net,
         t.reason)
        for t in trades
    ]


def alike(live: tuple[Any, ...], paper: tuple[Any, ...]) -> bool:
    """The same trade: on the exchange within a minute of the candle's opening, money up to rounding."""
    return (
        all(live[i] == paper[i] for i in EXACT)
        and all(0 <= live[i] - paper[i] <= 60_000 for i in TIMES)
        and all(live[i] == pytest.approx(paper[i], rel=1e-9, abs=1e-6) for i in MONEY)
    )


async def prove(
    world: Street, entry: StrategyEntry, candles: Mapping[str, Candles], from_ms: int, to_ms: int
) -> dict[str, int]:
    """Trades by symbol, after asserting that they are the same three times and were protected all along."""
    counts: dict[str, int] = {}
    for symbol, column in candles.items():
        expected = backtested(world, entry, symbol, column, from_ms, to_ms)
        paper, live = [await recorded(world, scope, symbol) for scope in ("paper", "live")]
        assert paper == expected
        assert len(live) == len(paper)
        assert all(alike(a, b) for a, b in zip(live, paper, strict=True)), (live, paper)
        counts[symbol] = len(paper)
    assert not world.sandbox.state.journal.violations
    guarded = world.sandbox.state.protection.all()
    assert [g.unprotected_ms for g in guarded] == [0] * len(guarded)
    assert not world.transport.errors
    return counts
