"""What a call costs of the budget, and what happens when the venue says that there were too many."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from core.errors import RetryLater, UnknownOutcome
from core.settings import RateBudget
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect.classic import words as classic
from exchanges.bitget.dialect.unified import words as unified
from exchanges.bitget.dialect.words import Endpoint
from exchanges.rate import RateLimiter
from tests.exchanges.conftest import KEYS, impatient
from tests.exchanges.fake_bitget import FakeBitget, refusal

PENDING, PLACE = "/api/v2/mix/order/orders-pending", "/api/v2/mix/order/place-order"


def every(words: Any) -> list[Endpoint]:
    return [e for e in vars(words).values() if isinstance(e, Endpoint)]


@pytest.fixture
async def client(venue: FakeBitget) -> Any:
    found = BitgetClient(venue.settings(), KEYS, impatient(venue.settings()))
    yield found
    await found.close()


async def test_what_the_venue_allows_less_often_weighs_more(client: BitgetClient):
    assert client.weight(classic.PLACE) == client.weight(unified.PLACE) == 1.0  # 10 a second
    assert client.weight(classic.POSITIONS) == 2.0  # 5 a second
    assert client.weight(unified.POSITIONS) == 0.5  # 20 a second
    assert client.weight(classic.KEY_INFO) == 10.0  # 1 a second
    assert client.weight(classic.CANDLES) == 1.0  # 20 a second, and so is the budget of market data


@pytest.mark.parametrize("words", [classic, unified])
async def test_every_call_that_we_know_exists_in_the_client_and_has_a_weight(client: BitgetClient, words: Any):
    for endpoint in every(words):
        assert callable(getattr(client.ccxt, endpoint.method)), endpoint
        assert client.weight(endpoint) >= 0.5
        assert endpoint.writes == ("Post" in endpoint.method)


@pytest.mark.parametrize("code", ["30006", "30007", "1001"])
async def test_an_order_refused_for_too_many_requests_waits_and_is_sent_again_once_each_time(
    venue: FakeBitget, client: BitgetClient, code: str
):
    refusals = [1, 1]
    venue.answers[PLACE] = lambda _: (refusals.pop(), refusal(code, "too many"))[1] if refusals else {"orderId": "7"}
    assert await client.call(classic.PLACE, {"clientOid": "a"}) == {"orderId": "7"}
    assert len(venue.of("place-order")) == 3


async def test_a_venue_that_goes_on_refusing_is_a_matter_for_later(venue: FakeBitget, client: BitgetClient):
    venue.answers[PLACE] = lambda _: refusal("30006", "too many")
    with pytest.raises(RetryLater):
        await client.call(classic.PLACE, {})
    assert len(venue.of("place-order")) == 3


async def test_an_order_that_met_429_is_never_sent_again_blindly_but_everybody_waits(venue: FakeBitget):
    slept: list[float] = []
    now = [0.0]

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    limits = RateLimiter(RateBudget(trade=10.0), clock=lambda: now[0], sleep=sleep)
    client = BitgetClient(venue.settings(), KEYS, limits)
    answers = [web.Response(status=429, text="")]
    venue.answers[PLACE] = lambda _: answers.pop() if answers else {"orderId": "7"}
    with pytest.raises(UnknownOutcome):
        await client.call(classic.PLACE, {})
    assert len(venue.of("place-order")) == 1
    await client.call(classic.PLACE, {})
    assert sum(slept) == pytest.approx(1.0, abs=0.01)
    await client.close()


async def test_a_question_that_met_429_is_asked_again(venue: FakeBitget, client: BitgetClient):
    answers = [web.Response(status=429, text="")]
    venue.answers[PENDING] = lambda _: answers.pop() if answers else {"entrustedList": []}
    assert await client.call(classic.PENDING, {}) == {"entrustedList": []}
