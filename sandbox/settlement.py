"""Fills into positions and money: the only place where a wallet changes.

Slippage is a fraction of the price and is not rounded to the tick, as in the engine. A fill against a position closes
it, what is left over opens the other side. A preset stop or target of a fill that opens replaces the position's.
"""

from __future__ import annotations

from typing import NamedTuple

from core.order import Side
from sandbox.account import Account, ClosedPosition, Position
from sandbox.liquidation import backing, bankruptcy_price
from sandbox.orders import WHOLE_POSITION, Fill, Order, PlanType, Status, Trigger, TriggerStatus
from sandbox.state import State

_DUST = 1e-9
_TOLERANCE = 1e-6


class Deal(NamedTuple):
    """What is to be booked of an order: price and quantity, and who made the price."""

    price: float
    quantity: float
    maker: bool
    market: bool


def fill(state: State, account: Account, order: Order, deal: Deal) -> None:
    """Book an execution of an order: fees, position, wallet, presets, events, and the check of the books."""
    instrument = state.instrument(order.symbol)
    notional = deal.quantity * deal.price
    fee = notional * (instrument.maker_fee if deal.maker else instrument.taker_fee)
    order.filled = _clean(order.filled + deal.quantity)
    order.spent += notional
    order.fee += fee
    order.updated_ms = state.now_ms
    # in its final state before the position changes: a flat position withdraws what is still live
    done = order.remaining <= _DUST
    order.status = Status.FILLED if done else Status.PARTIALLY_FILLED
    if done:
        account.orders.get(order.symbol, {}).pop(order.order_id, None)
    opening, profit = _apply(state, account, order, deal, fee)
    order.profit += profit
    account.wallet -= fee
    account.cash -= order.side.sign * notional + fee
    execution = Fill(
        state.next_id(), order.order_id, order.client_id, order.symbol, order.side, deal.price, deal.quantity, fee,
        profit, deal.maker, deal.market, opening, state.now_ms, order.source,
    )
    account.fills.append(execution)
    state.record("fill", account, order.symbol, execution)
    state.record("order", account, order.symbol, order)
    if opening:
        _attach_presets(state, account, order)
    after_change(state, account, order.symbol)


def liquidate(state: State, account: Account, symbol: str) -> None:
    """Close a position that has lost its backing: all of that is gone, no exit fee, its orders are withdrawn."""
    position = account.positions[symbol]
    side = Side.opening(-position.direction)
    price = bankruptcy_price(account, position)
    loss = backing(account, position)
    quantity = position.quantity
    order = new_order(state, account, symbol, side, quantity, source="liquidation")
    for resting in account.live_orders(symbol):
        withdraw(state, account, resting, "liquidation")
    _reduce(state, account, position, price, quantity, 0.0, -loss)
    account.cash += position.direction * quantity * price
    order.filled, order.spent, order.profit = quantity, quantity * price, -loss
    order.status = Status.FILLED
    execution = Fill(
        state.next_id(), order.order_id, "", symbol, side, price, quantity, 0.0, -loss, False, True, False,
        state.now_ms, "liquidation",
    )
    account.fills.append(execution)
    state.record("liquidation", account, symbol, execution)
    state.record("fill", account, symbol, execution)
    state.record("order", account, symbol, order)
    after_change(state, account, symbol)


def settle_funding(state: State, symbol: str, rate: float, price: float) -> None:
    """Longs pay ``rate`` times notional when it is positive, shorts receive it; the reverse when negative."""
    for account in state.accounts.values():
        position = account.positions.get(symbol)
        if position is None or rate == 0.0:
            continue
        amount = position.direction * rate * position.quantity * price
        account.wallet -= amount
        account.cash -= amount
        position.funding += amount
        state.record("funding", account, symbol, None, f"rate {rate} amount {-amount}")
        after_change(state, account, symbol)


def new_order(
    state: State, account: Account, symbol: str, side: Side, quantity: float, *, source: str
) -> Order:
    """A reduce-only market order of the exchange's own making, already among the account's orders."""
    order = Order(
        state.next_id(), "", symbol, side, quantity, None, state.default_force, True, None, None,
        account.leverage_of(symbol), account.margin_mode_of(symbol), state.now_ms, state.now_ms, source,
    )
    account.every_order[order.order_id] = order
    return order


def withdraw(state: State, account: Account, order: Order, reason: str) -> None:
    """Take a live order out of the market."""
    account.orders.get(order.symbol, {}).pop(order.order_id, None)
    order.status, order.reason, order.updated_ms = Status.CANCELED, reason, state.now_ms
    state.record("order", account, order.symbol, order, reason)


def end_trigger(
    state: State, account: Account, trigger: Trigger, status: TriggerStatus, reason: str = ""
) -> None:
    """Take a live trigger out, in its final state."""
    account.triggers.get(trigger.symbol, {}).pop(trigger.order_id, None)
    trigger.status, trigger.updated_ms = status, state.now_ms
    state.record("trigger", account, trigger.symbol, trigger, reason)


def set_position_trigger(
    state: State, account: Account, position: Position, plan: PlanType, price: float, client_id: str = ""
) -> Trigger:
    """The position's stop or target at ``price``: the live one is moved in place, otherwise one is made."""
    trigger = account.position_trigger(position.symbol, plan)
    below = (position.direction > 0) == (plan is PlanType.POS_LOSS)
    if trigger is None:
        trigger = Trigger(
            state.next_id(), str(state.next_id()), position.symbol, plan, Side.opening(-position.direction), price,
            below, 0.0, None, True, "mark_price", state.now_ms, state.now_ms,
        )
        account.every_trigger[trigger.order_id] = trigger
        account.triggers.setdefault(position.symbol, {})[trigger.order_id] = trigger
    else:
        trigger.trigger, trigger.updated_ms = price, state.now_ms
    trigger.client_id = client_id or trigger.client_id
    account.trigger_of_client[trigger.client_id] = trigger.order_id
    state.record("trigger", account, position.symbol, trigger)
    return trigger


def after_change(state: State, account: Account, symbol: str) -> None:
    """Note the position's new state, its protection, and prove the books."""
    position = account.positions.get(symbol)
    direction = position.direction if position else 0
    state.protection.observe(
        account.key, symbol, direction, account.position_stop(symbol) is not None, state.now_ms
    )
    state.record("position", account, symbol, position)
    state.record("account", account, symbol)
    error = account.imbalance()
    if abs(error) > _TOLERANCE * max(1.0, abs(account.deposit), abs(account.cash)):
        state.record("violation", account, symbol, None, f"{symbol}: the books differ from the cash by {error!r}")


def _apply(state: State, account: Account, order: Order, deal: Deal, fee: float) -> tuple[bool, float]:
    """Whether anything was opened, and the profit realised by what was closed."""
    position = account.positions.get(order.symbol)
    sign = order.side.sign
    closing = min(position.quantity, deal.quantity) if position and position.direction != sign else 0.0
    opening = _clean(deal.quantity - closing)
    profit = 0.0
    if position is not None and closing:
        share = closing / deal.quantity
        gross = position.direction * closing * (deal.price - position.average)
        profit = _reduce(state, account, position, deal.price, closing, fee * share, gross)
        fee *= 1 - share
    if opening > _DUST:
        _increase(state, account, order, deal.price, opening, fee)
        return True, profit
    return False, profit


def _increase(state: State, account: Account, order: Order, price: float, quantity: float, fee: float) -> None:
    """Open or add."""
    position = account.positions.get(order.symbol)
    if position is None:
        position = account.positions[order.symbol] = Position(
            order.symbol, order.side.sign, account.margin_mode_of(order.symbol), account.leverage_of(order.symbol),
            state.now_ms, state.now_ms,
        )
    notional = quantity * price
    position.quantity = _clean(position.quantity + quantity)
    position.cost += notional
    position.margin += notional / position.leverage
    position.opened = _clean(position.opened + quantity)
    position.opened_cost += notional
    position.opening_fees += fee
    position.updated_ms = state.now_ms


def _reduce(
    state: State, account: Account, position: Position, price: float, quantity: float, fee: float, gross: float
) -> float:
    """Close a part or all; ``gross`` is what it makes. Returns it. A flat symbol loses its reduce-only orders."""
    share = quantity / position.quantity
    account.wallet += gross
    position.realised += gross
    position.closing_fees += fee
    position.closed = _clean(position.closed + quantity)
    position.closed_value += quantity * price
    position.updated_ms = state.now_ms
    if position.quantity - quantity > _DUST:
        position.quantity = _clean(position.quantity - quantity)
        position.cost *= 1 - share
        position.margin *= 1 - share
        return gross
    del account.positions[position.symbol]
    account.closed.append(
        ClosedPosition(
            position.symbol, position.direction, position.margin_mode, position.opened_cost / position.opened,
            position.closed_value / position.closed, position.closed, position.realised,
            position.realised - position.opening_fees - position.closing_fees - position.funding,
            -position.funding, -position.opening_fees, -position.closing_fees, position.opened_ms, state.now_ms,
            state.next_id(),
        )
    )
    for trigger in account.live_triggers(position.symbol):
        if trigger.plan is not PlanType.NORMAL:
            end_trigger(state, account, trigger, TriggerStatus.CANCELLED, "position closed")
    for order in account.live_orders(position.symbol):
        if order.reduce_only:
            withdraw(state, account, order, "position closed")
    return gross


def _attach_presets(state: State, account: Account, order: Order) -> None:
    """The order's preset stop and target become the position's; a later preset overwrites an earlier one."""
    position = account.positions[order.symbol]
    for plan, price in zip(WHOLE_POSITION, (order.preset_stop, order.preset_target), strict=True):
        if price is not None:
            set_position_trigger(state, account, position, plan, price)


def _clean(quantity: float) -> float:
    """A quantity without binary dust."""
    return round(quantity, 10)
