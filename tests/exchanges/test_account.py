"""What the account is: probed by the venue's own words, shown, changed only where it differs."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from core.errors import Fatal, RetryLater
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.probe import account_type
from exchanges.bitget.trading import BitgetTrading
from exchanges.rate import RateLimiter
from tests.exchanges.conftest import KEYS
from tests.exchanges.fake_bitget import ACCOUNT, FakeBitget, refusal

ACCOUNTS = "/api/v2/mix/account/accounts"


async def probed(venue: FakeBitget) -> str:
    async def at_once(_: float) -> None:
        return

    client = BitgetClient(venue.settings(), KEYS, RateLimiter(venue.settings().rate))
    try:
        return await account_type(client, at_once)
    finally:
        await client.close()


async def test_trouble_is_not_taken_for_an_account_type(venue: FakeBitget):
    troubles = [web.Response(status=500, text="x"), refusal("40085", "unified")]
    venue.answers[ACCOUNTS] = lambda _: troubles.pop(0)
    assert await probed(venue) == "unified"


async def test_a_probe_without_an_answer_stays_undecided(venue: FakeBitget):
    venue.answers[ACCOUNTS] = lambda _: web.Response(status=500, text="x")
    with pytest.raises(RetryLater):
        await probed(venue)


async def test_the_classic_api_serves_a_classic_account(venue: FakeBitget):
    assert await probed(venue) == "classic"
    assert not venue.of("account/settings")  # ccxt's own probe must never run


async def test_the_account_type_is_said_to_every_client_so_that_ccxt_never_guesses(trading: BitgetTrading):
    assert trading._client.ccxt.options["uta"] is False


@pytest.mark.parametrize(("configured", "code"), [("unified", "00000"), ("probe", "40085"), ("classic", "40085")])
async def test_a_unified_account_is_refused_at_the_start(venue: FakeBitget, configured: str, code: str):
    if code != "00000":
        venue.answers[ACCOUNTS] = lambda _: refusal(code, "You are in Unified Account mode")
    trading = BitgetTrading(venue.settings(account_type=configured), KEYS)
    with pytest.raises(Fatal, match=r"[Uu]nified"):
        await trading.open(["BTC-USDT"])
    await trading.close()


async def test_symbols_that_the_venue_does_not_list_are_left_out(venue: FakeBitget):
    trading = BitgetTrading(venue.settings(), KEYS)
    assert await trading.open(["ETH-USDT", "NO-USDT", "BTC-USDT"]) == ("ETH-USDT", "BTC-USDT")
    rules = trading.instrument("ETH-USDT")
    assert (rules.tick, rules.step, rules.min_notional, rules.taker_fee) == (0.01, 0.001, 5.0, 0.0006)
    await trading.close()


async def test_facts_are_the_venues(venue: FakeBitget, trading: BitgetTrading):
    venue.answers["/api/v2/spot/account/info"] = {"authorities": ["coow", "withdraw"], "ips": "127.0.0.1"}
    facts = await trading.facts(["BTC-USDT"])
    assert facts.one_way
    assert facts.margin_mode == {"BTC-USDT": "isolated"}
    assert facts.leverage == {"BTC-USDT": 5.0}
    assert facts.can_withdraw is True
    assert facts.address_bound is True


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
