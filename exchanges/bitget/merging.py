"""Several sockets as one stream of events, bounded whatever the reader does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Sequence
from typing import Final, TypeVar

from loguru import logger

from exchanges.bitget.client import BitgetClient
from exchanges.bitget.streams import News, Socket

CAPACITY: Final = 20_000

T = TypeVar("T")


async def merged(
    client: BitgetClient,
    sockets: Sequence[Socket],
    read: Callable[[News], Iterable[T]],
    *,
    newest_of: Callable[[T], Hashable] | None = None,
    lagging: Sequence[T] = (),
    capacity: int = CAPACITY,
) -> AsyncIterator[T]:
    """What ``read`` makes of every message, in order, until the client is closed.

    Parameters
    ----------
    newest_of : waiting events with the same key are replaced by the newest.
    lagging : put in place of everything when more than ``capacity`` events wait: the reader must look again by REST.

    Raises `Fatal` when a socket cannot log in.
    """
    box: deque[T] = deque()
    woken = asyncio.Event()

    def take(message: News) -> None:
        box.extend(read(message))
        if len(box) > capacity:
            logger.warning("the reader of a stream lags: {} events dropped, to be read again by REST", len(box))
            box.clear()
            box.extend(lagging)
        woken.set()

    tasks = [client.start(socket.run(take)) for socket in sockets]
    for task in tasks:
        task.add_done_callback(lambda _: woken.set())
    try:
        while True:
            for event in _waiting(box, newest_of):
                yield event
            if ended := [t for t in tasks if t.done()]:
                for task in ended:
                    if not task.cancelled():
                        task.result()  # raises what ended it
                if len(ended) == len(tasks):
                    return
            if not box:
                woken.clear()
                await woken.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _waiting(box: deque[T], newest_of: Callable[[T], Hashable] | None) -> Iterable[T]:
    """Empty the box, oldest first, or one event a key."""
    if newest_of is None:
        while box:
            yield box.popleft()
        return
    latest = {newest_of(event): event for event in box}
    box.clear()
    yield from latest.values()
