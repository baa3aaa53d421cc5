"""The api host for real: uvicorn, SQLite, WebSockets, restarts."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from actors.api_host import ApiHost
from actors.ledger import Ledger
from core.errors import ConfigurationError
from core.messages import ActorBeat, TradingHalted
from tests import messages
from tests.api.rig import FACTS, KEY, RecordingRisk
from tests.local_handles import LocalHandle, kill, restart
from tests.messages import T0


class House:
    """An api host with its ledger and risk."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/ledger.db"
        self.ledger = Ledger(self.url)
        self.ledger_handle = LocalHandle(self.ledger)
        self.risk = RecordingRisk()
        self.hosts: list[ApiHost] = []
        self.port = 0

    async def open(self, port: int = 0) -> ApiHost:
        host = ApiHost(FACTS, port=port, api_key=KEY, answer_s=0.5)
        host.connect(self.ledger_handle, LocalHandle(self.risk))
        self.port = await host.start()
        self.hosts.append(host)
        return host

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(f"http://127.0.0.1:{self.port}{path}")

    def live(self, query: str = "", **options: Any) -> connect:
        return connect(f"ws://127.0.0.1:{self.port}/ws/live{query}", **options)

    async def close(self) -> None:
        for host in self.hosts:
            await host.stop()
        self.ledger.stop()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    yield house
    await house.close()


async def heard(client: ClientConnection, kind: str, topic: str | None = None) -> dict[str, Any]:
    """The next message of a kind, and of a topic if given; others of its push are dropped."""
    async with asyncio.timeout(5):
        while True:
            messages: list[dict[str, Any]] = json.loads(await client.recv())
            for message in messages:
                if message["type"] == kind and (topic is None or message["topic"] == topic):
                    return message


async def test_the_host_serves_and_stops_twice(house: House) -> None:
    host = await house.open()
    assert await host.start() == house.port
    assert (await house.get("/health")).json()["mode"] == "demo"
    assert (await host.health())["state"] == "ok"
    await host.stop()
    await host.stop()
    with pytest.raises(httpx.ConnectError):
        await house.get("/health")


async def test_answers_leave_at_once(house: House) -> None:
    await house.open()
    took_s = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{house.port}") as client:
        for _ in range(9):
            began = asyncio.get_running_loop().time()
            await client.get("/health")
            took_s.append(asyncio.get_running_loop().time() - began)
    assert sorted(took_s)[2] < 0.03, "Nagle's algorithm holds answers back for 40 ms"


async def test_a_taken_port_is_one_clear_line(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port = {taken}") as caught:
            await house.open(taken)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("port", [-1, 70_000])
async def test_a_port_that_cannot_be_is_one_clear_line(house: House, port: int) -> None:
    with pytest.raises(ConfigurationError, match="port"):
        await house.open(port)


async def test_a_restarted_host_knows_what_the_ledger_knows_on_the_same_port(house: House) -> None:
    first = await house.open()
    events = (messages.protection(), messages.trade(), messages.equity(), TradingHalted(T0, 1, "", "drawdown"))
    house.ledger.record(events)
    await first.on(events)
    before = (await house.get("/api/runners")).json()
    await first.stop()
    await house.open(house.port)
    assert (await house.get("/api/runners")).json() == before
    health = (await house.get("/health")).json()
    assert health["status"] == "DANGER"
    assert {reason["code"] for reason in health["reasons"]} >= {"halted", "protection_unread"}
    (position,) = (await house.get("/api/positions")).json()
    assert (position["stop"], position["age_s"]) == (63_000.0, None)


async def test_without_a_ledger_it_serves_and_takes_the_state_when_there_is_one(house: House) -> None:
    house.ledger.record([messages.trade()])
    kill(house.ledger_handle)
    host = await house.open()
    assert (await host.health())["state"] == "degraded"
    assert (await house.get("/api/runners")).json()[0]["money"] == []
    restart(house.ledger_handle, house.ledger)
    async with house.live("?topics=trades") as client:
        assert (await heard(client, "snapshot"))["data"] == {}
        assert len((await heard(client, "change"))["set"]) == 1
    assert (await host.health())["state"] == "ok"


async def test_one_message_that_cannot_be_shown_does_not_stop_the_others(house: House) -> None:
    host = await house.open()
    await host.on([TradingHalted("soon", 1, "", "x"), messages.trade()])  # type: ignore[arg-type]
    assert (await host.health())["errors"] == 1
    assert (await house.get("/api/runners")).json()[0]["money"][0]["trades"] == 1


async def test_a_client_gets_a_snapshot_then_only_what_changed(house: House) -> None:
    host = await house.open()
    await host.on([messages.candles(), messages.candles(symbol="ETH-USDT")])
    async with house.live("?topics=prices,nonsense") as client:
        first = await heard(client, "snapshot")
        assert (first["topic"], first["seq"], set(first["data"])) == ("prices", 1, {"BTC-USDT", "ETH-USDT"})
        await host.on([messages.candles(T0 + 60_000, 85_000.0)])
        change = await heard(client, "change")
        assert (change["seq"], change["ts_ms"], change["gone"]) == (2, T0 + 60_000, [])
        assert {symbol: price["last"] for symbol, price in change["set"].items()} == {"BTC-USDT": 85_000.0}


async def test_what_is_gone_is_said(house: House) -> None:
    host = await house.open()
    await host.on([messages.protection()])
    async with house.live("?topics=positions") as client:
        assert len((await heard(client, "snapshot"))["data"]) == 1
        await host.on([messages.protection(ts_ms=T0 + 1, quantity=0.0, stop=None)])
        assert (await heard(client, "change"))["gone"] == ["live::BTC-USDT"]


async def test_topics_can_be_chosen_and_asked_for_again(house: House) -> None:
    await house.open()
    async with house.live("?topics=") as client:
        assert (await heard(client, "heartbeat"))["status"] == "ATTENTION"
        await client.send(json.dumps({"op": "subscribe", "topics": ["status"], "max_per_s": 4}))
        assert (await heard(client, "snapshot"))["topic"] == "status"
        await client.send(json.dumps({"op": "snapshot", "topic": "status"}))
        assert (await heard(client, "snapshot"))["seq"] == 1


async def test_pushes_are_at_most_four_a_second(house: House) -> None:
    host = await house.open()
    async with house.live("?topics=prices") as client:
        await heard(client, "snapshot")
        loop = asyncio.get_running_loop()
        began, changes = loop.time(), 0
        while loop.time() - began < 1.0:
            await host.on([messages.candles(T0 + int(1000 * loop.time()))])
            try:
                async with asyncio.timeout(0.01):
                    changes += any(one["type"] == "change" for one in json.loads(await client.recv()))
            except TimeoutError:
                continue
        assert 3 <= changes <= 5


@pytest.mark.parametrize(
    "nonsense",
    [
        "{", '{"op": "buy"}', '{"op": "subscribe", "topics": ["x"]}', b"\x00\xff",
        '{"op":"subscribe","topics":[],"max_per_s":1e9}',
    ],
)
async def test_nonsense_is_answered_and_forgiven(house: House, nonsense: str | bytes) -> None:
    await house.open()
    async with house.live("?topics=") as client:
        await client.send(nonsense)
        await heard(client, "error")
        await client.send('{"op": "subscribe", "topics": ["feeds"]}')
        await heard(client, "snapshot", "feeds")


async def test_an_oversized_message_ends_the_connection_only(house: House) -> None:
    await house.open()
    async with house.live("?topics=") as client:
        await client.send("x" * 20_000)
        with pytest.raises(ConnectionClosed):
            await heard(client, "never")
    assert (await house.get("/health")).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_foreign_page_gets_no_stream(house: House, origin: str) -> None:
    await house.open()
    with pytest.raises(InvalidStatus) as caught:
        async with house.live(additional_headers={"Origin": origin}):
            pass
    assert caught.value.response.status_code == 403


async def test_our_own_page_gets_the_stream(house: House) -> None:
    await house.open()
    own = {"Origin": f"http://127.0.0.1:{house.port}"}
    async with house.live("?topics=status", additional_headers=own) as client:
        assert (await heard(client, "snapshot", "status"))["data"]["now"]["mode"] == "demo"


async def test_stopping_closes_the_streams(house: House) -> None:
    host = await house.open()
    async with house.live() as client:
        await heard(client, "heartbeat")
        async with asyncio.timeout(5):
            await host.stop()
        with pytest.raises(ConnectionClosed):
            await heard(client, "never")


async def test_the_hosts_own_beat_is_among_the_others(house: House) -> None:
    host = await house.open()
    await host.on([ActorBeat(T0, 1, "feed", "ok")])
    assert [actor["name"] for actor in (await house.get("/health")).json()["actors"]] == ["api", "feed"]
