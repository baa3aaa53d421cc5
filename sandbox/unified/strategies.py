"""Strategy orders: a position's stop, its target, or both in one; for all of the position (full) or a part of it.

A strategy order with both prices is two triggers that are each other's twin: the one that ends takes the other with it.
A full stop is the position's only one: placing another moves it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from core.order import Side
from sandbox.account import Account
from sandbox.desk import check_price
from sandbox.orders import LOSSES, Hold, NewTrigger, PlanType, Trigger
from sandbox.refusal import order_not_found, wrong_side_of_price
from sandbox.state import State
from sandbox.trigger_desk import TriggerAmendment, amend_trigger, cancel_trigger, find_trigger, place_trigger
from sandbox.unified.asking import Asked, not_verified
from sandbox.unified.reading import UnifiedPrivateEndpoint
from sandbox.unified.rows import named
from sandbox.unified.trading import preset


class End(NamedTuple):
    """One end of a strategy order: how its parameters are named, and what it is to the matching core."""

    short: str
    name: str
    full: PlanType
    partial: PlanType


STOP = End("sl", "stopLoss", PlanType.POS_LOSS, PlanType.LOSS)
TARGET = End("tp", "takeProfit", PlanType.POS_PROFIT, PlanType.PROFIT)


class StrategyEndpoints:
    """What a customer may do with strategy orders."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> dict[tuple[str, str], UnifiedPrivateEndpoint]:
        """(method, path) to endpoint."""
        trade = "/api/v3/trade"
        return {
            ("POST", f"{trade}/place-strategy-order"): self.place,
            ("POST", f"{trade}/modify-strategy-order"): self.modify,
            ("POST", f"{trade}/cancel-strategy-order"): self.cancel,
        }

    def place(self, account: Account, asked: Asked) -> Any:
        """A stop, a target or both. ``posSide`` says whose, and must be there."""
        symbol = asked.tradable()
        asked.word("type", ("tpsl",), "tpsl")
        full = asked.word("tpslMode", ("full", "partial"), "full") == "full"
        whose = Hold(asked.word("posSide", ("long", "short")))
        side, hold = Side.BUY if whose is Hold.SHORT else Side.SELL, whose if account.hedged else Hold.NET
        quantity = 0.0 if full else asked.required("qty")
        ends = [end for end in (STOP, TARGET) if asked.positive(end.name)]
        if not ends:
            raise not_verified("stopLoss", asked.text("stopLoss"))
        wanted: list[NewTrigger] = []
        for end in ends:
            price, execute, source = preset(asked, end.short, end.name)
            plan = end.full if full else end.partial
            client = "" if wanted else asked.text("clientOid")
            trigger = NewTrigger(symbol, plan, side, price or 0.0, quantity, execute, True, client, source, hold=hold)
            wanted.append(trigger)
        for one in wanted[1:]:  # neither is placed when one may not be
            self._check_level(symbol, one.plan, side, one.trigger)
        placed = [place_trigger(self._state, account, one) for one in wanted]
        if len(placed) == 2:
            placed[0].twin, placed[1].twin = placed[1].order_id, placed[0].order_id
        return named(placed[0])

    def _check_level(self, symbol: str, plan: PlanType, side: Side, level: float) -> None:
        """A stop or target is on the tick and lies where the price has not been yet."""
        last = self._state.price(symbol)
        check_price(self._state.instrument(symbol), level)
        below = (side is Side.SELL) == (plan in LOSSES)
        if (last <= level) if below else (last >= level):
            raise wrong_side_of_price("stop loss" if plan in LOSSES else "take profit")

    def modify(self, account: Account, asked: Asked) -> Any:
        """Move one end or both of a live strategy order, in place; the quantity of a partial one."""
        found = _live(account, asked)
        changes: list[tuple[Trigger, TriggerAmendment]] = []
        for end in (STOP, TARGET):
            price, execute, source = preset(asked, end.short, end.name)
            if price is None:
                continue
            trigger = next((t for t in found if t.plan in (end.full, end.partial)), None)
            if trigger is None:
                raise not_verified(end.name, price)
            self._check_level(trigger.symbol, trigger.plan, trigger.side, price)
            watched = source if asked.has(f"{end.short}TriggerBy") else None
            changes.append((trigger, TriggerAmendment(price, asked.positive("qty"), execute or 0.0, source=watched)))
        if not changes:
            raise not_verified("stopLoss", asked.text("stopLoss"))
        for trigger, change in changes:
            amend_trigger(self._state, account, trigger, change)
        return named(found[0])

    def cancel(self, account: Account, asked: Asked) -> None:
        """Withdraw a strategy order with all its ends; the answer says nothing."""
        cancel_trigger(self._state, account, _live(account, asked)[0])


def _live(account: Account, asked: Asked) -> list[Trigger]:
    """The live ends of a strategy order."""
    strategy = find_trigger(account, asked.identity(), asked.text("clientOid"))
    if strategy.order_id not in account.triggers.get(strategy.symbol, {}):
        raise order_not_found()
    twin = account.triggers[strategy.symbol].get(strategy.twin) if strategy.twin is not None else None
    return [strategy] if twin is None else [strategy, twin]
