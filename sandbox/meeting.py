"""What the price meets next on its way; a pure look, nothing changes.

At one price liquidation comes before stops, stops before targets, targets before entries. What the price has already
passed (at an open that gaps) is met at once, where the price stands. Limits that bid for the very price are met there.
"""

from __future__ import annotations

from typing import NamedTuple

from sandbox.account import Account, slot
from sandbox.liquidation import takeover
from sandbox.orders import LOSSES, PLANS, Order, Trigger
from sandbox.state import State

LIQUIDATION, STOP, TARGET, ENTRY = range(4)


class Meeting(NamedTuple):
    """The next thing met: ``distance`` from here, in quote; sorted by what comes first.

    ``what`` is an `Order`, a `Trigger`, or the `slot` of a position to be liquidated. ``passed``: the price was
    already beyond it.
    """

    distance: float
    priority: int
    nearness: float
    sequence: int
    price: float
    passed: bool
    account: Account
    what: Order | Trigger | str


def next_meeting(state: State, symbol: str, here: float, there: float, leg: int = 0) -> Meeting | None:
    """The first thing met on the straight way from ``here`` to ``there``, or None.

    leg : number of the candle's leg that the way is a part of; orders that it has served already are passed over.
    """
    best: Meeting | None = None
    for account in state.accounts.values():
        for priority, level, below, sequence, what in _waiting(state, account, symbol, here, leg):
            reach = _reach(level, below, here, there)
            if reach is None:
                continue
            distance, price = reach
            passed = here < level if below else here > level
            nearness = -level if below else level
            candidate = Meeting(distance, priority, nearness, sequence, price, passed, account, what)
            if best is None or candidate[:4] < best[:4]:
                best = candidate
    return best


def _waiting(
    state: State, account: Account, symbol: str, here: float, leg: int
) -> list[tuple[int, float, bool, int, Order | Trigger | str]]:
    """Priority, level, whether it is met from above, sequence and thing, for everything that waits on a symbol."""
    waiting: list[tuple[int, float, bool, int, Order | Trigger | str]] = []
    for position in account.held(symbol):
        price, below = takeover(state, account, position)
        waiting.append((LIQUIDATION, price, below, 0, slot(symbol, position.hold)))
    for trigger in account.triggers.get(symbol, {}).values():
        priority = STOP if trigger.plan in LOSSES else ENTRY if trigger.plan in PLANS else TARGET
        waiting.append((priority, *watched(trigger, here), trigger.order_id, trigger))
    for order in account.orders.get(symbol, {}).values():
        if order.limit is not None and not (leg and order.served == leg):
            priority = TARGET if order.reduce_only else ENTRY
            waiting.append((priority, order.limit, order.side.sign > 0, order.order_id, order))
    return waiting


def watched(trigger: Trigger, here: float) -> tuple[float, bool]:
    """The price that a trigger waits for, and whether it is met at it or lower.

    A trailing order that has begun waits for its distance from the best price, ``here`` included: a sell below it, a
    buy above it.
    """
    if trigger.best is None or trigger.callback is None:
        return trigger.trigger, trigger.below
    if trigger.side.sign < 0:
        return max(trigger.best, here) * (1 - trigger.callback), True
    return min(trigger.best, here) * (1 + trigger.callback), False


def _reach(level: float, below: bool, here: float, there: float) -> tuple[float, float] | None:
    """Distance to and price at which a level is met, or None. ``below``: met at the level or lower."""
    if below:
        if here <= level:
            return 0.0, here
        return (here - level, level) if there <= level else None
    if here >= level:
        return 0.0, here
    return (level - here, level) if there >= level else None
