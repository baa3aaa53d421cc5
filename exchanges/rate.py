"""One rate budget by endpoint category: requests wait, none is dropped, protection goes first.

Each category is a token bucket. Its burst is an eighth of a second's worth, at least one, so that no second ever
sees more than rate + burst requests, which stays below the venue's own limit. A request may weigh more than one: calls
that the venue allows less often. When the venue says that it were too many, the whole category waits.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable
from enum import IntEnum, StrEnum
from typing import Final

from core.settings import RateBudget

_BURST_SECONDS: Final = 0.125


class Category(StrEnum):
    """Which budget a request draws on; the names are `core.settings.RateBudget`'s."""

    MARKET = "market"
    TRADE = "trade"
    ACCOUNT = "account"
    POSITION = "position"


class Priority(IntEnum):
    """Who goes first when requests wait: lower goes first, equal ones in the order of asking."""

    PROTECTION = 0
    """Stops, and what closes or takes away risk."""
    TRADE = 1
    READ = 2


class RateLimiter:
    """Token buckets by category.

    Parameters
    ----------
    budget : requests a second by category.
    clock : seconds, monotonic. sleep : waits that many seconds. Both injected for tests.
    """

    def __init__(
        self,
        budget: RateBudget,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._buckets = {c: _Bucket(float(getattr(budget, c.value)), clock, sleep) for c in Category}

    async def acquire(self, category: Category, priority: Priority = Priority.READ, weight: float = 1.0) -> None:
        """Returns when the request may be sent."""
        await self._buckets[category].acquire(int(priority), weight)

    def back_off(self, category: Category, seconds: float) -> None:
        """The venue had too many requests: nobody sends any of this category for so long, and none in a burst then."""
        self._buckets[category].back_off(seconds)

    def waiting(self, category: Category) -> int:
        """How many requests of a category wait."""
        return self._buckets[category].waiting


class _Bucket:
    """One token bucket with a queue of waiters by priority. A heavy request leaves a debt that those after it pay."""

    def __init__(self, rate: float, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._burst = max(1.0, rate * _BURST_SECONDS)
        self._tokens = self._burst
        self._refilled = clock()
        self._waiters: list[tuple[int, int, float, asyncio.Future[None]]] = []
        self._asked = 0
        self._pump: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        return sum(not future.done() for *_, future in self._waiters)

    def back_off(self, seconds: float) -> None:
        self._refill()
        self._tokens = min(self._tokens, 1.0 - seconds * self._rate)

    async def acquire(self, priority: int, weight: float) -> None:
        self._refill()
        if not self._waiters and self._tokens >= self._needed(weight):
            self._tokens -= weight
            return
        self._asked += 1
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiters, (priority, self._asked, weight, turn))
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._serve())
        await turn

    def _needed(self, weight: float) -> float:
        """What must be there before a request of this weight goes; one token is enough for the heaviest."""
        return min(weight, 1.0)

    def _refill(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._refilled) * self._rate)
        self._refilled = now

    async def _serve(self) -> None:
        """Hands a turn to the first in line until nobody waits; ends by itself."""
        while self._waiters:
            self._refill()
            needed = self._needed(self._waiters[0][2])
            if self._tokens < needed:
                # Slightly more than needed, or rounding would make us wait a second time for nothing.
                await self._sleep((needed - self._tokens) / self._rate + 1e-6)
                continue
            *_, weight, turn = heapq.heappop(self._waiters)
            if not turn.done():  # cancelled waiters take no token
                self._tokens -= weight
                turn.set_result(None)
                await asyncio.sleep(0)  # let it send before the next one is chosen
