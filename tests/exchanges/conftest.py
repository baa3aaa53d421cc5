"""A scripted venue, and the adapter opened on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from exchanges.bitget.public import BitgetPublic
from exchanges.bitget.trading import BitgetTrading
from exchanges.port import Credentials
from tests.exchanges.fake_bitget import FakeBitget

KEYS = Credentials("key", "secret", "phrase")


@pytest.fixture
async def venue() -> AsyncIterator[FakeBitget]:
    fake = await FakeBitget().start()
    yield fake
    await fake.stop()


@pytest.fixture
async def trading(venue: FakeBitget) -> AsyncIterator[BitgetTrading]:
    found = BitgetTrading(venue.settings(), KEYS)
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
