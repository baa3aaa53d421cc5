"""What the price meets next on its way; a pure look, nothing changes.

At one price liquidation comes before stops, stops before targets, targets before entries. What the price has already
passed (at an open that gaps) is met at once, where the price stands. Limits that bid for the very price are met there.
"""

from __future__ import annotations

from typing import NamedTuple

from core.instrument import Instrument
from sandbox.account import Account
from sandbox.liquidation import liquidation_price
from sandbox.orders import LOSSES, Order, PlanType, Trigger

LIQUIDATION, STOP, TARGET, ENTRY = range(4)


class Meeting(NamedTuple):
    """The next thing met: ``distance`` from here, in quote; sorted by what comes first.

    ``what`` is an `Order`, a `Trigger`, or the symbol of a position to be liquidated. ``passed``: the price was
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


def next_meeting(
    accounts: list[Account], instrument: Instrument, here: float, there: float
) -> Meeting | None:
    """The first thing met on the straight way from ``here`` to ``there``, or None."""
    symbol = instrument.symbol
    best: Meeting | None = None
    for account in accounts:
        for priority, level, below, sequence, what in _waiting(account, instrument, symbol):
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
    account: Account, instrument: Instrument, symbol: str
) -> list[tuple[int, float, bool, int, Order | Trigger | str]]:
    """Priority, level, whether it is met from above, sequence and thing, for everything that waits on a symbol."""
    waiting: list[tuple[int, float, bool, int, Order | Trigger | str]] = []
    position = account.positions.get(symbol)
    if position is not None:
        price = liquidation_price(account, position, instrument)
        waiting.append((LIQUIDATION, price, position.direction > 0, 0, symbol))
    for trigger in account.triggers.get(symbol, {}).values():
        priority = STOP if trigger.plan in LOSSES else ENTRY if trigger.plan is PlanType.NORMAL else TARGET
        waiting.append((priority, trigger.trigger, trigger.below, trigger.order_id, trigger))
    for order in account.orders.get(symbol, {}).values():
        if order.limit is not None:
            priority = TARGET if order.reduce_only else ENTRY
            waiting.append((priority, order.limit, order.side.sign > 0, order.order_id, order))
    return waiting


def _reach(level: float, below: bool, here: float, there: float) -> tuple[float, float] | None:
    """Distance to and price at which a level is met, or None. ``below``: met at the level or lower."""
    if below:
        if here <= level:
            return 0.0, here
        return (here - level, level) if there <= level else None
    if here >= level:
        return 0.0, here
    return (level - here, level) if there >= level else None
