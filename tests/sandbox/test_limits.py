"""How often a client may ask: by endpoint, by account, by connection; and what it hears when it asks more."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import ccxt
import pytest

from core.errors import ConfigurationError
from sandbox.config import AccountConfig
from sandbox.limits import Limits, Window, factor_of
from sandbox.refusal import Refusal
from sandbox.state import State
from tests.sandbox.builders import SYMBOL, UNIFIED, Running, core, running, stored

ROWS = [(100_000.0, 100_500.0, 99_000.0, 100_200.0)] * 3
PLACE = "/api/v2/mix/order/place-order"


class Clock:
    """Wall time that moves when told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Line:
    """A connection."""

    def __init__(self, channels: int = 0) -> None:
        self.channels, self.dropped = channels, False

    def drop(self) -> None:
        self.dropped = True


def limits(factor: float = 1.0) -> tuple[Limits, Clock, State]:
    clock = Clock()
    state, _ = core()
    return Limits(state, factor, clock), clock, state


@pytest.mark.parametrize(
    ("path", "factor", "most"),
    [
        (PLACE, 1.0, 10),
        ("/api/v3/trade/place-order", 1.0, 10),
        ("/api/v2/mix/market/candles", 1.0, 20),
        ("/api/v2/mix/position/all-position", 1.0, 5),
        ("/api/v2/mix/order/close-positions", 1.0, 1),
        (PLACE, 0.5, 5),
        (PLACE, 0.01, 1),
        (PLACE, 3.0, 30),
    ],
)
def test_a_path_has_its_rate_within_any_second(path: str, factor: float, most: int) -> None:
    limit, clock, state = limits(factor)
    assert [limit.admits("a", path) for _ in range(most + 2)] == [True] * most + [False] * 2
    clock.now_s += 0.999
    assert not limit.admits("a", path)
    clock.now_s += 0.001
    assert limit.admits("a", path)
    assert limit.refused == {path: 3}
    assert state.journal.counts["limit"] == 3


def test_accounts_and_paths_do_not_count_for_each_other_and_off_is_no_limit() -> None:
    limit, _, _ = limits()
    asked = [(who, path) for who in "ab" for path in (PLACE, "/api/v2/mix/order/cancel-order") for _ in range(10)]
    assert all(limit.admits(*one) for one in asked)
    off, _, _ = limits(0.0)
    assert all(off.admits("a", PLACE) for _ in range(1000))


def test_a_window_slides() -> None:
    window = Window(2, 1.0)
    assert [window.admits(at) for at in (0.0, 0.6, 0.9, 1.0, 1.5, 1.6)] == [True, True, False, True, False, True]


def test_frames_a_second_subscriptions_an_hour_and_channels_of_a_connection() -> None:
    limit, clock, _ = limits()
    line, frame = Line(), json.dumps({"op": "subscribe", "args": []})
    for _ in range(10):
        limit.check_frame(line, frame)
        limit.check_frame(line, "ping")
    with pytest.raises(Refusal, match="30006"):
        limit.check_frame(line, frame)
    clock.now_s += 1.0
    for _ in range(230):
        clock.now_s += 0.2
        limit.check_frame(line, frame)
    clock.now_s += 1.0
    with pytest.raises(Refusal, match="30006"):
        limit.check_frame(line, frame)
    limit.check_frame(line, '{"op":"login","args":[]}')
    clock.now_s += 3600.0
    limit.check_frame(line, frame)
    crowded = Line(1000)
    limit.check_frame(crowded, frame)
    assert (line.dropped, crowded.dropped) == (False, True)


@pytest.mark.parametrize(("text", "factor"), [("bitget", 1.0), ("off", 0.0), ("0.25", 0.25), ("2", 2.0)])
def test_the_option_is_a_factor(text: str, factor: float) -> None:
    assert factor_of(text) == factor


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "fast"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="must be bitget, off, or a factor above 0"):
        factor_of(text)


@pytest.mark.parametrize("account", [AccountConfig(), AccountConfig.unified()], ids=["classic", "unified"])
async def test_the_real_client_hears_429_and_nothing_was_done(account: AccountConfig) -> None:
    async with running(stored(ROWS, history=30), accounts=(account,), limits=1.0) as exchange:
        await exchange.client.load_markets()
        mode = {"marginMode": "cross" if account.kind == "classic" else "crossed"}
        orders = [
            exchange.client.create_order(UNIFIED, "limit", "buy", 0.01, 90_000.0, {**mode, "clientOid": f"m{i}"})
            for i in range(14)
        ]
        answers = await asyncio.gather(*orders, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, ccxt.DDoSProtection)]
        placed = [answer for answer in answers if isinstance(answer, dict)]
        assert len(refused) + len(placed) == 14
        assert len(refused) >= 1
        assert '"code": "429"' in str(refused[0])
        (held,) = exchange.sandbox.state.accounts.values()
        assert len(held.orders[SYMBOL]) == len(placed) >= 10
        state = await exchange.admin("GET", "state")
        assert (state["limits"]["factor"], state["limits"]["refused"]) == (1.0, len(refused))


async def test_a_socket_that_says_too_much_hears_30006(exchange: Running) -> None:
    url = f"ws://127.0.0.1:{exchange.port}/v2/ws/public"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        arg = {"instType": "USDT-FUTURES", "channel": "ticker", "instId": "BTCUSDT"}
        for _ in range(11):
            await socket.send_json({"op": "subscribe", "args": [arg]})
        heard: list[Any] = []
        while not any(message.get("event") == "error" for message in heard):
            heard.append(await socket.receive_json(timeout=5))
        assert heard[-1]["code"] == 30006
        assert sum(message.get("event") == "subscribe" for message in heard) == 10


@pytest.fixture
async def exchange() -> Any:
    async with running(stored(ROWS, history=30), limits=1.0) as started:
        yield started


async def test_an_address_has_so_many_connections(exchange: Running) -> None:
    exchange.sandbox.limits.factor = 0.02
    url = f"ws://127.0.0.1:{exchange.port}/v2/ws/public"
    async with aiohttp.ClientSession() as http, http.ws_connect(url), http.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(url)
        assert refused.value.status == 429




def test_what_was_asked_is_told_by_path_with_the_busiest_second_of_one_asker() -> None:
    found, clock, _ = limits(0.5)
    for who, count in (("a", 4), ("b", 7)):
        for _ in range(count):
            found.admits(who, PLACE)
    clock.now_s += 2
    found.admits("a", PLACE)
    assert found.asked() == {PLACE: {"requests": 10, "busiest": 5, "most": 5}}
    assert limits(0)[0].asked() == {}
