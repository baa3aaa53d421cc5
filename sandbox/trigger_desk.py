"""Triggers: position stop and target, partial ones, plan orders; placing, moving, cancelling, and what firing does.

A position has at most one stop and one target of the whole-position kind: placing another moves the live one.
A fired trigger executes where the price stands (its own price when the path reached it, the open when that gapped).
"""

from __future__ import annotations

from typing import NamedTuple

from core.order import Side
from sandbox.account import Account, Position
from sandbox.desk import check_hold, check_price, check_quantity, place
from sandbox.execution import execute_at_market
from sandbox.faults.matching import trigger_failure
from sandbox.orders import LOSSES, PLANS, WHOLE_POSITION, NewOrder, NewTrigger, Order, PlanType, Trigger, TriggerStatus
from sandbox.refusal import Refusal, no_position, order_not_found, wrong_side_of_price
from sandbox.settlement import after_change, end_trigger, new_order, set_position_trigger
from sandbox.state import State


def place_trigger(state: State, account: Account, wanted: NewTrigger) -> Trigger:
    """The live trigger. Raises Refusal and changes nothing when it may not be placed."""
    last = state.price(wanted.symbol)
    instrument = state.instrument(wanted.symbol)
    check_price(instrument, wanted.trigger)
    if wanted.execute is not None:
        check_price(instrument, wanted.execute)
    check_hold(account, wanted.hold, wanted.side, closing=wanted.reduce_only)
    if wanted.client_id and wanted.client_id in account.trigger_of_client:
        raise Refusal("40786", "Duplicate clientOid")
    if wanted.plan in PLANS:
        check_quantity(instrument, wanted.quantity, wanted.execute or wanted.trigger, closing=wanted.reduce_only)
        below = wanted.trigger <= last
    else:
        position = _position_to_close(account, wanted)
        below = (position.direction > 0) == (wanted.plan in LOSSES)
        _check_side(wanted.plan, below, wanted.trigger, last)
        if wanted.plan in WHOLE_POSITION:
            trigger = set_position_trigger(state, account, position, wanted.plan, wanted.trigger, wanted.client_id)
            trigger.execute, trigger.source = wanted.execute, wanted.source
            after_change(state, account, wanted.symbol)
            return trigger
        check_quantity(instrument, wanted.quantity, wanted.trigger, closing=True)
    trigger = Trigger(
        state.next_id(), wanted.client_id or str(state.next_id()), wanted.symbol, wanted.plan, wanted.side,
        wanted.trigger, below, wanted.quantity, wanted.execute, wanted.reduce_only, wanted.source, state.now_ms,
        state.now_ms, wanted.preset_stop, wanted.preset_target, hold=wanted.hold, callback=wanted.callback,
    )
    account.every_trigger[trigger.order_id] = trigger
    account.triggers.setdefault(wanted.symbol, {})[trigger.order_id] = trigger
    account.trigger_of_client[trigger.client_id] = trigger.order_id
    state.record("trigger", account, wanted.symbol, trigger)
    return trigger


class TriggerAmendment(NamedTuple):
    """What of a trigger is to change; None leaves it."""

    trigger: float | None = None
    quantity: float | None = None
    execute: float | None = None
    callback: float | None = None
    source: str | None = None


def amend_trigger(state: State, account: Account, trigger: Trigger, change: TriggerAmendment) -> Trigger:
    """The live trigger moved in place. Raises Refusal when it is not live or the price has passed the new level."""
    if trigger.order_id not in account.triggers.get(trigger.symbol, {}):
        raise order_not_found()
    level = trigger.trigger if change.trigger is None else change.trigger
    quantity = None if trigger.plan in WHOLE_POSITION else change.quantity
    _check_amendment(state, trigger, level, quantity, change.execute)
    if trigger.plan in PLANS and level != trigger.trigger:
        trigger.below = level <= state.price(trigger.symbol)
    trigger.trigger, trigger.updated_ms = level, state.now_ms
    if quantity is not None:
        trigger.quantity = quantity
    if change.callback is not None and trigger.plan is PlanType.TRACK:
        trigger.callback = change.callback
    if change.execute is not None:
        trigger.execute = change.execute or None
    trigger.source = change.source or trigger.source
    state.record("trigger", account, trigger.symbol, trigger, "amended")
    return trigger


def _check_amendment(
    state: State, trigger: Trigger, level: float, quantity: float | None, execute: float | None
) -> None:
    """Raises Refusal when a trigger may not get these; nothing is changed."""
    instrument = state.instrument(trigger.symbol)
    check_price(instrument, level)
    if execute:
        check_price(instrument, execute)
    if quantity is not None:
        check_quantity(instrument, quantity, level, closing=trigger.reduce_only)
    if trigger.best is not None and level != trigger.trigger:
        raise Refusal("40917", "The trailing order follows the price already: its trigger price stands")
    if trigger.plan not in PLANS:
        _check_side(trigger.plan, trigger.below, level, state.price(trigger.symbol))


def cancel_trigger(state: State, account: Account, trigger: Trigger) -> None:
    """Withdraw a live trigger. Raises Refusal when it is not live."""
    if trigger.order_id not in account.triggers.get(trigger.symbol, {}):
        raise order_not_found()
    end_trigger(state, account, trigger, TriggerStatus.CANCELLED, "cancelled by user")
    after_change(state, account, trigger.symbol)


def find_trigger(account: Account, order_id: int | None, client_id: str = "") -> Trigger:
    """A trigger in whatever state. Raises Refusal when there is none."""
    key = order_id if order_id is not None else account.trigger_of_client.get(client_id)
    trigger = account.every_trigger.get(key) if key is not None else None
    if trigger is None:
        raise order_not_found()
    return trigger


def fire(state: State, account: Account, trigger: Trigger, price: float) -> Order | None:
    """What a trigger that was met becomes: a market execution at ``price`` with slippage, or a limit order.

    A trailing order that has met its trigger price begins to follow, and stays live.
    """
    if trigger.plan is PlanType.TRACK and trigger.best is None:
        trigger.best, trigger.updated_ms = price, state.now_ms
        state.record("trigger", account, trigger.symbol, trigger, "follows")
        return None
    if failure := trigger_failure(state, trigger):
        end_trigger(state, account, trigger, TriggerStatus.FAILED, failure)
        after_change(state, account, trigger.symbol)
        return None
    end_trigger(state, account, trigger, TriggerStatus.EXECUTED)
    if trigger.plan in PLANS:
        return _fire_plan(state, account, trigger)
    position = account.position(trigger.symbol, trigger.hold)
    if position is None or position.direction == trigger.side.sign:
        return None
    quantity = position.quantity if trigger.plan in WHOLE_POSITION else min(trigger.quantity, position.quantity)
    if trigger.execute is not None:
        limit = NewOrder(
            trigger.symbol, trigger.side, quantity, trigger.execute, reduce_only=True, hold=trigger.hold
        )
        return _becomes(state, account, trigger, limit)
    source = trigger.plan.value
    order = new_order(state, account, trigger.symbol, trigger.side, quantity, source=source, hold=trigger.hold)
    order.client_id = trigger.client_id
    execute_at_market(state, account, order, price)
    trigger.became = order.order_id
    return order


def follow(state: State, symbol: str, price: float) -> None:
    """Trailing orders that have begun remember the best price."""
    for account in state.accounts.values():
        for trigger in account.triggers.get(symbol, {}).values():
            if trigger.best is not None:
                trigger.best = max(trigger.best, price) if trigger.side.sign < 0 else min(trigger.best, price)


def _fire_plan(state: State, account: Account, trigger: Trigger) -> Order | None:
    wanted = NewOrder(
        trigger.symbol, trigger.side, trigger.quantity, trigger.execute, reduce_only=trigger.reduce_only,
        preset_stop=trigger.preset_stop, preset_target=trigger.preset_target, hold=trigger.hold,
    )
    return _becomes(state, account, trigger, wanted)


def _becomes(state: State, account: Account, trigger: Trigger, wanted: NewOrder) -> Order | None:
    """The order that a fired trigger places; None when that is refused, and the trigger has failed."""
    order = None
    try:
        order = place(state, account, wanted, source=trigger.plan.value)
        trigger.became = order.order_id
    except Refusal as refusal:
        trigger.status = TriggerStatus.FAILED
        state.record("trigger", account, trigger.symbol, trigger, refusal.message)
    after_change(state, account, trigger.symbol)
    return order


def _position_to_close(account: Account, wanted: NewTrigger) -> Position:
    position = account.position(wanted.symbol, wanted.hold)
    if position is None or Side.opening(-position.direction) is not wanted.side:
        raise no_position()
    return position


def _check_side(plan: PlanType, below: bool, level: float, last: float) -> None:
    """A stop or target must lie where the price has not been yet."""
    if (last <= level) if below else (last >= level):
        raise wrong_side_of_price("stop loss" if plan in LOSSES else "take profit")
