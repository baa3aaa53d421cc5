"""What a run through the whole stack must show: paper is the backtest, live is paper, nobody was without stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

import pytest

from core.candle import Candles
from core.instrument import Instrument
from core.market import Market
from core.messages import TradeClosed
from core.settings import StrategyEntry
from engine.backtest import run
from engine.span import span
from optimization.costs import costs_of
from sandbox.path import expand
from storage.records import Query
from strategies.discovery import find
from tests.actors.street import LIMITS

STRATEGY = "envelope_dca"
SCOPES = ("paper", "live")
TOLD_S = 15.0
"""What is told of a trade is held back a moment; what the exchange says of it is asked for when it has ended."""

T = TypeVar("T")
SLIPPAGE = 0.0005


class World(Protocol):
    """A run that is over: its actors answer still, and the exchange tells its own records."""

    async def ask(self, name: str, method: str, *arguments: Any) -> Any: ...
    async def instrument(self, symbol: str) -> Instrument: ...
    async def violations(self) -> list[str]: ...
    async def unprotected_ms(self) -> list[int]: ...
    async def errors(self) -> list[str]: ...


class Trade(NamedTuple):
    """A closed cycle, whoever tells of it."""

    cycle: int
    direction: int
    opened_ms: int
    closed_ms: int
    quantity: float
    average: float
    exit_price: float
    levels: int
    fees: float
    net: float
    reason: str

    def like(self, other: Trade) -> bool:
        """The same trade: here at most a minute after the other's candle opened, money up to rounding."""
        mine, others = (
            (t.quantity, t.average, t.exit_price, t.fees, t.net) for t in (self, other)
        )
        return (
            (self.cycle, self.direction, self.levels, self.reason)
            == (other.cycle, other.direction, other.levels, other.reason)
            and 0 <= self.opened_ms - other.opened_ms <= 60_000
            and 0 <= self.closed_ms - other.closed_ms <= 60_000
            and mine == pytest.approx(others, rel=1e-9, abs=1e-6)
        )


def backtested(
    rules: Instrument, entry: StrategyEntry, symbol: str, candles: Candles, from_ms: int, to_ms: int
) -> list[Trade]:
    """The trades of the engine alone on the same minutes."""
    strategy = find(STRATEGY)
    market = Market(symbol, candles)
    minutes = expand(candles.between(from_ms, to_ms))
    costs = costs_of(rules, entry, SLIPPAGE, LIMITS.max_margin_use, crossed=False)
    plan = strategy.plan(market, strategy.Params(**entry.params))
    capital = entry.capital_usdt / len(entry.symbols)
    return [
        Trade(t.cycle, t.direction, t.opened_ms, t.closed_ms, t.quantity, t.average, t.exit_price, t.levels, t.fees,
              t.net, t.reason)
        for t in run(symbol, span(minutes, candles), plan, len(candles), costs, capital).closed()
    ]


async def recorded(world: World, scope: str, symbol: str) -> list[Trade]:
    """The trades that the ledger holds, in order."""
    page = await world.ask("ledger", "trades", Query(scope=scope, symbol=symbol, limit=500))
    trades: list[TradeClosed] = sorted(page.items, key=lambda t: t.cycle)
    return [
        Trade(t.cycle, t.direction, t.opened_ms, t.ts_ms, t.quantity, t.average, t.exit_price, t.levels, t.fees,
              t.net, t.reason)
        for t in trades
    ]


async def settled(world: World, symbol: str) -> list[float]:
    """What the exchange says that each position earned, as the ledger holds it, in order."""
    page = await world.ask("ledger", "events", Query(kind="position_settled", symbol=symbol, limit=500))
    return [event.payload["net"] for event in reversed(page.items)]


async def _all_of(read: Callable[[], Awaitable[list[T]]], count: int) -> list[T]:
    """What is there once so many are; what is there at the end, should it stay at fewer."""
    deadline = time.monotonic() + TOLD_S
    while len(found := await read()) < count and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return found


async def prove(
    world: World, entry: StrategyEntry, candles: Mapping[str, Candles], from_ms: int, to_ms: int
) -> dict[str, int]:
    """Trades by symbol, after asserting that they are the same three times and were protected all along."""
    counts: dict[str, int] = {}
    for symbol, column in candles.items():
        expected = backtested(await world.instrument(symbol), entry, symbol, column, from_ms, to_ms)
        paper, live = [await _all_of(partial(recorded, world, scope, symbol), len(expected)) for scope in SCOPES]
        assert paper == expected
        assert len(live) == len(paper)
        assert all(a.like(b) for a, b in zip(live, paper, strict=True)), (live, paper)
        counts[symbol] = len(paper)
        earned = await _all_of(partial(settled, world, symbol), len(live))
        assert earned == pytest.approx([trade.net for trade in live], rel=1e-9, abs=1e-6)
    assert not await world.violations()
    assert not any(await world.unprotected_ms())
    assert not await world.errors()
    return counts
