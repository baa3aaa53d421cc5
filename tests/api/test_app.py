"""Routes: what they answer, what they refuse, and that refusals are problem documents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.guard import Window
from core.errors import ConfigurationError, DataError
from core.messages import TargetRefused
from tests import messages
from tests.api.rig import KEY, Rig, well
from tests.local_handles import kill
from tests.messages import T0

READS = (
    "/health", "/api/now", "/api/runners", "/api/positions", "/api/trades", "/api/fills", "/api/orders",
    "/api/equity", "/api/events", "/api/optimization/runs", "/api/optimization/jobs",
    "/api/arena", "/api/selector", "/api/selector/history", "/api/divergence", "/api/trades?scope=live",
    "/api/trades/export", "/api/equity/curves?scope=paper", "/api/equity/monthly?scope=live",
)
AUTH = {"X-API-Key": KEY}


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    return body


@pytest.mark.parametrize("path", READS)
async def test_every_read_answers_with_and_without_anything_known(untold: Rig, told: Rig, path: str) -> None:
    assert (await untold.client.get(path)).status_code == 200
    answer = await told.client.get(path)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


async def test_history_is_filtered_and_paged(rig: Rig) -> None:
    rig.tell(*(messages.trade(i, symbol="ETH-USDT" if i % 2 else "BTC-USDT") for i in range(10)))
    seen, cursor = [], None
    while True:
        parameters = {"symbol": "BTC-USDT", "limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await rig.client.get("/api/trades", params=parameters)).json()
        seen += [trade["cycle"] for trade in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert seen == [8, 6, 4, 2, 0]


async def test_events_tell_why_a_target_was_refused(rig: Rig) -> None:
    rig.tell(TargetRefused(T0, 1, "envelope_dca", "BTC-USDT", "max_positions", "5 of 5 are open"), messages.equity())
    (event,) = (await rig.client.get("/api/events?kind=target_refused")).json()["items"]
    assert event["payload"]["detail"] == "5 of 5 are open"
    (runner,) = (await rig.client.get("/api/runners")).json()
    assert runner["refusals"][0]["code"] == "max_positions"


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1001", "limit=x", "limit=1e3", "cursor=abc", "cursor=1.2.3", "cursor=9999999999999999999.1",
        "symbol=btc", "symbol=BTC-USDT%00", "symbol=BTC-USDT%0A", "scope=both", "from_ms=-1",
        "from_ms=99999999999999999999",
        "from_ms=nan", "to_ms=inf", "strategy=%27%3B--", "unknown=1", "strategy=", "limit=5&limit=nan",
    ],
)
async def test_odd_query_values_are_refused_with_the_place_named(untold: Rig, query: str) -> None:
    body = problem(await untold.client.get(f"/api/trades?{query}"), 422)
    assert body["errors"][0]["where"].startswith("query.")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(("/api/trades", "/api/orders", "/api/equity", "/api/events", "/api/fills", "/health", "/")),
    st.dictionaries(
        st.sampled_from(("limit", "cursor", "symbol", "strategy", "scope", "from_ms", "to_ms", "kind", "open_only")),
        st.text(max_size=30) | st.integers().map(str) | st.floats().map(str), max_size=4,
    ),
)
def test_no_query_makes_the_server_fail(untold: Rig, path: str, query: dict[str, str]) -> None:
    assert _asked(untold, path, query) in (200, 422)


def _asked(rig: Rig, path: str, query: dict[str, str]) -> int:
    async def ask() -> int:
        return (await rig.client.get(path, params=query)).status_code

    return asyncio.run(ask())


async def test_halt_and_resume_reach_risk_and_the_audit(rig: Rig) -> None:
    body = {"symbol": "BTC-USDT", "reason": "news"}
    assert (await rig.client.post("/api/halt", json=body, headers=AUTH)).json()["outcome"] == "accepted"
    assert (await rig.client.post("/api/resume", json={}, headers=AUTH)).status_code == 200
    assert rig.risk.told == [("halt", "BTC-USDT", "news", "hand (127.0.0.1)"), ("resume", "")]
    await rig.gateway.close()
    kept = (await rig.client.get("/api/events?kind=command_given")).json()["items"]
    assert [(e["payload"]["kind"], e["payload"]["outcome"]) for e in kept] == [
        ("resume", "accepted"), ("halt", "accepted")
    ]


@pytest.mark.parametrize("key", [None, "", KEY + "x", "caf\u00e9".encode()])
async def test_a_wrong_key_changes_nothing_and_is_kept(rig: Rig, key: Any) -> None:
    headers = {} if key is None else {"X-API-Key": key}
    problem(await rig.client.post("/api/halt", json={}, headers=headers), 401)
    assert rig.risk.told == []
    await rig.gateway.close()
    (kept,) = (await rig.client.get("/api/events")).json()["items"]
    assert kept["payload"]["outcome"] == "wrong_key"
    assert KEY not in str(kept)


async def test_many_wrong_keys_are_slowed_down_but_the_right_one_still_halts(rig: Rig) -> None:
    wrong = {"X-API-Key": "guess"}
    answers = [await rig.client.post("/api/halt", json={}, headers=wrong) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 61
    assert (await rig.client.post("/api/halt", json={}, headers=AUTH)).status_code == 200


async def test_commands_are_limited_in_rate(rig: Rig) -> None:
    answers = [await rig.client.post("/api/halt", json={}, headers=AUTH) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]


def test_a_window_opens_again_when_its_oldest_event_has_left() -> None:
    now = [0.0]
    window = Window(2, 10.0, lambda: now[0])
    assert [window.wait_s(), window.wait_s(), window.wait_s()] == [0.0, 0.0, 10.0]
    now[0] = 10.0
    assert [window.wait_s(), window.wait_s(), window.wait_s()] == [0.0, 0.0, 10.0]


@pytest.fixture
async def keyless(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path, api_key=None)
    yield rig
    await rig.close()


async def test_without_a_configured_key_nothing_can_be_changed(keyless: Rig) -> None:
    problem(await keyless.client.post("/api/halt", json={}, headers={"X-API-Key": ""}), 403)


def test_a_short_key_is_a_configuration_error_that_does_not_show_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Rig(tmp_path, api_key="hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422), (b"{", 422), (b"[]", 422), (b'{"symbol": 3}', 422), (b'{"symbol": "btc"}', 422), (b'{"x": 1}', 422),
        (b'{"reason": NaN}', 422), (b"\xff", 400),
    ],
)
async def test_odd_bodies_are_refused(rig: Rig, body: bytes, status: int) -> None:
    headers = {**AUTH, "content-type": "application/json"}
    problem(await rig.client.post("/api/halt", content=body, headers=headers), status)
    assert rig.risk.told == []


async def _pieces() -> AsyncIterator[bytes]:
    for _ in range(40):
        yield b" " * 1000


@pytest.mark.parametrize("declared", [True, False])
async def test_an_oversized_body_is_refused_declared_or_not(rig: Rig, declared: bool) -> None:
    content: Any = b" " * 40_000 if declared else _pieces()
    problem(await rig.client.post("/api/halt", content=content, headers=AUTH), 413)


async def test_a_dead_ledger_is_said_and_the_present_is_still_shown(rig: Rig) -> None:
    rig.tell(*well())
    kill(rig.ledger_handle)
    assert (await rig.client.get("/health")).json()["status"] == "OK"
    assert "ledger" in problem(await rig.client.get("/api/trades"), 503)["detail"]
    assert (await rig.client.post("/api/halt", json={}, headers=AUTH)).status_code == 200


async def test_a_dead_risk_actor_is_said(rig: Rig) -> None:
    kill(rig.risk_handle)
    assert "nothing was changed" in problem(await rig.client.post("/api/halt", json={}, headers=AUTH), 503)["detail"]


async def test_a_refusal_by_risk_is_shown_in_its_words(rig: Rig) -> None:
    rig.risk.error = DataError("MOON-USDT is not traded here")
    answer = await rig.client.post("/api/halt", json={"symbol": "MOON-USDT"}, headers=AUTH)
    assert problem(answer, 422)["detail"] == "MOON-USDT is not traded here"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1:8000"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost:9"}, 200),
        ({"Host": "[::1"}, 403),
    ],
)
async def test_foreign_pages_and_names_get_nothing(untold: Rig, headers: dict[str, str], status: int) -> None:
    assert (await untold.client.get("/health", headers=headers)).status_code == status


async def test_unknown_paths_and_methods_are_problems(untold: Rig) -> None:
    problem(await untold.client.get("/api/nothing"), 404)
    problem(await untold.client.get("/api/halt"), 405)
    problem(await untold.client.options("/api/halt"), 405)


async def test_an_unforeseen_error_shows_nothing_of_itself(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(rig.gateway, "runners", broken)
    assert "hunter2" not in str(problem(await rig.client.get("/api/runners"), 500))


async def test_the_page_answers_five_questions_without_script(rig: Rig) -> None:
    rig.tell(*well(), messages.equity(), messages.protection(symbol="<b>-USDT", ts_ms=T0, stop=None))
    answer = await rig.client.get("/")
    text = answer.text
    for question in ("Safe?", "Open", "P&amp;L", "Data fresh?", "Next"):
        assert f"<h2>{question}</h2>" in text
    assert 'content="10"' in text
    assert "&lt;b&gt;-USDT" in text
    assert "<b>" not in text
    assert "<script" not in text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_the_description_is_complete_and_closed(untold: Rig) -> None:
    description = (await untold.client.get("/openapi.json")).json()
    for path in description["paths"].values():
        for operation in path.values():
            assert operation["summary"]
            done = [answer for code, answer in operation["responses"].items() if code.startswith("2")]
            assert done
            assert all(kind["schema"] for answer in done for kind in answer.get("content", {}).values())
    known = description["components"]["schemas"]
    wanted = {part.split('"')[0] for part in str(description).replace("'", '"').split("#/components/schemas/")[1:]}
    assert wanted <= set(known)
    assert "examples" in str(known["CommandBody"])
    assert (await untold.client.get("/docs")).status_code == 404
