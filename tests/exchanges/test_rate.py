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


async def drain(rate: float, weights: list[float]) -> list[tuple[float, float]]:
    """When each request was sent, and its weight."""
    time, sent = Time(), []
    limits = limiter(time, trade=rate)

    async def ask(weight: float) -> None:
        await limits.acquire(Category.TRADE, weight=weight)
        sent.append((time.now, weight))

    async with asyncio.timeout(5):
        await asyncio.gather(*(ask(weight) for weight in weights))
    return sent


@settings(deadline=None, max_examples=50)
@given(st.floats(0.5, 50), st.lists(st.sampled_from([0.5, 1.0, 2.0, 10.0]), min_size=1, max_size=40))
def test_every_request_is_sent_and_no_second_sees_more_weight_than_the_rate_and_its_burst(
    rate: float, weights: list[float]
):
    sent = asyncio.run(drain(rate, weights))
    assert sorted(w for _, w in sent) == sorted(weights)
    for i, (start, _) in enumerate(sent):
        within = [w for t, w in sent[i:] if start <= t < start + 1.0]
        # the last one in may leave a debt: those after the second pay it
        assert sum(within) - within[-1] <= rate + max(1.0, rate / 4) + 1 + 1e-3


async def test_when_the_venue_had_too_many_everybody_waits_and_nobody_is_dropped():
    time, sent = Time(), []
    limits = limiter(time, trade=4.0, market=4.0)
    limits.back_off(Category.TRADE, 2.0)

    async def ask(name: str, priority: Priority) -> None:
        await limits.acquire(Category.TRADE, priority)
        sent.append((name, round(time.now, 2)))

    await limits.acquire(Category.MARKET)  # other categories go on
    assert time.now == 0.0
    await asyncio.gather(ask("read", Priority.READ), ask("stop", Priority.PROTECTION), ask("entry", Priority.TRADE))
    assert sent == [("stop", 2.0), ("entry", 2.25), ("read", 2.5)]  # and then no burst


async def test_a_shorter_back_off_does_not_end_a_longer_one():
    time = Time()
    limits = limiter(time, trade=1.0)
    limits.back_off(Category.TRADE, 5.0)
    limits.back_off(Category.TRADE, 1.0)
    await limits.acquire(Category.TRADE)
    assert time.now == pytest.approx(5.0, abs=0.01)


async def test_a_stop_that_is_asked_for_while_others_wait_overtakes_them():
    time, order = Time(), []
    limits = limiter(time, trade=1.0)
    await limits.acquire(Category.TRADE)
    gate = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await gate.wait()
        time.now += seconds

    limits._buckets[Category.TRADE]._sleep = sleep

    async def ask(name: str, priority: Priority) -> None:
        await limits.acquire(Category.TRADE, priority)
        order.append(name)

    waiting = [asyncio.create_task(ask(f"entry{n}", Priority.TRADE)) for n in range(3)]
    await asyncio.sleep(0)
    late = asyncio.create_task(ask("stop", Priority.PROTECTION))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*waiting, late)
    assert order == ["stop", "entry0", "entry1", "entry2"]


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
