"""Commands in two steps: what one would do, counted; then the deed, once, on the facts that were shown."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from api.command_models import CommandAsked, Consequences
from api.commands import CommandDesk, Gone
from api.models import CommandResult
from core.errors import InputError
from core.messages import TradingHalted
from core.restriction import Cause, State
from exchanges.port import TickerSeen
from tests import messages
from tests.api.rig import KEY, NOW, Rig, well
from tests.messages import T0

AUTH = {"X-API-Key": KEY}
TRIPPED = Cause("kill_global", State.HALTED, "", "", "the equity has fallen", T0, "rule")


async def prepared(rig: Rig, **asked: Any) -> dict[str, Any]:
    answer = await rig.client.post("/api/commands/prepare", json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def confirm(rig: Rig, token: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return await rig.client.post(f"/api/commands/{token}/confirm", headers=AUTH if headers is None else headers)


async def kept(rig: Rig) -> list[tuple[str, str]]:
    await rig.gateway.close()
    found = (await rig.client.get("/api/events?kind=command_given")).json()["items"]
    return [(e["payload"]["kind"], e["payload"]["outcome"]) for e in reversed(found)]


async def test_a_halt_counts_what_leaves_and_what_stays(rig: Rig) -> None:
    rig.tell(*well(), messages.shown(), messages.shown(order_id="o2", reduce_only=True))
    told = await prepared(rig, kind="halt")
    assert not told["raises"]
    assert {k: told["facts"][k] for k in ("entries_withdrawn", "entries_placed", "positions_kept", "without_stop")} == {
        "entries_withdrawn": 1, "entries_placed": 0, "positions_kept": 1, "without_stop": [],
    }
    assert rig.risk.told == [], "nothing is done yet"
    done = (await confirm(rig, told["token"])).json()
    assert (done["outcome"], done["changed"]) == ("accepted", False)
    assert rig.risk.told == [("halt", "", "by hand", "hand (127.0.0.1)")]
    assert await kept(rig) == [("halt", "accepted")]


async def test_other_symbols_count_for_nothing_and_unknown_ones_are_refused(rig: Rig) -> None:
    rig.tell(*well(), messages.shown(symbol="ETH-USDT"), messages.candles(symbol="ETH-USDT"))
    assert (await prepared(rig, kind="reduce", symbol="BTC-USDT"))["facts"]["entries_withdrawn"] == 0
    assert (await prepared(rig, kind="reduce", symbol="ETH-USDT"))["facts"]["entries_withdrawn"] == 1
    answer = await rig.client.post("/api/commands/prepare", json={"kind": "halt", "symbol": "XRP-USDT"})
    assert (answer.status_code, answer.json()["detail"]) == (422, "symbol 'XRP-USDT': unknown; known are BTC-USDT")


async def test_resuming_names_what_ends_what_stays_and_how_many_entries_come(rig: Rig) -> None:
    rig.tell(*well(), TradingHalted(T0, 1, "", "lunch"))
    told = await prepared(rig, kind="resume")
    assert told["raises"]
    assert [one["reason"] for one in told["facts"]["ends"]] == ["lunch"]
    assert told["facts"]["entries_placed"] == 2
    rig.tell(messages.risk(causes=(TRIPPED,)))
    told = await prepared(rig, kind="resume")
    assert [one["code"] for one in told["facts"]["stays"]] == ["kill_global"]
    assert told["facts"]["entries_placed"] == 0, "the switch forbids them all the same"


async def test_closing_says_what_it_costs_and_what_is_not_ours_cannot_be_closed(rig: Rig) -> None:
    rig.tell(*well(), messages.fill(quantity=0.02), messages.risk(), messages.shown())
    rig.state.apply(TickerSeen("BTC-USDT", T0 + 1, 85_000.0, 85_000.0, 84_999.0, 85_001.0), NOW)
    facts = (await prepared(rig, kind="close", symbol="BTC-USDT"))["facts"]
    notional, (held,) = 0.02 * 84_999.0, (await rig.client.get("/api/positions")).json()
    assert facts["closing"] == {
        "direction": 1, "quantity": 0.02, "price": 84_999.0, "fee": pytest.approx(notional * 0.0006),
        "slippage": pytest.approx(notional * 0.0005), "net": pytest.approx(held["net"] - 0.02 - notional * 0.0005),
    }
    assert (facts["positions_kept"], facts["entries_withdrawn"]) == (0, 1)
    rig.tell(messages.protection(ts_ms=T0 + 1, sequence=2, quantity=0.0, stop=None))
    answer = await rig.client.post("/api/commands/prepare", json={"kind": "close", "symbol": "BTC-USDT"})
    assert (answer.status_code, "nothing to close" in answer.json()["detail"]) == (422, True)
    answer = await rig.client.post("/api/commands/prepare", json={"kind": "close"})
    assert (answer.status_code, "closing names one" in answer.json()["errors"][0]["message"]) == (422, True)


async def test_a_position_is_closed_once_with_the_key_in_one_step_or_two(rig: Rig) -> None:
    rig.tell(*well())
    told = await prepared(rig, kind="close", symbol="BTC-USDT", reason="enough")
    assert not told["raises"]
    assert (await confirm(rig, told["token"], {})).status_code == 401
    for _ in range(2):
        assert (await confirm(rig, told["token"])).json()["kind"] == "close"
    assert (await rig.client.post("/api/close", json={"symbol": "BTC-USDT"})).status_code == 401
    assert (await rig.client.post("/api/close", json={}, headers=AUTH)).status_code == 422
    assert (await rig.client.post("/api/close", json={"symbol": "BTC-USDT"}, headers=AUTH)).status_code == 200
    by = "hand (127.0.0.1)"
    assert rig.risk.told == [("close", "BTC-USDT", "enough", by), ("close", "BTC-USDT", "closed by hand", by)]


async def test_a_reset_needs_a_switch_that_has_tripped(rig: Rig) -> None:
    rig.tell(*well(), messages.risk(causes=(TRIPPED,)))
    told = await prepared(rig, kind="reset", switch="kill_global")
    assert (await confirm(rig, told["token"])).json()["switch"] == "kill_global"
    assert rig.risk.told == [("reset", "kill_global")]
    misfits = ({"kind": "reset", "switch": "kill_real"}, {"kind": "reset"}, {"kind": "halt", "switch": "kill_global"})
    for body in misfits:
        assert (await rig.client.post("/api/commands/prepare", json=body)).status_code == 422


@pytest.mark.parametrize(("kind", "status"), [("resume", 409), ("halt", 200)])
async def test_changed_facts_stop_what_raises_risk_and_nothing_else(rig: Rig, kind: str, status: int) -> None:
    rig.tell(*well(), TradingHalted(T0, 1, "", "lunch"))
    told = await prepared(rig, kind=kind)
    rig.tell(messages.protection(symbol="ETH-USDT", stop=None, sequence=2))
    answer = await confirm(rig, told["token"])
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["changed"]
        assert answer.json()["facts"]["without_stop"] == ["ETH-USDT"]
    else:
        assert rig.risk.told == []
        assert (await confirm(rig, told["token"])).status_code == 410, "it has to be looked at anew"
        assert await kept(rig) == [("resume", "changed")]


async def test_confirming_twice_at_once_gives_one_command_and_one_answer(rig: Rig) -> None:
    rig.tell(*well())
    token = (await prepared(rig, kind="halt"))["token"]
    answers = await asyncio.gather(*(confirm(rig, token) for _ in range(5)))
    assert {answer.text for answer in answers} == {answers[0].text}
    assert len(rig.risk.told) == 1
    rig.now_ms = NOW + 5_000
    assert (await confirm(rig, token)).text == answers[0].text


async def test_without_the_right_key_nothing_happens_and_the_wait_is_said(rig: Rig) -> None:
    token = (await prepared(rig, kind="halt"))["token"]
    for status in (401, 401, 401, 429):
        answer = await confirm(rig, token, {"X-API-Key": "wrong"})
        assert answer.status_code == status
    assert int(answer.headers["retry-after"]) in range(1, 62)
    assert rig.risk.told == []
    assert (await confirm(rig, token)).status_code == 200, "the right key is never locked out"
    assert await kept(rig) == [("confirm", "wrong_key")] * 3 + [("halt", "accepted")]


@pytest.mark.parametrize("token", ["q" * 22, "short", "../../api/halt", "q" * 65])
async def test_a_token_that_was_never_given_commands_nothing(rig: Rig, token: str) -> None:
    assert (await confirm(rig, token)).status_code in (404, 410, 422)
    assert rig.risk.told == []


async def test_a_risk_actor_that_refuses_or_is_gone_is_said_each_time(rig: Rig) -> None:
    rig.tell(messages.risk(causes=(TRIPPED,)))
    rig.risk.error = InputError("kill switch has not tripped")
    token = (await prepared(rig, kind="reset", switch="kill_global"))["token"]
    for _ in range(2):
        assert (await confirm(rig, token)).json()["detail"] == "kill switch has not tripped"


NOTHING = Consequences(entries_withdrawn=0, entries_placed=0, positions_kept=0, without_stop=(), ends=(), stays=())


class Port:
    def __init__(self) -> None:
        self.attempts: list[str] = []

    def consequences(self, asked: CommandAsked) -> Consequences:
        return NOTHING

    def attempted(self, asked: CommandAsked, origin: str, outcome: str) -> None:
        self.attempts.append(outcome)


async def test_a_token_lives_a_minute_and_very_many_push_out_the_oldest() -> None:
    port, now_s = Port(), [0.0]

    async def send(asked: CommandAsked, origin: str) -> CommandResult:
        return CommandResult(kind=asked.kind, symbol="", outcome="accepted", ts_ms=1)

    desk = CommandDesk(port, send, lambda: now_s[0])
    token = desk.prepare(CommandAsked(kind="halt")).token
    now_s[0] = 61.0
    with pytest.raises(Gone, match="more than 60 s"):
        await desk.confirm(token, "")
    assert port.attempts == ["expired"]
    first = desk.prepare(CommandAsked(kind="halt")).token
    for _ in range(500):
        last = desk.prepare(CommandAsked(kind="halt")).token
    with pytest.raises(Gone, match="never prepared"):
        await desk.confirm(first, "")
    assert (await desk.confirm(last, "")).outcome == "accepted"
