from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from actors.peers import Peers
from tests.actors.local_transport import LocalTransport


class Listener:
    def __init__(self) -> None:
        self.heard: list[int] = []

    def hear(self, number: int) -> None:
        self.heard.append(number)

    def fail(self) -> None:
        raise ValueError("a defect")

    def last(self) -> int:
        return self.heard[-1]


@pytest.fixture
async def transport() -> AsyncIterator[LocalTransport]:
    made = LocalTransport()
    yield made
    made.close()


async def until(condition: object) -> None:
    async with asyncio.timeout(5):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.005)


async def test_messages_arrive_in_order(transport: LocalTransport) -> None:
    listener = Listener()
    transport.add("a", listener)
    peers = Peers(transport)
    for i in range(50):
        peers.tell("a", "hear", i)
    await until(lambda: not peers.waiting("a"))
    assert listener.heard == list(range(50))
    assert await peers.request("a", "last") == 49


async def test_messages_to_somebody_who_is_not_there_yet_are_told_when_he_is(transport: LocalTransport) -> None:
    peers, listener = Peers(transport, retry_s=0.01), Listener()
    for i in range(5):
        peers.tell("a", "hear", i)
    transport.add("a", listener)
    peers.tell("a", "hear", 5)
    await until(lambda: not peers.waiting("a"))
    assert listener.heard == list(range(6))


async def test_messages_lost_in_a_crash_are_told_to_the_successor_in_order(transport: LocalTransport) -> None:
    peers, first, second = Peers(transport, retry_s=0.01), Listener(), Listener()
    transport.add("a", first)
    peers.tell("a", "hear", 0)
    await until(lambda: not peers.waiting("a"))
    transport.kill("a")
    for i in range(1, 20):
        peers.tell("a", "hear", i)
    transport.add("a", second)
    for i in range(20, 40):
        peers.tell("a", "hear", i)
    await until(lambda: not peers.waiting("a"))
    assert second.heard == list(range(1, 40))


async def test_an_error_of_the_receiver_is_counted_and_not_repeated(transport: LocalTransport) -> None:
    transport.add("a", Listener())
    peers = Peers(transport)
    peers.tell("a", "fail")
    await until(lambda: not peers.waiting("a"))
    assert peers.failed == 1


async def test_lagging_is_seen(transport: LocalTransport) -> None:
    peers = Peers(transport, bound=3, retry_s=10.0)
    for i in range(5):
        peers.tell("nobody", "hear", i)
    assert peers.lag == 2
    assert peers.full("nobody")


async def test_asking_somebody_who_is_not_there_is_a_lookup_error(transport: LocalTransport) -> None:
    with pytest.raises(LookupError):
        Peers(transport).ask("nobody", "last")


async def test_what_is_posted_leaves_after_what_is_told_to_others_in_its_order(transport: LocalTransport) -> None:
    peers, reader, trader = Peers(transport, post_s=0.05), Listener(), Listener()
    transport.add("reader", reader)
    transport.add("trader", trader)
    peers.post("reader", "hear", 0)
    peers.post("reader", "hear", 1)
    peers.tell("trader", "hear", 7)
    await until(lambda: trader.heard == [7])
    assert reader.heard == []
    await until(lambda: reader.heard == [0, 1])


async def test_a_message_does_not_overtake_what_was_posted_to_the_same_peer(transport: LocalTransport) -> None:
    peers, listener = Peers(transport, post_s=60.0), Listener()
    transport.add("a", listener)
    peers.post("a", "hear", 0)
    peers.tell("a", "hear", 1)
    await until(lambda: listener.heard == [0, 1])
    peers.post("a", "hear", 2)
    assert await peers.request("a", "last") == 2


async def test_an_actor_that_ends_sends_what_it_had_posted(transport: LocalTransport) -> None:
    peers, listener = Peers(transport, post_s=60.0), Listener()
    transport.add("a", listener)
    peers.post("a", "hear", 0)
    peers.deliver()
    await until(lambda: listener.heard == [0])
