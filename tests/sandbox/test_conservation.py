"""Whatever is done through the desk, money is conserved and the books are consistent."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.candle import Candle
from core.instrument import Instrument, Tier
from core.order import Side
from sandbox.account import HEDGE, Account, slot
from sandbox.desk import Amendment, amend, cancel, close, place
from sandbox.liquidation import crossed, crossed_surplus, takeover
from sandbox.orders import LOSSES, PLANS, Force, Hold, NewOrder, NewTrigger, PlanType, Status, TriggerStatus
from sandbox.parameters import Parameters
from sandbox.refusal import Refusal
from sandbox.rest_modes import ModeEndpoints
from sandbox.settlement import settle_funding
from sandbox.state import State
from sandbox.trigger_desk import TriggerAmendment, amend_trigger, cancel_trigger, place_trigger
from sandbox.walk import Walk
from tests.sandbox.builders import MINUTE, START_MS

SYMBOLS = ("BTC-USDT", "ETH-USDT")
IDS = {symbol.replace("-", ""): symbol for symbol in SYMBOLS}
DEPOSIT = 2000.0
NEAR = 1e-6

symbols = st.sampled_from(SYMBOLS)
sides = st.sampled_from(list(Side))
prices = st.integers(500, 1500).map(lambda n: n / 10)
quantities = st.integers(1, 60).map(lambda n: n / 10)
holds = st.sampled_from([Hold.LONG, Hold.SHORT])


class Customer(RuleBasedStateMachine):
    """An account and everything that its holder and the market may do, in any order."""

    state: State
    account: Account

    @initialize(hedged=st.booleans(), crossed=st.booleans(), depth=st.sampled_from([0.0, 0.0, 100.0]))
    def open(self, hedged: bool, crossed: bool, depth: float) -> None:
        self.account = Account("key", "secret", "passphrase", DEPOSIT)
        rules = {
            symbol: Instrument(symbol=symbol, tick=0.1, step=0.1, min_quantity=0.1, maker_fee=0.0002, taker_fee=0.0006,
                               tiers=(Tier(500.0, 0.01, 0.0), Tier(1e18, 0.02, 5.0)))
            for symbol in SYMBOLS
        }
        self.state = State([self.account], rules, 0.001, START_MS)
        self.state.depth = depth
        self.state.prices = dict.fromkeys(SYMBOLS, 100.0)
        self.modes = ModeEndpoints(self.state)
        self.account.position_mode = HEDGE if hedged else self.account.position_mode
        self.account.margin_mode = dict.fromkeys(SYMBOLS, "crossed" if crossed else "isolated")
        self.account.leverage = dict.fromkeys(SYMBOLS, 10.0)

    def attempt(self, act: Callable[[], object]) -> None:
        """A request: done, or refused without any trace."""
        before = self.state.journal.sequence, self.account.wallet, len(self.account.fills)
        try:
            act()
        except Refusal:
            assert (self.state.journal.sequence, self.account.wallet, len(self.account.fills)) == before

    def aim(self, side: Side, hold: Hold, closing: bool) -> dict[str, Any]:
        if not self.account.hedged:
            return {"side": side, "reduce_only": closing}
        sign = hold.opening.sign * (-1 if closing else 1)
        return {"side": Side.opening(sign), "hold": hold, "reduce_only": closing}

    @rule(symbol=symbols, side=sides, hold=holds, closing=st.booleans(), quantity=quantities, limit=st.none() | prices,
          force=st.sampled_from(list(Force)), stop=st.none() | prices, goal=st.none() | prices)
    def place(self, symbol: str, side: Side, hold: Hold, closing: bool, quantity: float, limit: float | None,
              force: Force, stop: float | None, goal: float | None) -> None:
        wanted = NewOrder(symbol, quantity=quantity, limit=limit, force=force, preset_stop=stop, preset_target=goal,
                          **self.aim(side, hold, closing))
        self.attempt(lambda: place(self.state, self.account, wanted))

    @rule(symbol=symbols, side=sides, hold=holds, plan=st.sampled_from(list(PlanType)), at=prices, quantity=quantities,
          execute=st.none() | prices, callback=st.sampled_from([0.01, 0.1]), closing=st.booleans())
    def trigger(self, symbol: str, side: Side, hold: Hold, plan: PlanType, at: float, quantity: float,
                execute: float | None, callback: float, closing: bool) -> None:
        trails = plan is PlanType.TRACK
        wanted = NewTrigger(symbol, plan, trigger=at, quantity=quantity, execute=None if trails else execute,
                            callback=callback if trails else None,
                            **self.aim(side, hold, closing or plan not in PLANS))
        self.attempt(lambda: place_trigger(self.state, self.account, wanted))

    @precondition(lambda self: self.account.positions)
    @rule(at=st.integers(0, 3), plan=st.none() | st.sampled_from(list(PlanType)), losing=st.booleans(),
          distance=st.integers(0, 20), part=st.sampled_from([0.1, 0.5, 1.0, 2.0]), limit=st.booleans())
    def guard(self, at: int, plan: PlanType | None, losing: bool, distance: int, part: float, limit: bool) -> None:
        """A closing order, or a stop, target or plan, of a position that there is."""
        positions = list(self.account.positions.values())
        position = positions[at % len(positions)]
        quantity = max(round(position.quantity * part, 1), 0.1)
        against = Side.opening(-position.direction)
        loses = plan in LOSSES if plan not in (None, *PLANS) else losing
        last = self.state.prices[position.symbol]
        level = round(last * (1 + position.direction * (-1 if loses else 1) * distance / 100), 1)
        if plan is None:
            closing = NewOrder(position.symbol, against, quantity, level, reduce_only=True, hold=position.hold)
            self.attempt(lambda: place(self.state, self.account, closing))
        else:
            trails = plan is PlanType.TRACK
            execute = level if limit and not trails else None
            wanted = NewTrigger(position.symbol, plan, against, level, quantity, execute, hold=position.hold,
                                callback=0.02 if trails else None)
            self.attempt(lambda: place_trigger(self.state, self.account, wanted))

    @rule(at=st.integers(0, 9), quantity=st.none() | quantities, limit=st.none() | prices)
    def edit(self, at: int, quantity: float | None, limit: float | None) -> None:
        live = list(self.account.live_orders())
        if live:
            change = Amendment(quantity, limit)
            self.attempt(lambda: amend(self.state, self.account, live[at % len(live)], change))

    @rule(at=st.integers(0, 9), level=st.none() | prices, quantity=st.none() | quantities)
    def move(self, at: int, level: float | None, quantity: float | None) -> None:
        live = list(self.account.live_triggers())
        if live:
            change = TriggerAmendment(level, quantity)
            self.attempt(lambda: amend_trigger(self.state, self.account, live[at % len(live)], change))

    @rule(at=st.integers(0, 9), trigger=st.booleans())
    def cancel(self, at: int, trigger: bool) -> None:
        if trigger:
            triggers = list(self.account.live_triggers())
            if triggers:
                cancel_trigger(self.state, self.account, triggers[at % len(triggers)])
        else:
            orders = list(self.account.live_orders())
            if orders:
                cancel(self.state, self.account, orders[at % len(orders)].order_id)

    @precondition(lambda self: self.account.positions)
    @rule(at=st.integers(0, 3))
    def close(self, at: int) -> None:
        positions = list(self.account.positions.values())
        close(self.state, self.account, positions[at % len(positions)])

    @rule(symbol=symbols, points=st.lists(prices, min_size=3, max_size=3))
    def candle(self, symbol: str, points: list[float]) -> None:
        open_, _, last = points
        self.state.prices[symbol] = open_
        walk = Walk(symbol, Candle(self.state.now_ms, open_, max(points), min(points), last, 5.0))
        while walk.next_stop(self.state):
            pass
        self.state.now_ms = (self.state.now_ms // MINUTE + 1) * MINUTE

    @rule(symbol=symbols, rate=st.floats(-0.003, 0.003))
    def fund(self, symbol: str, rate: float) -> None:
        settle_funding(self.state, symbol, rate, self.state.prices[symbol])

    @rule(symbol=symbols, leverage=st.sampled_from([2, 10, 50]), side=st.sampled_from(["", "long", "short"]))
    def lever(self, symbol: str, leverage: int, side: str) -> None:
        asked = {"symbol": symbol.replace("-", ""), "leverage": str(leverage), "holdSide": side}
        self.attempt(lambda: self.modes.set_leverage(self.account, Parameters(asked, IDS)))

    @rule(symbol=symbols, mode=st.sampled_from(["isolated", "crossed"]))
    def margin(self, symbol: str, mode: str) -> None:
        asked = {"symbol": symbol.replace("-", ""), "marginMode": mode}
        self.attempt(lambda: self.modes.set_margin_mode(self.account, Parameters(asked, IDS)))

    @rule(mode=st.sampled_from(["one_way_mode", "hedge_mode"]))
    def switch(self, mode: str) -> None:
        self.attempt(lambda: self.modes.set_position_mode(self.account, Parameters({"posMode": mode}, IDS)))

    @invariant()
    def money_is_conserved(self) -> None:
        account = self.account
        assert self.state.journal.violations == []
        funding = sum(
            float(event.note.split()[-1]) for event in self.state.journal.events if event.kind == "funding"
        )
        earned = sum(fill.profit - fill.fee for fill in account.fills)
        assert math.isclose(account.wallet, DEPOSIT + earned + funding, abs_tol=NEAR)
        if not account.positions:
            assert math.isclose(account.wallet, DEPOSIT + sum(c.net for c in account.closed), abs_tol=NEAR)

    @invariant()
    def positions_are_what_was_filled(self) -> None:
        for where, position in self.account.positions.items():
            assert where == slot(position.symbol, position.hold)
            assert position.quantity > 0
            assert position.margin > 0
            assert (position.hold is Hold.NET) != self.account.hedged
        for symbol in SYMBOLS:
            filled = sum(f.quantity * f.side.sign for f in self.account.fills if f.symbol == symbol)
            held = sum(p.quantity * p.direction for p in self.account.held(symbol))
            assert math.isclose(filled, held, abs_tol=NEAR)

    @invariant()
    def what_is_live_may_be(self) -> None:
        for order in self.account.live_orders():
            assert order.status in (Status.LIVE, Status.PARTIALLY_FILLED)
            assert order.limit is not None
            assert order.remaining > 0
            if order.reduce_only:
                assert self.account.position(order.symbol, order.hold) is not None
        for trigger in self.account.live_triggers():
            assert trigger.status is TriggerStatus.LIVE
            if trigger.plan not in PLANS:
                assert self.account.position(trigger.symbol, trigger.hold) is not None
        filled: dict[int, float] = {}
        for fill in self.account.fills:
            filled[fill.order_id] = filled.get(fill.order_id, 0.0) + fill.quantity
        for order_id, order in self.account.every_order.items():
            assert math.isclose(order.filled, filled.get(order_id, 0.0), abs_tol=NEAR)
            assert order.filled <= order.quantity + NEAR

    @invariant()
    def who_is_beyond_takeover_is_met_at_the_next_step(self) -> None:
        account = self.account
        held = crossed(account)
        if held and crossed_surplus(self.state, account) < -NEAR:
            position = held[0]
            price, below = takeover(self.state, account, position)
            here = self.state.prices[position.symbol]
            assert here <= price + NEAR if below else here >= price - NEAR


TestConservation = Customer.TestCase
TestConservation.settings = settings(
    max_examples=50, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
