"""The exchange's own account of what happened, for programs and for people."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.admin_web import COOKIE
from sandbox.client import AdminClient
from sandbox.faults.kinds import FaultKind
from sandbox.faults.rules import FaultRule
from tests.sandbox.builders import START_MS, SYMBOL, UNIFIED, Running, running, stored

ROWS = [(100_000.0, 100_500.0, 99_000.0, 100_200.0)] * 3
CROSSED = {"marginMode": "cross"}


@pytest.fixture
async def exchange() -> AsyncIterator[Running]:
    async with running(stored(ROWS, history=30)) as started:
        await started.client.load_markets()
        yield started


@pytest.fixture
async def admin(exchange: Running) -> AsyncIterator[AdminClient]:
    async with AdminClient(f"http://127.0.0.1:{exchange.port}", exchange.sandbox.config.admin_key) as client:
        yield client


async def buy(exchange: Running, name: str, **more: Any) -> None:
    await exchange.client.create_order(UNIFIED, "market", "buy", 0.02, None, {**CROSSED, "clientOid": name, **more})


async def test_events_by_number_kind_and_symbol(exchange: Running, admin: AdminClient) -> None:
    await buy(exchange, "one")
    everything = await admin.events()
    assert [event["sequence"] for event in everything] == list(range(1, len(everything) + 1))
    fills = await admin.events(kind="fill")
    assert [(fill["symbol"], fill["subject"]["client_id"]) for fill in fills] == [(SYMBOL, "one")]
    assert await admin.events(since=fills[0]["sequence"], kind="fill") == []
    assert await admin.events(symbol="ETH-USDT") == []
    assert await admin.events(since=everything[-2]["sequence"]) == everything[-1:]


async def test_an_order_is_found_by_every_client_id_it_bore(exchange: Running, admin: AdminClient) -> None:
    order = await exchange.client.create_order(
        UNIFIED, "limit", "buy", 0.02, 90_000.0, {**CROSSED, "clientOid": "first"}
    )
    await exchange.client.edit_order(
        order["id"], UNIFIED, "limit", "buy", 0.02, 90_001.0, {"newClientOid": "second"}
    )
    await buy(exchange, "third")
    for name in ("first", "second"):
        (found,) = await admin.orders(name)
        assert (found["is"], found["client_id"], found["limit"], found["fills"]) == ("order", "second", 90_001.0, [])
    (filled,) = await admin.orders("third")
    assert [fill["quantity"] for fill in filled["fills"]] == [0.02]
    assert len(await admin.orders()) == 2
    assert await admin.orders("nobody") == []


async def test_the_summary_counts(exchange: Running, admin: AdminClient) -> None:
    await admin.add_faults(FaultRule(FaultKind.PRESET_DROPPED))
    await buy(exchange, "one", stopLoss={"triggerPrice": 95_000.0})
    await exchange.sandbox.advance(1)
    summary = await admin.summary()
    assert (summary["events"]["fill"], summary["faults"], summary["violations"]) == (1, {"preset_dropped": 1}, [])
    assert summary["positions"] == {"open": 1, "exposed": 1, "ever": 1, "worst_unprotected_ms": 60_000}
    assert (summary["time"], summary["limits"]["refused"]) == (START_MS + 60_000, 0)


async def test_time_without_stop_is_told_in_spans_with_causes(exchange: Running, admin: AdminClient) -> None:
    await buy(exchange, "one")
    await exchange.sandbox.advance(1)
    stop = await exchange.client.create_order(
        UNIFIED, "market", "sell", 0.02, None, {"stopLossPrice": 95_000.0, "holdSide": "long"}
    )
    (guarded,) = await admin.unprotected()
    assert (guarded["unprotected_ms"], guarded["exposed"], len(guarded["spans"])) == (60_000, False, 1)
    await exchange.client.cancel_order(stop["id"], UNIFIED, {"trigger": True, "planType": "pos_loss"})
    (guarded,) = await admin.unprotected()
    assert [span["cause"] for span in guarded["spans"]] == [
        "opened without stop", "stop cancelled: cancelled by user"
    ]
    first, second = guarded["spans"]
    assert (first["from_ms"], first["to_ms"], second["from_ms"]) == (START_MS, START_MS + 60_000, START_MS + 60_000)
    assert first["wall_from_ms"] <= first["wall_to_ms"] <= second["wall_from_ms"]
    assert second["wall_to_ms"] is None
    assert guarded["unprotected_wall_ms"] >= first["wall_to_ms"] - first["wall_from_ms"]


async def test_faults_come_as_rules_or_text_and_go_by_number(exchange: Running, admin: AdminClient) -> None:
    (first,) = await admin.add_faults(FaultRule(FaultKind.REFUSE, roles=("entry",), nth=9))
    second, third = await admin.add_faults_in("delay:0.5:0.1,push_lost:0.1", seed=7)
    one = await admin.ask("POST", "faults", {"kind": "delay", "paths": ["*/nothing"]})
    listed = (await admin.ask("GET", "faults"))["faults"]
    assert [rule["number"] for rule in listed] == [first, second, third, one["faults"][0]["number"]]
    assert listed[1] == {
        "number": second, "kind": "delay", "probability": 0.5, "seed": 7, "seconds": 0.1, "seen": 0, "given": 0
    }
    assert await admin.remove_faults([second]) == 1
    assert await admin.remove_faults() == 3
    assert (await admin.ask("GET", "faults"))["faults"] == []


@pytest.mark.parametrize(
    ("method", "path", "values", "said"),
    [
        ("POST", "faults", {"kind": "earthquake"}, "must be one of"),
        ("POST", "faults", {"faults": [{"kind": "delay"}, {"kind": "delay", "nth": 0}]}, "a whole number from 1"),
        ("POST", "faults", {"spec": "delay"  ":often"}, "must be a number"),
        ("DELETE", "faults", {"number": "all"}, "number"),
        ("POST", "save", {}, "there is no state file"),
        ("POST", "restart", {"seconds": -1}, "seconds"),
        ("GET", "events", {"since": "yesterday"}, "since"),
    ],
)
async def test_what_the_admin_gets_wrong_is_said_and_changes_nothing(
    admin: AdminClient, method: str, path: str, values: dict[str, Any], said: str
) -> None:
    with pytest.raises(aiohttp.ClientResponseError, match=said):
        await admin.ask(method, path, values)
    assert (await admin.ask("GET", "faults"))["faults"] == []


async def test_nobody_comes_in_without_the_key(exchange: Running) -> None:
    async with AdminClient(f"http://127.0.0.1:{exchange.port}", "wrong") as stranger:
        for method, path in (("GET", "state"), ("POST", "pause"), ("POST", "ticket"), ("DELETE", "faults")):
            with pytest.raises(aiohttp.ClientResponseError) as refused:
                await stranger.ask(method, path)
            assert refused.value.status == 403
        async with exchange.http.get(f"http://127.0.0.1:{exchange.port}/admin/") as page:
            assert page.status == 403


async def test_a_ticket_opens_the_page_once_and_may_only_look(exchange: Running, admin: AdminClient) -> None:
    base = f"http://127.0.0.1:{exchange.port}"
    url = base + (await admin.ask("POST", "ticket"))["page"]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(url) as page:
            assert (page.status, page.url.path, page.url.query_string) == (200, "/admin/", "")
            html, policy = await page.text(), page.headers["Content-Security-Policy"]
        async with browser.get(f"{base}/admin/summary") as answer:
            assert (await answer.json())["last_event"] == exchange.sandbox.state.journal.sequence
        async with browser.post(f"{base}/admin/faults", json={"kind": "delay"}) as answer:
            assert answer.status == 403
        cookie = next(iter(browser.cookie_jar))
        assert (cookie.key, cookie["httponly"], cookie["samesite"]) == (COOKIE, True, "Strict")
    async with aiohttp.ClientSession() as another, another.get(url) as again:
        assert again.status == 403
    assert "default-src 'none'" in policy
    nonce = re.findall(r"nonce-([\w-]+)", policy)[0]
    assert html.count(f'nonce="{nonce}"') == 2
    assert not re.search(r"https?://|//\w+\.|@import|src=", html)
    assert exchange.sandbox.config.admin_key not in html


async def test_gone_and_back_at_the_same_port(exchange: Running, admin: AdminClient) -> None:
    await buy(exchange, "one")
    await admin.restart(0.05)
    while exchange.sandbox.reachable:
        await asyncio.sleep(0)
    with pytest.raises(aiohttp.ClientError):
        await admin.clock()
    await exchange.sandbox.listening()
    assert (await admin.summary())["events"]["fill"] == 1
