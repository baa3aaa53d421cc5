"""A scripted venue and the adapter opened on it; venues on their local exchanges."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from core.settings import Exchange
from exchanges.bitget.public import BitgetPublic
from exchanges.bitget.trading import BitgetTrading
from exchanges.port import Credentials
from exchanges.rate import RateLimiter
from tests.exchanges.benches import BENCHES, KINDS, Bench
from tests.exchanges.fake_bitget import FakeBitget

KEYS = Credentials("key", "secret", "phrase")


def impatient(settings: Exchange) -> RateLimiter:
    """A budget whose waits take no time."""
    now = [0.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds
        await asyncio.sleep(0)

    return RateLimiter(settings.rate, clock=lambda: now[0], sleep=sleep)


@pytest.fixture
async def venue() -> AsyncIterator[FakeBitget]:
    fake = await FakeBitget().start()
    yield fake
    await fake.stop()


@pytest.fixture
async def trading(venue: FakeBitget) -> AsyncIterator[BitgetTrading]:
    found = BitgetTrading(venue.settings(), KEYS, limiter=impatient(venue.settings()))
    await found.open(["BTC-USDT", "ETH-USDT"])
    venue.asked.clear()
    yield found
    await found.close()


@pytest.fixture
async def public(venue: FakeBitget) -> AsyncIterator[BitgetPublic]:
    found = BitgetPublic(venue.settings())
    await found.open(["BTC-USDT", "ETH-USDT"])
    venue.asked.clear()
    yield found
    await found.close()


@pytest.fixture(params=KINDS, ids=lambda kind: "-".join(kind))
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    name, kind = request.param
    async for found in BENCHES[name](name, kind):
        yield found


@pytest.fixture
async def ready(bench: Bench) -> Bench:
    await bench.trading.prepare("BTC-USDT", 5.0, "isolated")
    return bench
