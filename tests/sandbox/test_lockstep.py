"""The market moves only when told, and waits for everybody's reaction to a fill."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import ConfigurationError
from sandbox.config import SandboxConfig
from sandbox.server import Sandbox
from sandbox.source import StoredSource
from tests.sandbox.builders import MINUTE, START_MS, SYMBOL, UNIFIED, flat, running, stored

ROWS = [(100_000.0, 100_500.0, 94_000.0, 100_200.0), (100_200.0, 103_000.0, 100_100.0, 102_000.0)]
ISOLATED = {"marginMode": "isolated"}


async def test_a_step_pauses_at_each_fill_so_that_the_ladder_can_be_withdrawn_before_price_moves_on() -> None:
    async with running(stored(ROWS)) as exchange:
        client = exchange.client
        for price in (98_000.0, 96_000.0):
            entry = {**ISOLATED, "stopLoss": {"triggerPrice": 90_000}}
            await client.create_order(UNIFIED, "limit", "buy", 0.01, price, entry)
        step = await exchange.admin("POST", "advance", candles=1, pause_on_fill=True)
        assert (step["done"], step["fills"], step["closed"]) == (False, 1, 0)
        assert START_MS < step["time"] < START_MS + MINUTE
        assert (await client.fetch_ticker(UNIFIED))["last"] == 98_000
        await client.cancel_all_orders(UNIFIED)
        await client.create_order(UNIFIED, "limit", "sell", 0.01, 99_000.0, {**ISOLATED, "reduceOnly": True})
        after = await exchange.admin("POST", "advance", pause_on_fill=True)
        assert (after["done"], after["fills"]) == (False, 1)
        assert after["time"] > step["time"]
        last = await exchange.admin("POST", "advance", pause_on_fill=True)
        assert (last["done"], last["fills"], last["time"]) == (True, 0, START_MS + MINUTE)
        trades = await client.fetch_my_trades(UNIFIED)
        assert [(t["side"], t["price"], t["takerOrMaker"]) for t in trades] == [
            ("buy", 98_000.0, "maker"), ("sell", 99_000.0, "maker")
        ]
        unprotected = (await exchange.admin("GET", "unprotected"))["positions"]
        assert [(p["symbol"], p["unprotected_ms"]) for p in unprotected] == [(SYMBOL, 0)]


async def test_without_pauses_a_step_does_everything_at_once() -> None:
    async with running(stored(ROWS)) as exchange:
        for price in (98_000.0, 96_000.0):
            await exchange.client.create_order(UNIFIED, "limit", "buy", 0.01, price, ISOLATED)
        step = await exchange.admin("POST", "advance", candles=2)
        assert (step["done"], step["fills"], step["closed"], step["ended"]) == (True, 2, 2, True)


async def test_the_end_of_the_data_is_told() -> None:
    async with running(stored(ROWS)) as exchange:
        step = await exchange.admin("POST", "advance", candles=500)
        assert (step["done"], step["closed"], step["ended"]) == (True, 2, True)
        state = await exchange.admin("GET", "state")
        assert state["ended"] is True
        assert state["prices"] == {SYMBOL: 102_000.0}


async def test_the_admin_sees_accounts_orders_events_and_no_violation() -> None:
    async with running(stored(ROWS)) as exchange:
        entry = {**ISOLATED, "stopLoss": {"triggerPrice": 90_000}}
        await exchange.client.create_order(UNIFIED, "market", "buy", 0.01, None, entry)
        await exchange.client.create_order(UNIFIED, "limit", "buy", 0.01, 93_000.0, ISOLATED)
        state = await exchange.admin("GET", "state")
        (account,) = state["accounts"]
        assert state["violations"] == []
        assert (len(account["orders"]), len(account["triggers"]), len(account["positions"])) == (1, 1, 1)
        assert account["positions"][0]["quantity"] == 0.01
        events = (await exchange.admin("GET", "events", since=0))["events"]
        assert [event["sequence"] for event in events] == list(range(1, state["last_event"] + 1))
        assert {event["kind"] for event in events} >= {"order", "fill", "trigger", "position", "account"}
        later = (await exchange.admin("GET", "events", since=events[-2]["sequence"]))["events"]
        assert later == events[-1:]


async def test_the_admin_needs_its_key_and_refuses_nonsense() -> None:
    async with running(stored(ROWS)) as exchange:
        url = f"http://127.0.0.1:{exchange.port}/admin/state"
        async with exchange.http.get(url, headers={"X-Admin-Key": "guess"}) as answer:
            assert answer.status == 403
        for path, body in (("advance", {"candles": 0}), ("speed", {"speed": 10}), ("pause", {})):
            assert "error" in await exchange.admin("POST", path, **body)


async def test_two_runs_of_the_same_orders_are_the_same_to_the_last_event() -> None:
    async def run() -> list[Any]:
        async with running(stored(ROWS)) as exchange:
            await exchange.client.create_order(UNIFIED, "limit", "buy", 0.01, 98_000.0, {**ISOLATED, "clientOid": "x"})
            await exchange.sandbox.advance(2)
            return (await exchange.admin("GET", "events", since=0))["events"]  # type: ignore[no-any-return]

    assert await run() == await run()


def test_a_symbol_without_rules_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="rules are needed"):
        Sandbox(SandboxConfig(), StoredSource({"ABC-USDT": flat(1.0, 2)}, START_MS))


async def test_a_taken_port_is_a_configuration_error() -> None:
    async with running(stored(ROWS)) as exchange:
        with pytest.raises(ConfigurationError, match="port"):
            await Sandbox(SandboxConfig(port=exchange.port), stored(ROWS)).start()


@pytest.mark.parametrize("change", [{"speed": 0}, {"port": -1}, {"slippage": 1.0}, {"accounts": ()}])
def test_an_unsound_configuration_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(change))):
        SandboxConfig(**change)
