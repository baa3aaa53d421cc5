"""Faults of the matching: what an order, a preset or a trigger does not do although it should."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.account import Account
from sandbox.faults.kinds import FaultKind, Where
from sandbox.faults.occasion import Occasion, trigger_role
from sandbox.faults.plan import Injection
from sandbox.orders import LOSSES, Order, Trigger, TriggerStatus
from sandbox.state import State


def filled_in_part(state: State, order: Order, quantity: float) -> float | None:
    """How much of ``quantity`` is filled before the rest is cancelled; None when no fault strikes.

    A multiple of the step, at least one; None where that is all of it.
    """
    if not state.faults.any(Where.MATCHING):
        return None
    step = state.instrument(order.symbol).step or quantity
    if quantity < 2 * step:
        return None
    fault = state.faults.strike(Where.MATCHING, _of_order(order), (FaultKind.PARTIAL_FILL,))
    if fault is None:
        return None
    return round(max(1, int(quantity * float(fault.argument or 0) / step)) * step, 10)


def preset_refused(state: State, order: Order) -> None:
    """Take the presets off an order that is being placed, when a fault strikes."""
    if order.preset_stop is None and order.preset_target is None:
        return
    fault = _struck(state, _of_order(order), FaultKind.PRESET_REFUSED)
    if fault is not None:
        order.preset_stop = order.preset_target = None
        order.reason = f"fault {fault.number}: preset refused"


def preset_lost(state: State, order: Order) -> bool:
    """Whether the presets of a fill come to nothing, or came to nothing when it was placed."""
    if order.preset_stop is None and order.preset_target is None:
        if order.reason:
            state.protection.because(order.symbol, order.reason, order.hold.value)
        return True
    fault = _struck(state, _of_order(order), FaultKind.PRESET_DROPPED)
    if fault is not None:
        state.protection.because(order.symbol, f"fault {fault.number}: preset dropped", order.hold.value)
    return fault is not None


def trigger_failure(state: State, trigger: Trigger) -> str:
    """Why a trigger that was met fails to execute; '' when it does not."""
    occasion = Occasion(symbol=trigger.symbol, roles=frozenset({trigger_role(trigger)}))
    fault = _struck(state, occasion, FaultKind.TRIGGER_FAILS)
    return "" if fault is None else f"fault {fault.number}: failed to execute"


def vanish_stops(state: State, observe: Callable[[State, Account, str], None]) -> None:
    """Take live stops away without a word, where a fault strikes: one occasion for each stop.

    ``observe`` notes what protects an account's positions of a symbol.
    """
    if not state.faults.any(Where.MATCHING):
        return
    for account in state.accounts.values():
        for trigger in list(account.live_triggers()):
            if trigger.plan in LOSSES:
                occasion = Occasion(symbol=trigger.symbol, roles=frozenset({"stop"}))
                fault = _struck(state, occasion, FaultKind.STOP_VANISHES)
                if fault is not None:
                    account.triggers[trigger.symbol].pop(trigger.order_id)
                    trigger.status, trigger.updated_ms = TriggerStatus.CANCELLED, state.now_ms
                    cause = f"fault {fault.number}: stop vanished"
                    state.protection.because(trigger.symbol, cause, trigger.hold.value)
                    observe(state, account, trigger.symbol)


def _struck(state: State, occasion: Occasion, kind: FaultKind) -> Injection | None:
    return state.faults.strike(Where.MATCHING, occasion, (kind,)) if state.faults.any(Where.MATCHING) else None


def _of_order(order: Order) -> Occasion:
    return Occasion(symbol=order.symbol, roles=frozenset({"exit" if order.reduce_only else "entry"}))
