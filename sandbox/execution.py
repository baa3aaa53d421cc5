"""What an order fills, where and how much.

Without depth everything fills wholly: a market order at the price with slippage, as taker; a limit order that the last
price lies beyond at that price, as taker; one that the price comes to at its limit, as maker. So the parity with the
engine holds.

With depth (``State.depth`` above 0) what takes, takes the made-up book level by level: what each level holds, at its
price, one fill a level. The book is whole again for the next order. What rests fills at its limit, as maker, by the
volume that is traded at its price or beyond it in a leg of the candle: a price that is only touched fills nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Final

from core.order import Side
from core.rounding import floor_to_step
from sandbox.account import Account
from sandbox.faults.matching import filled_in_part
from sandbox.orders import Force, Order, Status
from sandbox.rows import quote, quote_size
from sandbox.settlement import Deal, fill, withdraw
from sandbox.state import State

BOOK_LEVELS: Final = 50
"""Levels that an order of a customer may take; what the exchange closes itself takes as many as it needs."""
_TAKEN: Final = -1
"""In ``Order.served``: it has taken from the book already, and makes from now on."""
_DUST: Final = 1e-9


def take_liquidity(state: State, account: Account, order: Order, last: float) -> None:
    """Fill what crosses at once; cancel what may not rest."""
    crosses = order.limit is None or order.side.sign * (order.limit - last) > 0
    if crosses and order.force is Force.POST_ONLY:
        withdraw(state, account, order, "post only")
    elif crosses and order.limit is None:
        execute_at_market(state, account, order, last)
    elif crosses and state.depth:
        take(state, account, order, last)
    elif crosses:
        execute(state, account, order, last, maker=False)
    elif order.force in (Force.IOC, Force.FOK):
        withdraw(state, account, order, order.force.value)


def execute_at_market(state: State, account: Account, order: Order, price: float) -> None:
    """Execute a market order where the price stands: with slippage, or out of the book."""
    if state.depth:
        take(state, account, order, price)
    else:
        execute(state, account, order, slipped(state, order.side, price), maker=False)


def execute(
    state: State, account: Account, order: Order, price: float, *, maker: bool, most: float = math.inf
) -> None:
    """Fill what remains of an order, at most ``most``.

    A reduce-only order fills no more than the position; when that was the limit, its rest is cancelled.
    """
    wanted = fillable(account, order)
    quantity = min(wanted, most)
    part = None
    if quantity > 0:
        part = filled_in_part(state, order, quantity)
        fill(state, account, order, Deal(price, part or quantity, maker, order.limit is None))
    if live(order) and (part is not None or wanted <= most):
        withdraw(state, account, order, "nothing left to reduce")


def take(state: State, account: Account, order: Order, last: float) -> None:
    """Fill an order out of the book around ``last``; what may not rest is cancelled, the rest of a limit rests."""
    offers = list(_offers(state, order, last))
    wanted = fillable(account, order)
    if order.force is Force.FOK and sum(size for _, size in offers) < wanted - _DUST:
        withdraw(state, account, order, Force.FOK.value)
        return
    for price, size in offers:
        if live(order):
            execute(state, account, order, price, maker=False, most=size)
    order.served = _TAKEN
    if live(order) and (order.limit is None or order.force is Force.IOC):
        withdraw(state, account, order, Force.IOC.value)


def make(state: State, account: Account, order: Order, volume: float, leg: int) -> None:
    """Fill a resting order at its limit by the ``volume`` that a leg of the candle has for it."""
    order.served = leg
    quantity = floor_to_step(volume, state.instrument(order.symbol).step)
    if order.limit is not None and quantity > 0:
        execute(state, account, order, order.limit, maker=True, most=round(quantity, 10))


def fillable(account: Account, order: Order) -> float:
    """What of an order may fill: all that remains, of a reduce-only one no more than the position."""
    if not order.reduce_only:
        return order.remaining
    position = account.position(order.symbol, order.hold)
    held = position.quantity if position and position.direction != order.side.sign else 0.0
    return min(order.remaining, held)


def live(order: Order) -> bool:
    """Whether an order may still fill."""
    return order.status in (Status.LIVE, Status.PARTIALLY_FILLED)


def slipped(state: State, side: Side, price: float) -> float:
    """What a market order pays or gets at a price."""
    return price * (1 + side.sign * state.slippage)


def _offers(state: State, order: Order, last: float) -> Iterator[tuple[float, float]]:
    """Prices and quantities that an order may take, the best first; no more than it needs."""
    rules, sign, needed = state.instrument(order.symbol), order.side.sign, order.remaining
    tick = rules.tick or last * 1e-5
    for level in itertools.count(1):
        price = float(quote(rules, last, sign * level))
        beyond = order.limit is not None and sign * (price - order.limit) > 0
        if needed <= _DUST or beyond or last + sign * level * tick <= 0:
            return
        if level > BOOK_LEVELS and order.source == "normal":
            return
        size = float(quote_size(rules, last, level, state.depth))
        needed -= size
        yield price, size
