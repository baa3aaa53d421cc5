"""Every moment at which an executor touches the world, by name, and a death at any of them.

Whatever an executor does to the world goes through its venue and its peers; whatever else it awaits, it awaits in its
own memory, which a kill takes away. So a kill between two touches is a kill right after the first, and the points
before and after each touch are all there are. Production code knows nothing of this: an executor is given its venue
and its peers, and here they are given with points around them.

    points = Points()                          # counts: points.passed after a run
    points = Points(("venue.place after", 2))  # dies there, the second time that it comes by
    Executor(config, points.venues(make_venue), points.peers(peers))
    await points.reached.wait()                # nothing of this executor reaches the world any more: now crash it
"""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

Moment = tuple[str, int]
"""A point, and at which of its passings, from 1."""

Death = Callable[[Moment], bool]
"""Whether to die at a moment that has come; asked once for each."""


class Points:
    """Of one executor's life."""

    def __init__(self, death: Moment | Death | None = None) -> None:
        self.passed: Counter[str] = Counter()
        self.reached = asyncio.Event()
        self._dies: Death = death if callable(death) else lambda moment: moment == death

    def venues(self, make: Callable[[], Any]) -> Callable[[], Any]:
        """The same venues, with points around every call."""
        return lambda: _Venue(make(), self)

    def peers(self, peers: Any) -> Any:
        """The same peers, with points around every message."""
        return _Peers(peers, self)

    def alive(self, name: str) -> bool:
        """Pass a point that is no await; False when this executor is, or is now, dead."""
        if self.reached.is_set():
            return False
        self.passed[name] += 1
        if self._dies((name, self.passed[name])):
            self.reached.set()
            return False
        return True

    async def at(self, name: str) -> None:
        """Pass a point; never returns to the dead."""
        if not self.alive(name):
            await asyncio.Event().wait()


class _Venue:
    def __init__(self, venue: Any, points: Points) -> None:
        self._venue, self._points = venue, points

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._venue, name)
        if name == "close" or not inspect.iscoroutinefunction(method):
            return method

        async def call(*arguments: Any, **named: Any) -> Any:
            await self._points.at(f"venue.{name} before")
            answer = await method(*arguments, **named)
            await self._points.at(f"venue.{name} after")
            return answer

        return call

    async def events(self, symbols: Any) -> AsyncIterator[Any]:
        async for event in self._venue.events(symbols):
            await self._points.at(f"venue.events {type(event).__name__}")
            yield event


class _Peers:
    def __init__(self, peers: Any, points: Points) -> None:
        self._peers, self._points = peers, points

    def __getattr__(self, name: str) -> Any:
        return getattr(self._peers, name)

    def tell(self, peer: str, method: str, *arguments: Any) -> None:
        if self._points.alive(f"tell {peer}.{method} before"):
            self._peers.tell(peer, method, *arguments)
            self._points.alive(f"tell {peer}.{method} after")

    def post(self, peer: str, method: str, *arguments: Any) -> None:
        if not self._points.reached.is_set():
            self._peers.post(peer, method, *arguments)

    async def request(self, peer: str, method: str, *arguments: Any, **named: Any) -> Any:
        await self._points.at(f"ask {peer}.{method} before")
        answer = await self._peers.request(peer, method, *arguments, **named)
        await self._points.at(f"ask {peer}.{method} after")
        return answer
