"""The local exchange fills what the engine fills, on the same candles, when its client does what the plan says.

The client here is the simplest one that lockstep allows: at each opening it puts the row's ladder and target in place,
after each fill it moves stop and target, after an exit it withdraws the ladder until the next row.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest

from core.candle import Candles, Floats
from core.instrument import Instrument, Tier
from core.order import Side
from core.plan import AVERAGE, Level, Plan
from core.rounding import entry_price, floor_to_step, stop_price, target_price
from engine.backtest import Backtest, run
from engine.costs import Costs
from engine.span import span
from sandbox.account import Account
from sandbox.desk import cancel, place
from sandbox.liquidation import liquidation_price
from sandbox.market import Market
from sandbox.orders import NewOrder, NewTrigger, PlanType
from sandbox.source import StoredSource
from sandbox.state import State
from sandbox.trigger_desk import place_trigger
from tests.sandbox.builders import START_MS, SYMBOL

RULES = Instrument(symbol=SYMBOL, tick=0.5, step=0.001, min_quantity=0.001, min_notional=1.0,
                   maker_fee=0.0002, taker_fee=0.0006, tiers=(Tier(20_000.0, 0.01, 0.0), Tier(1e18, 0.02, 200.0)))
STEPS = (-0.01, -0.02, -0.035)


class Terms(NamedTuple):
    """What differs between the scenarios."""

    d: int
    stop: float
    leverage: float
    weights: tuple[float, float, float] = (0.3, 0.3, 0.4)


SCENARIOS = {
    "near stop": Terms(1, 0.02, 5.0),
    "far stop": Terms(1, 0.05, 5.0),
    "near stop, short": Terms(-1, 0.02, 5.0),
    "far stop, short": Terms(-1, 0.05, 5.0),
    "liquidations": Terms(1, 0.3, 40.0, (0.05, 0.05, 0.05)),
    "liquidations, short": Terms(-1, 0.3, 40.0, (0.05, 0.05, 0.05)),
}


def lattice(seed: int, n: int = 400) -> Candles:
    """Candles on a coarse lattice, so that levels are touched exactly and opens gap."""
    rng = np.random.default_rng(seed)
    rows, price = [], 1000.0
    for i in range(n):
        open_ = max(price + float(rng.integers(-12, 13) if rng.random() < 0.3 else 0), 200.0)
        close = max(open_ + float(rng.integers(-20, 21)), 200.0)
        high = max(open_, close) + float(rng.integers(0, 15))
        low = min(open_, close) - float(rng.integers(0, 15))
        rows.append((START_MS + i * 60_000, open_, high, low, close, 5.0))
        price = close
    return Candles.of("1m", rows)


class Client:
    """Does what the plan says, at the moments that lockstep gives it."""

    def __init__(self, candles: Candles, base: Floats, terms: Terms) -> None:
        self.d, self.base, self.terms = terms.d, base, terms
        self.account = Account("key", "secret", "passphrase", 10_000.0)
        self.account.leverage[SYMBOL], self.account.margin_mode[SYMBOL] = terms.leverage, "isolated"
        self.state = State([self.account], {SYMBOL: RULES}, 0.0005, START_MS)
        self.market = Market(self.state, StoredSource({SYMBOL: candles}, START_MS))
        self.used, self.row, self.blocked, self.capital = 0, -1, -1, 10_000.0

    def run(self) -> None:
        while not self.market.ended:
            self.open_row()
            while self.market.walk(pause=True):
                self.settle()
            self.market.turn()
            self.row += 1

    def open_row(self) -> None:
        self.withdraw()
        position = self.account.positions.get(SYMBOL)
        price = self.state.prices[SYMBOL]
        if position is not None:
            live = self.account.position_stop(SYMBOL)
            assert live is not None
            liquidation = liquidation_price(self.state, self.account, position)
            if self.d * (price - live.trigger) <= 0 or self.d * (price - liquidation) <= 0:
                return  # the open has passed the stop: it is met before anything new
            self.place_target()
        self.place_ladder()

    def place_ladder(self) -> None:
        """The levels not yet used; one that fills at once is reacted to before the next is placed."""
        for k in range(self.used, len(STEPS)):
            if self.used > k or self.row <= self.blocked or not math.isfinite(self.level(k)):
                return
            if SYMBOL not in self.account.positions:
                self.capital = self.account.wallet
            limit = self.level(k)
            notional = self.capital * 0.7 * self.terms.weights[k] * self.terms.leverage
            quantity = floor_to_step(notional / limit, RULES.step)
            fills = len(self.account.fills)
            place(self.state, self.account, NewOrder(SYMBOL, Side.opening(self.d), round(quantity, 9), limit))
            if len(self.account.fills) > fills:
                self.settle()
                if self.row <= self.blocked:
                    return

    def level(self, k: int) -> float:
        base = self.base[self.row] if self.row >= 0 else math.nan
        return entry_price(base + self.d * STEPS[k] * base, self.d, RULES.tick)

    def settle(self) -> None:
        """After something happened: count levels, and move stop and target, or withdraw the ladder."""
        position = self.account.positions.get(SYMBOL)
        opening = Side.opening(self.d)
        since = self.account.closed[-1].position_id if self.account.closed else 0
        self.used = sum(f.side is opening and f.trade_id > since for f in self.account.fills)
        if position is None:
            self.withdraw()
            self.blocked, self.used = self.row, 0
            return
        trigger = stop_price(position.average - self.d * self.terms.stop * position.average, self.d, RULES.tick)
        stop = NewTrigger(SYMBOL, PlanType.POS_LOSS, Side.opening(-self.d), trigger)
        place_trigger(self.state, self.account, stop)
        self.place_target()

    def place_target(self) -> None:
        for resting in self.account.live_orders(SYMBOL):
            if resting.reduce_only:
                cancel(self.state, self.account, resting.order_id)
        base = self.base[self.row]
        position = self.account.positions[SYMBOL]
        if math.isfinite(base):
            target = target_price(base, self.d, RULES.tick)
            side = Side.opening(-self.d)
            place(self.state, self.account, NewOrder(SYMBOL, side, position.quantity, target, reduce_only=True))
        if SYMBOL not in self.account.positions:
            self.settle()

    def withdraw(self) -> None:
        for resting in self.account.live_orders(SYMBOL):
            cancel(self.state, self.account, resting.order_id)


def engine_run(candles: Candles, base: Floats, terms: Terms) -> Backtest:
    stop, target = Level(AVERAGE, -terms.stop), Level(base, 0.0, moving=True)
    plan = Plan(terms.d, STEPS, terms.weights, stop, base=base, target=target)
    costs = Costs.of(RULES, leverage=terms.leverage, capital_fraction=0.7, guard=1.0)
    return run(SYMBOL, span(candles), plan, len(candles), costs)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("terms", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_every_trade_is_the_engines(terms: Terms, seed: int) -> None:
    candles = lattice(seed)
    base = np.convolve(candles.close, np.ones(5) / 5)[: len(candles)]
    base[:4] = np.nan
    client = Client(candles, base, terms)
    client.run()
    trades = engine_run(candles, base, terms).closed()
    assert client.state.journal.violations == []
    assert len(trades) > 3
    assert len(client.account.closed) == len(trades)
    for ours, theirs in zip(client.account.closed, trades, strict=True):
        mine = (ours.quantity, ours.average_open, ours.average_close, ours.net)
        other = (theirs.quantity, theirs.average, theirs.exit_price, theirs.net)
        assert mine == pytest.approx(other, rel=1e-9, abs=1e-9)
        assert ours.closed_ms - ours.closed_ms % 60_000 == theirs.closed_ms - theirs.closed_ms % 60_000
