"""What every desk of an account reads of it: orders and positions, together where several ask in the same moment.

Reading all symbols costs as many requests as reading one. So after a reconnection or a crash of the market, when every
desk wants to look, it is read once for all of them, and the rate budget is left to protection.

Law: who asks gets a reading that was begun after it asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, NamedTuple, TypeVar

from core.order import OpenOrder
from core.position import VenuePosition
from exchanges.port import TradingVenue

T = TypeVar("T")


class Reads:
    """Of one account."""

    def __init__(self, venue: TradingVenue) -> None:
        self._venue = venue
        self._orders = _Together(self._read_orders)
        self._positions = _Together(self._read_positions)

    async def open_orders(self, symbol: str) -> list[OpenOrder]:
        """Every live order of a symbol. Raises what the venue raises."""
        return [order for order in await self._orders.ask(symbol) if order.symbol == symbol]

    async def position(self, symbol: str) -> VenuePosition | None:
        """The open position of a symbol. Raises what the venue raises."""
        return next((p for p in await self._positions.ask(symbol) if p.symbol == symbol), None)

    async def _read_orders(self, symbols: frozenset[str]) -> list[OpenOrder]:
        if len(symbols) == 1:
            return await self._venue.open_orders(next(iter(symbols)))
        return await self._venue.all_open_orders()

    async def _read_positions(self, _: frozenset[str]) -> list[VenuePosition]:
        return await self._venue.positions()


class _Reading(NamedTuple, Generic[T]):
    number: int
    symbols: frozenset[str]
    rows: list[T]


class _Together(Generic[T]):
    """One reading at a time, by the first in line; those who asked before it began share it.

    No task of its own: a reading ends with whoever does it, and the next in line begins another.
    """

    def __init__(self, read: Callable[[frozenset[str]], Awaitable[list[T]]]) -> None:
        self._read, self._turn = read, asyncio.Lock()
        self._waiting: list[str] = []
        self._begun = 0
        self._last: _Reading[T] = _Reading(0, frozenset(), [])

    async def ask(self, symbol: str) -> list[T]:
        asked = self._begun
        self._waiting.append(symbol)
        try:
            async with self._turn:
                if self._last.number <= asked or symbol not in self._last.symbols:
                    await asyncio.sleep(0)  # the others that were woken by the same event come along
                    self._begun += 1
                    number, symbols = self._begun, frozenset(self._waiting)
                    self._last = _Reading(number, symbols, await self._read(symbols))
                return self._last.rows
        finally:
            self._waiting.remove(symbol)
