"""The judge of the campaigns can convict: each thing that must not be is noticed."""

from __future__ import annotations

from typing import Any

import pytest

from core.messages import FillRole
from core.timeframe import HOUR_MS, MINUTE_MS
from engine.client_ids import encode, tag
from tests.chaos.judge import differences, standing_apart
from tests.chaos.records import Deal, amiss, deals, standing

BTC = "BTC-USDT"
OWN = tag("envelope_dca", BTC)
DEAL = Deal(BTC, 10 * HOUR_MS, 11 * HOUR_MS, (0, 1), 2.0, 95.0, 100.0, 0.2, 10.0)
LATER = DEAL._replace(opened_ms=20 * HOUR_MS, closed_ms=21 * HOUR_MS)
STRUCK = {"kind": "refuse", "roles": "entry place", "symbol": BTC, "ts": 10 * HOUR_MS - MINUTE_MS}


@pytest.mark.parametrize(("found", "what"), [
    ([DEAL, LATER], []),
    ([DEAL._replace(closed_ms=DEAL.closed_ms + MINUTE_MS), LATER], []),
    ([LATER], ["missed"]),
    ([DEAL, LATER, DEAL._replace(opened_ms=30 * HOUR_MS, closed_ms=31 * HOUR_MS)], ["extra"]),
    ([DEAL._replace(quantity=1.0, levels=(0,)), LATER], ["levels quantity"]),
    ([DEAL._replace(exit_price=99.0), LATER], ["exit"]),
    ([DEAL._replace(closed_ms=DEAL.closed_ms + 2 * MINUTE_MS), LATER], ["end"]),
    ([DEAL._replace(fees=0.3), LATER], ["money"]),
])
def test_a_deal_that_is_another_is_noticed(found: list[Deal], what: list[str]) -> None:
    assert [d.what for d in differences(found, [DEAL, LATER], ())] == what


def test_a_cause_is_a_fault_of_the_same_symbol_just_before_or_an_earlier_difference() -> None:
    soon = DEAL._replace(opened_ms=DEAL.closed_ms + MINUTE_MS, closed_ms=DEAL.closed_ms + HOUR_MS)
    told = differences([], [DEAL, soon, LATER], [STRUCK])
    assert [d.cause for d in told] == ["refuse of entry place", "refuse of entry place", ""]
    assert [d.cause for d in differences([], [DEAL], [{**STRUCK, "symbol": "ETH-USDT"}])] == [""]


def fill(*, opening: bool, quantity: float, ts_ms: int) -> dict[str, Any]:
    return {
        "symbol": BTC, "ts_ms": ts_ms, "opening": opening, "quantity": quantity, "price": 95.0, "fee": 0.1,
        "profit": 0.0, "client_id": encode(OWN, 3, FillRole.ENTRY, 1, 0, 0),
    }


def test_a_deal_is_from_flat_to_flat_and_what_is_open_is_none() -> None:
    sizes = ((True, 2), (False, 1), (False, 1), (True, 5))
    fills = [fill(opening=opening, quantity=size, ts_ms=at) for at, (opening, size) in enumerate(sizes)]
    (deal,) = deals(fills)
    assert (deal.opened_ms, deal.closed_ms, deal.quantity, deal.levels) == (0, 2, 2, (1,))


POSITION = {"symbol": BTC, "direction": 1, "quantity": 2.0, "cost": 190.0}
STOP = {"symbol": BTC, "plan": "pos_loss", "side": "sell", "trigger": 80.0, "execute": None, "source": "mark"}


def order(level: int, attempt: int = 0, **changes: Any) -> dict[str, Any]:
    name = encode(OWN, 3, FillRole.ENTRY, level, 0, attempt)
    fields = {"symbol": BTC, "side": "buy", "quantity": 1.0, "limit": 90.0, "reduce_only": False, "preset_stop": 80.0}
    return {**fields, "client_id": name, **changes}


@pytest.mark.parametrize(("changes", "wrong"), [
    ({}, 0),
    ({"orders": [order(1), order(1, 1)]}, 1),
    ({"orders": [order(1), order(2)]}, 0),
    ({"triggers": [STOP, STOP]}, 1),
    ({"positions": []}, 1),
    ({"positions": [], "triggers": [], "orders": [order(1, reduce_only=True)]}, 1),
])
def test_what_is_doubled_and_what_nothing_belongs_to_is_noticed(changes: dict[str, Any], wrong: int) -> None:
    account = {"positions": [POSITION], "orders": [order(1)], "triggers": [STOP], **changes}
    assert len(amiss(account)) == wrong


def test_what_stands_otherwise_is_noticed_and_presets_only_where_they_count() -> None:
    mine = {"positions": [POSITION], "orders": [order(1)], "triggers": [STOP]}
    other = {**mine, "orders": [order(1, preset_stop=79.0)]}
    assert standing_apart(standing(mine), standing(mine)) == []
    assert len(standing_apart(standing(mine), standing(other))) == 1
    assert standing_apart(standing(mine), standing(other), presets=False) == []
    assert len(standing_apart(standing({**mine, "triggers": []}), standing(mine))) == 1
