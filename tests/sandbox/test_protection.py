"""Time without a stop, by the exchange's own record."""

from __future__ import annotations

from core.order import Side
from sandbox.orders import NewTrigger, PlanType
from sandbox.protection import ProtectionRecord
from sandbox.trigger_desk import cancel_trigger, place_trigger
from tests.sandbox.builders import START_MS, SYMBOL, core, order


def test_a_preset_protects_from_the_fill_on() -> None:
    state, account = core()
    order(state, account, "buy", 1.0, preset_stop=90.0)
    state.now_ms += 5000
    (guarded,) = state.protection.all()
    assert guarded.until(state.now_ms) == 0


def test_time_counts_from_the_fill_to_the_stop_and_again_after_its_withdrawal() -> None:
    state, account = core()
    order(state, account, "buy", 1.0)
    state.now_ms += 300
    trigger = place_trigger(state, account, NewTrigger(SYMBOL, PlanType.POS_LOSS, Side.SELL, 90.0))
    state.now_ms += 5000
    cancel_trigger(state, account, trigger)
    state.now_ms += 20
    (guarded,) = state.protection.all()
    assert guarded.until(state.now_ms) == 320
    order(state, account, "sell", 1.0, reduce_only=True)
    state.now_ms += 9999
    (guarded,) = state.protection.all()
    assert (guarded.opened_ms, guarded.closed_ms) == (START_MS, START_MS + 5320)
    assert guarded.until(state.now_ms) == 320


def test_a_target_or_a_partial_stop_is_no_protection() -> None:
    state, account = core()
    order(state, account, "buy", 1.0)
    place_trigger(state, account, NewTrigger(SYMBOL, PlanType.POS_PROFIT, Side.SELL, 110.0))
    place_trigger(state, account, NewTrigger(SYMBOL, PlanType.LOSS, Side.SELL, 90.0, 0.5))
    state.now_ms += 100
    assert state.protection.all()[0].until(state.now_ms) == 100


def test_a_flip_is_two_positions() -> None:
    record = ProtectionRecord()
    record.observe("a", SYMBOL, 1, False, 0)
    record.observe("a", SYMBOL, -1, True, 70)
    assert [(g.direction, g.until(100)) for g in record.all()] == [(1, 70), (-1, 0)]
