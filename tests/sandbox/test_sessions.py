"""A WebSocket session's queue: nobody waits for a client that does not read."""

from __future__ import annotations

import asyncio

from sandbox.ws import MAX_BACKLOG, Session, Subscriptions


class Peer:
    """The other end of a connection, which may stop reading."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.reading = asyncio.Event()
        self.reading.set()
        self.aborted = False

    async def take(self, message: str) -> None:
        await self.reading.wait()
        self.heard.append(message)

    def abort(self) -> None:
        self.aborted = True


async def test_messages_arrive_in_order() -> None:
    peer = Peer()
    session = Session(peer.take, peer.abort, False)
    writer = asyncio.ensure_future(session.write())
    for i in range(100):
        session.send(str(i))
    await session.drained()
    writer.cancel()
    assert peer.heard == [str(i) for i in range(100)]


async def test_a_client_too_far_behind_is_disconnected() -> None:
    peer = Peer()
    session = Session(peer.take, peer.abort, False)
    for i in range(MAX_BACKLOG):
        session.send(str(i))
    assert not peer.aborted
    session.send("one too many")
    assert peer.aborted
    assert session.backlog == 0


async def test_who_does_not_read_in_time_is_disconnected_and_the_others_are_served() -> None:
    subscriptions = Subscriptions(lambda _: None, lambda _: None, lambda *_: None)  # type: ignore[arg-type,return-value]
    slow, quick = Peer(), Peer()
    slow.reading.clear()
    writers = []
    for peer in (slow, quick):
        session = Session(peer.take, peer.abort, False)
        subscriptions.sessions.add(session)
        writers.append(asyncio.ensure_future(session.write()))
        for message in ("a", "b"):
            session.send(message)
    await subscriptions.drained(0.05)
    for writer in writers:
        writer.cancel()
    assert (slow.aborted, slow.heard) == (True, [])
    assert (quick.aborted, quick.heard) == (False, ["a", "b"])
