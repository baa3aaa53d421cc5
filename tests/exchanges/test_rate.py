"""The rate budget under a clock of its own."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.settings import RateBudget
from exchanges.rate import Category, Priority, RateLimiter


class Time:
    """A clock that only sleepers move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def limiter(time: Time, **rates: float) -> RateLimiter:
    return RateLimiter(RateBudget(**rates), clock=time, sleep=time.sleep)


async def drain(rate: float, n: int) -> list[float]:
    time, sent = Time(), []
    limits = limiter(time, trade=rate)

    async def ask() -> None:
        await limits.acquire(Category.TRADE)
        sent.append(time.now)

    async with asyncio.timeout(5):
        await asyncio.gather(*(ask() for _ in range(n)))
    return sent


@settings(deadline=None)
@given(st.floats(0.5, 50), st.integers(1, 60))
def test_every_request_is_sent_and_no_second_sees_more_than_the_rate_and_its_burst(rate: float, n: int):
    sent = asyncio.run(drain(rate, n))
    assert len(sent) == n
    most = rate + max(1.0, rate / 4) + 1e-3
    for i, start in enumerate(sent):
        assert sum(start <= t < start + 1.0 for t in sent[i:]) <= most + 1


async def test_protection_goes_first_and_equals_in_the_order_of_asking():
    time, order = Time(), []
    limits = limiter(time, trade=1.0)
    await limits.acquire(Category.TRADE)

    async def ask(name: str, priority: Priority) -> None:
        await limits.acquire(Category.TRADE, priority)
        order.append(name)

    asked = [("a", Priority.READ), ("b", Priority.TRADE), ("c", Priority.READ), ("stop", Priority.PROTECTION)]
    await asyncio.gather(*(ask(*a) for a in asked))
    assert order == ["stop", "b", "a", "c"]


async def test_categories_do_not_wait_for_one_another():
    time = Time()
    limits = limiter(time, trade=1.0, market=1.0)
    await limits.acquire(Category.TRADE)
    await limits.acquire(Category.MARKET)
    assert time.now == 0.0


async def test_who_gives_up_takes_no_turn():
    limits = limiter(Time(), trade=1.0)
    await limits.acquire(Category.TRADE)
    quitting = asyncio.create_task(limits.acquire(Category.TRADE))
    staying = asyncio.create_task(limits.acquire(Category.TRADE))
    await asyncio.sleep(0)
    quitting.cancel()
    await staying
    with pytest.raises(asyncio.CancelledError):
        await quitting
    assert limits.waiting(Category.TRADE) == 0
