"""Triggers: position stop and target, partial ones, plan orders; placing, moving, cancelling, and what firing does.

A position has at most one stop and one target of the whole-position kind: placing another moves the live one.
A fired trigger executes where the price stands (its own price when the path reached it, the open when that gapped).
"""

from __future__ import annotations

from typing import NamedTuple

from core.order import Side
from sandbox.account import Account, Position
from sandbox.desk import check_price, check_quantity, execute, place, slipped
from sandbox.orders import LOSSES, WHOLE_POSITION, NewOrder, NewTrigger, Order, PlanType, Trigger, TriggerStatus
from sandbox.refusal import Refusal, no_position, order_not_found, wrong_side_of_price
from sandbox.settlement import after_change, end_trigger, new_order, set_position_trigger
from sandbox.state import State


def place_trigger(state: State, account: Account, wanted: NewTrigger) -> Trigger:
    """The live trigger. Raises Refusal and changes nothing when it may not be placed."""
    last = state.price(wanted.symbol)
    instrument = state.instrument(wanted.symbol)
    check_price(instrument, wanted.trigger)
    if wanted.client_id and wanted.client_id in account.trigger_of_client:
        raise Refusal("40786", "Duplicate clientOid")
    if wanted.plan is PlanType.NORMAL:
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
        state.now_ms, wanted.preset_stop, wanted.preset_target,
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


def amend_trigger(state: State, account: Account, trigger: Trigger, change: TriggerAmendment) -> Trigger:
    """The live trigger moved in place. Raises Refusal when it is not live or the price has passed the new level."""
    if trigger.order_id not in account.triggers.get(trigger.symbol, {}):
        raise order_not_found()
    last = state.price(trigger.symbol)
    level = trigger.trigger if change.trigger is None else change.trigger
    check_price(state.instrument(trigger.symbol), level)
    if trigger.plan is PlanType.NORMAL:
        trigger.below = level <= last
    else:
        _check_side(trigger.plan, trigger.below, level, last)
    trigger.trigger, trigger.updated_ms = level, state.now_ms
    if change.quantity is not None and trigger.plan not in WHOLE_POSITION:
        trigger.quantity = change.quantity
    if change.execute is not None:
        trigger.execute = change.execute or None
    state.record("trigger", account, trigger.symbol, trigger, "amended")
    return trigger


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
    """What a trigger that was met becomes: a market execution at ``price`` with slippage, or a limit order."""
    end_trigger(state, account, trigger, TriggerStatus.EXECUTED)
    if trigger.plan is PlanType.NORMAL:
        return _fire_plan(state, account, trigger)
    position = account.positions.get(trigger.symbol)
    if position is None or position.direction == trigger.side.sign:
        return None
    quantity = position.quantity if trigger.plan in WHOLE_POSITION else min(trigger.quantity, position.quantity)
    if trigger.execute is not None:
        limit = NewOrder(trigger.symbol, trigger.side, quantity, trigger.execute, reduce_only=True)
        order = place(state, account, limit, source=trigger.plan.value)
    else:
        order = new_order(state, account, trigger.symbol, trigger.side, quantity, source=trigger.plan.value)
        order.client_id = trigger.client_id
        execute(state, account, order, slipped(state, trigger.side, price), maker=False)
    trigger.became = order.order_id
    return order


def _fire_plan(state: State, account: Account, trigger: Trigger) -> Order | None:
    wanted = NewOrder(
        trigger.symbol, trigger.side, trigger.quantity, trigger.execute, reduce_only=trigger.reduce_only,
        preset_stop=trigger.preset_stop, preset_target=trigger.preset_target,
    )
    try:
        order = place(state, account, wanted, source=trigger.plan.value)
    except Refusal as refusal:
        trigger.status = TriggerStatus.FAILED
        state.record("trigger", account, trigger.symbol, trigger, refusal.message)
        return None
    trigger.became = order.order_id
    return order


def _position_to_close(account: Account, wanted: NewTrigger) -> Position:
    position = account.positions.get(wanted.symbol)
    if position is None or Side.opening(-position.direction) is not wanted.side:
        raise no_position()
    return position


def _check_side(plan: PlanType, below: bool, level: float, last: float) -> None:
    """A stop or target must lie where the price has not been yet."""
    if (last <= level) if below else (last >= level):
        raise wrong_side_of_price("stop loss" if plan in LOSSES else "take profit")
