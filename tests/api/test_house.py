"""Events with weight and acknowledgement, actors, account, candles in memory and at rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.candle import Candles
from core.messages import AlertRaised, CommandGiven, Severity, TargetRefused, TradingHalted
from market.store import CandleStore
from tests import messages
from tests.api.rig import KEY, NOW, Rig, well
from tests.local_handles import kill
from tests.messages import T0

AUTH = {"X-API-Key": KEY}
MINUTE = 60_000


def alert(number: int, severity: Severity = Severity.INFO, source: str = "executor:bitget") -> AlertRaised:
    return AlertRaised(T0 + number, number + 1, source, "note", severity, f"number {number}", "BTC-USDT")


async def events(rig: Rig, query: str = "") -> list[dict[str, Any]]:
    answer = await rig.client.get(f"/api/events?{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_every_event_has_a_name_a_weight_and_who_tells_it(rig: Rig) -> None:
    rig.tell(
        alert(0, Severity.WARNING), TradingHalted(T0 + 1, 1, "", "lunch"), messages.protection(ts_ms=T0 + 2, stop=None),
        TargetRefused(T0 + 3, 1, "dca", "BTC-USDT", "margin_use", "too much"),
        CommandGiven(T0 + 4, 1, "halt", "", "", "127.0.0.1", "wrong_key"),
    )
    found = await events(rig)
    assert [(e["severity"], e["source"]) for e in found] == [
        ("warning", "api"), ("warning", "risk"), ("critical", "executor"), ("critical", "risk"),
        ("warning", "executor:bitget"),
    ]
    assert len({e["id"] for e in found}) == 5
    live = rig.gateway.topic("events")
    assert {e["id"] for e in live.values()} == {e["id"] for e in found}, "live and history name them alike"


@pytest.mark.parametrize(("query", "numbers"), [
    ("severity=critical", [2]), ("source=executor", [2, 1]), ("source=executor&severity=info", [1]),
    ("source=feed", [0]), ("kind=alert_raised&symbol=ETH-USDT", []),
])
async def test_filters_by_weight_and_actor(rig: Rig, query: str, numbers: list[int]) -> None:
    rig.tell(alert(0, source="feed:bitget"), alert(1), alert(2, Severity.CRITICAL))
    assert [e["payload"]["sequence"] - 1 for e in await events(rig, query)] == numbers


async def test_a_filter_reads_on_until_something_is_found_and_loses_nothing_over_pages(rig: Rig) -> None:
    rig.tell(*(alert(n, Severity.CRITICAL if n % 7 == 0 else Severity.INFO) for n in range(40)))
    seen, query = [], "severity=critical&limit=3"
    for _ in range(40):
        page = (await rig.client.get(f"/api/events?{query}")).json()
        seen += [e["payload"]["sequence"] - 1 for e in page["items"]]
        if page["cursor"] is None:
            break
        assert page["items"], "a page with nothing on it would look like the end"
        query = f"severity=critical&limit=3&cursor={page['cursor']}"
    assert seen == [35, 28, 21, 14, 7, 0]


async def test_acknowledging_needs_the_key_and_outlives_a_restart(rig: Rig, tmp_path: Path) -> None:
    rig.tell(alert(0), alert(1))
    new, old = await events(rig)
    body = {"ids": [old["id"], old["id"]]}
    assert (await rig.client.post("/api/events/acknowledge", json=body)).status_code == 401
    for changed in (1, 0):
        answer = await rig.client.post("/api/events/acknowledge", json=body, headers=AUTH)
        assert answer.json() == {"changed": changed}
    await rig.gateway.close()
    assert [e["id"] for e in await events(rig, "open_only=true&kind=alert_raised")] == [new["id"]]
    assert [e["acknowledged"] for e in await events(rig, "kind=alert_raised")] == [False, True]
    assert [e["payload"]["ids"] for e in await events(rig, "kind=events_acknowledged")] == [[old["id"]]]
    assert {e["kind"] for e in await events(rig)} == {"alert_raised", "command_given"}
    again = Rig(tmp_path)
    assert [e["acknowledged"] for e in await events(again, "kind=alert_raised")] == [False, True]
    await again.close()


@pytest.mark.parametrize("ids", [[], ["x"] * 501, "all", None])
async def test_odd_acknowledgements_are_refused(rig: Rig, ids: Any) -> None:
    answer = await rig.client.post("/api/events/acknowledge", json={"ids": ids}, headers=AUTH)
    assert answer.status_code == 422


async def test_the_system_has_actors_with_delays_and_restarts_account_and_versions(rig: Rig) -> None:
    rig.tell(*well())
    for sequence, restarts in ((2, 0), (3, 0), (1, 1)):
        rig.now_ms += 1000
        rig.state.apply(messages.ActorBeat(rig.now_ms - 5 * sequence, sequence, "feed", "ok", restarts), rig.now_ms)
    rig.tell(messages.AccountChecked(
        T0, 1, "executor:bitget", True, (("withdrawal right", "none", "none", "ok"), ("address", "any", "one", "warn"))
    ))
    found = (await rig.client.get("/api/system")).json()
    (feed,) = found["actors"]
    assert (feed["restarts"], feed["restarted_ms"]) == (1, NOW + 3000)
    assert 0 < feed["delivery_p50_ms"] <= feed["delivery_p99_ms"] == 15
    assert [check["verdict"] for check in found["account"]["checks"]] == ["ok", "warn"]
    assert found["versions"] == {"scalp-radar": "0.1.0"}
    assert "Apache" in found["licences"]["ray"]


async def test_without_a_ledger_the_system_says_so(rig: Rig) -> None:
    kill(rig.ledger_handle)
    for path in ("/api/system", "/api/events"):
        assert (await rig.client.get(path)).status_code == 503


def series(count: int, without: range) -> Candles:
    times = np.array([T0 + n * MINUTE for n in range(count) if n not in without], np.int64)
    flat = np.full(len(times), 100.0)
    high = flat.copy()
    high[-1] = 200.0
    return Candles("1m", times, flat, high, flat, flat, flat)


@pytest.fixture
def stocked(tmp_path: Path) -> CandleStore:
    store = CandleStore(tmp_path / "candles")
    store.append("bitget", "BTC-USDT", series(500, range(200, 238)))
    return store


async def test_coverage_tells_what_is_in_memory_and_at_rest(tmp_path: Path, stocked: CandleStore) -> None:
    rig = Rig(tmp_path, candles=lambda: stocked)
    rig.tell(messages.candles(T0), messages.candles(T0 + 3 * MINUTE))
    found = (await rig.client.get("/api/data/coverage")).json()
    (minute,) = [h for h in found["held"] if h["timeframe"] == "1m"]
    assert (minute["rows"], minute["missing"], minute["stale"]) == (2, 2, False)
    (stored,) = found["stored"]
    assert (stored["rows"], stored["gaps"], stored["missing"], stored["longest"]) == (462, 1, 38, 38)
    stocked.append("bitget", "ETH-USDT", series(5, range(0)))
    assert len((await rig.client.get("/api/data/coverage")).json()["stored"]) == 1, "looked at once a minute"
    rig.now_ms += 60_000
    assert len((await rig.client.get("/api/data/coverage")).json()["stored"]) == 2
    await rig.close()


async def test_a_gap_comes_with_the_command_that_fills_it(tmp_path: Path, stocked: CandleStore) -> None:
    rig = Rig(tmp_path, candles=lambda: stocked)
    found = (await rig.client.get("/api/data/coverage/bitget/BTC-USDT/1m")).json()
    (gap,) = found["gaps"]
    assert (gap["from_ms"], gap["missing"]) == (T0 + 200 * MINUTE, 38)
    assert gap["fetch"] == (
        "scalp-radar data fetch --exchange bitget --symbol BTC-USDT --timeframe 1m --from 2025-03-01 --to 2025-03-02"
    )
    assert [spike["ts_ms"] for spike in found["spikes"]] == [T0 + 499 * MINUTE]
    for path in ("bitget/ETH-USDT/1m", "bitget/BTC-USDT/1h", "none/BTC-USDT/1m"):
        assert (await rig.client.get(f"/api/data/coverage/{path}")).status_code == 404
    await rig.close()


async def test_a_damaged_store_is_said_and_the_rest_is_shown(tmp_path: Path, stocked: CandleStore) -> None:
    (damaged,) = (tmp_path / "candles").rglob("*.parquet")
    damaged.write_bytes(b"no parquet")
    rig = Rig(tmp_path, candles=lambda: stocked)
    rig.tell(messages.candles(T0))
    found = (await rig.client.get("/api/data/coverage")).json()
    assert damaged.name in found["problem"]
    assert (found["stored"], len(found["held"])) == ([], 6)
    await rig.close()
