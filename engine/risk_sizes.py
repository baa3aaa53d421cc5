"""The risk rules about money: what a ladder would cost and lose, rung by rung.

Law: a size is only ever lowered. The rung at which a limit is met is cut down to what fits (`risk_per_trade`) or falls,
and those behind it fall, since levels fill in order: so what was granted stays granted as rungs fill.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from core.rounding import floor_to_step
from core.settings import Risk
from core.target import Rung, Target
from engine.liquidation import liquidation_price
from engine.risk_view import Refusal, Terms, View

_NEAR: Final = 1e-9
"""Rounding forgiven where a limit is met exactly."""


class Filled(NamedTuple):
    """A ladder as it stands after one of its rungs has filled.

    price : of the rung. quantity, cost : of the whole position then. added : cost of the rungs so far, without what is
    open already.
    """

    rung: Rung
    price: float
    quantity: float
    cost: float
    added: float


def steps_of(target: Target, view: View) -> list[Filled]:
    """The ladder, rung after rung, on top of what is open."""
    position = view.positions.get(target.symbol)
    quantity = position.quantity if position else 0.0
    cost = position.quantity * position.average if position else 0.0
    steps, added = [], 0.0
    for rung in target.rungs:
        price = view.price if rung.price is None else rung.price
        value = rung.quantity * price
        quantity, cost, added = quantity + rung.quantity, cost + value, added + value
        steps.append(Filled(rung, price, quantity, cost, added))
    return steps


def loss_at_stop(direction: int, quantity: float, cost: float, stop: float, terms: Terms) -> float:
    """What a position loses when its stop fires: the way there, fees of entry and exit, slippage (USDT)."""
    fee, exit_value = terms.instrument.taker_fee, stop * quantity
    return direction * (cost - exit_value) + cost * fee + exit_value * (fee + terms.slippage)


def risk_per_trade(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    """The loss at the stop; the rung that exceeds it is cut down to what it may be."""
    most = limits.risk_per_trade * terms.capital
    for step in steps_of(target, view):
        loss = loss_at_stop(target.direction, step.quantity, step.cost, step.rung.stop, terms)
        if loss <= most * (1 + _NEAR):
            continue
        granted = _affordable(target.direction, step, most, terms)
        detail = f"the stop would lose {loss:.2f} USDT with costs, at most {most:.2f}"
        if not granted > 0:  # NaN too
            return Refusal("risk_per_trade", detail, step.rung.level, step.rung.quantity, 0.0)
        least = least_quantity(step.price, terms)
        if not granted >= least * (1 - _NEAR):
            enough = terms.capital * least / granted
            detail += f": {granted:.6g} is below the minimum of {least:.6g}"
            if step.added == step.cost and step.quantity == step.rung.quantity:
                detail += f"; capital of {enough:.0f} USDT would do"
            return Refusal("risk_per_trade", detail, step.rung.level, step.rung.quantity, 0.0)
        granted = min(floor_to_step(granted, terms.instrument.step), step.rung.quantity)
        detail += f": {step.rung.quantity:.6g} cut down to {granted:.6g}"
        return Refusal("risk_per_trade", detail, step.rung.level, step.rung.quantity, granted)
    return None


def _affordable(direction: int, step: Filled, most: float, terms: Terms) -> float:
    """Quantity of the rung at which the whole position loses ``most`` at the rung's stop, not rounded."""
    stop, before = step.rung.stop, step.quantity - step.rung.quantity
    lost = loss_at_stop(direction, before, step.cost - step.rung.quantity * step.price, stop, terms)
    each = loss_at_stop(direction, 1.0, step.price, stop, terms)
    return (most - lost) / each if each > 0 and lost < most else 0.0


def least_quantity(price: float, terms: Terms) -> float:
    """The smallest order that the venue takes at a price (base)."""
    rules = terms.instrument
    return max(rules.min_quantity, rules.min_notional / price if price > 0 else math.inf)


def minimum(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    """Below the venue's minimum: refused before sending, with the capital that would be enough."""
    for step in steps_of(target, view):
        notional = step.rung.quantity * step.price
        if not notional > 0:
            return Refusal("below_minimum", "nothing would be bought", step.rung.level, step.rung.quantity)
        least = least_quantity(step.price, terms) * step.price
        if notional < least * (1 - _NEAR):
            enough = terms.capital * least / notional
            detail = f"{notional:.2f} USDT is below the minimum of {least:.2f}; capital of {enough:.0f} USDT would do"
            return Refusal("below_minimum", detail, step.rung.level, step.rung.quantity)
    return None


def liquidation(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    """Liquidation must lie beyond the stop, by a margin."""
    d = target.direction
    used = sum(p.margin for s, p in view.positions.items() if s != target.symbol)
    for step in steps_of(target, view):
        backing = view.equity - used if limits.margin_mode == "crossed" else step.cost / terms.leverage
        price = liquidation_price(d, step.quantity, step.cost, backing, terms.instrument)
        average = step.cost / step.quantity
        if price > 0 and d * (step.rung.stop - price) < limits.liquidation_margin * average:
            detail = f"liquidation at {price:.6g} is nearer than the stop at {step.rung.stop:.6g} plus margin"
            return Refusal("liquidation_before_stop", detail, step.rung.level, step.rung.quantity)
    return None


def margin(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    """Margin in use after each fill, and what stays free."""
    used = sum(p.margin for p in view.positions.values())
    for step in steps_of(target, view):
        after = used + step.added / terms.leverage
        if after > limits.max_margin_use * view.equity * (1 + _NEAR):
            detail = f"margin would be {after:.2f} of {view.equity:.2f} USDT, at most {limits.max_margin_use:.0%}"
            return Refusal("margin_use", detail, step.rung.level, step.rung.quantity)
        if view.equity - after < limits.min_free_margin_usdt:
            detail = f"free margin would be {view.equity - after:.2f} USDT, at least {limits.min_free_margin_usdt:.2f}"
            return Refusal("min_free_margin", detail, step.rung.level, step.rung.quantity)
    return None


SIZE_RULES: Final[tuple[Callable[[Target, View, Terms, Risk], Refusal | None], ...]] = (
    risk_per_trade, minimum, liquidation, margin,
)
"""In this order, each on what the one before left."""
