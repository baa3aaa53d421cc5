from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.messages import Severity
from core.monitor_messages import AnomaliesSeen, Anomaly, ArenaRanked, SelectionChanged, SelectionMade, TradeCompared
from core.selection import Decision
from tests import messages
from tests.api.rig import Rig, well
from tests.messages import CRITERION, STANDING, T0


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    made = Rig(tmp_path)
    yield made
    await made.close()


async def get(rig: Rig, path: str) -> Any:
    answer = await rig.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_arena_is_empty_until_the_monitor_has_looked_and_scopes_are_apart(rig: Rig) -> None:
    assert await get(rig, "/api/arena") == {"scope": "paper", "ts_ms": 0, "rows": []}
    rig.state.apply(ArenaRanked(T0, 1, "paper", (STANDING,)), rig.now_ms)
    found = await get(rig, "/api/arena")
    (row,) = found["rows"]
    assert (row["rank"], row["strategy"], row["profit_factor"]) == (1, "envelope_dca", None)
    assert (await get(rig, "/api/arena?scope=live"))["rows"] == []
    assert (await rig.client.get("/api/arena?scope=both")).status_code == 422


async def test_the_selector_tells_every_condition_with_figure_and_limit(rig: Rig) -> None:
    assert (await get(rig, "/api/selector"))["made_ms"] == 0
    decision = Decision("envelope_dca", "BTC-USDT", False, 1.0, (CRITERION, CRITERION._replace(value=float("nan"))))
    rig.state.apply(SelectionMade(T0, 1, True, T0, T0 + 300_000, (decision,)), rig.now_ms)
    found = await get(rig, "/api/selector")
    assert (found["gated"], found["next_ms"] - found["made_ms"]) == (True, 300_000)
    assert found["choices"][0]["criteria"] == [
        {"code": "min_trades", "value": 1.0, "limit": 3.0, "met": False, "detail": "1 trade on paper, at least 3"},
        {"code": "min_trades", "value": None, "limit": 3.0, "met": False, "detail": "1 trade on paper, at least 3"},
    ]


async def test_changes_of_the_selection_are_kept_newest_first_and_paged(rig: Rig) -> None:
    for n in range(3):
        rig.tell(SelectionChanged(T0 + n, n, "envelope_dca", "BTC-USDT", n == 2, 0.5, (CRITERION,)))
    rig.tell(SelectionChanged(T0 + 9, 9, "other", "BTC-USDT", True, 1.0, ()))
    first = await get(rig, "/api/selector/history?strategy=envelope_dca&limit=2")
    assert [(c["ts_ms"] - T0, c["may_open"]) for c in first["items"]] == [(2, True), (1, False)]
    rest = await get(rig, f"/api/selector/history?strategy=envelope_dca&limit=2&cursor={first['cursor']}")
    assert [c["ts_ms"] - T0 for c in rest["items"]] == [0]
    assert rest["items"][0]["criteria"][0]["code"] == "min_trades"
    assert (await rig.client.get("/api/selector/history?kind=x")).status_code == 422


async def test_what_the_watchdog_alone_sees_keeps_health_from_being_ok_until_it_is_over(rig: Rig) -> None:
    rig.tell(*(replace(e, name="feed") if hasattr(e, "name") else e for e in well()))
    before = {r["code"] for r in (await get(rig, "/health"))["reasons"]}
    stuck = Anomaly("strategy_stuck", Severity.WARNING, "dca", "dca: BTC-USDT is 400 s of candles behind the feed")
    known = Anomaly("without_stop", Severity.CRITICAL, "BTC-USDT", "told from the reading itself")
    rig.state.apply(AnomaliesSeen(T0, 1, (known, stuck)), rig.now_ms)
    found = await get(rig, "/health")
    assert {r["code"] for r in found["reasons"]} - before == {"strategy_stuck"}
    assert found["status"] == "ATTENTION"
    rig.state.apply(AnomaliesSeen(T0, 2, ()), rig.now_ms)
    assert {r["code"] for r in (await get(rig, "/health"))["reasons"]} == before


async def test_live_trades_are_shown_beside_their_twins_by_strategy_and_symbol(rig: Rig) -> None:
    compared = next(e for e in messages.ONE_OF_EACH if isinstance(e, TradeCompared))
    missed = replace(
        compared, ts_ms=T0 + 1, symbol="ETH-USDT", match="missed", live_cycle=None, entry_bps=None, cause="refusal"
    )
    rig.tell(compared, missed, SelectionChanged(T0, 1, "envelope_dca", "BTC-USDT", True, 1.0, ()))
    found = (await get(rig, "/api/divergence"))["items"]
    assert [(d["symbol"], d["match"], d["entry_bps"], d["cause"]) for d in found] == [
        ("ETH-USDT", "missed", None, "refusal"), ("BTC-USDT", "twin", 0.4, ""),
    ]
    assert len((await get(rig, "/api/divergence?symbol=BTC-USDT"))["items"]) == 1
    assert (await get(rig, "/api/divergence?strategy=other"))["items"] == []
