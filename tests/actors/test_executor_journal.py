from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from actors.executor_journal import Journal, Line
from actors.peers import Peers
from core.messages import FillRole
from core.order import Side
from engine.reconcile import Place
from storage.journal import Intent
from tests.actors.local_transport import LocalTransport


class Book:
    def __init__(self) -> None:
        self.writes: list[list[str]] = []

    def journal_all(self, intents: Sequence[Intent]) -> None:
        self.writes.append([intent.client_id for intent in intents])


@pytest.fixture
async def transport() -> AsyncIterator[LocalTransport]:
    made = LocalTransport()
    yield made
    made.close()


def line(client_id: str) -> Intent:
    place = Place(FillRole.ENTRY, 0, Side.BUY, 1.0, 90.0, stop=70.0)
    return Line(client_id, "BTC-USDT", "dca", place, 60_000, 5.0).intent("intended")


async def test_what_several_desks_want_at_once_is_one_write(transport: LocalTransport) -> None:
    book, met = Book(), list[BaseException]()
    transport.add("ledger", book)
    journal = Journal(Peers(transport), "ledger", met.append)
    await asyncio.gather(*(journal.write([line(f"{n}a"), line(f"{n}b")], urgent=False) for n in range(3)))
    assert book.writes == [["0a", "0b", "1a", "1b", "2a", "2b"]]
    assert not met


async def test_orders_wait_for_a_journal_that_is_away_and_protection_does_not(transport: LocalTransport) -> None:
    met: list[BaseException] = []
    journal = Journal(Peers(transport), "ledger", met.append)
    ordinary = asyncio.create_task(journal.write([line("order")], urgent=False))
    async with asyncio.timeout(5):
        await journal.write([line("stop")], urgent=True)
    assert not ordinary.done()
    assert met
    book = Book()
    transport.add("ledger", book)
    async with asyncio.timeout(5):
        await ordinary
    assert sorted(book.writes[0]) == ["order", "stop"]
    await journal.close()


async def test_outcomes_of_a_moment_go_together(transport: LocalTransport) -> None:
    book, peers = Book(), Peers(transport)
    transport.add("ledger", book)
    journal = Journal(peers, "ledger", lambda _: None)
    journal.outcome(line("a"))
    journal.outcome(line("b"))
    async with asyncio.timeout(5):
        while not book.writes:
            await asyncio.sleep(0.005)
    assert book.writes == [["a", "b"]]


def test_a_line_tells_when_it_was_sent_and_answered_in_the_exchanges_time() -> None:
    place = Place(FillRole.ENTRY, 0, Side.BUY, 1.0, 90.0)
    made = Line("c", "BTC-USDT", "dca", place, 60_000, 5.0)
    assert made.intent("intended")[-3:] == ("intended", None, None)
    assert made._replace(sent_s=5.004, answered_s=5.0305).intent("done")[-4:] == (60_000, "done", 60_004, 60_030)


class Slow:
    """Peers whose answers are given by hand."""

    def __init__(self) -> None:
        self.answers: list[asyncio.Future[None]] = []

    async def request(self, *_: object) -> None:
        self.answers.append(asyncio.get_running_loop().create_future())
        await self.answers[-1]

    def tell(self, *_: object) -> None:
        """Outcomes are not looked at here."""


@pytest.mark.parametrize("turns", range(5))
async def test_closing_ends_the_journal_even_in_the_moment_of_an_answer(turns: int) -> None:
    peers = Slow()
    journal = Journal(peers, "ledger", lambda _: None)  # type: ignore[arg-type]
    desks = [asyncio.create_task(journal.write([line("first")], urgent=False))]
    while not peers.answers:
        await asyncio.sleep(0)
    desks.append(asyncio.create_task(journal.write([line("second")], urgent=False)))
    await asyncio.sleep(0)
    peers.answers[0].set_result(None)
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await journal.close()
    for desk in desks:
        desk.cancel()
    await asyncio.gather(*desks, return_exceptions=True)
