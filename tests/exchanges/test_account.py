"""What the account is: probed by the venue's own words, shown, changed only where it differs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from core.errors import Fatal, RetryLater
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.probe import account_type
from exchanges.bitget.public import BitgetPublic
from exchanges.bitget.trading import BitgetTrading
from tests.exchanges.conftest import KEYS, impatient
from tests.exchanges.fake_bitget import ACCOUNT, FakeBitget, refusal

ACCOUNTS = "/api/v2/mix/account/accounts"
SETTINGS = "/api/v3/account/settings"


async def probed(venue: FakeBitget, **changes: Any) -> str:
    async def at_once(_: float) -> None:
        return

    client = BitgetClient(venue.settings(**changes), KEYS, impatient(venue.settings()))
    try:
        return await account_type(client, at_once)
    finally:
        await client.close()


@pytest.mark.parametrize("trouble", [500, 504, 429])
async def test_trouble_is_not_taken_for_an_account_type(venue: FakeBitget, trouble: int):
    first, second = [web.Response(status=trouble, text="x")], [web.Response(status=trouble, text="x")]
    venue.answers |= {
        ACCOUNTS: lambda _: first.pop() if first else refusal("40085", "You are in Unified Account mode"),
        SETTINGS: lambda _: second.pop() if second else {"holdMode": "one_way_mode"},
    }
    assert await probed(venue) == "unified"
    assert not first
    assert not second


async def test_a_time_out_is_not_taken_for_an_account_type(venue: FakeBitget):
    silent = [True]

    async def slow(_: Any) -> Any:
        if silent:
            silent.clear()
            await asyncio.sleep(0.4)
        return refusal("40085", "You are in Unified Account mode")

    venue.answers |= {ACCOUNTS: slow, SETTINGS: {"holdMode": "one_way_mode"}}
    assert await probed(venue, request_timeout_s=0.1) == "unified"


@pytest.mark.parametrize("code", ["40084", "25245"])
async def test_an_account_that_neither_api_serves_stays_undecided(venue: FakeBitget, code: str):
    venue.answers |= {ACCOUNTS: lambda _: refusal("40085", "unified"), SETTINGS: lambda _: refusal(code, "classic")}
    with pytest.raises(RetryLater, match="neither"):
        await probed(venue)


async def test_a_probe_without_an_answer_stays_undecided(venue: FakeBitget):
    venue.answers[ACCOUNTS] = lambda _: web.Response(status=500, text="x")
    with pytest.raises(RetryLater):
        await probed(venue)


async def test_wrong_keys_are_told_at_once_and_say_nothing_about_the_account(venue: FakeBitget):
    venue.answers |= {ACCOUNTS: lambda _: refusal("40009", "sign signature error"), SETTINGS: {}}
    with pytest.raises(Fatal, match="40009"):
        await probed(venue)
    assert not venue.of("account/settings")


async def test_the_classic_api_serves_a_classic_account(venue: FakeBitget):
    assert await probed(venue) == "classic"
    assert not venue.of("account/settings")  # ccxt's own probe must never run


async def test_the_account_type_is_said_to_every_client_so_that_ccxt_never_guesses(trading: BitgetTrading):
    assert trading._client.ccxt.options["uta"] is False


@pytest.mark.parametrize("kind", ["classic", "unified"])
async def test_the_kind_that_the_venue_names_is_said_to_ccxt(venue: FakeBitget, kind: str):
    if kind == "unified":
        venue.answers |= {ACCOUNTS: lambda _: refusal("40085", "unified"), SETTINGS: {"holdMode": "one_way_mode"}}
    trading = BitgetTrading(venue.settings(account_type="probe"), KEYS)
    await trading.open(["BTC-USDT"])
    assert trading._client.ccxt.options["uta"] is (kind == "unified")
    assert ("/v3/" in trading._client.socket_url(private=True)) is (kind == "unified")
    await trading.close()


async def test_public_data_needs_no_keys_and_asks_nothing_about_accounts(venue: FakeBitget):
    for kind in ("classic", "unified", "probe"):
        public = BitgetPublic(venue.settings(account_type=kind))
        await public.open(["BTC-USDT"])
        assert public._client.ccxt.apiKey in (None, "")
        assert public._client.ccxt.options["uta"] is (kind == "unified")
        await public.close()
    assert not [a.path for a in venue.asked if "/market/" not in a.path]


async def test_symbols_that_the_venue_does_not_list_are_left_out(venue: FakeBitget):
    trading = BitgetTrading(venue.settings(), KEYS)
    assert await trading.open(["ETH-USDT", "NO-USDT", "BTC-USDT"]) == ("ETH-USDT", "BTC-USDT")
    rules = trading.instrument("ETH-USDT")
    assert (rules.tick, rules.step, rules.min_notional, rules.taker_fee) == (0.01, 0.001, 5.0, 0.0006)
    await trading.close()


async def test_many_symbols_are_asked_for_one_after_another(venue: FakeBitget, trading: BitgetTrading):
    under_way, most = [0], [0]
    read = trading._opened._account

    async def noted(symbol: str) -> Any:
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        try:
            return await read(symbol)
        finally:
            under_way[0] -= 1

    trading._opened._account = noted  # type: ignore[union-attr, method-assign]
    await trading.facts(["BTC-USDT"] * 5)
    assert most == [1]


async def test_facts_are_the_venues(venue: FakeBitget, trading: BitgetTrading):
    venue.answers["/api/v2/spot/account/info"] = {"authorities": ["coow", "withdraw"], "ips": "127.0.0.1"}
    facts = await trading.facts(["BTC-USDT"])
    assert facts.one_way
    assert facts.margin_mode == {"BTC-USDT": "isolated"}
    assert facts.leverage == {"BTC-USDT": 5.0}
    assert facts.can_withdraw is True
    assert facts.address_bound is True


@pytest.mark.parametrize(
    ("authorities", "trades", "withdraws"),
    [(["coor", "coow", "cpow"], True, False), (["coor", "cpor"], False, False), (["coow", "wwow"], True, True),
     (["something new"], None, False)],
)  # fmt: skip
async def test_what_a_key_may_do_is_read_from_its_authorities(
    venue: FakeBitget, trading: BitgetTrading, authorities: list[str], trades: bool | None, withdraws: bool
):
    venue.answers["/api/v2/spot/account/info"] = {"authorities": authorities, "ips": ""}
    facts = await trading.facts(["BTC-USDT"])
    assert (facts.can_trade, facts.can_withdraw, facts.address_bound) == (trades, withdraws, False)
    assert facts.permissions == tuple(authorities)


async def test_what_the_venue_does_not_tell_about_the_key_is_none(trading: BitgetTrading):
    facts = await trading.facts(["BTC-USDT"])
    assert (facts.can_withdraw, facts.address_bound) == (None, None)


async def test_preparing_changes_only_what_differs(venue: FakeBitget, trading: BitgetTrading):
    await trading.prepare("BTC-USDT", 5.0, "isolated")
    assert [a.path.rsplit("/", 1)[-1] for a in venue.asked] == ["account"]


async def test_preparing_sets_position_mode_margin_mode_and_leverage(venue: FakeBitget, trading: BitgetTrading):
    state: dict[str, Any] = ACCOUNT | {"posMode": "hedge_mode", "marginMode": "crossed"}
    venue.answers |= {
        "/api/v2/mix/account/account": lambda _: state,
        "/api/v2/mix/account/set-position-mode": {},
        "/api/v2/mix/account/set-margin-mode": lambda a: state.update(marginMode=a["marginMode"]) or {},
        "/api/v2/mix/account/set-leverage": {},
    }
    await trading.prepare("BTC-USDT", 7.0, "isolated")
    assert venue.of("set-position-mode") == [{"posMode": "one_way_mode", "productType": "USDT-FUTURES"}]
    assert venue.of("set-margin-mode")[0]["marginMode"] == "isolated"
    assert venue.of("set-leverage")[0]["leverage"] == "7"


async def test_keys_are_never_shown():
    assert "secret" not in repr(KEYS)
    assert "phrase" not in f"{KEYS}"
