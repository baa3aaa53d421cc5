"""Fills into positions and money: the only place where a wallet changes.

Slippage is a fraction of the price and is not rounded to the tick, as in the engine. A fill against a position closes
it, what is left over opens the other side. A preset stop or target of a fill that opens replaces the position's.
"""

from __future__ import annotations

from typing import NamedTuple

from core.order import Side
from sandbox.account import Account, ClosedPosition, FundingPayment, Position, slot
from sandbox.faults.matching import preset_lost
from sandbox.liquidation import crossed, crossed_surplus, crossed_wallet
from sandbox.orders import PLANS, WHOLE_POSITION, Fill, Hold, Order, PlanType, Status, Trigger, TriggerStatus
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
        profit, deal.maker, deal.market, opening, state.now_ms, order.source, order.hold,
    )
    account.fills.append(execution)
    state.record("fill", account, order.symbol, execution)
    state.record("order", account, order.symbol, order)
    if opening and not preset_lost(state, order):
        _attach_presets(state, account, order)
    after_change(state, account, order.symbol)


def liquidate(state: State, account: Account, place: str) -> None:
    """Take over what stands in a `slot` of an account, or all that is crossed with it."""
    position = account.positions[place]
    if position.margin_mode == "crossed":
        _liquidate_crossed(state, account)
        return
    for resting in account.live_orders(position.symbol):
        if resting.hold is position.hold:
            withdraw(state, account, resting, "liquidation")
    _take_over(state, account, position, position.margin)


def _liquidate_crossed(state: State, account: Account) -> None:
    """Withdraw crossed orders, then take over position after position until what is left is backed again.

    The one that loses most goes first, where the price stands and less the taker fee; never more than there is. The
    last one loses all that stands behind it, the engine's rule.
    """
    for resting in account.live_orders():
        if resting.margin_mode == "crossed":
            withdraw(state, account, resting, "liquidation")
    surplus = 0.0
    while surplus <= 0 and (positions := crossed(account)):
        worst = min(positions, key=lambda position: position.unrealised(state.prices[position.symbol]))
        price = state.prices[worst.symbol]
        loss = worst.quantity * price * state.instrument(worst.symbol).taker_fee - worst.unrealised(price)
        wallet = crossed_wallet(account)
        _take_over(state, account, worst, min(loss, wallet) if len(positions) > 1 else wallet)
        surplus = crossed_surplus(state, account)


def _take_over(state: State, account: Account, position: Position, loss: float) -> None:
    """Close a position at the price at which exactly ``loss`` is lost; no further fee."""
    symbol, quantity = position.symbol, position.quantity
    side = Side.opening(-position.direction)
    price = (position.cost - position.direction * loss) / quantity
    order = new_order(state, account, symbol, side, quantity, source="liquidation", hold=position.hold)
    _reduce(state, account, position, price, quantity, 0.0, -loss)
    account.cash += position.direction * quantity * price
    order.filled, order.spent, order.profit = quantity, quantity * price, -loss
    order.status = Status.FILLED
    execution = Fill(
        state.next_id(), order.order_id, "", symbol, side, price, quantity, 0.0, -loss, False, True, False,
        state.now_ms, "liquidation", position.hold,
    )
    account.fills.append(execution)
    state.record("liquidation", account, symbol, execution)
    state.record("fill", account, symbol, execution)
    state.record("order", account, symbol, order)
    after_change(state, account, symbol)


def settle_funding(state: State, symbol: str, rate: float, price: float) -> None:
    """Longs pay ``rate`` times notional when it is positive, shorts receive it; the reverse when negative."""
    for account in state.accounts.values():
        for position in account.held(symbol) if rate else ():
            amount = position.direction * rate * position.quantity * price
            account.wallet -= amount
            account.cash -= amount
            position.funding += amount
            state.record(
                "funding", account, symbol, FundingPayment(symbol, rate, -amount), f"rate {rate} amount {-amount}"
            )
            after_change(state, account, symbol)


def new_order(
    state: State, account: Account, symbol: str, side: Side, quantity: float, *, source: str, hold: Hold = Hold.NET
) -> Order:
    """A reduce-only market order of the exchange's own making, already among the account's orders."""
    order = Order(
        state.next_id(), "", symbol, side, quantity, None, state.default_force, True, None, None,
        account.leverage_of(symbol, hold), account.margin_mode_of(symbol), state.now_ms, state.now_ms, source,
        hold=hold,
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
    """Take a live trigger out, in its final state, and its twin with it."""
    account.triggers.get(trigger.symbol, {}).pop(trigger.order_id, None)
    trigger.status, trigger.updated_ms = status, state.now_ms
    if trigger.plan is PlanType.POS_LOSS:
        state.protection.because(trigger.symbol, f"stop {status}{': ' if reason else ''}{reason}", trigger.hold.value)
    state.record("trigger", account, trigger.symbol, trigger, reason)
    twin = account.triggers.get(trigger.symbol, {}).get(trigger.twin) if trigger.twin is not None else None
    if twin is not None:
        end_trigger(state, account, twin, TriggerStatus.CANCELLED, "its twin ended")


def set_position_trigger(
    state: State, account: Account, position: Position, plan: PlanType, price: float, client_id: str = ""
) -> Trigger:
    """The position's stop or target at ``price``: the live one is moved in place, otherwise one is made."""
    trigger = account.position_trigger(position.symbol, plan, position.hold)
    below = (position.direction > 0) == (plan is PlanType.POS_LOSS)
    if trigger is None:
        trigger = Trigger(
            state.next_id(), str(state.next_id()), position.symbol, plan, Side.opening(-position.direction), price,
            below, 0.0, None, True, "mark_price", state.now_ms, state.now_ms, hold=position.hold,
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
    """Note the symbol's positions, their protection, and prove the books."""
    observe_protection(state, account, symbol)
    for hold in account.holds:
        state.record("position", account, symbol, account.position(symbol, hold))
    state.record("account", account, symbol)
    error = account.imbalance()
    if abs(error) > _TOLERANCE * max(1.0, abs(account.deposit), abs(account.cash)):
        state.record("violation", account, symbol, None, f"{symbol}: the books differ from the cash by {error!r}")


def observe_protection(state: State, account: Account, symbol: str) -> None:
    """Note what protects a symbol's positions now."""
    for hold in account.holds:
        position = account.position(symbol, hold)
        direction = position.direction if position else 0
        protected = account.position_stop(symbol, hold) is not None
        state.protection.observe(account.key, symbol, direction, protected, state.now_ms, side=hold.value)


def _apply(state: State, account: Account, order: Order, deal: Deal, fee: float) -> tuple[bool, float]:
    """Whether anything was opened, and the profit realised by what was closed."""
    position = account.position(order.symbol, order.hold)
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
    position = account.position(order.symbol, order.hold)
    if position is None:
        position = account.positions[slot(order.symbol, order.hold)] = Position(
            order.symbol, order.side.sign, account.margin_mode_of(order.symbol),
            account.leverage_of(order.symbol, order.hold), state.now_ms, state.now_ms, hold=order.hold,
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
    """Close a part or all; ``gross`` is what it makes. Returns it. With a position end its stops and closing orders."""
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
    del account.positions[slot(position.symbol, position.hold)]
    account.closed.append(
        ClosedPosition(
            position.symbol, position.direction, position.margin_mode, position.opened_cost / position.opened,
            position.closed_value / position.closed, position.closed, position.realised,
            position.realised - position.opening_fees - position.closing_fees - position.funding,
            -position.funding, -position.opening_fees, -position.closing_fees, position.opened_ms, state.now_ms,
            state.next_id(), position.hold,
        )
    )
    for trigger in account.live_triggers(position.symbol):
        if trigger.plan not in PLANS and trigger.hold is position.hold:
            end_trigger(state, account, trigger, TriggerStatus.CANCELLED, "position closed")
    for order in account.live_orders(position.symbol):
        if order.reduce_only and order.hold is position.hold:
            withdraw(state, account, order, "position closed")
    return gross


def _attach_presets(state: State, account: Account, order: Order) -> None:
    """The order's preset stop and target become the position's; a later preset overwrites an earlier one."""
    position = account.positions[slot(order.symbol, order.hold)]
    presets = zip(
        WHOLE_POSITION, (order.preset_stop, order.preset_target), order.preset_execute, order.preset_source, strict=True
    )
    for plan, price, execute, source in presets:
        if price is not None:
            trigger = set_position_trigger(state, account, position, plan, price)
            trigger.execute, trigger.source = execute, source


def _clean(quantity: float) -> float:
    """A quantity without binary dust."""
    return round(quantity, 10)
