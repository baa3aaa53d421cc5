"""Faults as rules: what they may say, and that the same rules and occasions give the same faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from sandbox.faults.kinds import TRAITS, FaultKind, Where
from sandbox.faults.occasion import ROLES, Occasion, request_roles
from sandbox.faults.plan import Faults, Injection
from sandbox.faults.rules import FaultRule, rule_of, rules_in, rules_of

NUMBERS = {"seconds": st.floats(0, 86_400), "fraction": st.floats(0.01, 0.99), "milliseconds": st.floats(-1e9, 1e9),
           "code": st.integers(500, 599).map(str)}
ENTRY = Occasion("/api/v2/mix/order/place-order", "", "BTC-USDT", frozenset({"place", "entry"}))


@st.composite
def rules(draw: st.DrawFn) -> FaultRule:
    kind = draw(st.sampled_from(FaultKind))
    argument = TRAITS[kind].argument
    more: dict[str, Any] = {argument: draw(st.none() | NUMBERS[argument])} if argument else {}
    texts = st.lists(st.sampled_from(["*", "BTC-USDT", "*/place-order", "orders"]), max_size=2).map(tuple)
    return FaultRule(
        kind, draw(st.floats(0.001, 1.0)), draw(st.none() | st.integers(1, 9)), draw(st.none() | st.integers(1, 9)),
        draw(st.integers(0, 2**32)), draw(texts), draw(texts), draw(texts),
        tuple(draw(st.lists(st.sampled_from(ROLES), max_size=3))), **more,
    )


def struck(wanted: list[FaultRule], occasions: list[Occasion]) -> list[Injection]:
    """What the rules give on requests, pushes and matching, each occasion at all of these places."""
    told: list[Injection] = []
    faults = Faults(told.append)
    faults.add(wanted)
    for occasion in occasions:
        for where in Where:
            faults.strike(where, occasion)
    return told


@settings(max_examples=50)
@given(rules())
def test_a_rule_survives_json(rule: FaultRule) -> None:
    assert rule_of(json.loads(json.dumps(rule.as_json()))) == rule


@settings(max_examples=20)
@given(st.lists(rules(), max_size=4), st.integers(0, 40))
def test_the_same_rules_and_occasions_give_the_same_faults(wanted: list[FaultRule], count: int) -> None:
    occasions = [ENTRY._replace(symbol="BTC-USDT" if i % 3 else "ETH-USDT") for i in range(count)]
    assert struck(wanted, occasions) == struck(wanted, occasions)


def test_another_seed_gives_other_faults() -> None:
    drawn = [
        [i.number for i in struck([FaultRule(FaultKind.REFUSE, 0.5, seed=seed)], [ENTRY] * 64)] for seed in range(8)
    ]
    assert len({len(numbers) for numbers in drawn}) > 2


def test_a_rule_draws_for_itself_whatever_rules_of_other_places_do() -> None:
    rule = FaultRule(FaultKind.REFUSE, 0.3, seed=5)
    alone = [i.number for i in struck([rule], [ENTRY] * 50)]
    beside = [i for i in struck([FaultRule(FaultKind.PUSH_LOST, 0.9), rule], [ENTRY] * 50) if i.kind == "refuse"]
    assert len(beside) == len(alone) > 5


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 3}, [3]),
        ({"nth": 3, "times": 2}, [3, 4]),
        ({"times": 2}, [1, 2]),
    ],
)
def test_the_nth_occasion_and_a_number_of_times(more: dict[str, Any], expected: list[int]) -> None:
    told: list[Injection] = []
    faults = Faults(told.append)
    faults.add([FaultRule(FaultKind.REFUSE, **more)])
    hits = [i for i in range(1, 7) if faults.strike(Where.REQUEST, ENTRY)]
    assert hits == expected
    assert faults.given == {"refuse": len(expected)}


@pytest.mark.parametrize(
    ("more", "about"),
    [
        ({}, True),
        ({"symbols": ("ETH-USDT",)}, False),
        ({"symbols": ("ETH-USDT", "BTC-USDT")}, True),
        ({"paths": ("*/place-order",)}, True),
        ({"paths": ("*/cancel-order",)}, False),
        ({"roles": ("exit", "stop")}, False),
        ({"roles": ("entry",)}, True),
        ({"channels": ("orders",)}, False),
    ],
)
def test_a_rule_is_about_what_it_names(more: dict[str, Any], about: bool) -> None:
    assert bool(struck([FaultRule(FaultKind.REFUSE, **more)], [ENTRY])) is about


def test_faults_of_orders_spare_what_does_not_trade_unless_its_path_is_named() -> None:
    reading = Occasion("/api/v2/mix/account/accounts")
    assert not struck([FaultRule(FaultKind.ACCEPT_SILENT)], [reading])
    assert struck([FaultRule(FaultKind.ACCEPT_SILENT, paths=("*/accounts",))], [reading])
    assert struck([FaultRule(FaultKind.SERVER_ERROR)], [reading])


def test_a_rule_taken_back_strikes_no_more() -> None:
    faults = Faults(lambda _: None)
    first, second = faults.add([FaultRule(FaultKind.REFUSE), FaultRule(FaultKind.DELAY)])
    assert faults.remove(first.number) == 1
    found = faults.strike(Where.REQUEST, ENTRY)
    assert found is not None
    assert (found.kind, found.rule, found.seconds) == (FaultKind.DELAY, second.number, 1.0)
    assert (faults.remove(), faults.any(Where.REQUEST)) == (1, False)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "earthquake"}, "kind = 'earthquake': must be one of delay, too_many_requests"),
        ({"kind": "delay", "probability": 0}, "probability = 0: above 0, at most 1"),
        ({"kind": "delay", "probability": "often"}, "probability = 'often'"),
        ({"kind": "delay", "probability": float("nan")}, "probability = nan"),
        ({"kind": "delay", "nth": 0}, "nth = 0: a whole number from 1"),
        ({"kind": "delay", "times": 1.5}, "times = 1.5"),
        ({"kind": "delay", "seconds": "long"}, "seconds = 'long': a number from 0 to a day"),
        ({"kind": "delay", "code": "429"}, "code = '429': delay takes seconds"),
        ({"kind": "push_lost", "seconds": 1}, "seconds = 1: push_lost takes no argument"),
        ({"kind": "server_error", "code": 404}, "code = '404'"),
        ({"kind": "partial_fill", "fraction": 1}, "fraction = 1: a number above 0, below 1"),
        ({"kind": "refuse", "roles": ["thief"]}, "roles = ('thief',): of entry, exit"),
        ({"kind": "refuse", "paths": 7}, "paths = 7: must be a list of texts"),
        ({"kind": "refuse", "colour": "red"}, "colour = 'red': unknown; there are kind, probability"),
        ("refuse", "must be a mapping"),
    ],
)
def test_an_unsound_rule_is_refused_in_one_line(values: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        rule_of(values)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_short_text_and_lists() -> None:
    assert rules_in("accept_silent:0.02, server_error:0.1:503,push_lost", seed=4) == (
        FaultRule(FaultKind.ACCEPT_SILENT, 0.02, seed=4),
        FaultRule(FaultKind.SERVER_ERROR, 0.1, seed=5, code="503"),
        FaultRule(FaultKind.PUSH_LOST, seed=6),
    )
    assert rules_of({"faults": [{"kind": "delay"}]}) == rules_of([{"kind": "delay"}]) == (FaultRule(FaultKind.DELAY),)
    for bad in ("", "delay:x", "push_lost:1:2", "delay:2", "delay:0.5:soon"):
        with pytest.raises(ConfigurationError):
            rules_in(bad)


@pytest.mark.parametrize(
    ("path", "body", "roles"),
    [
        ("/api/v2/mix/order/place-order", {}, "entry place"),
        ("/api/v2/mix/order/place-order", {"reduceOnly": "YES"}, "exit place"),
        ("/api/v2/mix/order/place-order", {"tradeSide": "close"}, "exit place"),
        ("/api/v3/trade/place-order", {"reduceOnly": "yes"}, "exit place"),
        ("/api/v2/mix/order/place-tpsl-order", {"planType": "pos_loss"}, "place stop"),
        ("/api/v2/mix/order/place-tpsl-order", {"planType": "profit_plan"}, "place target"),
        ("/api/v3/trade/place-strategy-order", {"stopLoss": "1", "takeProfit": "2"}, "place stop target"),
        ("/api/v2/mix/order/place-plan-order", {}, "place plan"),
        ("/api/v2/mix/order/modify-order", {}, "amend"),
        ("/api/v3/trade/cancel-symbol-order", {}, "cancel"),
        ("/api/v2/mix/order/close-positions", {}, "exit place"),
        ("/api/v2/mix/account/set-leverage", {}, ""),
    ],
)
def test_what_a_request_is_for(path: str, body: dict[str, Any], roles: str) -> None:
    assert " ".join(sorted(request_roles(path, body, lambda _: None))) == roles


def test_the_page_about_the_exchange_names_every_kind() -> None:
    page = (Path(__file__).parents[2] / "docs" / "exchange.md").read_text(encoding="utf-8")
    assert [kind for kind, traits in TRAITS.items() if f"| `{kind}` | {traits.says} |" not in page] == []
