"""Plain orders: place, amend, cancel; checks before anything changes, then what fills at once.

A limit at exactly the last price rests (the nearest quote is a tick away) and is met there as maker, as in the engine.
"""

from __future__ import annotations

from typing import NamedTuple

from core.instrument import Instrument
from core.order import Side
from sandbox.account import Account, Position
from sandbox.execution import take_liquidity
from sandbox.faults.matching import preset_refused
from sandbox.orders import Hold, NewOrder, Order
from sandbox.refusal import Refusal, insufficient, no_position, order_not_found, wrong_side_of_price
from sandbox.settlement import withdraw
from sandbox.state import State

_NEAR = 1e-9


def place(state: State, account: Account, wanted: NewOrder, *, source: str = "normal") -> Order:
    """The order, filled already if the market allows. Raises Refusal and changes nothing when it may not be placed."""
    last = state.price(wanted.symbol)
    instrument = state.instrument(wanted.symbol)
    check_hold(account, wanted.hold, wanted.side, closing=wanted.reduce_only)
    if wanted.client_id and wanted.client_id in account.order_of_client:
        raise Refusal("40786", "Duplicate clientOid")
    check_quantity(instrument, wanted.quantity, wanted.limit or last, closing=wanted.reduce_only)
    if wanted.limit is not None:
        check_price(instrument, wanted.limit)
    _check_presets(instrument, wanted, last)
    if wanted.reduce_only:
        _check_closing(account, wanted)
    else:
        _check_margin(state, account, wanted, last)
    order = Order(
        state.next_id(), wanted.client_id, wanted.symbol, wanted.side, wanted.quantity, wanted.limit, wanted.force,
        wanted.reduce_only, wanted.preset_stop, wanted.preset_target,
        account.leverage_of(wanted.symbol, wanted.hold), account.margin_mode_of(wanted.symbol), state.now_ms,
        state.now_ms, source, preset_execute=wanted.preset_execute, preset_source=wanted.preset_source,
        hold=wanted.hold,
    )
    preset_refused(state, order)
    account.every_order[order.order_id] = order
    account.orders.setdefault(order.symbol, {})[order.order_id] = order
    if not order.client_id:
        order.client_id = str(state.next_id())
    account.order_of_client[order.client_id] = order.order_id
    state.record("order", account, order.symbol, order)
    take_liquidity(state, account, order, last)
    return order


class Amendment(NamedTuple):
    """What of an order is to change; None leaves it."""

    quantity: float | None = None
    limit: float | None = None
    client_id: str | None = None
    preset_stop: float | None = None
    preset_target: float | None = None


def amend(state: State, account: Account, order: Order, change: Amendment) -> Order:
    """The live order changed in place under its own id. Raises Refusal and changes nothing when that is not allowed."""
    if order.order_id not in account.orders.get(order.symbol, {}) or order.limit is None:
        raise order_not_found()
    if change.client_id and account.order_of_client.get(change.client_id, order.order_id) != order.order_id:
        raise Refusal("40786", "Duplicate clientOid")
    instrument, last = state.instrument(order.symbol), state.price(order.symbol)
    limit = order.limit if change.limit is None else change.limit
    quantity = order.quantity if change.quantity is None else change.quantity
    check_price(instrument, limit)
    check_quantity(instrument, quantity, limit, closing=order.reduce_only)
    if quantity <= order.filled:
        raise Refusal("40808", "Parameter verification exception: the size is filled already")
    stop = order.preset_stop if change.preset_stop is None else change.preset_stop
    target = order.preset_target if change.preset_target is None else change.preset_target
    wanted = NewOrder(
        order.symbol, order.side, quantity, limit, preset_stop=stop, preset_target=target, hold=order.hold
    )
    _check_presets(instrument, wanted, last)
    if not order.reduce_only:
        before = order.quantity, order.limit
        order.quantity, order.limit = order.filled, order.limit  # its own reservation does not count against it
        try:
            _check_margin(state, account, wanted._replace(quantity=quantity - order.filled), last)
        finally:
            order.quantity, order.limit = before
    order.limit, order.quantity, order.updated_ms = limit, quantity, state.now_ms
    order.preset_stop, order.preset_target = stop, target
    if change.client_id:
        order.client_id = change.client_id
        account.order_of_client[change.client_id] = order.order_id
    state.record("order", account, order.symbol, order, "amended")
    take_liquidity(state, account, order, last)
    return order


def cancel(state: State, account: Account, order_id: int | None, client_id: str = "") -> Order:
    """The order, cancelled. Raises Refusal when it is not live."""
    order = find(account, order_id, client_id)
    if order.order_id not in account.orders.get(order.symbol, {}):
        raise order_not_found()
    withdraw(state, account, order, "cancelled by user")
    state.record("account", account, order.symbol)
    return order


def close(state: State, account: Account, position: Position) -> Order:
    """A position closed at market; what rested to close it makes way."""
    for resting in account.live_orders(position.symbol):
        if position.hold is not Hold.NET and resting.reduce_only and resting.hold is position.hold:
            withdraw(state, account, resting, "position closed")
    side = Side.opening(-position.direction)
    wanted = NewOrder(position.symbol, side, position.quantity, reduce_only=True, hold=position.hold)
    return place(state, account, wanted)


def find(account: Account, order_id: int | None, client_id: str = "") -> Order:
    """An order in whatever state, by its id or by any client id it ever bore. Raises Refusal when there is none."""
    key = order_id if order_id is not None else account.order_of_client.get(client_id)
    order = account.every_order.get(key) if key is not None else None
    if order is None:
        raise order_not_found()
    return order


def check_hold(account: Account, hold: Hold, side: Side, *, closing: bool) -> None:
    """An order speaks of positions as the account holds them; in hedge mode it either opens or closes."""
    if (hold is Hold.NET) == account.hedged:
        raise Refusal("40774", "The order type for unilateral position must also be the unilateral position type.")
    if hold is not Hold.NET and closing == (side is hold.opening):
        raise Refusal("40017", f"Parameter verification failed side: {side.value} of a {hold.value} position")


def check_price(instrument: Instrument, price: float) -> None:
    """A price must be positive and on the tick."""
    if not price > 0 or not _on_grid(price, instrument.tick):
        raise Refusal("45115", f"The price you enter should be in multiples of {instrument.tick:g}")


def check_quantity(instrument: Instrument, quantity: float, price: float, *, closing: bool) -> None:
    """A quantity must be on the step and large enough; a closing order has no least notional."""
    if not quantity > 0 or not _on_grid(quantity, instrument.step):
        raise Refusal("40808", f"Parameter verification exception size checkBDScale error value={quantity:g}")
    if quantity < instrument.min_quantity - _NEAR:
        raise Refusal("45111", f"less than the minimum order quantity {instrument.min_quantity:g}")
    if not closing and quantity * price < instrument.min_notional - _NEAR:
        raise Refusal("45110", f"less than the minimum amount {instrument.min_notional:g} USDT")


def _check_closing(account: Account, wanted: NewOrder) -> None:
    """There must be a position on the other side; in hedge mode one that no resting order closes already."""
    position = account.position(wanted.symbol, wanted.hold)
    if position is None or position.direction == wanted.side.sign:
        raise no_position()
    if wanted.hold is not Hold.NET:
        available = position.quantity - account.locked(wanted.symbol, wanted.hold)
        if wanted.quantity > available + _NEAR:
            raise Refusal("40757", "Not enough position is available.")


def _on_grid(value: float, grid: float) -> bool:
    """Whether a value is a multiple of the grid, rounding aside."""
    return grid <= 0 or abs(value / grid - round(value / grid)) <= 1e-6


def _check_presets(instrument: Instrument, wanted: NewOrder, last: float) -> None:
    """A preset is on the tick; a stop lies on the losing side of where the order would fill, a target on the other."""
    for preset in (wanted.preset_stop, wanted.preset_target, *wanted.preset_execute):
        if preset is not None:
            check_price(instrument, preset)
    sign = wanted.side.sign
    at = last if wanted.limit is None or sign * (wanted.limit - last) > 0 else wanted.limit
    if wanted.preset_stop is not None and sign * (at - wanted.preset_stop) <= 0:
        raise wrong_side_of_price("stop loss")
    if wanted.preset_target is not None and sign * (wanted.preset_target - at) <= 0:
        raise wrong_side_of_price("take profit")


def _check_margin(state: State, account: Account, wanted: NewOrder, last: float) -> None:
    """Free margin must cover the margin and the fee of what the order would open."""
    position = account.position(wanted.symbol, wanted.hold)
    quantity = wanted.quantity
    if position is not None and position.direction != wanted.side.sign:
        quantity = max(quantity - position.quantity, 0.0)
    notional = quantity * (wanted.limit or last)
    instrument = state.instrument(wanted.symbol)
    fee = notional * (instrument.taker_fee if wanted.limit is None else instrument.maker_fee)
    margin = notional / account.leverage_of(wanted.symbol, wanted.hold)
    if quantity and margin + fee > account.free(state.prices) * (1 + 1e-9):
        raise insufficient()
