"""Many desks that look at once share what they read; nobody is given what was read before it asked."""

from __future__ import annotations

import asyncio

import pytest

from actors.executor_reads import Reads
from core.errors import RetryLater
from core.order import OpenOrder, OrderKind, OrderStatus, Side
from core.position import VenuePosition

SYMBOLS = [f"S{n}-USDT" for n in range(50)]


class Venue:
    """Orders of every symbol, as many as ``live`` says, and three positions."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.live = dict.fromkeys(SYMBOLS, 1)
        self.faults: list[Exception] = []

    def _orders(self, symbols: list[str]) -> list[OpenOrder]:
        return [
            OpenOrder(f"{s}-{n}", "", s, Side.BUY, OrderKind.LIMIT, OrderStatus.OPEN, 1.0, price=1.0)
            for s in symbols for n in range(self.live[s])
        ]

    async def open_orders(self, symbol: str) -> list[OpenOrder]:
        return await self._answer(symbol, [symbol])

    async def all_open_orders(self) -> list[OpenOrder]:
        return await self._answer("all", SYMBOLS)

    async def _answer(self, what: str, symbols: list[str]) -> list[OpenOrder]:
        self.asked.append(what)
        found = self._orders(symbols)
        await asyncio.sleep(0.001)
        if self.faults:
            raise self.faults.pop()
        return found

    async def positions(self) -> list[VenuePosition]:
        self.asked.append("positions")
        await asyncio.sleep(0)
        return [VenuePosition(s, 1, 1.0, 1.0, 3, "isolated", 1, 1, None, 0, 1) for s in SYMBOLS[:3]]


def reads() -> tuple[Reads, Venue]:
    venue = Venue()
    return Reads(venue), venue  # type: ignore[arg-type]  # of a venue, what it reads


async def test_one_desk_reads_its_symbol_and_fifty_read_everything_once() -> None:
    shared, venue = reads()
    assert [o.symbol for o in await shared.open_orders(SYMBOLS[7])] == [SYMBOLS[7]]
    assert venue.asked == [SYMBOLS[7]]
    venue.asked.clear()
    found = await asyncio.gather(*(shared.open_orders(s) for s in SYMBOLS))
    assert [[o.symbol for o in orders] for orders in found] == [[s] for s in SYMBOLS]
    assert venue.asked == ["all"]
    held = await asyncio.gather(*(shared.position(s) for s in SYMBOLS))
    assert [p.symbol for p in held if p is not None] == SYMBOLS[:3]
    assert venue.asked == ["all", "positions"]


async def test_who_asks_while_it_is_read_gets_the_next_reading() -> None:
    shared, venue = reads()
    first = asyncio.create_task(shared.open_orders(SYMBOLS[0]))
    while not venue.asked:
        await asyncio.sleep(0)
    venue.live[SYMBOLS[0]] = 2
    later = await asyncio.gather(*(shared.open_orders(s) for s in SYMBOLS[:2]))
    assert len(await first) == 1
    assert [len(orders) for orders in later] == [2, 1]
    assert venue.asked == [SYMBOLS[0], "all"]


async def test_a_reading_that_fails_is_its_readers_own_and_the_next_in_line_reads_for_the_others() -> None:
    shared, venue = reads()
    venue.faults.append(RetryLater("not now"))
    found = await asyncio.gather(*(shared.open_orders(s) for s in SYMBOLS), return_exceptions=True)
    assert [type(f) for f in found if isinstance(f, BaseException)] == [RetryLater]
    assert venue.asked == ["all", "all"]


@pytest.mark.parametrize("who", [0, 1, 49])
async def test_a_desk_that_gives_up_takes_nothing_from_the_others(who: int) -> None:
    shared, venue = reads()
    asking = [asyncio.create_task(shared.open_orders(s)) for s in SYMBOLS]
    while not venue.asked:
        await asyncio.sleep(0)
    asking[who].cancel()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert [isinstance(f, asyncio.CancelledError) for f in found] == [n == who for n in range(50)]
    assert len(venue.asked) <= 2
