"""What the read model shows after messages, and that repeats and late ones change nothing."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import read_views, topics
from actors.ledger import Ledger
from actors.read_model import Facts, ReadModel
from api.topics import TOPICS
from core.messages import ActorBeat, TargetRefused, TradingHalted, TradingResumed
from core.order import OrderStatus
from exchanges.port import TickerSeen
from tests import messages
from tests.api.rig import FACTS, NOW, well
from tests.messages import T0


def told(*events: object, facts: Facts = FACTS) -> ReadModel:
    state = ReadModel(facts)
    for event in events:
        state.apply(event, NOW)
    return state


def word(state: ReadModel, now_ms: int = NOW) -> tuple[str, set[str]]:
    health = read_views.health(state, now_ms, NOW)
    return health.status, {reason.code for reason in health.reasons}


@pytest.mark.parametrize(
    ("events", "status", "codes"),
    [
        ((), "OK", set()),
        ((messages.protection(ts_ms=T0 + 1, stop=None, unprotected_ms=1200),), "DANGER", {"without_stop"}),
        ((messages.protection(ts_ms=T0 + 1, stop=49_000.0),), "DANGER", {"stop_behind_liquidation"}),
        ((messages.protection(ts_ms=T0 + 1, quantity=0.0, stop=None),), "OK", set()),
        ((TradingHalted(T0, 1, "BTC-USDT", "refused thrice"),), "ATTENTION", {"halted"}),
        ((TradingHalted(T0, 1, "", "drawdown"),), "DANGER", {"halted"}),
        ((TradingHalted(T0, 1, "", "drawdown"), TradingResumed(T0, 2, "")), "OK", set()),
        ((TradingHalted(T0, 1, "ETH-USDT", "x"), TradingResumed(T0, 2, "")), "ATTENTION", {"halted"}),
        ((ActorBeat(NOW, 2, "feed", "degraded"),), "ATTENTION", {"actor_state"}),
        ((ActorBeat(NOW, 2, "feed", "ok", lag=3),), "ATTENTION", {"lagging"}),
        ((ActorBeat(NOW, 2, "feed", "stopped"),), "ATTENTION", {"actor_silent"}),
        ((ActorBeat(NOW, 2, "executor", "stopped"),), "DANGER", {"actor_silent"}),
    ],
)
def test_the_word_follows_from_what_was_told(events: tuple[object, ...], status: str, codes: set[str]) -> None:
    assert word(told(*well(), *events)) == (status, codes)


def test_nothing_looks_fine_before_anything_was_heard() -> None:
    assert word(ReadModel(FACTS)) == ("ATTENTION", {"actor_silent", "stale"})


@pytest.mark.parametrize(
    ("later_s", "codes"),
    [
        (9, set()),
        (11, {"actor_silent"}),
        (31, {"actor_silent", "protection_old"}),
        (91, {"actor_silent", "protection_old", "stale"}),
    ],
)
def test_silence_is_noticed(later_s: int, codes: set[str]) -> None:
    assert word(told(*well()), NOW + later_s * 1000)[1] == codes


def test_a_position_shows_its_result_and_how_far_its_stop_is() -> None:
    state = told(*well(), TickerSeen("BTC-USDT", T0 + 1, 84_400.0, 84_500.0, 84_399.0, 84_401.0))
    (position,) = read_views.positions(state, NOW + 2000)
    assert (position.strategy, position.mark, position.age_s) == ("envelope_dca", 84_500.0, 2.0)
    assert position.unrealised == pytest.approx(0.02 * 500)
    assert position.stop_distance == pytest.approx(63_000 / 84_500 - 1)
    assert position.exit_fee == pytest.approx(0.02 * 84_500 * 0.0006)


def test_a_position_that_no_plan_expects_has_no_owner() -> None:
    (position,) = read_views.positions(told(messages.protection(), messages.plan()), NOW)
    assert position.strategy == ""


def test_in_paper_mode_positions_are_the_runners_own() -> None:
    state = told(messages.plan(quantity=0.01, filled=1, stop=60_000.0), messages.candles(), facts=Facts("paper"))
    (position,) = read_views.positions(state, NOW)
    assert (position.scope, position.quantity, position.stop) == ("paper", 0.01, 60_000.0)


def test_the_worst_protection_comes_first() -> None:
    state = told(messages.protection(), messages.protection(symbol="SOL-USDT", stop=None))
    assert [position.symbol for position in read_views.positions(state, NOW)] == ["SOL-USDT", "BTC-USDT"]


def test_late_messages_change_nothing() -> None:
    state = told(
        messages.plan(T0 + 60_000, cycle=2), messages.protection(ts_ms=T0 + 5, stop=64_000.0), messages.equity(5),
        messages.candles(T0 + 60_000, 85_000.0), messages.shown(T0 + 5, status=OrderStatus.PARTIAL),
    )
    before = {name: topics.topic(state, name, NOW, NOW) for name in TOPICS}
    for late in (messages.plan(T0), messages.protection(), messages.equity(0), messages.candles(T0), messages.shown()):
        state.apply(late, NOW)
    assert {name: topics.topic(state, name, NOW, NOW) for name in TOPICS} == before


def test_trades_and_fills_count_once() -> None:
    state = told(*[messages.trade(0), messages.fill(0)] * 2, messages.trade(1, net=-10.0), messages.trade(1, net=-10.0))
    (figures,) = read_views.money(state)
    assert (figures.trades, figures.wins, figures.net) == (2, 1, pytest.approx(8.9))
    assert figures.profit_factor == pytest.approx(1.89)
    assert len(state.fills) == 1


def test_an_actor_that_counts_from_one_again_was_restarted() -> None:
    beats = [ActorBeat(NOW + i, sequence, "feed", "ok") for i, sequence in enumerate((7, 1, 2))]
    state = told(*beats)
    (feed,) = read_views.actors(state, NOW)
    assert feed.restarts == 1


def test_an_order_that_is_done_is_no_longer_shown() -> None:
    state = told(messages.shown())
    assert len(state.orders) == 1
    state.apply(messages.shown(T0 + 1, status=OrderStatus.CANCELLED), NOW)
    assert state.orders == {}


def test_the_next_decision_and_the_nearest_levels_are_known() -> None:
    now = read_views.now(told(*well()), NOW, NOW)
    assert now.next.decision_ms == T0 + 3_600_000
    assert [(level.level, level.distance) for level in now.next.levels] == [
        (0, pytest.approx(80 / 84 - 1)), (1, pytest.approx(76 / 84 - 1))
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(), min_size=4, max_size=4))
def test_no_topic_ever_shows_an_undefined_number(numbers: list[float]) -> None:
    a, b, c, d = numbers
    state = told(
        messages.trade(net=a, fees=b), messages.fill(price=c), messages.equity(equity=d), messages.shown(price=a),
        messages.protection(stop=b, average=c), messages.plan(price=d, stop=a), messages.candles(close=b),
        TickerSeen("BTC-USDT", T0, a, b, c, d), messages.protection(symbol="ETH-USDT", quantity=a, stop=None),
        TargetRefused(T0, 1, "envelope_dca", "BTC-USDT", "max_positions", "5 of 5"),
    )
    for name in TOPICS:
        json.dumps(topics.topic(state, name, NOW, NOW), allow_nan=False)
    assert "NaN" not in read_views.now(state, NOW, NOW).model_dump_json()


def test_after_a_restart_everything_is_there_but_nothing_counts_as_fresh(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/l.db")
    events = (
        *well(), messages.trade(0), messages.trade(1), messages.equity(3), messages.shown(), messages.fill(),
        TradingHalted(T0, 1, "ETH-USDT", "refused"),
    )
    ledger.record(events)
    before, after = told(*events), ReadModel(FACTS)
    after.apply(messages.trade(1), NOW)  # told before the ledger answered
    after.restore(ledger.latest())
    for name in ("orders", "runners", "fills", "trades"):
        assert topics.topic(after, name, NOW, NOW) == topics.topic(before, name, NOW, NOW), name
    assert word(after) == ("ATTENTION", {"protection_unread", "actor_silent", "stale", "halted"})
    for event in well():
        after.apply(event, NOW)
    assert word(after) == ("ATTENTION", {"halted"})
    ledger.stop()


def test_undefined_money_is_counted_as_nothing() -> None:
    (figures,) = read_views.money(told(messages.trade(net=math.nan)))
    assert (figures.trades, figures.net) == (1, 0.0)
