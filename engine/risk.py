"""The risk rules, pure: a target comes in, an approved target goes out, with a reason for everything that was cut.

Laws
- Only entries are ever cut. Stop, take profit and leaving always pass: closing is allowed in every state.
- A ladder is cut from its far end: when rung k is refused, so are the rungs behind it, since levels fill in order.
- This module alone builds an `ApprovedTarget`.

Margin counts what positions hold now plus the whole ladder under judgement; ladders resting on other symbols are judged
again after every fill, so that they shrink as room shrinks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

from core.instrument import Instrument
from core.position import VenuePosition
from core.settings import Risk
from core.target import ApprovedTarget, Rung, Target


class State(StrEnum):
    """What may be done on a symbol, or on the whole account."""

    ACTIVE = "active"
    REDUCING = "reducing"
    """Only exits; ends by itself when its cause does."""
    HALTED = "halted"
    """Only exits; a human ends it."""


class Terms(NamedTuple):
    """What is fixed about one symbol of one strategy.

    capital : the symbol's share of the strategy's capital (USDT). slippage : of market orders, a fraction.
    """

    instrument: Instrument
    group: str
    leverage: float
    capital: float
    slippage: float


class Selected(NamedTuple):
    """What the selector says of a strategy on a symbol: whether it may open positions, else why not.

    weight : share of `Risk.max_margin_use` that the whole ladder may use, 1 where nothing is weighted.
    """

    may_open: bool
    detail: str = ""
    weight: float = 1.0


class View(NamedTuple):
    """What is known when a target is judged.

    state : the stricter of the symbol's and the account's. owner : the strategy that holds the symbol, '' for none.
    stale : the symbol's market data is too old. equity : of the account (USDT). positions : open now, by symbol.
    groups : correlation group of every symbol. price : last close. selected : None where everybody may open.
    """

    state: State
    owner: str
    stale: bool
    equity: float
    positions: Mapping[str, VenuePosition]
    groups: Mapping[str, str]
    price: float
    selected: Selected | None = None


class Refusal(NamedTuple):
    """Why entries were cut: a code for machines, a sentence for people, and the first rung that fell."""

    code: str
    detail: str
    level: int


class Decision(NamedTuple):
    """The approved target (always one, perhaps without entries) and what was refused."""

    approved: ApprovedTarget
    refusals: tuple[Refusal, ...]


def approve(target: Target, view: View, terms: Terms, limits: Risk, sequence: int, now_ms: int) -> Decision:
    """Every rule applied to one target, the strictest cut wins.

    Parameters
    ----------
    sequence : number of this approval, growing. now_ms : exchange time (UTC ms).
    """
    refusals: list[Refusal] = []
    keep = len(target.rungs)
    for rule in _RULES if target.rungs else ():
        found = rule(target, view, terms, limits)
        if found is not None:
            refusals.append(found)
            keep = min(keep, _index(target, found.level))
    cut = target if keep == len(target.rungs) else target._replace(rungs=target.rungs[:keep])
    return Decision(ApprovedTarget(cut, sequence, now_ms), tuple(refusals))


def liquidation_price(
    direction: int, quantity: float, cost: float, backing: float, instrument: Instrument
) -> float:
    """Price at which a position of ``quantity`` bought for ``cost`` is liquidated (execution rules, liquidation).

    backing : its own margin (isolated), or the account's equity that stands behind it (crossed).
    """
    tier = next((t for t in instrument.tiers if t.max_notional >= cost), instrument.tiers[-1])
    return (cost - direction * backing - direction * tier.deduction) / (quantity * (1 - direction * tier.rate))


def _index(target: Target, level: int) -> int:
    return next((i for i, rung in enumerate(target.rungs) if rung.level == level), 0)


def _first(target: Target, code: str, detail: str) -> Refusal:
    return Refusal(code, detail, target.rungs[0].level)


def _state(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    if view.state is State.ACTIVE:
        return None
    return _first(target, view.state.value, f"{target.symbol} is {view.state.value}: only exits")


def _selection(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    """Only strategies that earned it open positions with real money, each within its share of the margin."""
    selected = view.selected
    if selected is None:
        return None
    if not selected.may_open:
        return _first(target, "not_selected", selected.detail or "the selector has not decided yet")
    most = selected.weight * limits.max_margin_use * view.equity
    for step in _walk(target, view) if selected.weight < 1 else ():
        if step.cost / terms.leverage > most * (1 + 1e-9):
            detail = f"margin of the ladder would be {step.cost / terms.leverage:.2f} USDT, its share is {most:.2f}"
            return Refusal("capital_share", detail, step.rung.level)
    return None


def _ownership(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    if view.owner in ("", target.strategy):
        return None
    return _first(target, "symbol_owned", f"{target.symbol} belongs to {view.owner} until it is flat")


def _freshness(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    if not view.stale:
        return None
    return _first(target, "stale_data", f"no fresh candle of {target.symbol} for {limits.stale_after_s:g} s")


def _position_count(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    others = [s for s in view.positions if s != target.symbol]
    if target.symbol in view.positions or len(others) < limits.max_positions:
        return None
    return _first(target, "max_positions", f"{len(others)} positions are open, at most {limits.max_positions}")


def _correlation(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    if target.symbol in view.positions:
        return None
    same = [
        s for s, p in view.positions.items()
        if s != target.symbol and p.direction == target.direction and view.groups.get(s) == terms.group
    ]
    if len(same) < limits.max_same_direction_per_group:
        return None
    return _first(target, "correlation", f"group {terms.group} already has {', '.join(sorted(same))} in this direction")


class _Filled(NamedTuple):
    """A ladder as it stands after one of its rungs has filled."""

    rung: Rung
    quantity: float
    cost: float
    added: float
    """Cost of the rungs so far, without what is open already."""


def _walk(target: Target, view: View) -> list[_Filled]:
    position = view.positions.get(target.symbol)
    quantity = position.quantity if position else 0.0
    cost = position.quantity * position.average if position else 0.0
    steps, added = [], 0.0
    for rung in target.rungs:
        price = view.price if rung.price is None else rung.price
        quantity, cost, added = quantity + rung.quantity, cost + rung.quantity * price, added + rung.quantity * price
        steps.append(_Filled(rung, quantity, cost, added))
    return steps


def _liquidation(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    d = target.direction
    used = sum(p.margin for s, p in view.positions.items() if s != target.symbol)
    for step in _walk(target, view):
        backing = view.equity - used if limits.margin_mode == "crossed" else step.cost / terms.leverage
        liquidation = liquidation_price(d, step.quantity, step.cost, backing, terms.instrument)
        average = step.cost / step.quantity
        if liquidation > 0 and d * (step.rung.stop - liquidation) < limits.liquidation_margin * average:
            detail = f"liquidation at {liquidation:.6g} is nearer than the stop at {step.rung.stop:.6g} plus margin"
            return Refusal("liquidation_before_stop", detail, step.rung.level)
    return None


def _risk_per_trade(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    rules, d = terms.instrument, target.direction
    most = limits.risk_per_trade * terms.capital
    for step in _walk(target, view):
        exit_value = step.rung.stop * step.quantity
        costs = step.cost * rules.taker_fee + exit_value * (rules.taker_fee + terms.slippage)
        loss = d * (step.cost - exit_value) + costs
        if loss > most * (1 + 1e-9):
            detail = f"the stop would lose {loss:.2f} USDT with costs, at most {most:.2f}"
            return Refusal("risk_per_trade", detail, step.rung.level)
    return None


def _margin(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    used = sum(p.margin for p in view.positions.values())
    for step in _walk(target, view):
        after = used + step.added / terms.leverage
        if after > limits.max_margin_use * view.equity * (1 + 1e-9):
            detail = f"margin would be {after:.2f} of {view.equity:.2f} USDT, at most {limits.max_margin_use:.0%}"
            return Refusal("margin_use", detail, step.rung.level)
        if view.equity - after < limits.min_free_margin_usdt:
            detail = f"free margin would be {view.equity - after:.2f} USDT, at least {limits.min_free_margin_usdt:.2f}"
            return Refusal("min_free_margin", detail, step.rung.level)
    return None


def _minimum(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    """Below the venue's minimum: refused before sending, with the capital that would be enough."""
    rules = terms.instrument
    for rung in target.rungs:
        price = view.price if rung.price is None else rung.price
        notional = rung.quantity * price
        least = max(rules.min_notional, rules.min_quantity * price)
        if notional < least * (1 - 1e-9) or rung.quantity <= 0:
            enough = terms.capital * least / notional if notional > 0 else float("inf")
            detail = f"{notional:.2f} USDT is below the minimum of {least:.2f}; capital of {enough:.0f} USDT would do"
            return Refusal("below_minimum", detail, rung.level)
    return None


_RULES: tuple[Callable[[Target, View, Terms, Risk], Refusal | None], ...] = (
    _state, _selection, _ownership, _freshness, _position_count, _correlation, _minimum, _liquidation, _risk_per_trade,
    _margin,
)
