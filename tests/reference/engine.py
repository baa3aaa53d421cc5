"""The rules of docs/execution.md, one after the other, for one symbol.

Law: nothing here is shared with `engine` but the vocabulary (plan, costs), so agreement is evidence.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.plan import EXIT_LONG, EXIT_SHORT, Plan
from engine.costs import Costs, Path
from tests.reference.arithmetic import against, draw, floor_to, level_price, price_of, round_entry, round_exit
from tests.reference.records import NAN, Cycle, Fill, Outcome, Row, Tape, Trade, row_of


def run(
    tape: Tape,
    plan: Plan,
    row: NDArray[np.int32],
    costs: Costs,
    capital: float,
    *,
    symbol_id: int = 0,
    halted: Callable[[int], bool] = lambda t: False,
    close_at_end: bool = False,
) -> Outcome:
    """Everything that the plan does on these candles.

    row : int[n], the plan row in force at each candle, -1 before the first. halted : whether new entries are
    forbidden at candle t. close_at_end : leave what is open at the last close, as a sweep's window does.
    """
    walk = _Walk(tape, plan, costs, capital, symbol_id)
    before = -1
    for t in range(len(tape)):
        r = int(row[t])
        walk.candle(t, row_of(plan, r), r >= 0 and (t == 0 or r != before), halted(t))
        before = r
    if close_at_end and walk.cycle is not None:
        walk.market_exit(walk.close, "end")
    walk.outcome.wallet = walk.wallet
    return walk.outcome


class _Walk:
    """Account, book and the candle at hand."""

    def __init__(self, tape: Tape, plan: Plan, costs: Costs, capital: float, symbol_id: int) -> None:
        self.tape, self.plan, self.costs, self.symbol_id = tape, plan, costs, symbol_id
        self.wallet = self.initial = capital
        self.reserved = 0.0
        self.cycle: Cycle | None = None
        self.blocked_row = self.refused_row = self.market_row = -1
        self.outcome = Outcome()

    # one candle, step by step

    def candle(self, t: int, row: Row, new_row: bool, halted: bool) -> None:
        tape = self.tape
        self.row, self.new_row, self.halted = row, new_row, halted
        self.ts_ms, self.open, self.close = int(tape.ts_ms[t]), float(tape.open[t]), float(tape.close[t])
        self.high, self.low, self.volume = float(tape.high[t]), float(tape.low[t]), float(tape.volume[t])
        self.missed = self.ambiguous = False
        carried = self.cycle.d if self.cycle else 0
        if self.cycle:
            if new_row:
                self.cycle.take_columns(self.plan, row)
                self.cycle.renew(self.plan, self.costs.tick)
            self.carried_at_open(float(tape.funding[t]))
        self.entries_at_open()
        self.judge_ambiguity()
        first, second = self.extremes(carried)
        self.leg(self.open, first)
        self.leg(first, second)
        self.leg(second, self.close)
        self.outcome.ambiguous += self.ambiguous
        self.outcome.exposure += self.cycle is not None
        self.outcome.equity.append(self.equity())

    def carried_at_open(self, rate: float) -> None:
        c, p = self.cycle, self.open
        assert c is not None
        if rate != 0:
            c.funding += ((c.d * rate) * c.quantity) * p
            if self.costs.crossed:
                c.liquidation = self.liquidation_price(c)
        bit = EXIT_LONG if c.d > 0 else EXIT_SHORT
        if against(p, c.liquidation, c.d):
            self.liquidate()
        elif self.new_row and self.row.exit & bit:
            self.market_exit(p, "exit")
        elif against(p, c.stop_in_force, c.d):
            self.stop_out(p)
        elif self.plan.max_hold > 0 and self.new_row and self.row.number - c.first_row >= self.plan.max_hold:
            self.market_exit(p, "age")
        elif c.d * (p - c.target) > 0:
            self.leave(p, self.costs.taker_fee, "target", maker=False)
        else:
            c.improve(p, self.plan.trail, self.costs.tick)

    def entries_at_open(self) -> None:
        costs = self.costs
        while self.allowed():
            d, k = self.row.direction, self.used
            if math.isnan(self.plan.coefficients[k]):
                if not self.new_row or self.market_row == self.row.number:
                    return
                self.market_row = self.row.number
                self.enter(k, self.open, self.open * (1 + d * costs.slippage), costs.taker_fee, self.open, maker=False)
                continue
            limit = self.limit(k)
            if not d * (self.open - limit) < 0:
                return
            if costs.post_only:
                self.refuse("post_only", k, limit)
            else:
                self.enter(k, limit, self.open, costs.taker_fee, self.open, maker=False)

    def extremes(self, carried: int) -> tuple[float, float]:
        """The order in which the path meets low and high."""
        low_first = self.open - self.low <= self.high - self.open
        if self.costs.path is not Path.NEARER:
            pessimistic = self.costs.path is Path.PESSIMISTIC
            if carried:
                low_first = (carried > 0) == pessimistic
            elif self.row.direction:
                low_first = (self.row.direction < 0) == pessimistic
        return (self.low, self.high) if low_first else (self.high, self.low)

    def leg(self, a: float, b: float) -> None:
        p = a
        while True:
            if self.cycle and self.met(p):
                continue
            d = self.cycle.d if self.cycle else self.row.direction
            falls = d * (b - a) <= 0  # a leg without length counts as one against the position
            if (falls or p == a) and self.entry_reached(p):
                continue
            stations = self.stations_against() if falls else self.stations_in_favour()
            between = [x for x in stations if min(p, b) <= x <= max(p, b)]
            p = (max(between) if b <= a else min(between)) if between else b
            if self.cycle:
                self.cycle.improve(p, self.plan.trail, self.costs.tick)
            if not between:
                return

    def stations_against(self) -> list[float]:
        c, k = self.cycle, self.used
        stations = [] if c is None else [c.liquidation, c.stop_in_force]
        if self.next_is_limit():
            stations.append(self.trigger(self.limit(k)))
        return stations

    def stations_in_favour(self) -> list[float]:
        return [] if self.cycle is None else [self.cycle.target]

    def met(self, p: float) -> bool:
        """Whether liquidation, stop or target ended the position where the path stands."""
        c = self.cycle
        assert c is not None
        if against(p, c.liquidation, c.d):
            self.liquidate()
        elif against(p, c.stop_in_force, c.d):
            self.stop_out(p)
        elif p == c.target:
            self.leave(p, self.costs.maker_fee, "target", maker=True)
        elif c.d * (p - c.target) > 0:
            self.leave(p, self.costs.taker_fee, "target", maker=False)
        else:
            return False
        return True

    def entry_reached(self, p: float) -> bool:
        """Whether a limit entry was dealt with (filled, refused or missed) where the path stands."""
        if not self.next_is_limit():
            return False
        k, costs = self.used, self.costs
        limit = self.limit(k)
        if not against(p, self.trigger(limit), self.row.direction):
            return False
        if costs.fill_probability < 1 and not draw(costs.seed, self.symbol_id, self.ts_ms, k) < costs.fill_probability:
            self.missed = True
        elif self.enter(k, limit, limit, costs.maker_fee, p, maker=True):
            self.judge_ambiguity()
        return True

    def equity(self) -> float:
        c = self.cycle
        return self.wallet if c is None else self.wallet + c.scale * (
            c.d * (c.quantity * self.close - c.cost) - c.fees - c.funding
        )

    def judge_ambiguity(self) -> None:
        c = self.cycle
        if c is None or not self.low <= c.target <= self.high:
            return
        adverse = [c.stop_in_force, c.liquidation]
        if self.next_is_limit():
            adverse.append(self.limit(self.used))
        if any(self.low <= x <= self.high for x in adverse):
            self.ambiguous = True

    # entries

    @property
    def used(self) -> int:
        return self.cycle.used if self.cycle else 0

    def allowed(self) -> bool:
        row = self.row
        return (
            row.number >= 0
            and row.direction != 0
            and (self.cycle is None or self.cycle.d == row.direction)
            and row.number > self.blocked_row
            and row.number != self.refused_row
            and self.used < len(self.plan.coefficients)
            and row.weight > 0
            and not self.halted
            and not self.missed
        )

    def next_is_limit(self) -> bool:
        return self.allowed() and not math.isnan(self.plan.coefficients[self.used])

    def limit(self, k: int) -> float:
        """Price of limit entry k; NaN while its columns are."""
        c, plan, d = self.cycle, self.plan, self.row.direction
        base, unit = c.ladder if c else self.row.ladder
        if not isinstance(plan.base, np.ndarray):
            base = c.first_price if c else NAN
        price = price_of(base, plan.coefficients[k], base if plan.unit is None else unit, d)
        return round_entry(price, d, self.costs.tick)

    def trigger(self, limit: float) -> float:
        return limit * (1 - self.row.direction * self.costs.trade_through)

    def refuse(self, reason: str, k: int, q: float) -> bool:
        self.refused_row = self.row.number
        self.record(reason, k, self.row.direction, q, 0.0, 0.0, maker=False)
        return False

    def enter(self, k: int, q: float, f: float, rate: float, p: float, *, maker: bool) -> bool:
        """Fill entry k at order price q and fill price f, the market at p, or refuse it."""
        costs, row, plan, d = self.costs, self.row, self.plan, self.row.direction
        flat = self.cycle is None
        c = self.cycle or self.new_cycle()
        if flat and not c.capital > 0:
            return self.refuse("no_capital", k, q)
        if flat:
            stop = round_exit(level_price(plan.stop, c.stop_values, d, f, f), d, costs.tick)
            if math.isnan(stop):
                return self.refuse("no_stop", k, q)
            if against(p, stop, d):
                return self.refuse("stop_passed", k, q)
        share = plan.weights[k] / plan.weights[0] if c.by_unit else plan.weights[k]
        notional = (c.capital * costs.capital_fraction * share * row.weight) * costs.leverage
        if costs.risk > 0:
            s = level_price(plan.stop, c.stop_values, d, q, q if flat else c.first_price)
            distance = d * (q - s) / q
            if not distance > 0:
                return self.refuse("stop_passed", k, q)
            at_risk = c.capital * costs.risk * share * row.weight
            entry_fee = costs.maker_fee if not math.isnan(plan.coefficients[k]) else costs.taker_fee
            notional = min(notional, at_risk / (distance + entry_fee + costs.taker_fee + costs.slippage))
        quantity = floor_to(notional / q, costs.step)
        if costs.participation > 0:
            quantity = min(quantity, floor_to(costs.participation * self.volume, costs.step))
        if quantity <= 0 or quantity < costs.min_quantity or quantity * q < costs.min_notional:
            return self.refuse("below_minimum", k, q)
        margin = quantity * f / costs.leverage
        if self.reserved + c.scale * margin > costs.guard * self.wallet * (1 + 1e-9):
            return self.refuse("margin_guard", k, q)
        fee = quantity * f * rate
        after = replace(
            c, quantity=c.quantity + quantity, cost=c.cost + quantity * f, fees=c.fees + fee,
            margin=c.margin + margin, reserved=c.reserved + c.scale * margin, used=c.used + 1,
        )
        after.average = f if c.used == 0 else after.cost / after.quantity
        self.reserved += c.scale * margin
        after.liquidation = self.liquidation_price(after)
        if flat and against(p, after.liquidation, d):
            self.reserved -= after.reserved
            return self.refuse("liquidation_passed", k, q)
        if flat:
            after.first_price, after.best = f, p
        self.cycle = after
        self.record("entry", k, d, f, c.scale * quantity, c.scale * fee, maker=maker)
        after.improve(p, plan.trail, costs.tick)
        after.renew(plan, costs.tick)
        self.at_once(after, p)
        return True

    def sizes_are_proportional(self) -> bool:
        """Whether nothing rounds, refuses or caps a size by an absolute amount: then a cycle is kept per unit."""
        c = self.costs
        return not c.crossed and c.step == c.min_quantity == c.min_notional == c.participation == 0

    def new_cycle(self) -> Cycle:
        row = self.row
        capital = self.wallet if self.costs.compounding else self.initial
        scale, by_unit = 1.0, False
        if self.sizes_are_proportional() and capital > 0:
            scale, capital, by_unit = capital * self.plan.weights[0], 1.0, True
        return Cycle(
            row.direction, by_unit, scale, capital, row.ladder, row.target, row.stop, row.trail_unit, row.number,
            self.ts_ms,
        )

    def at_once(self, c: Cycle, p: float) -> None:
        """What the market has passed already when an entry fills."""
        if against(p, c.liquidation, c.d):
            self.liquidate()
        elif against(p, c.stop_in_force, c.d):
            self.stop_out(p)
        elif c.d * (p - c.target) >= 0:
            self.leave(p, self.costs.taker_fee, "target", maker=False)

    # exits

    def margin_at_stake(self, c: Cycle) -> float:
        if self.costs.crossed:
            return self.wallet - (self.reserved - c.reserved) - c.fees - c.funding
        return c.margin

    def liquidation_price(self, c: Cycle) -> float:
        tiers = self.costs.tiers
        tier = next((tier for tier in tiers if tier.max_notional >= c.scale * c.cost), tiers[-1])
        part = self.margin_at_stake(c) / c.quantity if self.costs.crossed else c.average / self.costs.leverage
        if tier.deduction != 0:
            part += tier.deduction / (c.scale * c.quantity)
        return (c.average - c.d * part) / (1 - c.d * tier.rate)

    def stop_out(self, p: float) -> None:
        assert self.cycle is not None
        self.market_exit(p, "trail" if self.cycle.trail_is_nearer else "stop")

    def market_exit(self, p: float, reason: str) -> None:
        assert self.cycle is not None
        price = p * (1 - self.cycle.d * self.costs.slippage)
        self.leave(price, self.costs.taker_fee, reason, maker=False)

    def leave(self, price: float, rate: float, reason: str, *, maker: bool) -> None:
        c = self.cycle
        assert c is not None
        fee = c.quantity * price * rate
        c.fees += fee
        self.book(c, price, c.d * (c.quantity * price - c.cost), fee, reason, maker=maker)

    def liquidate(self) -> None:
        c = self.cycle
        assert c is not None
        m = self.margin_at_stake(c)
        self.book(c, (c.cost - c.d * m) / c.quantity, -m, 0.0, "liquidation", maker=False)

    def book(self, c: Cycle, price: float, gross: float, fee: float, reason: str, *, maker: bool) -> None:
        net = c.scale * (gross - c.fees - c.funding)
        self.wallet += net
        self.reserved -= c.reserved
        self.cycle = None
        if reason != "exit":
            self.blocked_row = max(self.blocked_row, self.row.number)
        if reason in ("stop", "trail", "liquidation"):
            self.blocked_row = max(self.blocked_row, self.row.number + self.plan.cooldown)
        self.record(reason, -1, c.d, price, c.scale * c.quantity, c.scale * fee, maker=maker)
        self.outcome.trades.append(
            Trade(
                c.first_ms, self.ts_ms, len(self.outcome.trades), c.d, c.scale * c.quantity, c.average, price, c.used,
                c.scale * c.fees, c.scale * c.funding, c.scale * gross, net, reason,
            )
        )

    def record(
        self, reason: str, level: int, d: int, price: float, quantity: float, fee: float, *, maker: bool
    ) -> None:
        cycle = len(self.outcome.trades)
        self.outcome.fills.append(Fill(self.ts_ms, reason, level, d, price, quantity, fee, maker, cycle))
