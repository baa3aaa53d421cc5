from __future__ import annotations

from typing import Any

import pytest

from actors.monitor_watch import Cooldowns, Sighting, anomalies
from core.live_settings import Watchdog
from core.messages import Severity
from core.monitor_messages import Anomaly
from tests import messages

RULES = Watchdog(stale_s=300, slow_ms=2000, cooldown_s=900, cooldowns_s={"without_stop": 60})
OK = {"state": "ok", "detail": ""}
WELL = Sighting(
    feed={**OK, "age_s": {"BTC-USDT": 5.0}, "last_ms": 10_000_000}, executor=OK,
    runners={"dca": {**OK, "symbols": {"BTC-USDT": {"last_ms": 9_940_000}}}}, risk={**OK, "halts": {}},
    protections=(messages.protection(),), restarts={"risk": 0}, venue_ms=50.0, api_ms=2.0,
)


def runner(**changes: Any) -> Sighting:
    return WELL._replace(runners={"dca": {**WELL.runners["dca"], **changes}})  # type: ignore[dict-item]


CASES: list[tuple[str, Sighting, list[tuple[str, str, Severity]]]] = [
    ("all is well", WELL, []),
    ("nothing is traded", WELL._replace(executor={}, protections=()), []),
    ("a position without its stop", WELL._replace(protections=(messages.protection(stop=None),)),
     [("without_stop", "BTC-USDT", Severity.CRITICAL)]),
    ("flat needs no stop", WELL._replace(protections=(messages.protection(stop=None, quantity=0.0),)), []),
    ("a symbol is halted", WELL._replace(risk={**OK, "halts": {"BTC-USDT": "by hand"}}),
     [("halted", "BTC-USDT", Severity.WARNING)]),
    ("everything is halted", WELL._replace(risk={**OK, "halts": {"": "by hand"}}), [("halted", "", Severity.CRITICAL)]),
    ("a strategy's kill switch", WELL._replace(risk={**OK, "halts": {}, "switches": {"kill_runner:dca": "lost 5.4%"}}),
     [("kill_switch", "dca", Severity.CRITICAL)]),
    ("the general kill switch, told once",
     WELL._replace(risk={**OK, "halts": {"": "fell 15%"}, "switches": {"kill_global": "fell 15%"}}),
     [("kill_switch", "", Severity.CRITICAL)]),
    ("feed away", WELL._replace(feed=None), [("connection", "feed", Severity.WARNING)]),
    ("feed in trouble", WELL._replace(feed={**WELL.feed, "state": "degraded"}),  # type: ignore[dict-item]
     [("connection", "feed", Severity.WARNING)]),
    ("executor away with a position", WELL._replace(executor=None), [("connection", "executor", Severity.CRITICAL)]),
    ("executor away when flat", WELL._replace(executor=None, protections=()),
     [("connection", "executor", Severity.WARNING)]),
    ("exchange away", WELL._replace(venue_ms=None), [("connection", "exchange", Severity.WARNING)]),
    ("exchange slow", WELL._replace(venue_ms=2000.1), [("exchange_slow", "", Severity.WARNING)]),
    ("exchange as slow as it may be", WELL._replace(venue_ms=2000.0), []),
    ("API away", WELL._replace(api_ms=None), [("api_slow", "", Severity.WARNING)]),
    ("API slow", WELL._replace(api_ms=2001.0), [("api_slow", "", Severity.WARNING)]),
    ("candles too old", WELL._replace(feed={**OK, "age_s": {"BTC-USDT": 301.0, "ETH-USDT": 300.0}, "last_ms": 0}),
     [("stale_candles", "BTC-USDT", Severity.WARNING)]),
    ("runner away", WELL._replace(runners={"dca": None}), [("strategy_silent", "dca", Severity.WARNING)]),
    ("runner stopped", runner(state="stopped"), [("strategy_stopped", "dca", Severity.WARNING)]),
    ("runner behind that gets on", runner(symbols={"BTC-USDT": {"last_ms": 9_600_000}}), []),
    ("runner that has not begun", runner(symbols={"BTC-USDT": {"last_ms": 0}}), []),
]


@pytest.mark.parametrize(("name", "seen", "expected"), CASES, ids=[case[0] for case in CASES])
def test_what_is_wrong_is_named_with_its_subject(
    name: str, seen: Sighting, expected: list[tuple[str, str, Severity]]
) -> None:
    found = anomalies(seen, WELL, RULES)
    assert [(a.kind, a.subject, a.severity) for a in found] == expected
    assert all(a.detail for a in found)


@pytest.mark.parametrize(("last_ms", "kinds"), [(9_600_000, ["strategy_stuck"]), (9_640_000, [])])
def test_a_runner_that_stands_still_is_stuck_once_it_is_farther_behind_the_feed_than_candles_may_be_old(
    last_ms: int, kinds: list[str]
) -> None:
    still = runner(symbols={"BTC-USDT": {"last_ms": last_ms}})
    assert [a.kind for a in anomalies(still, still, RULES)] == kinds
    assert not anomalies(still, None, RULES)


def test_an_actor_that_came_back_is_told_once_with_how_often() -> None:
    twice = WELL._replace(restarts={"risk": 2})
    assert [(a.kind, a.detail) for a in anomalies(twice, WELL, RULES)] == [
        ("actor_restarted", "risk was restarted 2 times")
    ]
    assert not anomalies(twice, twice, RULES)


def test_the_worst_comes_first() -> None:
    seen = WELL._replace(venue_ms=9000.0, protections=(messages.protection(stop=None),))
    assert [a.severity for a in anomalies(seen, None, RULES)] == [Severity.CRITICAL, Severity.WARNING]


def test_the_same_is_told_again_after_its_kinds_cooldown_and_another_subject_at_once() -> None:
    def anomaly(kind: str, subject: str = "a") -> Anomaly:
        return Anomaly(kind, Severity.WARNING, subject, "words")

    cooldowns = Cooldowns(RULES)
    slow, bare = anomaly("api_slow"), anomaly("without_stop")
    assert cooldowns.due([slow, bare], 0.0) == [slow, bare]
    assert cooldowns.due([slow, bare, anomaly("without_stop", "b")], 59.9) == [anomaly("without_stop", "b")]
    assert cooldowns.due([slow, bare], 60.0) == [bare]
    assert cooldowns.due([slow], 899.9) == []
    assert cooldowns.due([slow], 900.0) == [slow]
