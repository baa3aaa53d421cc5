"""Risk over the API: what it has shown, what follows from it, commands."""

from __future__ import annotations

import math
from typing import Any

import pytest

from core.errors import InputError
from core.exposure import LimitUse
from core.messages import TargetRefused
from core.restriction import Cause, State
from tests import messages
from tests.api.rig import KEY, Rig
from tests.messages import T0

AUTH = {"X-API-Key": KEY}
TRIPPED = Cause("kill_global", State.HALTED, "", "", "kill switch: the equity has fallen", T0, "rule")
COOLING = Cause("cooldown", State.REDUCING, "BTC-USDT", "dca", "stopped out", T0, "rule", T0 + 60_000)
ASKED: dict[str, Any] = {
    "capital": 10_000, "leverage": 3, "symbol": "BTC-USDT", "side": "LONG", "entry": 60_000, "stop_fraction": 0.25,
    "risk_fraction": 0.05,
}


async def get(rig: Rig, path: str) -> dict[str, Any]:
    answer = await rig.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_before_risk_has_shown_itself_it_is_unavailable(rig: Rig) -> None:
    for path in ("/api/risk", "/api/risk/what-if"):
        assert (await rig.client.get(path)).status_code == 503
    assert (await rig.client.post("/api/risk/calculate", json=ASKED)).status_code == 503


async def test_the_report_has_limits_switches_causes_cooldowns_owners_and_refusals(rig: Rig) -> None:
    used = (
        LimitUse("kill_global", "kill_drawdown_24h", "", 0.16, 0.15, "fraction"),
        LimitUse("kill_runner", "kill_runner_loss", "dca", 0.01, 0.05, "fraction"),
        LimitUse("margin_use", "max_margin_use", "", 0.7, 0.7, "fraction"),
        LimitUse("min_free_margin", "min_free_margin_usdt", "", 50.0, 100.0, "usdt"),
        LimitUse("max_positions", "max_positions", "", 1.0, 5.0, "positions"),
    )
    rig.tell(
        messages.risk(used=used, causes=(TRIPPED, COOLING)),
        TargetRefused(T0, 1, "dca", "BTC-USDT", "risk_per_trade", "cut down", 2, 5.0, 3.0),
    )
    report = await get(rig, "/api/risk")
    assert report["state"] == "halted"
    assert {s["name"]: s["tripped"] for s in report["switches"]} == {"kill_global": True, "kill_runner:dca": False}
    assert {u["code"]: u["reached"] for u in report["limits"]} == {
        "margin_use": True, "min_free_margin": True, "max_positions": False
    }
    assert [c["code"] for c in report["causes"]] == ["kill_global"]
    assert [c["until_ms"] for c in report["cooldowns"]] == [T0 + 60_000]
    assert report["owners"] == [{"symbol": "BTC-USDT", "strategy": "envelope_dca"}]
    (refusal,) = report["refusals"]
    assert (refusal["code"], refusal["level"], refusal["wanted"], refusal["granted"]) == ("risk_per_trade", 2, 5.0, 3.0)


async def test_a_tripped_switch_is_danger_and_a_reduction_asks_for_attention(rig: Rig) -> None:
    reducing = Cause("daily_loss", State.REDUCING, "", "", "the day has lost", T0, "rule", T0 + 1)
    rig.tell(messages.risk(causes=(TRIPPED, reducing, COOLING)))
    found = {r["code"]: r["level"] for r in (await get(rig, "/health"))["reasons"]}
    assert found["kill_global"] == "DANGER"
    assert found["daily_loss"] == "ATTENTION"
    assert "cooldown" not in found


async def test_what_if_has_61_points_and_the_kinks_between_them(rig: Rig) -> None:
    rig.tell(messages.risk())
    found = await get(rig, "/api/risk/what-if")
    moves = [p["move"] for p in found["points"]]
    assert moves == pytest.approx([n / 100 for n in range(-30, 31)])
    assert found["points"][30]["change"] == 0
    assert {m["kind"] for m in found["met"]} == {"level", "stop", "target"}
    worst, none = found["points"][0], await get(rig, "/api/risk/what-if?moves=-0.3&fills=false")
    assert (worst["levels"], worst["stopped"]) == (1, ["BTC-USDT"])
    assert none["points"][0]["levels"] == 0
    # without the level 0.02 are sold at 63,000 less slippage, and the taker's fee
    assert none["points"][0]["change"] == pytest.approx(0.02 * (63_000 * 0.9995 - 84_000) - 0.02 * 62_968.5 * 0.0006)


async def test_what_if_goes_from_the_newest_price(rig: Rig) -> None:
    rig.tell(messages.risk(exposures=(messages.risk().exposures[0]._replace(rungs=(), stop=None),)))
    before = (await get(rig, "/api/risk/what-if?moves=-0.1"))["points"][0]["change"]
    rig.tell(messages.candles(T0 + 60_000, 80_000.0))
    assert (await get(rig, "/api/risk/what-if?moves=-0.1"))["points"][0]["change"] == pytest.approx(before * 80 / 84)


async def test_what_is_due_at_once_is_met_once(rig: Rig) -> None:
    at_hand = messages.risk().exposures[0]
    passed = at_hand.rungs[0]._replace(price=at_hand.price * 1.02)
    rig.tell(messages.risk(exposures=(at_hand._replace(rungs=(passed,)),)))
    met = (await get(rig, "/api/risk/what-if"))["met"]
    assert [m["move"] for m in met if m["kind"] == "level"] == [0.0]


@pytest.mark.parametrize("moves", ["x", "-1", "11", "nan", "inf", "0.1,,y", ",".join(["0"] * 201)])
async def test_moves_that_make_no_sense_are_one_line(told: Rig, moves: str) -> None:
    answer = await told.client.get("/api/risk/what-if", params={"moves": moves})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("moves:")


async def test_a_trade_is_worked_out_without_a_key(told: Rig) -> None:
    found = (await told.client.post("/api/risk/calculate", json=ASKED)).json()
    # one loses 15,000 at the stop, 36 + 27 of fees, 22.5 of slippage
    assert found["quantity"] == pytest.approx(math.floor(500 / 15_085.5 * 1000) / 1000)
    assert found["stop"] == 45_000
    assert found["limited_by"] == "risk_per_trade"
    assert found["refusals"] == []


@pytest.mark.parametrize(("changes", "word"), [
    ({"symbol": "XRP-USDT"}, "unknown"), ({"leverage": 6}, "at most 5"), ({"stop_price": 50_000}, "exactly one"),
    ({"stop_fraction": None}, "exactly one"), ({"stop_fraction": None, "stop_price": 70_000}, "below the entry"),
    ({"target_fraction": 0.1, "target_price": 70_000}, "exactly one"), ({"target_price": 50_000}, "above the entry"),
    ({"capital": 0}, "not allowed"), ({"stop_fraction": 1}, "not allowed"), ({"side": "UP"}, "not allowed"),
    ({"x": 1}, "not allowed"),
])
async def test_a_trade_that_makes_no_sense_is_one_line(told: Rig, changes: dict[str, Any], word: str) -> None:
    answer = await told.client.post("/api/risk/calculate", json={**ASKED, **changes})
    assert answer.status_code == 422
    assert word in answer.json()["detail"]


async def test_reduce_and_reset_need_the_key_and_reach_risk(rig: Rig) -> None:
    for path, body in (("/api/reduce", {}), ("/api/risk/reset", {"switch": "kill_global"})):
        assert (await rig.client.post(path, json=body)).status_code == 401
        assert (await rig.client.post(path, json=body, headers=AUTH)).json()["outcome"] == "accepted"
    assert rig.risk.told == [("reduce", "", "by hand", "hand (127.0.0.1)"), ("reset", "kill_global")]
    rig.risk.error = InputError("kill switch 'x' has not tripped")
    answer = await rig.client.post("/api/risk/reset", json={"switch": "x"}, headers=AUTH)
    assert (answer.status_code, answer.json()["detail"]) == (422, "kill switch 'x' has not tripped")
    rig.risk.error = wrapped = InputError("a traceback of many lines")
    wrapped.cause = InputError("kill switch 'y' has not tripped")  # type: ignore[attr-defined]  # as Ray does
    answer = await rig.client.post("/api/risk/reset", json={"switch": "y"}, headers=AUTH)
    assert answer.json()["detail"] == "kill switch 'y' has not tripped"
    await rig.gateway.close()
    kept = (await rig.client.get("/api/events?kind=command_given")).json()["items"]
    assert [(e["payload"]["kind"], e["payload"]["outcome"]) for e in reversed(kept)] == [
        ("reduce", "wrong_key"), ("reduce", "accepted"), ("reset", "wrong_key"), ("reset", "accepted"),
        ("reset", "refused"), ("reset", "refused"),
    ]
